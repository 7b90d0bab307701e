"""L9: the Greeks equal automatic differentiation of each contract's formula, written out again.

Property tests: contracts, prices and pools are drawn at random; the derivatives are exact, so the
tolerance is rounding alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import hyperdual as ad
import numpy as np
import pytest
from hyperdual import HyperDual
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.book import AccountKind, Book
from seawall.instruments import (
    Future,
    Instrument,
    LiquidityShare,
    Option,
    Perpetual,
    PoolShare,
    Staked,
    Traded,
    VaultShare,
)
from seawall.market import (
    AssetState,
    InstrumentState,
    LiquidityState,
    Market,
    PoolMarket,
    PoolState,
    ShareState,
    StakedState,
    VaultState,
)
from seawall.valuation.exposures import exposures
from seawall.valuation.revalue import Values, revalue
from seawall.valuation.shares import claims

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRY = NOW + timedelta(days=73)
YEARS = 0.2
many = settings(max_examples=60, deadline=None, database=None)
PRICES = st.floats(0.01, 1e5)
SIZES = st.floats(0.1, 1e4).flatmap(lambda x: st.sampled_from([x, -x]))
BASIS = st.floats(0.9, 1.1)
# (underlying, settlement, volatility, years), each a HyperDual
Formula = Callable[[HyperDual, HyperDual, HyperDual, HyperDual], HyperDual]


def value_of(
    item: Traded, size: float, entry: float, mark: float, spot: float, rate: float
) -> Formula:
    """Quote value of a position, from the contract's own terms."""
    basis = mark / spot

    def value(s: HyperDual, z: HyperDual, vol: HyperDual, t: HyperDual) -> HyperDual:
        price = basis * s
        if isinstance(item, Option):
            paid = ad.black(price, item.strike, t, vol, item.call) * ad.exp(-rate * t)
            return size * (paid / price * s if item.inverse else paid * z)
        if item.inverse:
            return size * (1 / entry - 1 / price) * s
        return size * (item.multiplier or 1.0) * (price - entry) * z

    return value


def one(
    item: Traded, size: float, entry: float, spot: float, settle: float, state: InstrumentState
) -> tuple[Book, Market, Values]:
    other = item.settle if item.settle != item.underlying else "USD"
    held = Book(
        ("a",), ("v",), ("o",), (AccountKind.DESK,), (item,), (item.underlying, other),
        np.array([0]), np.array([0]), np.array([size]), np.array([entry]),
        np.array([False]), np.array([0.0]), np.zeros(0, int), np.zeros(0, int), np.zeros(0),
    )  # fmt: skip
    prices = {item.underlying: spot, other: settle}
    world = Market(
        NOW,
        {name: AssetState(p, p, p, 0.5, 1e9, 1e9) for name, p in prices.items()},
        {item.name: state},
    )
    return held, world, revalue(held, world, NOW.timestamp())


CONTRACTS: list[Traded] = [
    Perpetual("linear", "ETH", "USDT"),
    Perpetual("inverse", "ETH", "ETH"),
    Perpetual("quanto", "ETH", "BTC", 1e-6),
    Future("future", "ETH", "USDC", EXPIRY),
    Future("inverse future", "ETH", "ETH", EXPIRY),
    Future("quanto future", "ETH", "BTC", EXPIRY, 0.02),
    Option("linear call", "ETH", "USDC", EXPIRY, 1.0, True),
    Option("linear put", "ETH", "USDC", EXPIRY, 1.0, False),
    Option("inverse call", "ETH", "ETH", EXPIRY, 1.0, True),
    Option("inverse put", "ETH", "ETH", EXPIRY, 1.0, False),
]


