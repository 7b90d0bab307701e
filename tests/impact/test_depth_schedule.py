"""Depth by the clock: windows, edges and refusals, and one order worked by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from test_market_slots_on import with_slots
from tiny_cases import Held, Trader, coin, paths_of, perpetual, perpetuals_venue, run_case
from tiny_cases import tiny_case as case_of

from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.impact.depth_schedule import (
    DepthSchedule,
    DepthWindow,
    compile_schedule,
    schedule_step,
)
from seawall.market import Scenario

ASSETS = ("USD", "BTC", "ETH")


def factors(rule: DepthSchedule, steps: int, step_seconds: float = 60.0) -> np.ndarray:
    compiled = compile_schedule(rule, ASSETS, step_seconds)
    out = np.empty((steps, len(ASSETS)))
    for step in range(steps):
        schedule_step(compiled, out[step], step)
    return out


def test_a_window_holds_from_its_beginning_to_just_before_its_end() -> None:
    found = factors(DepthSchedule((DepthWindow(120.0, 240.0, 0.1, ("BTC",)),)), 6)
    assert found[:, 1].tolist() == [1.0, 1.0, 0.1, 0.1, 1.0, 1.0]
    assert (found[:, [0, 2]] == 1.0).all()


def test_windows_that_overlap_multiply_and_no_name_means_all() -> None:
    windows = (DepthWindow(0.0, 180.0, 0.5), DepthWindow(60.0, 120.0, 0.2, ("ETH",)))
    found = factors(DepthSchedule(windows), 4)
    assert found[:, 1].tolist() == [0.5, 0.5, 0.5, 1.0]
    assert found[:, 2].tolist() == [0.5, 0.1, 0.5, 1.0]


def test_a_time_of_whole_steps_is_that_step_whatever_the_last_bit() -> None:
    # 0.3 / 0.1 is 2.9999999999999996 in binary: step 3 all the same.
    found = factors(DepthSchedule((DepthWindow(0.3, 0.6, 0.5),)), 8, 0.1)
    assert found[:, 0].tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0, 1.0]


def test_refusals() -> None:
    with pytest.raises(InputError, match="an end after its beginning"):
        DepthWindow(60.0, 60.0, 0.5)
    with pytest.raises(InputError, match="'SOL'"):
        compile_schedule(DepthSchedule((DepthWindow(0.0, 1.0, 0.5, ("SOL",)),)), ASSETS, 1.0)


def long_case(**slots: Any) -> Case:
    """One long of 10 BTC at 100 with 20 of cash, liquidated below 98.98 at step 1."""
    case = case_of(
        [Trader("a", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 20.0})],
        [perpetual("BTC-PERP", "BTC")],
        {"a": perpetuals_venue(("fund",), fund=1e6)},
        {"BTC": coin(100.0, 10_000.0)},
        scenario=Scenario(recovery_seconds=1e15),
    )
    return with_slots(case, slots)


@pytest.mark.parametrize(("factor", "flow"), [(1.0, 0.098), (0.5, 0.196), (0.1, 0.98)])
def test_an_order_in_a_window_moves_the_price_by_one_over_its_factor(
    factor: float, flow: float
) -> None:
    # 10 BTC at 98 are 980; over depth 10,000 a flow of 0.098 log-price, over factor x depth more.
    schedule = {"windows": [{"from_seconds": 60.0, "to_seconds": 120.0, "factor": factor}]}
    case = long_case(depth_schedule=schedule)
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 98.0, 98.0]))
    power = 1 + flow + flow**2 / 2 + flow**3 / 6 + flow**4 / 24
    assert state.market[0, 1] == pytest.approx(98.0 / power, rel=1e-12)
    assert tape.trough[0, 1] == pytest.approx(98.0 / power, rel=1e-12)


def test_outside_its_windows_a_schedule_changes_no_bit() -> None:
    schedule = {"windows": [{"from_seconds": 120.0, "to_seconds": 240.0, "factor": 0.1}]}
    plain, timed = long_case(), long_case(depth_schedule=schedule)
    path = paths_of(plain, BTC=[100.0, 98.0, 98.0])
    assert np.array_equal(run_case(plain, path)[1].final, run_case(timed, path)[1].final)
