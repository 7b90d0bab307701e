"""Equity, initial and maintenance of whole books against the slow version; numeraire; funding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_margin import Key, Margin, slow_requirement
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Perpetual
from seawall.margin.table.assess import assess, option_quotes, requirement, starting_holdings
from seawall.margin.table.compile import compile_table
from seawall.margin.table.margin_table import MarginTable
from seawall.market import AssetState
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Tier

TIERS = (Tier(0.0, 50.0, 0.01), Tier(2e5, 20.0, 0.025), Tier(1e6, 5.0, 0.1))
COLLATERAL = {"BTC": Collateral(0.7, 0.8), "USD": Collateral(0.8, 0.85)}
VENUES = {
    "mark": perpetuals_venue(tiers=TIERS, collateral=COLLATERAL),
    "oracle": perpetuals_venue(tiers=TIERS, margin_price=PriceKind.ORACLE),
    "options": perpetuals_venue(option_margin=OPTION_MARGIN, margin_price=PriceKind.INDEX),
    "loans": lending_venue(COLLATERAL),
}
PERPETUALS = (
    perpetual("BTC-PERP", "BTC"),
    perpetual("ETH-PERP", "ETH"),
    perpetual("BTC-COIN", "BTC", inverse=True),
    Perpetual("BTC-EURO", "BTC", "EURO"),
)
OPTIONS = (
    option("BTC-C", "BTC", 110_000.0, True, 30.0),
    option("BTC-P", "BTC", 90_000.0, False, 60.0),
    option("BTC-COIN-C", "BTC", 80_000.0, True, 10.0, inverse=True),
)
STATES = {
    "BTC-PERP": InstrumentState(mark=101_000.0),
    "BTC-COIN": InstrumentState(mark=99_500.0),
    "BTC-EURO": InstrumentState(mark=92_500.0),
    "BTC-C": InstrumentState(mark=100_700.0, implied_volatility=0.5),
    "BTC-P": InstrumentState(implied_volatility=0.6),
    "BTC-COIN-C": InstrumentState(mark=100_100.0, implied_volatility=0.4),
}
ASSETS = {
    "BTC": AssetState(100_000.0, 99_800.0, 100_300.0, 0.5, 1e9, 1e9),
    "ETH": AssetState(4_000.0, 4_010.0, 3_990.0, 0.7, 1e9, 1e9),
    "EURO": AssetState(1.08, 1.09, 1.07, 0.08, 1e9, 1e9),
}
SIZES = {"BTC-COIN": 3e5, "ETH-PERP": 200.0}


@st.composite
def held(draw: st.DrawFn, venue: str) -> Held:
    names = [i.name for i in (PERPETUALS + OPTIONS if venue == "options" else PERPETUALS)]
    name = draw(st.sampled_from(names))
    scale = SIZES.get(name, 10.0)
    share = draw(st.floats(0.01, 1.0)) * draw(st.sampled_from([-1.0, 1.0]))
    spot = 4_000.0 if name == "ETH-PERP" else 100_000.0
    margin = draw(st.none() | st.floats(0.0, 2.0 if "COIN" in name else 1e5))
    return Held(name, scale * share, spot * draw(st.floats(0.5, 2.0)), margin)


@st.composite
def traders(draw: st.DrawFn) -> Trader:
    venue = draw(st.sampled_from(sorted(VENUES)))
    positions = () if venue == "loans" else draw(st.lists(held(venue), max_size=5))
    balances = {}
    for asset, scale in (("USD", 1e5), ("BTC", 2.0), ("ETH", 20.0), ("EURO", 1e5)):
        if draw(st.booleans()):
            balances[asset] = scale * draw(st.floats(-1.0, 1.0))
    return Trader(venue, tuple(positions), balances)


cases = st.lists(traders(), min_size=1, max_size=5).map(
    lambda several: tiny_case(several, PERPETUALS + OPTIONS, VENUES, ASSETS, states=STATES)
)


def table_of(case: Case) -> MarginTable:
    return compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)


def spots(case: Case, table: MarginTable) -> np.ndarray:
    return np.array([case.market.assets[table.assets[k]].spot for k in table.feed_asset])


def fast_requirement(case: Case) -> dict[Key, Margin]:
    table = table_of(case)
    units, found = table.units, requirement(table, spots(case, table))
    out = {}
    for u in range(units.account.size):
        alone = -1
        if units.isolated[u]:
            rows = slice(units.rows[u], units.rows[u + 1])
            options = slice(units.options[u], units.options[u + 1])
            held = [*table.rows.position[rows], *table.options.position[options]]
            (alone,) = (int(n) for n in held)
        key = (int(units.account[u]), table.assets[table.feed_asset[units.settle[u]]], alone)
        out[key] = Margin(*(float(x[u]) for x in (found.equity, found.initial, found.maintenance)))
    return out


@given(cases)
@settings(max_examples=150, deadline=None)
def test_every_margin_account_equals_the_slow_version(case):
    fast, slow = fast_requirement(case), slow_requirement(case)
    assert set(fast) == set(slow)
    for key, expected in slow.items():
        got = fast[key]
        # Folding entries into cash costs rounding in proportion to the notional, up to 1m here.
        near = {"rel": 1e-9, "abs": 1e-5}
        assert got.equity == pytest.approx(expected.equity, **near), key
        assert got.initial == pytest.approx(expected.initial, **near), key
        assert got.maintenance == pytest.approx(expected.maintenance, **near), key


@given(cases, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_any_choice_of_pairs_gives_the_same_bits(case, rng):
    table = table_of(case)
    start = spots(case, table)
    price = start * np.array([[1.0], [0.9], [1.3]])
    quotes = option_quotes(table, price, start, 0.01)
    quotes.integral = price * 3_600.0
    holdings = starting_holdings(table, 3)
    count = table.units.account.size
    path, unit = np.divmod(np.arange(3 * count), max(count, 1))
    equity, maintenance, _ = assess(table, holdings, quotes, path, unit)
    some = np.array(rng.sample(range(3 * count), k=count), dtype=np.int64)
    again = assess(table, holdings, quotes, path[some], unit[some])
    assert np.array_equal(again[0], equity[some])
    assert np.array_equal(again[1], maintenance[some])


@given(
    size=st.floats(1e3, 1e6).flatmap(lambda n: st.sampled_from([-n, n])),
    entry=st.floats(5e4, 2e5),
    cash=st.floats(0.0, 10.0),
    spot=st.floats(5e4, 2e5),
)
@settings(max_examples=60, deadline=None)
def test_an_inverse_contract_is_a_linear_one_with_the_coin_as_numeraire(size, entry, cash, spot):
    """Long N dollars of the inverse contract = short N dollars priced in coin at 1 / spot."""
    flat = {"v": perpetuals_venue(tiers=(Tier(0.0, 25.0, 0.02),))}
    inverse = tiny_case(
        [Trader("v", (Held("BTC-COIN", size, entry),), {"BTC": cash})],
        PERPETUALS,
        flat,
        {"BTC": coin(spot), "ETH": coin(1.0), "EURO": coin(1.0)},
    )
    # Here QUOTE is the coin, and the asset is the dollar.
    linear = tiny_case(
        [Trader("v", (Held("DOLLAR-PERP", -size, 1.0 / entry),), {"USD": cash})],
        (perpetual("DOLLAR-PERP", "DOLLAR"),),
        flat,
        {"DOLLAR": coin(1.0 / spot)},
    )
    ((_, one),) = fast_requirement(inverse).items()
    ((_, other),) = fast_requirement(linear).items()
    assert one.maintenance == pytest.approx(other.maintenance * spot, rel=1e-9)
    assert one.initial == pytest.approx(other.initial * spot, rel=1e-9)
    assert one.equity == pytest.approx(other.equity * spot, rel=1e-9, abs=1e-5)


def after_an_hour(case: Case, price: float) -> float:
    """Equity of the only unit after one hour at a constant price of BTC."""
    table = table_of(case)
    prices = spots(case, table)[None, :].copy()
    prices[0, [table.assets[k] == "BTC" for k in table.feed_asset]] = price
    quotes = option_quotes(table, prices, prices[0], 0.0)
    quotes.integral = prices * 3_600.0
    one = np.zeros(1, dtype=np.int64)
    return float(assess(table, starting_holdings(table), quotes, one, one)[0][0])


HOUR = 3_600.0 / SECONDS_PER_YEAR


@pytest.mark.parametrize("size", [2.0, -2.0])
def test_longs_pay_funding_on_their_notional(size):
    case = tiny_case(
        [Trader("v", (Held("BTC-PERP", size, 100_000.0),), {"USD": 50_000.0})],
        PERPETUALS,
        {"v": VENUES["mark"]},
        {"BTC": coin(100_000.0), "ETH": coin(1.0), "EURO": coin(1.0)},
        states={"BTC-PERP": InstrumentState(funding_rate=0.1095)},
    )
    # 10.95% a year on 2 x 100,000 is 2.5 an hour.
    an_hour = 0.1095 * 200_000.0 * HOUR
    assert an_hour == pytest.approx(2.5)
    assert after_an_hour(case, 100_000.0) == pytest.approx(50_000.0 - np.sign(size) * 2.5)


def test_funding_of_an_inverse_contract_is_paid_in_coin():
    case = tiny_case(
        [Trader("v", (Held("BTC-COIN", 200_000.0, 100_000.0),), {"BTC": 1.0})],
        PERPETUALS,
        {"v": VENUES["mark"]},
        {"BTC": coin(100_000.0), "ETH": coin(1.0), "EURO": coin(1.0)},
        states={"BTC-COIN": InstrumentState(funding_rate=0.1095)},
    )
    # 200,000 contracts are 2 coins: 2 x 10.95% x an hour = 0.000025 coins.
    assert after_an_hour(case, 100_000.0) == pytest.approx((1.0 - 0.000025) * 100_000.0)


def test_a_debt_grows_by_its_borrow_rate_and_an_asset_does_not():
    case = tiny_case(
        [Trader("v", (), {"BTC": 2.0, "USD": -100_000.0})],
        PERPETUALS,
        {"v": VENUES["loans"]},
        {"BTC": coin(100_000.0, borrow_rate=0.5), "ETH": coin(1.0), "EURO": coin(1.0)},
    )
    usd = replace(case.market.assets["USD"], borrow_rate=0.0876)
    assets = {**case.market.assets, "USD": usd}
    case = replace(case, market=replace(case.market, assets=assets))
    # 8.76% a year on 100,000 is 1 an hour.
    assert after_an_hour(case, 100_000.0) == pytest.approx(100_000.0 - 1.0)


def test_option_margin_at_other_prices_moves_the_volatility_along_its_slope():
    case = tiny_case(
        [Trader("options", (Held("BTC-P", -1.0, 0.0),), {"USD": 0.0})],
        PERPETUALS + OPTIONS,
        VENUES,
        {"BTC": coin(100_000.0, implied_slope=-0.5), "ETH": coin(1.0), "EURO": coin(1.0)},
        states=STATES,
    )
    table = table_of(case)
    start = spots(case, table)
    down = np.where(start > 1.0, 0.9 * start, start)
    quotes = option_quotes(table, down[None, :], start, 0.0)
    higher = replace(STATES["BTC-P"], implied_volatility=0.6 + 0.5 * 0.1)
    moved = replace(
        case,
        market=replace(
            case.market,
            assets={**case.market.assets, "BTC": coin(90_000.0)},
            instruments={**STATES, "BTC-P": higher},
        ),
    )
    table = table_of(moved)
    start = spots(moved, table)
    expected = option_quotes(table, start[None, :], start, 0.0)
    assert quotes.option_value == pytest.approx(expected.option_value, rel=1e-12)
    assert quotes.option_short == pytest.approx(expected.option_short, rel=1e-12)


def test_an_option_may_have_a_slope_of_its_own():
    """The asset's slope overridden is the asset's slope stated so."""
    states = {**STATES, "BTC-P": replace(STATES["BTC-P"], implied_slope=-0.7)}

    def value(slope, states):
        case = tiny_case(
            [Trader("options", (Held("BTC-P", -1.0, 0.0),), {"USD": 0.0})],
            PERPETUALS + OPTIONS,
            VENUES,
            {"BTC": coin(100_000.0, implied_slope=slope), "ETH": coin(1.0), "EURO": coin(1.0)},
            states=states,
        )
        table = table_of(case)
        start = spots(case, table)
        down = np.where(start > 1.0, 0.9 * start, start)
        return option_quotes(table, down[None, :], start, 0.0).option_value

    assert np.array_equal(value(-0.2, states), value(-0.7, STATES))
    assert not np.array_equal(value(-0.2, states), value(-0.2, STATES))