@pytest.mark.parametrize("item", CONTRACTS, ids=lambda item: item.name)
@many
@given(
    size=SIZES,
    spot=PRICES,
    settle=PRICES,
    basis=BASIS,
    gone=st.floats(0.6, 1.6),
    vol=st.floats(0.2, 1.5),
    rate=st.floats(-0.1, 0.3),
)
def test_contracts(
    item: Traded,
    size: float,
    spot: float,
    settle: float,
    basis: float,
    gone: float,
    vol: float,
    rate: float,
) -> None:
    if isinstance(item, Option):
        item = Option(item.name, "ETH", item.settle, EXPIRY, spot * gone, item.call)
    settle = spot if item.inverse else settle
    mark, entry = spot * basis, spot * gone
    state = InstrumentState(
        mark=mark, implied_volatility=vol if isinstance(item, Option) else None, rate=rate
    )
    held, world, found = one(item, size, entry, spot, settle, state)
    formula = value_of(item, size, entry, mark, spot, rate)
    inputs = {"s": spot, "z": settle, "vol": vol, "t": YEARS}

    def at(first: str, second: str) -> HyperDual:
        seeded = {
            key: HyperDual(x, float(key == first), float(key == second))
            for key, x in inputs.items()
        }
        return formula(seeded["s"], seeded["z"], seeded["vol"], seeded["t"])

    twice = at("s", "s")
    scale = (
        abs(size)
        * spot
        * (1.0 if item.inverse else settle)
        * ((getattr(item, "multiplier", None) or 1.0) if not item.inverse else max(1.0, 1 / spot))
    )
    expected = {
        "value": (twice.f, scale),
        "delta": (twice.f1, scale / spot),
        "gamma": (twice.f12, scale / spot**2),
        "vega": (at("vol", "vol").f1, scale),
        "volga": (at("vol", "vol").f12, scale),
        "vanna": (at("s", "vol").f12, scale / spot),
        "theta": (-at("t", "t").f1, scale),
    }
    for name, (truth, natural) in expected.items():
        got = float(getattr(found, name)[0])
        assert got == pytest.approx(truth, rel=1e-10, abs=1e-12 * natural), f"L9: {name}"
    if item.inverse:
        return
    z = at("z", "s")
    assert found.paid[0] == pytest.approx(z.f1, rel=1e-10, abs=1e-12 * scale / settle)
    e = exposures(held, world, found)
    cross = e.bends.gamma[(e.bends.first == 0) & (e.bends.second == 1)]
    assert cross.sum() == pytest.approx(z.f12, rel=1e-10, abs=1e-12 * scale / spot / settle)


def claim_of(state: ShareState, item: Instrument, prices: dict[str, float], ratio: float):  # type: ignore[no-untyped-def]
    """The Claim of a share that trades at ``ratio`` to a worth, in a market of plain prices."""
    world = {name: AssetState(p, p, p, 0.5, 1e9, 1e9) for name, p in prices.items()}
    world[item.name] = AssetState(ratio, ratio, ratio, 0.5, 1e9, 1e9)
    market = Market(NOW, world, {}, shares={item.name: state})
    return claims(market, (item,))[item.name]


def check_claim(claim, price: Callable[..., HyperDual], prices: dict[str, float]) -> None:  # type: ignore[no-untyped-def]
    for a in prices:
        for b in prices:
            seeded = {
                name: HyperDual(p, float(name == a), float(name == b)) for name, p in prices.items()
            }
            truth = price(seeded)
            natural = abs(truth.f) / prices[a]
            assert claim.price == pytest.approx(truth.f, rel=1e-11)
            assert claim.slope.get(a, 0.0) == pytest.approx(
                truth.f1, rel=1e-10, abs=1e-12 * natural
            )
            assert claim.curvature.get((a, b), 0.0) == pytest.approx(
                truth.f12, rel=1e-10, abs=1e-12 * natural / prices[b]
            ), f"L9: curvature in {a}, {b}"


@many
@given(rate=st.floats(0.01, 100), eth=PRICES, discount=st.floats(0.5, 1.2), gain=st.floats(0, 0.3))
def test_staked(rate: float, eth: float, discount: float, gain: float) -> None:
    prices = {"ETH": eth}
    claim = claim_of(StakedState(rate, gain), Staked("stETH", "ETH"), prices, rate * eth * discount)
    check_claim(claim, lambda p: discount * rate * p["ETH"], prices)
    assert claim.accrual == pytest.approx(claim.price * gain, rel=1e-12)
    assert claim.ratio == pytest.approx(discount, rel=1e-12)


