"""Interval of a mean of numbers that may have either sign, honest where few of them are not zero.

What a player adds to the chance of an event is, path by path, a number in [-1, 1], zero on most
paths. Its positive and its negative part are weighted counts of paths, each with a gamma interval
(Fay and Feuer 1997) that is as wide at zero counts as one more path allows; the interval of their
difference m = p - n is put together from the two (MOVER, Zou and Donner 2008, Statistics in
Medicine 27):

    low  = m - sqrt((p - p_low)^2 + (n_high - n)^2)
    high = m + sqrt((p_high - p)^2 + (n - n_low)^2)

Wrong, in that it is wider than need be, where one of the parts cannot be: it allows for both.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.proportion import gamma_interval


def signed_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95% interval of the mean of independent ``values`` (p,) in [-1, 1], inside [-1, 1]."""
    paths = values.size
    ends = []
    for part in (np.maximum(values, 0.0), np.maximum(-values, 0.0)):
        mean = float(part.mean())
        # The plain second moment: for rare events the variance of a count is its mean.
        variance = float((part * part).sum()) / paths**2
        low, high = gamma_interval(mean, variance, max(1.0, float(part.max(initial=0.0))) / paths)
        ends.append((mean, low, high))
    (p, p_low, p_high), (n, n_low, n_high) = ends
    low = p - n - math.hypot(p - p_low, n_high - n)
    high = p - n + math.hypot(p_high - p, n - n_low)
    return max(low, -1.0), min(high, 1.0)
