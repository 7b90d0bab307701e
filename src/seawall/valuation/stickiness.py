"""The skew-stickiness ratio of a real chain: how the money's volatility moves along the skew.

Idea: between two snapshots the forward of an expiry moves by h = ln(F_2 / F_1) and the volatility
at its money by d. If the smile obeys the skew-stickiness rule, d = R x skew x h with the skew of
the first snapshot, so R is the least-squares slope, through the origin, of d on x = skew h:

    R = sum(x d) / sum(x^2)

Its standard error treats all expiries of one interval as one observation (they move together):
sqrt(G / (G - 1) x sum over intervals of (sum of x e)^2) / sum(x^2), e = d - R x.
1 is sticky strike, 0 sticky delta. Level and skew at the money come from a cubic through the middle
volatilities within `NEAR` standard deviations of the forward, the nearest weighing most.
Source: Bergomi (2009), Smile Dynamics IV, Risk 22(12); cluster-robust errors: Liang and Zeger
(1986), Biometrika 73. The cubic's skew was 2% too flat on an SSVI smile (a quadratic's 11 to 20%)
and 2.5% against this project's surfaces on real chains. Wrong when the skew is near zero: then
volatility moves with spot for other reasons, and R, a quotient of the two, says little; its error
shows that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError
from seawall.valuation.surface_quotes import ExpiryQuotes

Floats = NDArray[np.float64]

# Strikes within this many standard deviations of the forward say what the money's smile is.
NEAR = 1.5
FEWEST_NEAR = 7
FEWEST_INTERVALS = 10


@dataclass(frozen=True)
class Money:
    """The smile of one expiry at the money.

    years, forward   of the expiry       volatility   annual fraction at k = 0
    skew             its change per unit of log-moneyness at k = 0
    """

    years: float
    forward: float
    volatility: float
    skew: float


@dataclass(frozen=True)
class SkewStickiness:
    """The fitted ratio.

    ratio, error    R and its standard error
    intervals       between snapshots (the independent observations)
    observations    intervals x expiries
    explained       share of the squared changes of volatility at the money that R x skew x h
                    explains; of sticky strike (R = 1): strike_explained; of sticky delta it is 0
    """

    ratio: float
    error: float
    intervals: int
    observations: int
    explained: float
    strike_explained: float


def money_of(quotes: ExpiryQuotes) -> Money | None:
    """Volatility and skew at the money; None with fewer than 7 strikes near it, or on one side.

    Least squares of middle volatility on 1, z, z^2, z^3, z = k in standard deviations, with weights
    (1 - |z / NEAR|^3)^3 / half spread^2 (Cleveland's tricube).
    """
    k = quotes.log_moneyness
    deviation = float(np.interp(0.0, k, quotes.middle)) * float(np.sqrt(quotes.years))
    near = np.abs(k) < NEAR * deviation
    if np.sum(near) < FEWEST_NEAR or not (np.any(k[near] < 0.0) and np.any(k[near] > 0.0)):
        return None
    z = k[near] / deviation
    weight = (1.0 - np.abs(z / NEAR) ** 3) ** 1.5 / np.maximum(quotes.half_spread[near], 1e-3)
    table = np.stack([z**power for power in range(4)], axis=1) * weight[:, None]
    found = np.linalg.lstsq(table, quotes.middle[near] * weight, rcond=None)[0]
    return Money(quotes.years, quotes.forward, float(found[0]), float(found[1]) / deviation)


def skew_stickiness(
    change: ArrayLike, skew: ArrayLike, log_return: ArrayLike, interval: ArrayLike
) -> SkewStickiness:
    """The ratio R of changes of volatility at the money, with its error.

    change      (n,) of volatility at the money, annual fraction, one expiry in one interval
    skew        (n,) at the start of the interval       log_return  (n,) of the expiry's forward
    interval    (n,) label of the interval: rows with one label count as one observation

    Raises InputError with fewer than 10 intervals, or when skew or spot never moved.
    """
    y = np.asarray(change, dtype=np.float64)
    x = np.asarray(skew, dtype=np.float64) * np.asarray(log_return, dtype=np.float64)
    _, group = np.unique(np.asarray(interval), return_inverse=True)
    groups = int(group.max()) + 1 if group.size else 0
    if groups < FEWEST_INTERVALS:
        raise InputError(
            f"there are {groups} intervals between snapshots",
            expected=f"at least {FEWEST_INTERVALS}, to fit the skew-stickiness ratio",
        )
    across = float(np.sum(x * x))
    if across == 0.0:
        raise InputError(
            "neither skew nor spot differs from zero",
            expected="snapshots between which the forward moves, of a smile with a skew",
        )
    ratio = float(np.sum(x * y)) / across
    score = np.bincount(group, weights=x * (y - ratio * x), minlength=groups)
    error = np.sqrt(groups / (groups - 1.0) * float(np.sum(score * score))) / across
    total = float(np.sum(y * y))

    def explained(r: float) -> float:
        left = y - r * x
        return 1.0 - float(np.sum(left * left)) / total if total > 0.0 else 0.0

    return SkewStickiness(ratio, float(error), groups, y.size, explained(ratio), explained(1.0))


# Expiries by days left, each with a ratio of its own: (from, below).
TERMS = ((1.0, 10.0), (10.0, 60.0), (60.0, 1000.0))


@dataclass(frozen=True)
class Moves:
    """What the money's smile did between snapshots; arrays (n,), one row per expiry and interval.

    change, skew, log_return, interval   see `skew_stickiness`      days   left to expiry
    """

    change: Floats
    skew: Floats
    log_return: Floats
    interval: NDArray[np.int64]
    days: Floats


@dataclass(frozen=True)
class TermStickiness:
    """The ratio of expiries with ``from_days`` to ``below_days`` left; None: too few moves."""

    from_days: float
    below_days: float
    fitted: SkewStickiness | None


def stickiness_by_term(moves: Moves) -> tuple[TermStickiness, ...]:
    """The skew-stickiness ratio of short, middle and long expiries, and last of all together."""
    terms = [*TERMS, (TERMS[0][0], TERMS[-1][1])]
    found = []
    for low, high in terms:
        here = (moves.days >= low) & (moves.days < high)
        enough = np.unique(moves.interval[here]).size >= FEWEST_INTERVALS
        fitted = (
            skew_stickiness(
                moves.change[here], moves.skew[here], moves.log_return[here], moves.interval[here]
            )
            if enough
            else None
        )
        found.append(TermStickiness(low, high, fitted))
    return tuple(found)