@many
@given(x=st.floats(1, 1e6), y=st.floats(1, 1e6), eth=PRICES, usd=PRICES, supply=st.floats(1, 1e6))
def test_liquidity_share(x: float, y: float, eth: float, usd: float, supply: float) -> None:
    prices = {"ETH": eth, "USD": usd}
    worth = 2 * (x * y * eth * usd) ** 0.5 / supply
    claim = claim_of(
        LiquidityState({"ETH": x, "USD": y}, supply), LiquidityShare("LP"), prices, worth * 0.9
    )
    check_claim(
        claim,
        lambda p: 0.9 * 2.0 / supply * ad.sqrt(x * p["ETH"] * (y * p["USD"])),
        prices,
    )
    assert claim.curvature["ETH", "ETH"] < 0.0 < claim.curvature["ETH", "USD"]


@many
@given(
    eth=st.floats(1_000, 4_000),
    btc=st.floats(5e4, 1.2e5),
    own=st.floats(1_000, 5_000),
    usd=st.floats(1e6, 1e7),
    long=st.floats(0, 1_500),
    short=st.floats(0, 1_500),
    cap=st.floats(0.05, 1.0),
    bets=st.floats(0, 20),
)
def test_pool_share(
    eth: float,
    btc: float,
    own: float,
    usd: float,
    long: float,
    short: float,
    cap: float,
    bets: float,
) -> None:
    prices = {"ETH": eth, "USD": 1.0, "BTC": btc}
    state = PoolState(
        {"ETH": own, "USD": usd},
        1e6,
        {
            "ETH": PoolMarket(long, 2_000.0, short, 2_500.0, cap, "ETH", cap, "USD"),
            "BTC": PoolMarket(bets, 8e4, 0.0, 1.0),
        },
    )

    def worth(p: dict[str, HyperDual]) -> HyperDual:
        longs = ad.least(long * (p["ETH"] - 2_000.0), cap * own * p["ETH"])
        shorts = ad.least(short * (2_500.0 - p["ETH"]), cap * usd * p["USD"])
        backing = own * p["ETH"] + usd * p["USD"]
        return (backing - longs - shorts - bets * (p["BTC"] - 8e4)) / 1e6

    today = worth({name: HyperDual(p) for name, p in prices.items()}).f
    if today <= 1e-3:
        return
    check_claim(claim_of(state, PoolShare("GM"), prices, today), worth, prices)


@many
@given(a=st.floats(1, 1e3), debt=st.floats(0, 0.9), eth=PRICES, rate=st.floats(0.9, 2))
def test_vault_of_shares_of_shares(a: float, debt: float, eth: float, rate: float) -> None:
    """A vault that holds pool shares on a staked coin and owes dollars: the chain rule, twice."""
    items = (VaultShare("V"), LiquidityShare("LP"), Staked("stETH", "ETH"))
    plain = {"ETH": eth, "USD": 1.0}

    def staked(p: dict[str, HyperDual]) -> HyperDual:
        return 0.98 * rate * p["ETH"]

    def pool(p: dict[str, HyperDual]) -> HyperDual:
        return 1.01 * 2.0 / 50.0 * ad.sqrt(400.0 * staked(p) * (9_000.0 * p["USD"]))

    owed = debt * a * pool({name: HyperDual(p) for name, p in plain.items()}).f

    def vault(p: dict[str, HyperDual]) -> HyperDual:
        return (a * pool(p) + 0.5 * staked(p) - owed * p["USD"]) / 10.0

    duals = {name: HyperDual(p) for name, p in plain.items()}
    prices = plain | {"stETH": staked(duals).f, "LP": pool(duals).f, "V": vault(duals).f}
    market = Market(
        NOW,
        {name: AssetState(p, p, p, 0.5, 1e9, 1e9) for name, p in prices.items()},
        {},
        shares={
            "stETH": StakedState(rate),
            "LP": LiquidityState({"stETH": 400.0, "USD": 9_000.0}, 50.0),
            "V": VaultState({"LP": a, "stETH": 0.5, "USD": -owed}, 10.0),
        },
    )
    check_claim(claims(market, items)["V"], vault, plain)
