"""From the rules of several venues to columns over their feeds; lengths in whole steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T")

# One entry per venue that has the rule: its parameters and the feeds (n,) that they apply to.
Each = Sequence[tuple[T, Ints]]


def feeds_of(each: Each[T]) -> Ints:
    """The feeds of all venues, one after another."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(feeds for _, feeds in each)])


def group_of(each: Each[T]) -> Ints:
    """Which entry of ``each`` every one of these feeds is from."""
    return np.repeat(np.arange(len(each)), [feeds.size for _, feeds in each]).astype(np.int64)


def per_feed(each: Each[T], value: Callable[[T], float]) -> Floats:
    """A parameter as a column over feeds."""
    return np.array([value(rule) for rule, _ in each], dtype=np.float64)[group_of(each)]


def steps_per_feed(each: Each[T], value: Callable[[T], int]) -> Ints:
    """A whole number as a column over feeds."""
    return np.array([value(rule) for rule, _ in each], dtype=np.int64)[group_of(each)]


def whole_steps(seconds: float, step_seconds: float) -> int:
    """Seconds as whole steps, to the nearest; half a step counts as one."""
    return int(np.floor(seconds / step_seconds + 0.5))


def or_infinite(value: float | None) -> float:
    """A bound, or infinity where there is none."""
    return np.inf if value is None else value


def back(price: Floats, feed: Ints, rows: int) -> Floats:
    """Memory (p, rows, n) of feeds that have always stood at ``price`` (p, f)."""
    return np.repeat(price[:, None, feed], rows, axis=1)
