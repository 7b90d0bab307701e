"""Hazards that rise when the market falls: their clock, by hand and against the closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny_cases import coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.mechanism.fuzz.small_case import Held, Trader
from seawall.scenario.failure.arrival import Arrival, Shock, on_own_clock, own_clock

BETA = 5.0
FALL = 0.3


def test_the_clock_runs_faster_below_the_highest_price() -> None:
    price = np.array([[100.0, 120.0, 60.0, 120.0]])
    # Drawdown at the beginning of each step: 0, 0, one half: exp(0), exp(0), exp(5 / 2).
    shown = own_clock(price, BETA, 10.0)[0]
    assert shown.tolist() == pytest.approx([0.0, 10.0, 20.0, 20.0 + 10.0 * math.exp(2.5)])
    waits = np.array([5.0, 20.0, 100.0, 200.0])
    clock = np.tile(shown, (4, 1))
    assert on_own_clock(clock, waits, 10.0).tolist() == [10.0, 20.0, 30.0, math.inf]


def test_without_a_fall_it_is_the_constant_hazard() -> None:
    clock = own_clock(np.full((3, 5), 7.0), BETA, 60.0)
    assert on_own_clock(clock, np.array([1.0, 60.0, 61.0]), 60.0).tolist() == [60.0, 60.0, 120.0]


def _run(wrong_way: float, price: list[float], paths: int, rate: float = 2_000.0):
    case = tiny_case(
        [Trader("p", [Held("BTC-PERP", 1.0, 100.0)], {"USD": 90.0}, owner="me")],
        [perpetual("BTC-PERP", "BTC")],
        {"p": perpetuals_venue(fund=0.0)},
        {"BTC": coin(100.0)},
    )
    failure = {"venue": "p", "recovery": 0.4, "rate_per_year": rate}
    if wrong_way:
        failure |= {"wrong_way": wrong_way, "wrong_way_asset": "BTC"}
    failing = with_failures(case, {"venue_insolvency": [failure]})
    exogenous = np.repeat(paths_of(failing, BTC=price), paths, axis=0)
    return prepare(failing), exogenous, Draws(1, np.arange(paths))


def test_failures_come_as_often_as_their_integrated_hazard_says() -> None:
    # At once down by 0.3 and there for 60 steps of a minute: the hazard is rate x exp(5 x 0.3).
    price, paths = [100.0] + [100.0 * (1.0 - FALL)] * 60, 4_000
    setup, exogenous, draws = _run(BETA, price, paths)
    tape, state = run(setup, exogenous, draws=draws)
    years = 60.0 / SECONDS_PER_YEAR
    # The first step still runs at the price of the start.
    integral = 2_000.0 * years * (1.0 + 59.0 * math.exp(BETA * FALL))
    truth = 1.0 - math.exp(-integral)
    share = float((state.failures.first[:, 0] <= 60).mean())
    assert abs(share - truth) < 4.0 * math.sqrt(truth * (1.0 - truth) / paths)
    still = 1.0 - math.exp(-2_000.0 * years * 60.0)
    assert share > still + 0.2
    # Both loops and any chunks: the same bits.
    fast, _ = run_fast(setup, exogenous, draws=draws)
    assert np.array_equal(tape.step, fast.step) and np.array_equal(tape.path, fast.path)
    part, _ = run(setup, exogenous[7:9], draws=Draws(1, np.arange(7, 9)))
    assert np.array_equal(part.step, tape.step[np.isin(tape.path, (7, 8))])


def test_a_price_that_only_rises_changes_no_bit() -> None:
    price = [100.0 + n for n in range(30)]
    setup, exogenous, draws = _run(BETA, price, 300)
    plain, same, _ = _run(0.0, price, 300)
    one, _ = run(setup, exogenous, draws=draws)
    other, _ = run(plain, same, draws=draws)
    assert np.array_equal(one.step, other.step)
    assert np.array_equal(one.desk_equity, other.desk_equity)


def test_wrong_way_needs_an_asset_and_a_rate() -> None:
    with pytest.raises(InputError, match="both of them"):
        Arrival(rate_per_year=1.0, wrong_way=2.0)
    with pytest.raises(InputError, match="a rate that it raises"):
        Shock(name="s", at_seconds=1.0, wrong_way=2.0, wrong_way_asset="BTC")
    case = tiny_case([], [], {"p": perpetuals_venue()}, {"BTC": coin(100.0)})
    table = {"venue": "p", "recovery": 0.0, "rate_per_year": 1.0, "wrong_way": 1.0}
    unknown = with_failures(case, {"venue_insolvency": [table | {"wrong_way_asset": "BTX"}]})
    with pytest.raises(InputError, match="BTX"):
        prepare(unknown)
