"""Who is due is found in the list of awake units, and who fell is put in order.

The compiled functions are run as the Python that they are written in.
"""

from __future__ import annotations

import numpy as np
import pytest

from seawall.cascade.fast import awake_kernel, wake_kernel
from seawall.cascade.fast.layout_kernel import Awake

UNITS = 200


@pytest.fixture(autouse=True)
def _as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (awake_kernel, wake_kernel):
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)


def listed(levels: np.ndarray) -> Awake:
    """One path on which units are awake with these levels, in an order of their own."""
    count = levels.size
    unit = np.random.default_rng(count).permutation(UNITS).astype(np.int32)
    room = np.full(-(-UNITS // wake_kernel.BLOCK) * wake_kernel.BLOCK, np.inf, dtype=np.float32)
    room[:count] = levels
    place = np.zeros(UNITS, dtype=np.int32)
    place[unit[:count]] = np.arange(1, count + 1)
    none = np.zeros(0)
    rest = [none, none, none]
    return Awake(
        *[none] * 5,
        np.array([1.5]),
        unit[None],
        room[None],
        place[None],
        np.array([count]),
        *rest,
    )


def due(awake: Awake) -> list[int]:
    """Places that are found due, and the units of the other search, which must be the same."""
    out, units = np.zeros(UNITS, dtype=np.int64), np.zeros(UNITS, dtype=np.int64)
    with np.errstate(over="ignore"):  # the 64th bit is the sign
        count = wake_kernel.find_due(awake, 0, out)
        assert wake_kernel.collect_due(awake, 0, units) == count
    assert units[:count].tolist() == sorted(awake.unit[0, out[:count]].tolist())
    return out[:count].tolist()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 200])
def test_all_whose_level_the_clock_has_reached_are_due_and_nobody_else(count: int) -> None:
    rng = np.random.default_rng(count)
    for share in (0.0, 0.02, 0.5, 1.0):
        levels = np.where(rng.random(count) < share, 1.5, 1.51).astype(np.float32)
        awake = listed(levels)
        assert due(awake) == np.flatnonzero(levels <= 1.5).tolist()


@pytest.mark.parametrize("place", range(64))
def test_each_place_of_a_block_is_found(place: int) -> None:
    levels = np.full(64, 2.0, dtype=np.float32)
    levels[place] = 0.0
    assert due(listed(levels)) == [place]


def test_who_fell_is_in_order_with_what_goes_with_it() -> None:
    for count in (0, 1, 2, 7, 150):
        rng = np.random.default_rng(count)
        units = rng.permutation(1_000)[:count]
        equity, needed = units * 2.0, units * 3.0
        wake_kernel.sort_fallen(units, equity, needed, count)
        assert (np.diff(units) > 0).all()
        assert (equity == units * 2.0).all()
        assert (needed == units * 3.0).all()


def test_who_rests_is_due_again_when_the_rest_ends_and_who_left_is_not() -> None:
    awake, resting = listed(np.zeros(3, dtype=np.float32)), np.zeros(UNITS + 1, dtype=np.int64)
    first, second, third = (int(u) for u in awake.unit[0, :3])
    awake_kernel.rest(awake, resting, 0, first)
    awake_kernel.rest(awake, resting, 0, third)
    assert awake.unit[0, due(awake)].tolist() == [second]
    awake_kernel.take_out(awake, 0, third)
    awake_kernel.end_rest(awake, resting, 0)
    assert sorted(awake.unit[0, due(awake)].tolist()) == sorted([first, second])
    awake_kernel.end_rest(awake, resting, 0)
    assert resting[0] == 0
