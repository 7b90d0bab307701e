"""The generated crowd: open interest, skew, concentration, health, common identities."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from seawall.crowd import CrowdSpec, LeverageMix
from seawall.crowd.columns import CrowdColumns
from seawall.crowd.generate import generate
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Perpetual
from seawall.market import AssetState, InstrumentState, Market
from seawall.venues import (
    Collateral,
    Liquidation,
    OptionMargin,
    PerpMargin,
    Rulebook,
    Tier,
    Waterfall,
)

SPOT = {"BTC": 90_000.0, "ETH": 3_000.0, "SOL": 140.0, "XRP": 2.0, "DOGE": 0.15}
INTEREST = {"BTC": 2e9, "ETH": 1.3e9, "SOL": 4e8, "XRP": 1e8, "DOGE": 5e7}  # quote
TIERS = (Tier(0.0, 40.0, 0.0125), Tier(1e7, 20.0, 0.025), Tier(5e7, 10.0, 0.05))
PERPS = tuple(Perpetual(f"{name}-PERP", name, "USDC") for name in SPOT)


def asset(spot: float) -> AssetState:
    # Oracle and index off the spot, so that using the wrong one shows.
    return AssetState(spot, 1.001 * spot, 0.998 * spot, 0.6, depth=1e9, daily_volume=1e10)


MARKET = Market(
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    assets={
        **{name: asset(spot) for name, spot in SPOT.items()},
        "USDC": AssetState(0.9997, 0.9997, 0.9997, 0.0, depth=1e9, daily_volume=1e10),
    },
    instruments={
        f"{name}-PERP": InstrumentState(1.0005 * spot, open_interest=INTEREST[name] / spot)
        for name, spot in SPOT.items()
    },
)
RULEBOOK = Rulebook(
    name="perps",
    source="made up for this test",
    as_of=date(2026, 1, 1),
    margin_price=PriceKind.MARK,
    liquidation=Liquidation("orderbook"),
    waterfall=Waterfall(("adl",)),
    default_tiers=TIERS,
    collateral={"USDC": Collateral(1.0, 1.0)},
)
SPEC = CrowdSpec(
    venue="perps",
    accounts=6_000,
    seed=7,
    leverage={
        "light": LeverageMix(3.0, 0.8),
        "base": LeverageMix(6.0, 0.9),
        "heavy": LeverageMix(15.0, 0.9),
    },
    long_share={"BTC-PERP": 0.56, "ETH-PERP": 0.42},
    isolated_share=0.2,
)


def side(crowd: CrowdColumns, name: str, sign: int) -> float:
    """Total size of the longs (+1) or shorts (-1) in one instrument."""
    mine = crowd.position_instrument == crowd.instruments.index(name)
    return float(np.maximum(sign * crowd.size[mine], 0.0).sum())


def gini(amount: NDArray[np.float64]) -> float:
    ranked = np.sort(amount)
    n = ranked.size
    return float((2 * np.arange(1, n + 1) - n - 1) @ ranked / (n * ranked.sum()))


def notional(crowd: CrowdColumns) -> NDArray[np.float64]:
    mark = np.array([MARKET.instruments[name].mark for name in crowd.instruments])
    return np.abs(crowd.size) * mark[crowd.position_instrument]


def test_larger_side_is_the_open_interest() -> None:
    crowd = generate(SPEC, MARKET, RULEBOOK, PERPS)
    for name, share in (("BTC-PERP", 0.56), ("ETH-PERP", 0.42), ("SOL-PERP", 0.5)):
        interest = MARKET.instruments[name].open_interest
        assert interest is not None
        longs, shorts = side(crowd, name, 1), side(crowd, name, -1)
        assert abs(max(longs, shorts) / interest - 1.0) < 1e-9
        assert abs(longs / (longs + shorts) - share) < 1e-9


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("held", [-4_000.0, 4_000.0])
def test_the_accounts_given_fill_their_part(share: float, held: float) -> None:
    spec = replace(SPEC, long_share={"BTC-PERP": share})
    crowd = generate(
        spec, MARKET, RULEBOOK, PERPS, held={"BTC-PERP": (max(held, 0.0), max(-held, 0.0))}
    )
    longs = side(crowd, "BTC-PERP", 1) + max(held, 0.0)
    shorts = side(crowd, "BTC-PERP", -1) + max(-held, 0.0)
    interest = MARKET.instruments["BTC-PERP"].open_interest
    assert interest is not None
    assert abs(max(longs, shorts) / interest - 1.0) < 1e-9


def test_who_holds_everything_leaves_no_crowd() -> None:
    crowd = generate(SPEC, MARKET, RULEBOOK, PERPS, held={"BTC-PERP": (1e9, 0.0)})
    assert side(crowd, "BTC-PERP", 1) == side(crowd, "BTC-PERP", -1) == 0.0
    assert np.all(crowd.size != 0.0)
    assert side(crowd, "ETH-PERP", 1) > 0.0


def test_share_of_accounts_on_the_long_side() -> None:
    spec = replace(SPEC, positions_mean=1.0, accounts=20_000)
    crowd = generate(spec, MARKET, RULEBOOK, PERPS)
    mine = crowd.position_instrument == 0
    drawn = float(np.mean(crowd.size[mine] > 0.0))
    assert abs(drawn - 0.56) < 4 * sqrt(0.56 * 0.44 / mine.sum())


@pytest.mark.parametrize("log_sd", [0.8, 1.8])
def test_concentration(log_sd: float) -> None:
    spec = replace(SPEC, size_log_sd=log_sd, accounts=20_000)
    crowd = generate(spec, MARKET, RULEBOOK, PERPS)
    held = np.bincount(crowd.position_account, notional(crowd))
    assert abs(gini(held) - (2 * ndtr(log_sd / sqrt(2)) - 1)) < 0.025


def test_number_of_positions_and_no_doubles() -> None:
    crowd = generate(SPEC, MARKET, RULEBOOK, PERPS)
    pairs = set(zip(crowd.position_account, crowd.position_instrument, strict=True))
    assert len(pairs) == crowd.size.size
    number = np.bincount(crowd.position_account, minlength=6_000)
    assert number.min() == 1
    # Poisson with mean 0.6, cut at four more, on top of one.
    assert abs(number.mean() - 1.6) < 4 * sqrt(0.6 / 6_000)
    assert np.array_equal(crowd.position_account, np.sort(crowd.position_account))
    assert len(set(crowd.account_names)) == 6_000


def test_leverage_has_the_stated_median_where_it_is_not_capped() -> None:
    spec = replace(SPEC, isolated_share=0.0, positions_mean=1.0)
    crowd = generate(spec, MARKET, RULEBOOK, PERPS, "light")
    mark = np.array([MARKET.instruments[n].mark for n in crowd.instruments])
    profit = crowd.size * (mark[crowd.position_instrument] - crowd.entry)
    leverage = notional(crowd) / (crowd.quantity + profit)
    assert np.array_equal(crowd.balance_account, crowd.position_account)
    assert abs(np.log(np.median(leverage) / 3.0)) < 4 * 0.8 * 1.2533 / sqrt(6_000)


def test_entries_are_near_the_mark() -> None:
    crowd = generate(SPEC, MARKET, RULEBOOK, PERPS)
    mark = np.array([MARKET.instruments[n].mark for n in crowd.instruments])
    away = np.log(crowd.entry / mark[crowd.position_instrument])
    assert abs(away.mean()) < 4 * 0.03 / sqrt(away.size)
    assert abs(away.std() / 0.03 - 1.0) < 0.05


def tier_margin(amount: float, tiers: tuple[Tier, ...], *, initial: bool) -> float:
    """Margin added up bracket by bracket, the slow way."""
    total = 0.0
    for n, tier in enumerate(tiers):
        upper = tiers[n + 1].lower_bound if n + 1 < len(tiers) else np.inf
        rate = 1.0 / tier.max_leverage if initial else tier.maintenance_rate
        total += max(min(amount, upper) - tier.lower_bound, 0.0) * rate
    return total


@pytest.mark.parametrize("mix", ["light", "base", "heavy"])
@pytest.mark.parametrize("kind", [PriceKind.MARK, PriceKind.ORACLE])
def test_every_margin_account_starts_above_its_margins(mix: str, kind: PriceKind) -> None:
    crowd = generate(SPEC, MARKET, replace(RULEBOOK, margin_price=kind), PERPS, mix)
    price = {
        f"{n}-PERP": 1.0005 * s if kind is PriceKind.MARK else 0.998 * s for n, s in SPOT.items()
    }
    equity: dict[object, float] = {}
    initial: dict[object, float] = {}
    maintenance: dict[object, float] = {}
    for account, quantity in zip(crowd.balance_account, crowd.quantity, strict=True):
        assert quantity >= 0.0
        equity[account] = equity.get(account, 0.0) + quantity
    for n in range(crowd.size.size):
        p = price[crowd.instruments[crowd.position_instrument[n]]]
        key: object = ("isolated", n) if crowd.isolated[n] else crowd.position_account[n]
        amount = abs(crowd.size[n]) * p
        gain = crowd.size[n] * (p - crowd.entry[n]) + crowd.isolated_margin[n]
        equity[key] = equity.get(key, 0.0) + gain
        initial[key] = initial.get(key, 0.0) + tier_margin(amount, TIERS, initial=True)
        maintenance[key] = maintenance.get(key, 0.0) + tier_margin(amount, TIERS, initial=False)
    for key, due in initial.items():
        assert equity[key] >= 1.1 * due * (1 - 1e-9)
        assert equity[key] >= 1.05 * maintenance[key] * (1 - 1e-9)
    assert np.all(crowd.isolated_margin[crowd.isolated] > 0.0)
    assert np.all(crowd.isolated_margin[~crowd.isolated] == 0.0)
    assert abs(crowd.isolated.mean() - 0.2) < 0.02


def test_coin_margined_perpetuals() -> None:
    inverse = (Perpetual("BTC-PERPETUAL", "BTC", "BTC"), Perpetual("ETH-PERPETUAL", "ETH", "ETH"))
    market = replace(
        MARKET,
        instruments={
            "BTC-PERPETUAL": InstrumentState(90_045.0, open_interest=8e8),
            "ETH-PERPETUAL": InstrumentState(open_interest=3e8),
        },
    )
    rulebook = replace(
        RULEBOOK,
        default_tiers=(),
        margin_price=PriceKind.INDEX,
        option_margin=OptionMargin(0.15, 0.1, 0.075, 0.02, 0.01, 0.00005),
    )
    crowd = generate(replace(SPEC, isolated_share=0.0), market, rulebook, inverse, "heavy")
    assert abs(side(crowd, "BTC-PERPETUAL", 1) / 8e8 - 1.0) < 1e-9
    index = np.array([1.001 * SPOT["BTC"], 1.001 * SPOT["ETH"]])[crowd.position_instrument]
    profit = crowd.size * (1.0 / crowd.entry - 1.0 / index)
    coins = np.abs(crowd.size) / index
    held = {
        (a, crowd.assets[k]): q
        for a, k, q in zip(crowd.balance_account, crowd.balance_asset, crowd.quantity, strict=True)
    }
    assert len(held) == crowd.size.size
    for n in range(crowd.size.size):
        coin = crowd.instruments[crowd.position_instrument[n]].split("-")[0]
        equity = held[crowd.position_account[n], coin] + profit[n]
        assert equity >= 1.1 * coins[n] * (0.02 + 0.00005 * coins[n]) * (1 - 1e-9)


def test_tiers_in_coin_and_slopes_by_underlying() -> None:
    """Two venues, one with tiers bounded in coin, one with a slope for ETH alone."""
    inverse = (Perpetual("BTC-PERPETUAL", "BTC", "BTC"), Perpetual("ETH-PERPETUAL", "ETH", "ETH"))
    market = replace(
        MARKET,
        instruments={n: InstrumentState(open_interest=4e8) for n in (i.name for i in inverse)},
    )
    # 1% up to one coin, half of the value beyond it: 4.51 of 10 coins.
    coin = (Tier(0.0, 100.0, 0.005), Tier(1.0, 2.0, 0.3))
    spec = replace(SPEC, isolated_share=0.0)
    rulebook = replace(RULEBOOK, margin_price=PriceKind.INDEX, coin_tiers={"BTC": coin})
    tiered = generate(spec, market, rulebook, inverse, "heavy")
    assert thinnest(tiered, "BTC") < 0.2, "in quote every position would be in the second tier"
    assert thinnest(tiered, "BTC", 10.0) >= 1.1 * 0.451 * (1 - 1e-9)
    sloped = OptionMargin(0.15, 0.1, 0.075, 0.02, 0.01, 0.0, {"ETH": PerpMargin(0.02, 0.01, 0.01)})
    crowd = generate(spec, market, replace(rulebook, option_margin=sloped), inverse, "heavy")
    of_eth = np.array(crowd.instruments)[crowd.position_instrument] == "ETH-PERPETUAL"
    largest = np.max(np.abs(crowd.size[of_eth])) / (1.001 * SPOT["ETH"])
    assert largest > 100.0, "large enough for the slope to ask for more than the value"
    assert thinnest(crowd, "BTC") < 0.2 < thinnest(crowd, "ETH", largest / 2)


def thinnest(crowd: CrowdColumns, coin: str, above: float = 0.0) -> float:
    """Least equity / value of the positions in a coin, beyond ``above`` coins."""
    price = 1.001 * SPOT[coin]
    held = {
        (a, crowd.assets[k]): q
        for a, k, q in zip(crowd.balance_account, crowd.balance_asset, crowd.quantity, strict=True)
    }
    shares = []
    for n in range(crowd.size.size):
        coins = abs(crowd.size[n]) / price
        if crowd.instruments[crowd.position_instrument[n]].startswith(coin) and coins > above:
            profit = crowd.size[n] * (1.0 / crowd.entry[n] - 1.0 / price)
            shares.append((held[crowd.position_account[n], coin] + profit) / coins)
    return min(shares)


def test_same_seed_same_crowd_and_other_seed_another() -> None:
    one, again = (generate(SPEC, MARKET, RULEBOOK, PERPS) for _ in range(2))
    for field in fields(CrowdColumns):
        assert np.array_equal(getattr(one, field.name), getattr(again, field.name))
    other = generate(replace(SPEC, seed=8), MARKET, RULEBOOK, PERPS)
    assert not np.array_equal(one.size, other.size)


def test_leverage_mixes_share_everything_but_cash() -> None:
    light, heavy = (generate(SPEC, MARKET, RULEBOOK, PERPS, mix) for mix in ("light", "heavy"))
    for field in fields(CrowdColumns):
        same = np.array_equal(getattr(light, field.name), getattr(heavy, field.name))
        assert same is (field.name not in ("isolated_margin", "quantity"))
    assert np.all(light.quantity >= heavy.quantity)
    assert np.all(light.isolated_margin >= heavy.isolated_margin)
    assert light.quantity.sum() > 2.0 * heavy.quantity.sum()


def test_small_crowds_still_hold_all_instruments() -> None:
    crowd = generate(replace(SPEC, accounts=5), MARKET, RULEBOOK, PERPS)
    assert set(crowd.position_instrument) == set(range(5))


LENDING = replace(
    RULEBOOK,
    name="lending",
    margin_price=PriceKind.ORACLE,
    liquidation=Liquidation("keeper"),
    collateral={
        "BTC": Collateral(0.73, 0.78, 0.05),
        "ETH": Collateral(0.805, 0.83, 0.05),
        "USDC": Collateral(0.75, 0.78, 0.045),
    },
)
LOANS = CrowdSpec(
    venue="lending",
    accounts=6_000,
    seed=3,
    leverage={"base": LeverageMix(0.5, 0.8), "heavy": LeverageMix(0.2, 0.8)},
    kind="loans",
    size_log_sd=1.5,
    collateral_mix={"ETH": 0.6, "BTC": 0.3, "USDC": 0.1},
    debt_mix={"USDC": 0.8, "ETH": 0.2},
    total_debt=4e8,
)


def loans(crowd: CrowdColumns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Collateral x threshold and debt of each account, quote, by the oracle's prices."""
    price = np.array([MARKET.assets[name].oracle for name in crowd.assets])
    terms = LENDING.collateral
    threshold = np.array([terms[name].liquidation_threshold for name in crowd.assets])
    value = crowd.quantity * price[crowd.balance_asset]
    weighted = np.where(value > 0.0, value * threshold[crowd.balance_asset], 0.0)
    debt = np.where(value < 0.0, -value, 0.0)
    return np.bincount(crowd.balance_account, weighted), np.bincount(crowd.balance_account, debt)


