"""Standard errors of statistics of dependent returns: leave one stretch of time out at a time.

Formula: the history is cut into g stretches of equal length; with s_i the statistic without stretch
i and m their mean, error = sqrt((g - 1) / g x sum (s_i - m)^2). Returns that depend on one another
within a stretch count as one observation, so clustering widens the error as it should.
Source: Kunsch (1989), "The jackknife and the bootstrap for general stationary observations", Annals
of Statistics 17. Wrong when dependence reaches much further than a stretch (a fiftieth of the
history here), as that of volatility may: then errors are too small; and for statistics that jump,
such as a quantile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRETCHES = 50


@dataclass(frozen=True)
class Estimate:
    """A fitted number and its standard error, both finite; the error of what is given is 0."""

    value: float
    error: float


def jackknife(
    statistic: Callable[[Floats], Floats], returns: Floats, stretches: int = STRETCHES
) -> tuple[Floats, Floats]:
    """The statistic of all returns and its standard errors, both of its own shape (m,).

    returns (t, k); a stretch left out becomes NaN, so no new neighbours are made. The statistic
    must pass over NaN.
    """
    whole = np.atleast_1d(statistic(returns))
    edges = np.linspace(0, returns.shape[0], stretches + 1).astype(np.int64)
    without = []
    for first, last in pairwise(edges):
        part = returns.copy()
        part[first:last] = np.nan
        without.append(np.atleast_1d(statistic(part)))
    table = np.array(without)
    spread = np.sum((table - table.mean(axis=0)) ** 2, axis=0)
    return whole, np.sqrt((stretches - 1.0) / stretches * spread)


def estimates(value: Floats, error: Floats) -> list[Estimate]:
    """Numbers with their errors, paired."""
    return [Estimate(float(v), float(e)) for v, e in zip(value, error, strict=True)]
