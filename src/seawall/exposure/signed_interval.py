"""A 95% interval of a mean whose values may have either sign, honest where nothing was seen.

Each value is split into what is above zero and what is below. The mean of either is a sum of
weights, as rare events give, and has Fay and Feuer's gamma interval, which allows for one more
path of the largest weight: with no path seen it ends at 3.7 / paths, not at zero. The intervals of
several such means are put together by what each is away from its end (MOVER),

    low = sum +-m - sqrt(sum over + of (m - low)^2 + sum over - of (high - m)^2)

and what is above and below zero among the same paths, which cannot be both on one path, by their
correlation -m m' / (n s s') too.

Sources: Fay and Feuer (1997), Statistics in Medicine 16; Zou and Donner (2008), Statistics in
Medicine 27 (putting intervals together); Newcombe (1998), Statistics in Medicine 17 (paired
differences of proportions by the same rule).
Wrong, in that it is too wide, where few paths of few values were seen: it then holds the truth more
often than 95%.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.proportion import gamma_interval, stratified_variance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """The mean of m values that may be below zero, times a share.

    above, below: means (both >= 0) of what is above and of what is below zero, each with its
    variance; largest: what one more path could add to either; paths: m
    """

    above: float
    below: float
    above_variance: float
    below_variance: float
    largest: float
    paths: int


def mean_of(
    values: Floats, stratum: NDArray[np.int64], most: float, share: float = 1.0
) -> Mean | None:
    """``share`` times the mean of ``values`` (m,), whose strata have fixed numbers of paths.

    most: the largest that one more value could be, either way. None where there are no values.
    """
    if values.size == 0 or share == 0.0:
        return None
    above, below = np.maximum(values, 0.0) * share, np.maximum(-values, 0.0) * share
    return Mean(
        float(above.mean()),
        float(below.mean()),
        stratified_variance(above, stratum),
        stratified_variance(below, stratum),
        most * share / values.size,
        values.size,
    )


def signed_interval(means: list[Mean]) -> tuple[float, float]:
    """Both ends for the sum of independent means."""
    middle = math.fsum(one.above - one.below for one in means)
    down = math.fsum(_squared(one, up=False) for one in means)
    up = math.fsum(_squared(one, up=True) for one in means)
    return middle - math.sqrt(down), middle + math.sqrt(up)


def _squared(one: Mean, *, up: bool) -> float:
    """How far, squared, the interval of one mean goes up or down from its middle."""
    low, high = gamma_interval(one.above, one.above_variance, one.largest)
    less, more = gamma_interval(one.below, one.below_variance, one.largest)
    first = high - one.above if up else one.above - low
    second = one.below - less if up else more - one.below
    spread = math.sqrt(one.above_variance * one.below_variance)
    together = one.above * one.below / one.paths
    against = min(together / spread, 1.0) if spread > 0.0 else 0.0
    return reach_squared(first, second, against)


def reach_squared(one: float, other: float, against: float) -> float:
    """How far, squared, the difference of two means reaches whose own intervals reach so far.

    one: from the first's middle to its end; other: from the second's to its end on the other side;
    against: minus the correlation of their estimates, 0 to 1
    """
    return one * one + other * other + 2.0 * against * one * other
