"""Counts of losses beyond a level: ranks around a quantile, and the power of a count test.

Formula: the number of n independent losses below the true quantile at level a is binomial (n, a).
So the true quantile lies between the losses of ranks l and u with chance P(l <= count < u), and a
test that counts losses beyond value at risk rejects where a count is in a 2.5% tail of that law.
Source: the binomial law; David and Nagaraja (2003), "Order statistics". Wrong for losses that are
not independent: fewer of them say as much.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Each side of a 95% interval, or of a test at 5%.
SIDE = 0.025


def chances(count: int, share: float) -> Floats:
    """P(k) for k = 0 .. count of a binomial law; ``share`` from 0 to 1, both ends included."""
    if share <= 0.0 or share >= 1.0:
        out = np.zeros(count + 1)
        out[0 if share <= 0.0 else count] = 1.0
        return out
    k = np.arange(count, dtype=np.float64)
    step = np.log((count - k) / (k + 1.0)) + math.log(share / (1.0 - share))
    logs = count * math.log1p(-share) + np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(np.exp(logs))


def ranks_around(count: int, level: float) -> tuple[int, int]:
    """Ranks (from 1) of the losses around the true quantile with 95% at least, of ``count``.

    0 where none is low enough, ``count`` + 1 where none is high enough.
    """
    below = np.cumsum(chances(count, level))  # P(number of losses below the quantile <= k)
    # The quantile lies below rank l with P(number < l), and not below rank u with P(number >= u).
    low = int(np.searchsorted(below, SIDE, side="right"))
    high = int(np.searchsorted(below, 1.0 - SIDE, side="left")) + 1
    return low, high


def power(count: int, stated: float, true: float) -> float:
    """Chance that a two-sided exact test at 5% rejects ``stated`` when ``true`` is the chance.

    The test counts how many of ``count`` periods were beyond value at risk. It rejects in at most
    5% of samples where ``stated`` is right.
    """
    under = chances(count, stated)
    at_most = np.cumsum(under)
    at_least = np.cumsum(under[::-1])[::-1]
    rejected = (at_most <= SIDE) | (at_least <= SIDE)
    return float(chances(count, true)[rejected].sum())