def test_borrowers_owe_the_stated_total_and_are_healthy() -> None:
    crowd = generate(LOANS, MARKET, LENDING, ())
    weighted, debt = loans(crowd)
    assert abs(debt.sum() / 4e8 - 1.0) < 1e-9
    owed = crowd.quantity < 0.0
    dollars = crowd.assets.index("USDC")
    usdc = -crowd.quantity[owed & (crowd.balance_asset == dollars)].sum()
    assert abs(usdc * 0.9997 / 3.2e8 - 1.0) < 1e-9
    health = weighted / debt
    assert health.min() >= 1.03
    assert abs(np.log((np.median(health) - 1.03) / 0.5)) < 4 * 0.8 * 1.2533 / sqrt(6_000)
    assert crowd.size.size == 0 and crowd.instruments == ()


def test_nobody_borrows_its_own_collateral_and_the_mix_is_met() -> None:
    crowd = generate(LOANS, MARKET, LENDING, ())
    collateral, debt = crowd.balance_asset[0::2], crowd.balance_asset[1::2]
    assert np.all(crowd.quantity[0::2] > 0.0) and np.all(crowd.quantity[1::2] < 0.0)
    assert np.all(collateral != debt)
    # USDC debt, so ETH and BTC at 6 to 3 among those accounts.
    of_dollars = collateral[debt == crowd.assets.index("USDC")]
    share = np.mean(of_dollars == crowd.assets.index("ETH"))
    assert abs(share - 2 / 3) < 4 * sqrt(2 / 9 / of_dollars.size)


