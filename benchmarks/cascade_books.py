"""Two crowds for the cascade's benchmarks: isolated positions on one asset, cross margin on twenty.

The numbers stand in plain dataclasses, which the comparators read; `isolated_case` and `cross_case`
make Cases of the same numbers through the project's own types. Sizes of depth and funds follow the
number of accounts, so that crowds of any size fare alike. Made up: lognormal sizes, long 70%.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Perpetual
from seawall.market import AssetState, Market, Scenario
from seawall.venues import Feed, Liquidation, Rulebook, Tier, Waterfall

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AS_OF = datetime(2026, 1, 30, 16, tzinfo=UTC)
STEP_SECONDS = 60.0
QUOTE = "USD"
JUMPS_PER_DAY = 2.0


@dataclass(frozen=True)
class Impact:
    """Linear impact: recovery time constant in seconds, share that stays, thinning of depth."""

    recovery_seconds: float = 3_000.0
    permanent_share: float = 0.2
    thinning: float = 1.0


@dataclass(frozen=True)
class IsolatedCrowd:
    """Isolated perpetuals on one asset, (n,): signed size in coins, entry price, own margin.

    spot, depth, fund in quote; volatility annual; maintenance a fraction of notional; the feed
    sends on a deviation (fraction) or after heartbeat seconds and is seen delay seconds later.
    """

    size: Floats
    entry: Floats
    margin: Floats
    spot: float
    volatility: float
    depth: float
    maintenance: float
    deviation: float
    heartbeat_seconds: float
    delay_seconds: float
    fund: float
    impact: Impact


@dataclass(frozen=True)
class CrossCrowd:
    """Cross-margin accounts: coin (n, k) of each position, its signed size, deposit (n,) in quote.

    spot, volatility (annual), depth and maintenance (a,) by coin; correlation of every two. Forced
    orders pay ``fee`` of the notional to the fund and ``taker_fee`` to the venue; an account above
    ``partial_above`` (quote) is first cut by ``partial_fraction``.
    """

    coin: Ints
    size: Floats
    deposit: Floats
    spot: Floats
    volatility: Floats
    depth: Floats
    maintenance: Floats
    correlation: float
    fee: float
    taker_fee: float
    partial_fraction: float
    partial_above: float
    fund: float
    impact: Impact


def isolated_crowd(accounts: int, seed: int = 1) -> IsolatedCrowd:
    """Leverage 2 to 20, notional lognormal around 8,000."""
    rng = np.random.default_rng(seed)
    side = np.where(rng.random(accounts) < 0.7, 1.0, -1.0)
    notional = rng.lognormal(9.0, 1.2, accounts)
    entry = 100.0 * np.exp(rng.normal(0.0, 0.01, accounts))
    return IsolatedCrowd(
        size=side * notional / entry,
        entry=entry,
        margin=notional / rng.uniform(2.0, 20.0, accounts),
        spot=100.0,
        volatility=0.9,
        depth=2e5 * accounts,
        maintenance=0.01,
        deviation=0.005,
        heartbeat_seconds=3_600.0,
        delay_seconds=120.0,
        fund=1e4 * accounts,
        impact=Impact(),
    )


def cross_crowd(
    accounts: int, *, coins: int = 20, held: int = 5, stressed: bool = False, seed: int = 1
) -> CrossCrowd:
    """Leverage 0.5 to 8; stressed: 5 to 20, volatility x 3, depth / 10. Some coins are popular."""
    rng = np.random.default_rng(seed)
    spot = np.exp(rng.normal(3.0, 2.0, coins))
    move = np.concatenate([[0.0008, 0.001], rng.uniform(0.0012, 0.0025, coins)])[:coins]
    share = 1.0 / np.arange(1, coins + 1) ** 0.7
    luck = np.log(share) + rng.gumbel(size=(accounts, coins))
    coin = np.sort(np.argsort(-luck, axis=1)[:, :held], axis=1)
    deposit = rng.lognormal(8.5, 1.4, accounts)
    leverage = rng.uniform(*((5.0, 20.0) if stressed else (0.5, 8.0)), accounts)
    side = np.where(rng.random((accounts, held)) < 0.7, 1.0, -1.0)
    weight = rng.dirichlet(np.ones(held), accounts) * (deposit * leverage)[:, None]
    steps_per_year = 365.0 * 86_400.0 / STEP_SECONDS
    return CrossCrowd(
        coin=coin,
        size=side * weight / spot[coin],
        deposit=deposit,
        spot=spot,
        volatility=move * np.sqrt(steps_per_year) * (3.0 if stressed else 1.0),
        depth=accounts * 75.0 / move * (0.1 if stressed else 1.0),
        maintenance=np.clip(8.0 * move, 0.006, 0.02),
        correlation=0.6,
        fee=0.005,
        taker_fee=0.0005,
        partial_fraction=0.5,
        partial_above=50_000.0,
        fund=1e5 * accounts,
        impact=Impact(),
    )


def isolated_case(crowd: IsolatedCrowd, mechanisms: Mapping[str, object] | None = None) -> Case:
    """The isolated crowd as a Case: an order book, full closure, a fund; no vault, no ADL."""
    count = crowd.size.size
    book = _book(
        names=("COIN",),
        instrument=np.zeros(count, dtype=np.int64),
        account=np.arange(count),
        size=crowd.size,
        entry=crowd.entry,
        isolated_margin=crowd.margin,
        deposit=np.zeros(0),
    )
    rulebook = Rulebook(
        name="isolated",
        source="benchmark",
        as_of=date(2026, 1, 30),
        margin_price=PriceKind.ORACLE,
        liquidation=Liquidation("orderbook"),
        waterfall=Waterfall(("fund", "socialised"), crowd.fund),
        default_tiers=(Tier(0.0, 50.0, crowd.maintenance),),
        feed=Feed(crowd.deviation, crowd.heartbeat_seconds, crowd.delay_seconds),
        mechanisms=mechanisms or {},
    )
    state = _coin(crowd.spot, crowd.volatility, crowd.depth)
    return _case("isolated", book, rulebook, {"COIN": state}, crowd.impact)


def cross_case(
    crowd: CrossCrowd,
    mechanisms: Mapping[str, object] | None = None,
    market_mechanisms: Mapping[str, object] | None = None,
) -> Case:
    """The cross-margin crowd as a Case: margin at the market, partial closes, fees, a fund."""
    count, held = crowd.coin.shape
    names = tuple(f"C{n:02d}" for n in range(crowd.spot.size))
    book = _book(
        names=names,
        instrument=crowd.coin.ravel(),
        account=np.repeat(np.arange(count), held),
        size=crowd.size.ravel(),
        entry=crowd.spot[crowd.coin].ravel(),
        isolated_margin=None,
        deposit=crowd.deposit,
    )
    tiers = {n: (Tier(0.0, 50.0, float(m)),) for n, m in zip(names, crowd.maintenance, strict=True)}
    rulebook = Rulebook(
        name="cross",
        source="benchmark",
        as_of=date(2026, 1, 30),
        margin_price=PriceKind.MARK,
        liquidation=Liquidation(
            "orderbook",
            partial_fraction=crowd.partial_fraction,
            partial_above=crowd.partial_above,
            fee=crowd.fee,
        ),
        waterfall=Waterfall(("fund", "socialised"), crowd.fund),
        tiers=tiers,
        taker_fee=crowd.taker_fee,
        mechanisms=mechanisms or {},
    )
    columns = zip(names, crowd.spot, crowd.volatility, crowd.depth, strict=True)
    states = {name: _coin(float(s), float(v), float(d)) for name, s, v, d in columns}
    scenario = Scenario(
        model="jump_diffusion",
        jumps_per_year=JUMPS_PER_DAY * 365.0,
        jump_mean=-0.03,
        jump_volatility=0.02,
    )
    loading = crowd.volatility / crowd.volatility.mean()
    market = {
        "scenario": scenario,
        "correlation": dict.fromkeys(combinations(names, 2), crowd.correlation),
        "jump_beta": dict(zip(names, loading.tolist(), strict=True)),
        "mechanisms": market_mechanisms or {},
    }
    return _case("cross", book, rulebook, states, crowd.impact, market)


def _coin(spot: float, volatility: float, depth: float) -> AssetState:
    return AssetState(spot, spot, spot, volatility, depth, depth)


def _book(
    *,
    names: tuple[str, ...],
    instrument: Ints,
    account: Ints,
    size: Floats,
    entry: Floats,
    isolated_margin: Floats | None,
    deposit: Floats,
) -> Book:
    """Accounts of one venue; ``deposit`` (n,) of quote each, none where positions are isolated."""
    accounts = int(account.max()) + 1
    texts = tuple(f"a{n}" for n in range(accounts))
    depositors = np.arange(deposit.size)
    isolated = isolated_margin is not None
    return Book(
        account_names=texts,
        account_venue=("venue",) * accounts,
        account_owner=texts,
        account_kind=(AccountKind.CROWD,) * accounts,
        instruments=tuple(Perpetual(f"{name}-PERP", name, QUOTE) for name in names),
        assets=(QUOTE, *names),
        position_account=account.astype(np.int64),
        position_instrument=instrument.astype(np.int64),
        size=size,
        entry=entry,
        isolated=np.full(size.size, isolated),
        isolated_margin=np.zeros(size.size) if isolated_margin is None else isolated_margin,
        balance_account=depositors.astype(np.int64),
        balance_asset=np.zeros(deposit.size, dtype=np.int64),
        quantity=deposit,
    )


def _case(
    name: str,
    book: Book,
    rulebook: Rulebook,
    states: Mapping[str, AssetState],
    impact: Impact,
    more: Mapping[str, Any] | None = None,
) -> Case:
    """The Case of one venue's book; ``more``: further fields of the market."""
    infinite = float("inf")
    given = dict(more or {})
    scenario = replace(
        given.pop("scenario", Scenario()),
        thinning=impact.thinning,
        recovery_seconds=impact.recovery_seconds,
        permanent_share=impact.permanent_share,
    )
    quote = AssetState(1.0, 1.0, 1.0, 0.0, infinite, infinite)
    market = Market(AS_OF, {QUOTE: quote, **states}, {}, scenario, **given)
    return Case(
        name=name,
        as_of=AS_OF,
        quote=QUOTE,
        step_seconds=STEP_SECONDS,
        book=book,
        market=market,
        rulebooks={"venue": rulebook},
        limits=(),
        crowds=(),
        digest="0" * 64,
    )
