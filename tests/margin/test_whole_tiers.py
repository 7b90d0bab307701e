"""Tiers whose rate counts on the whole position: by hand, at the bounds, and in the searches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_tiered_frameworks import account, perps, venue
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.margin.account.shifts import Shifts
from seawall.margin.frameworks import assess_account
from seawall.margin.liquidation_price.search import LiquidationPrices, liquidation_prices
from seawall.margin.rules import net_margin, one_by_one, rules_of, turning_points
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.margin.tiered.lines import margin, tier_lines
from seawall.margin.view import margin_accounts
from seawall.venues import Tier
from seawall.venues.preset import rulebook_from

# 50x to 1m, 20x to 5m, 10x beyond; maintenance 1, 2.5 and 5%.
THREE = (Tier(0.0, 50.0, 0.01), Tier(1e6, 20.0, 0.025), Tier(5e6, 10.0, 0.05))
COIN_TIERS = [
    {"lower_bound": 0, "max_leverage": 10, "maintenance_rate": 0.03},
    {"lower_bound": 2, "max_leverage": 5, "maintenance_rate": 0.05},
]


def of(notional, whole, rows=None, tables=(THREE, THREE, ())):
    """Maintenance and initial margin of each notional under the table of its row."""
    lines = tier_lines(tables, None, whole)
    rows = np.zeros(len(notional), dtype=np.int64) if rows is None else np.array(rows)
    pairs = (
        (lines.maintenance_rate, lines.maintenance_deduction),
        (lines.initial_rate, lines.initial_deduction),
    )
    at = np.array(notional)
    return [margin(at, rate[rows], cut[rows], lines.starts(rows)).tolist() for rate, cut in pairs]


def test_the_rate_of_the_tier_counts_on_the_whole_position():
    # 500k x 1%, 3m x 2.5%, 8m x 5%; at 50x, 20x and 10x.
    maintenance, initial = of([5e5, 3e6, 8e6, 0.0], [True] * 3)
    assert maintenance == pytest.approx([5_000.0, 75_000.0, 400_000.0, 0.0])
    assert initial == pytest.approx([10_000.0, 150_000.0, 800_000.0, 0.0])


def test_a_bound_belongs_to_the_upper_tier_and_the_margin_jumps_there():
    maintenance, _ = of([999_999.99, 1e6, 4_999_999.9, 5e6], [True] * 3)
    assert maintenance == pytest.approx([10_000.0, 25_000.0, 125_000.0, 250_000.0], rel=1e-7)


def test_tables_of_both_forms_stand_side_by_side():
    maintenance, _ = of([3e6, 3e6, 3e6], [True, False, False], rows=[0, 1, 2])
    assert maintenance == pytest.approx([75_000.0, 60_000.0, 0.0])
    assert tier_lines([THREE, THREE, ()], None, [True, False, True]).jumps().tolist() == [
        True,
        False,
        False,
    ]
    assert not tier_lines([THREE[:1]], None, [True]).jumps().any()
    assert tier_lines([THREE]).start is None


@given(st.floats(0.0, 2e7))
def test_the_whole_form_never_asks_less_than_the_marginal_one(notional):
    (whole,), (marginal,) = of([notional], [True] * 3)[0], of([notional], None)[0]
    held = [t for t in THREE if t.lower_bound <= notional][-1]
    assert whole == pytest.approx(notional * held.maintenance_rate)
    assert whole >= marginal - 1e-9


def test_linear_and_inverse_positions_by_hand():
    rules = venue(tier_form="whole")
    found = assess_account(rules, account(perps(4.0, 50_000.0, 50_000.0), 9_000.0))
    # 200,000 x 2%, and / 20.
    assert float(found.requirement.maintenance) == pytest.approx(4_000.0)
    assert float(found.requirement.initial) == pytest.approx(10_000.0)
    line = found.working.find("maintenance margin", "P")
    assert line.find("deduction").value == 0.0 and line.find("tier").value == 2
    held = account(perps(-200_000.0, 50_000.0, 50_000.0, inverse=True), 3.0, "BTC", 50_000.0)
    assert float(assess_account(rules, held).requirement.maintenance) == pytest.approx(4_000.0)
    found = assess_account(venue(tier_form="whole", coin_tiers={"BTC": COIN_TIERS}), held)
    # 4 coins x 5% and / 5.
    assert float(found.requirement.maintenance) == pytest.approx(10_000.0)
    assert float(found.requirement.initial) == pytest.approx(40_000.0)


@pytest.mark.parametrize(
    ("coins", "maintenance", "initial"),
    # The venue's own example is of 180 and 180 + 50 XBT: 0.5% and 1%, then 1% and 1.5%.
    [(180.0, 0.9, 1.8), (230.0, 2.3, 3.45), (400.0, 6.0, 8.0), (600.0, 12.0, 15.0)],
)
def test_bitmex_raises_both_rates_on_the_whole_position(coins, maintenance, initial):
    held = account(perps(coins * 50_000.0, 5e4, 5e4, inverse=True), 9.0, "BTC", 50_000.0)
    found = assess_account(rulebook_from({"preset": "bitmex"}, file="b.toml"), held).requirement
    assert float(found.maintenance) / 50_000.0 == pytest.approx(maintenance)
    assert float(found.initial) / 50_000.0 == pytest.approx(initial)


def test_the_loops_table_margins_as_the_framework_does():
    coin_tiers = (Tier(0.0, 20.0, 0.01), Tier(1.0, 10.0, 0.03), Tier(4.0, 4.0, 0.1))
    tiers = (Tier(0.0, 20.0, 0.01), Tier(40_000.0, 5.0, 0.1))
    rules = perpetuals_venue(tiers=tiers, tier_form="whole")
    rules = replace(rules, coin_tiers={"BTC": coin_tiers})
    trader = Trader(
        "v",
        (Held("BTC-COIN", -450_000.0, 95_000.0), Held("BTC-PERP", 0.5, 99_000.0)),
        {"BTC": 0.7, "USD": 30_000.0},
    )
    case = tiny_case(
        [trader],
        (perpetual("BTC-COIN", "BTC", inverse=True), perpetual("BTC-PERP", "BTC")),
        {"v": rules, "w": perpetuals_venue()},
        {"BTC": coin(90_000.0)},
    )
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[table.assets[k]].spot for k in table.feed_asset])
    whole = requirement(table, spot)
    # 5 coins x 10% = 0.5 coins; 45,000 x 10%. Initial 5 / 4 coins and 45,000 / 5.
    assert sorted(whole.maintenance.tolist()) == pytest.approx([4_500.0, 45_000.0])
    assert sorted(whole.initial.tolist()) == pytest.approx([9_000.0, 112_500.0])
    found = [
        assess_account(rules, one).requirement
        for one in margin_accounts(case.book, case.market, rules, 0, case.as_of, case.quote)
    ]
    assert sorted(float(one.maintenance) for one in found) == pytest.approx([4_500.0, 45_000.0])
    assert sorted(float(one.initial) for one in found) == pytest.approx([9_000.0, 112_500.0])


def prices(held, **changes) -> LiquidationPrices:
    rules = rules_of(venue(tier_form="whole", **changes))
    turns = turning_points(rules, held, "BTC")
    return liquidation_prices(net_margin(rules, held), held, "BTC", turns)


def test_a_short_dies_where_its_notional_reaches_the_bound():
    # 2 coins at 50,000 are 100,000: equity 1,500 is between 1% (1,000) and 2% (2,000) of it.
    held = account(perps(-2.0, 45_000.0, 45_000.0), 11_500.0)
    found = prices(replace(held, spot={"BTC": replace(held.spot["BTC"], price=45_000.0)}))
    assert found.above == pytest.approx(50_000.0, rel=1e-10)
    assert found.below is None


def test_a_long_that_recovers_below_the_bound_dies_above_it():
    # Equity 2,795 - 2 (50,400 - p) meets 2% of 2 p at 98,005 / 1.96 = 50,002.55, still in the
    # upper tier; below 50,000 it asks 1% and is met until 98,005 / 1.98: no rung is between.
    held = account(perps(2.0, 50_400.0, 50_400.0), 2_795.0)
    held = replace(held, spot={"BTC": replace(held.spot["BTC"], price=50_400.0)})
    assert prices(held).below == pytest.approx(98_005.0 / 1.96, rel=1e-11)


def test_the_turning_points_are_the_bounds_from_either_side():
    def at(held, **changes):
        return turning_points(rules_of(venue(**changes)), held, "BTC").tolist()

    linear = account(perps(4.0, 50_000.0, 50_000.0), 9_000.0)
    # 4 coins are 100,000 at half the price.
    assert at(linear, tier_form="whole") == pytest.approx([0.5, 0.5], rel=1e-10)
    assert at(linear, tier_form="whole")[0] < 0.5 < at(linear, tier_form="whole")[1]
    assert at(linear) == []
    inverse = account(perps(2e5, 5e4, 5e4, inverse=True), 9.0, "BTC", 5e4)
    # 4 coins become 2 at twice the price; bounds in quote do not move with it.
    both = {"tier_form": "whole", "coin_tiers": {"BTC": COIN_TIERS}}
    assert at(inverse, **both) == pytest.approx([2.0, 2.0], rel=1e-10)
    assert at(inverse, tier_form="whole") == []


@pytest.mark.parametrize("inverse", [False, True], ids=["linear", "inverse"])
def test_the_fast_twin_equals_the_framework_on_both_sides_of_a_bound(inverse):
    size = -2e5 if inverse else 4.0
    held = account(perps(size, 5e4, 5e4, inverse), 9.0, *(("BTC", 5e4) if inverse else ()))
    rules = rules_of(venue(tier_form="whole", coin_tiers={"BTC": COIN_TIERS}))
    factors = np.array([0.3, 0.499, 0.501, 1.0, 1.999, 2.001, 3.0])
    shifts = Shifts(("BTC",), factors, np.ones_like(factors))
    fast, slow = net_margin(rules, held)(shifts), one_by_one(rules, held)(shifts)
    for name in ("equity", "maintenance", "initial"):
        assert getattr(fast, name) == pytest.approx(getattr(slow, name), rel=1e-12), name