def test_loan_mixes_share_debts_and_order() -> None:
    base, heavy = (generate(LOANS, MARKET, LENDING, (), mix) for mix in ("base", "heavy"))
    assert np.array_equal(base.quantity[1::2], heavy.quantity[1::2])
    assert np.array_equal(base.balance_asset, heavy.balance_asset)
    assert np.all(base.quantity[0::2] > heavy.quantity[0::2])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "options"}, "kind 'options'"),
        ({"accounts": 0}, "0 accounts"),
        ({"leverage": {}}, "no leverage mix 'base'"),
        ({"leverage": {"base": LeverageMix(0.0, 1.0)}}, "leverage median 0"),
        ({"leverage": {"base": LeverageMix(1.0, -1.0)}}, "leverage log_sd -1"),
        ({"long_share": {"BTC-PERP": 1.2}}, "long_share of BTC-PERP 1.2"),
        ({"positions_mean": 0.5}, "positions_mean 0.5"),
        ({"isolated_share": float("nan")}, "isolated_share nan"),
        ({"kind": "loans"}, "collateral_mix {}"),
        ({"kind": "loans", "collateral_mix": {"ETH": -1.0}}, "collateral_mix"),
        ({"kind": "loans", "collateral_mix": {"PEPE": 1.0}}, "PEPE, which has no price"),
    ],
)
def test_a_spec_that_makes_no_sense_is_a_sentence(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        generate(replace(SPEC, **change), MARKET, LENDING, PERPS)  # type: ignore[arg-type]


def test_missing_rules_and_open_interest_are_sentences() -> None:
    with pytest.raises(InputError, match="no perpetual of venue 'perps' has an open interest"):
        generate(SPEC, replace(MARKET, instruments={}), RULEBOOK, PERPS)
    with pytest.raises(MissingRule, match=r"no margin tiers for 'BTC'.*tiers\.BTC"):
        generate(SPEC, MARKET, replace(RULEBOOK, default_tiers=()), PERPS)
    with pytest.raises(MissingRule, match="no liquidation threshold for 'ETH'"):
        generate(LOANS, MARKET, replace(LENDING, collateral={}), ())
