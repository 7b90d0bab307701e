"""Who sleeps wakes in time: the two prices a feed that settle a quiet step against exact bounds."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.cascade.fast.layout_kernel import Awake, Wakes
from seawall.cascade.fast.reach_kernel import set_bounds
from seawall.cascade.fast.wake_kernel import tick, tick_turning

FEEDS, UNITS, STEPS = 5, 60, 300


def asleep(rng: np.random.Generator, drift: float, few: bool) -> tuple[Wakes, Awake]:
    """Units that sleep until a displacement, a third of them on clocks of single feeds."""
    clock = np.sort(np.where(rng.random(UNITS) < 0.3, rng.integers(0, FEEDS, UNITS), FEEDS))
    threshold = rng.uniform(0.0, 0.2, UNITS)
    # On the clock of all feeds only a few wake at all where ``few``.
    if few:
        threshold[np.flatnonzero(clock == FEEDS)[3:]] = np.inf
    threshold = threshold[np.lexsort((threshold, clock))]
    none, weight = np.zeros(FEEDS + 1, dtype=np.int64), rng.uniform(0.2, 1.0, FEEDS)
    empty, nobody = np.zeros((1, 0)), np.zeros((1, 0), dtype=np.int64)
    wakes = Wakes(
        fall_first=none,
        fall_price=empty,
        fall_unit=nobody,
        rise_first=none,
        rise_price=empty,
        rise_unit=nobody,
        funding=np.zeros(FEEDS),
        far_first=np.searchsorted(clock, np.arange(FEEDS + 2)),
        threshold=threshold,
        far_unit=np.arange(UNITS),
        weight=weight,
        per_weight=1.0 / weight,
        drift=np.full(FEEDS + 1, drift),
    )
    awake = Awake(
        fall_next=np.zeros((1, FEEDS), dtype=np.int64),
        rise_next=np.zeros((1, FEEDS), dtype=np.int64),
        far_next=wakes.far_first[None, :-1].copy(),
        reached=np.zeros((1, FEEDS + 1)),
        origin=np.full((1, FEEDS), 100.0),
        clock=np.ones(1),
        unit=np.zeros((1, UNITS), dtype=np.int32),
        level=np.full((1, 64), np.inf, dtype=np.float32),
        place=np.zeros((1, UNITS), dtype=np.int32),
        number=np.zeros(1, dtype=np.int64),
        low=np.zeros((1, FEEDS)),
        high=np.zeros((1, FEEDS)),
        until=np.zeros(1, dtype=np.int64),
    )
    set_bounds(wakes, awake, 0, 0, 0)
    return wakes, awake


def distances(wakes: Wakes, price: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Displacement (f + 1,) in each clock's scale, by the formula of `seawall.cascade.wakeup`."""
    move = np.abs(price / 100.0 - 1.0)
    each = (move + away * (1.0 + move)) / wakes.weight
    return np.append(each, each.max())


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("turning", [False, True])
@pytest.mark.parametrize("drift", [0.0, 1e-4])
@pytest.mark.parametrize("seed", range(4))
def test_nobody_oversleeps_and_few_wake_early(
    seed: int, drift: float, turning: bool, few: bool
) -> None:
    rng = np.random.default_rng(seed)
    wakes, awake = asleep(rng, drift, few)
    clock = np.repeat(np.arange(FEEDS + 1), np.diff(wakes.far_first))
    furthest, none, before = np.zeros(FEEDS + 1), np.zeros(FEEDS), np.full(FEEDS, 100.0)
    woken = []
    for step in range(1, STEPS):
        price = before * np.exp(rng.normal(0.0, 0.002, FEEDS))
        away = rng.uniform(0.0, 0.002, FEEDS) if turning else none
        if turning:
            tick_turning(wakes, awake, 0, 0, before, price, none, away, step)
        else:
            tick(wakes, awake, 0, 0, before, price, none, step, True)
        here = distances(wakes, price, away)
        paid = drift * step
        up = awake.place[0] > 0
        must = wakes.threshold <= (here + paid * (1.0 + furthest))[clock]
        assert not (must & ~up).any(), f"a unit overslept at step {step}"
        furthest = np.maximum(furthest, here + paid)
        # Early at most by what drift is counted ahead: never before this displacement.
        may = wakes.threshold <= (furthest + paid * (1.0 + 0.2))[clock] + 1e-6
        assert not (up & ~may).any(), f"a unit woke too early at step {step}"
        woken.append(int(up.sum()))
        before = price
    assert woken[0] < woken[-1], "prices must have reached somebody on the way"
    assert woken[-1] < UNITS or drift > 0.0
