"""Velocity: extremes of a sliding window against the slow way, trips and halts by hand, bits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.breaker.velocity import (
    MOST_SAMPLES,
    Velocity,
    VelocityMemory,
    compile_velocity,
    start_velocity,
    velocity_step,
)
from seawall.breaker.velocity_kernel import velocity_row
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
ONE = np.zeros(1, dtype=np.int64)


def halted(rule: Velocity, prices: list[float], step_seconds: float = 10.0) -> list[bool]:
    """Whether one feed is halted at each step after the start."""
    columns = compile_velocity([rule], ONE, step_seconds)
    memory = start_velocity(columns, np.array([[prices[0]]]))
    out = []
    for step, price in enumerate(prices[1:], 1):
        velocity_step(columns, memory, np.array([[price]]), step)
        out.append(bool(step < memory.until[0, 0]))
    return out


def test_a_move_within_the_window_halts_worked_by_hand() -> None:
    # 5% in 20 s, halts 30 s, steps of 10 s: 100, 98, 96 is -4% within two steps, 94.9 is -3.2%
    # from 98 (two steps ago) and no trip; 92 is -4.2% from 96; 90 is -5.2% from 94.9: halted at
    # that step and the two after it.
    rule = Velocity(0.05, 20.0, 30.0)
    prices = [100.0, 98.0, 96.0, 94.9, 92.0, 90.0, 90.0, 90.0, 90.0]
    assert halted(rule, prices) == [False, False, False, False, True, True, True, False]


def test_rises_count_from_the_lowest_price_and_trips_start_the_time_anew() -> None:
    # 100 -> 106 is +6% from the low: steps 1 and 2; 112.5 is +6.1% from 106: steps 2 and 3.
    rule = Velocity(0.05, 10.0, 20.0)
    assert halted(rule, [100.0, 106.0, 112.5, 112.5, 112.5]) == [True, True, True, False]


def test_a_window_shorter_than_a_step_still_sees_the_step() -> None:
    assert halted(Velocity(0.05, 1.0, 1.0), [100.0, 94.0, 94.0]) == [True, False]


@pytest.mark.parametrize("window", [1, 2, 3, 7, 40])
def test_extremes_are_those_of_the_last_prices(window: int) -> None:
    """Against the slow way: the minimum and maximum of the last window + 1 prices."""
    rng = np.random.default_rng(window)
    prices = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, (120, 5, 3)), axis=0))
    rule = Velocity(0.06, 10.0 * window, 10.0)
    feed = np.array([0, 2])
    columns = compile_velocity([rule, rule], feed, 10.0)
    memory = start_velocity(columns, prices[0])
    trips = 0
    for step in range(1, 120):
        velocity_step(columns, memory, prices[step], step)
        seen = prices[max(0, step - window) : step + 1][:, :, feed]
        now = prices[step][:, feed]
        expected = (now > seen.min(axis=0) * 1.06) | (now < seen.max(axis=0) * 0.94)
        assert np.array_equal(step < memory.until, expected)
        trips += int(expected.sum())
    assert trips > 0


def test_compiled_gives_the_same_bits() -> None:
    rng = np.random.default_rng(5)
    rules = [Velocity(0.03, 10.0 * w, 10.0 * h) for w, h in ((1, 2), (5, 1), (9, 30))]
    feed = np.array([2, 0, 1])
    columns = compile_velocity(rules, feed, 10.0)
    prices = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, (60, 4, 3)), axis=0))
    plain, other = (start_velocity(columns, prices[0]) for _ in range(2))
    for step in range(1, 60):
        velocity_step(columns, plain, prices[step], step)
        for p in range(4):
            velocity_row(columns, other, p, prices[step, p], step)
        same(plain, other)
    assert (plain.until > 0).any()


def same(one: VelocityMemory, other: VelocityMemory) -> None:
    for left, right in zip(one, other, strict=True):
        assert np.array_equal(left, right)


def test_a_window_of_too_many_steps_is_refused() -> None:
    with pytest.raises(InputError, match="velocity window"):
        compile_velocity([Velocity(0.05, float(MOST_SAMPLES), 1.0)], ONE, 1.0)
