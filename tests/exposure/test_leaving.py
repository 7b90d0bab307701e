"""What leaving adds, by hand: Basel's cascade, times to exit, liquidity-adjusted VaR, spreads."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tail_cases import DAY, FREE, linear_case, row
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.exposure import check
from seawall.exposure.tail.leaving import leaving, option_spreads, stressed_depth
from seawall.exposure.tail.liquidity_horizon import cascade, exit_seconds, levels_of
from seawall.exposure.tail.static_book import static_book
from seawall.market import Scenario
from seawall.market.state import InstrumentState


def test_basels_cascade_by_hand():
    # MAR33.4 with T = 10 days: shortfall 10 of everything, 6 of what takes 20 days or longer, 3 of
    # what takes 60: sqrt(10^2 + 6^2 (20 - 10)/10 + 3^2 (60 - 20)/10) = sqrt(172).
    assert cascade([10.0, 6.0, 3.0], [10.0, 20.0, 60.0]) == pytest.approx(math.sqrt(172.0))
    # One normal asset that takes four times as long: its deviation, and its tail, doubles.
    assert cascade([5.0, 5.0], [1.0, 4.0]) == pytest.approx(10.0)
    # Everything out within the horizon: what it was, a gain too.
    assert cascade([-2.0], [1.0]) == -2.0
    # What would gain by staying adds nothing.
    assert cascade([5.0, -3.0], [1.0, 4.0]) == 5.0


def test_time_to_exit_by_hand():
    # 5M of a market that trades 100M a day: half a day at a tenth. Its book holds 1M within 1%
    # (depth 100M per unit of log-price): five refills of half an hour.
    assert exit_seconds(-5e6, 1e8, 1e8, 1_800.0) == pytest.approx((43_200.0, 9_000.0))
    assert levels_of(86_400.0, [10.0, 2e5, 1e5, 2e5]) == [86_400.0, 1e5, 2e5]


def one_asset(**more):
    """100 USD long for a day at 2% a day (C8's position)."""
    volatility = 0.02 * math.sqrt(365.0)
    return linear_case(1.0, volatility=volatility, **more)


def test_c8_through_the_block():
    # C8: V = 100, sigma 2%, spread 1%, no deviation: 1.645 x 2 = 3.29 and 100 x 1% / 2 = 0.50. The
    # card rounds the quantile to 1.65: 3.30 + 0.50.
    result = check(one_asset(spread=0.01), horizon_seconds=DAY, paths=20)
    found = row(result, "normal")["value_at_risk"][0]
    assert found == pytest.approx(1.6448536269514722 * 2.0, rel=1e-6)
    leave = result["tail"]["desks"][0]["exit"]
    assert leave["spread_cost"] == pytest.approx(0.50, rel=1e-9)
    assert round(found / 1.6448536 * 1.65 + leave["spread_cost"], 6) == 3.80
    # A deviation of 0.2% and three of them on a bad day: 100 x 1.6% / 2.
    wider = check(one_asset(spread=0.01, spread_sd=0.002), horizon_seconds=DAY, paths=20)
    assert wider["tail"]["desks"][0]["exit"]["spread_cost"] == pytest.approx(0.80, rel=1e-9)


def test_a_spread_that_nobody_states_is_not_known():
    leave = check(one_asset(), horizon_seconds=DAY, paths=20)["tail"]["desks"][0]["exit"]
    assert leave["spread_cost"] is None
    assert leave["spread_unknown"] == ["BTC"]


def test_liquidity_adjusted_var_by_hand():
    # 100 USD of a market of depth 1,000: the order walks b = 0.1, and the linear law's mean factor
    # on a sale is (1 - exp(-b)) / b = 0.95163 (to Simpson's 1e-8 here): cost 4.837. Stressed depth:
    # exp(-1.5 x 0.4) / (1 + 0.5 x 2) = 0.27441 of it, b = 0.36442, cost 100 (1 - 0.83811) = 16.19.
    case = one_asset(depth=1_000.0)
    scenario = replace(case.market.scenario, depth_error=0.4, thinning=0.5)
    case = replace(case, market=replace(case.market, scenario=scenario))
    setup = prepare(case)
    assert stressed_depth(setup) == pytest.approx(math.exp(-0.6) / 2.0)
    cost = leaving(setup, "BTC", 100.0)
    b = 0.1 / stressed_depth(setup)
    assert cost.calm == pytest.approx(100.0 * (1.0 - -math.expm1(-0.1) / 0.1), rel=1e-4)
    assert cost.stressed == pytest.approx(100.0 * (1.0 - -math.expm1(-b) / b), rel=1e-3)
    result = check(case, horizon_seconds=DAY, paths=60)
    leave, paths = result["tail"]["desks"][0]["exit"], row(result, "monte_carlo")
    for key, walked in (("", cost.calm), ("_stressed", cost.stressed)):
        assert leave[f"liquidity_adjusted_var{key}"] == pytest.approx(
            [value + walked for value in paths["value_at_risk"]]
        )


def test_options_leave_at_half_their_stated_spread_in_volatility():
    # A call at the money, 30 days, forward 100, 60%: vega 0.3989 x 100 x sqrt(30/365) = 11.4 per
    # 1.00; two points of volatility of 50 of them cost about 50 x 0.02 x 11.4 = 11.4.
    case = tiny_case(
        [
            Trader("v", [Held("C", -50.0, 5.0)], {"USD": 1e6}, owner="me"),
            Trader("v", [Held("C", 50.0, 5.0)], {"USD": 1e6}),
        ],
        [option("C", "BTC", 100.0, True, 30.0)],
        {"v": perpetuals_venue(tiers=FREE, option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0, implied_half_spread=0.02)},
        states={"C": InstrumentState(implied_volatility=0.6)},
    )
    setup = prepare(case)
    vega = 100.0 * math.sqrt(30.0 / 365.0) / math.sqrt(2.0 * math.pi)
    assert option_spreads(static_book(setup, "me")) == pytest.approx(50 * 0.02 * vega, rel=0.01)


def test_an_asset_that_takes_longer_than_the_horizon_adds_its_own_tail():
    # Two coins, 1,000 each. SLOW trades 2,500 a day: four days at a tenth; FAST leaves at once. So
    # ES^2 = ES(both)^2 + ES(SLOW alone)^2 x (4 - 1), on the same paths.
    held = [Held("SLOW-PERP", 10.0, 100.0), Held("FAST-PERP", 10.0, 100.0)]
    case = tiny_case(
        [
            Trader("v", held, {"USD": 1e6}, owner="me"),
            Trader("v", [replace(h, size=-h.size) for h in held], {"USD": 1e6}),
        ],
        [perpetual("SLOW-PERP", "SLOW"), perpetual("FAST-PERP", "FAST")],
        {"v": perpetuals_venue(tiers=FREE)},
        {"SLOW": coin(100.0, depth=1e12, daily_volume=2_500.0), "FAST": coin(100.0)},
        scenario=Scenario(recovery_seconds=1.0),
        step_seconds=DAY,
    )
    result = check(case, horizon_seconds=DAY, paths=400)
    leave, paths = result["tail"]["desks"][0]["exit"], row(result, "monte_carlo")
    assert leave["liquidity_horizon_seconds"] == pytest.approx(4.0 * DAY, rel=1e-6)
    alone = check(
        replace(case, book=replace(case.book, size=case.book.size * np.array([1, 0, 1, 0]))),
        horizon_seconds=DAY,
        paths=400,
    )
    own = row(alone, "monte_carlo")
    for key, name in (
        ("liquidity_horizon_es", "expected_shortfall"),
        ("liquidity_horizon_var", "value_at_risk"),
    ):
        both, slow = paths[name][0], own[name][0]
        assert leave[key][0] == pytest.approx(math.sqrt(both**2 + 3.0 * slow**2), rel=1e-6)
        assert leave[key][0] > both
