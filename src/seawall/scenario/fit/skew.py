"""Skew stickiness of real chains by time to expiry, fitted on some days and judged on later ones.

Formula: the volatility at the money of an expiry changes by d while its forward moves by h and its
skew (d sigma / d ln K at the money) is s; R is the slope through the origin of d on s h
(`valuation.stickiness`). The interval resamples whole days, 2,000 times: snapshots of one day and
all expiries of a snapshot move together. At a fixed strike near the money volatility then changes
by

    slope per unit of log-return = (R - 1) x s

which is `implied_slope`; R = 1 (sticky strike) gives 0, R = 0 (sticky delta) gives -s > 0 where the
skew is negative. Out of sample: the share of squared changes of the later days that a fixed R
explains, 1 - sum (d - R s h)^2 / sum d^2, beside sticky strike (R = 1) and sticky delta (R = 0, no
change: 0 by definition).

Source: Bergomi (2009), "Smile Dynamics IV". Wrong when volatility moves for reasons of its own
(most of its changes do: see the share explained) and where the skew changes sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms
from seawall.scenario.fit.jackknife import Estimate
from seawall.valuation.stickiness import TERMS, Moves

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESAMPLES = 2_000
FEWEST_DAYS = 10
INTERVAL = (0.025, 0.975)
# The term whose slope stands for the asset: most open interest is there.
ASSET_TERM = 1


@dataclass(frozen=True)
class TermSkew:
    """One range of days to expiry.

    from_days, below_days   the range         observations, days   it was fitted on
    ratio                   R with its error; low, high: 95% interval from resampling days
    skew                    median skew, per unit of log-moneyness
    slope                   (R - 1) x skew, `implied_slope`, with its error
    later_days              it was judged on; explained, strike_explained: share of later squared
                            changes explained by R and by R = 1 (sticky delta: 0); None: too few
    """

    from_days: float
    below_days: float
    observations: int
    days: int
    ratio: Estimate
    low: float
    high: float
    skew: float
    slope: Estimate
    later_days: int
    explained: float | None
    strike_explained: float | None


@dataclass(frozen=True)
class DatedMoves:
    """Moves of the smile at the money (n,) and the day of each, any whole number."""

    moves: Moves
    day: Ints

    def within(self, low: float, high: float) -> tuple[Floats, Floats, Floats, Ints]:
        """Of expiries with ``low`` to below ``high`` days left: s h, change, skew and day."""
        here = (self.moves.days >= low) & (self.moves.days < high)
        skew = self.moves.skew[here]
        return skew * self.moves.log_return[here], self.moves.change[here], skew, self.day[here]


def skew_terms(early: DatedMoves, later: DatedMoves, seed: int) -> tuple[TermSkew, ...]:
    """The ratio of short, middle and long expiries and of all together, in this order.

    Fitted on ``early``, judged on ``later``. A range with fewer than 10 days is left out;
    InputError when all are.
    """
    found = []
    for low, high in [*TERMS, (TERMS[0][0], TERMS[-1][1])]:
        if np.unique(early.within(low, high)[3]).size >= FEWEST_DAYS:
            found.append(_term(low, high, early, later, seed))
    if not found:
        raise InputError(
            f"the chains hold moves of {np.unique(early.day).size} days to fit on",
            expected=f"at least {FEWEST_DAYS} days with several snapshots each",
        )
    return tuple(found)


def asset_slope(terms: tuple[TermSkew, ...]) -> Estimate:
    """The slope of the middle range of expiries where there is one, else of all."""
    middle = [term for term in terms if (term.from_days, term.below_days) == TERMS[ASSET_TERM]]
    return (middle or list(terms[-1:]))[0].slope


def _term(
    low_days: float, high_days: float, early: DatedMoves, later: DatedMoves, seed: int
) -> TermSkew:
    x, y, skews, dated = early.within(low_days, high_days)
    _, day = np.unique(dated, return_inverse=True)
    days = int(day.max()) + 1
    across = np.bincount(day, weights=x * x, minlength=days)
    along = np.bincount(day, weights=x * y, minlength=days)
    ratio = float(along.sum() / across.sum())
    drawn = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), np.arange(days), 1)[..., 0]
    chosen = np.minimum((drawn * days).astype(np.int64), days - 1)
    again = along[chosen].sum(axis=1) / across[chosen].sum(axis=1)
    low, high = np.quantile(again, INTERVAL)
    error = float(again.std())
    skew = float(np.median(skews))
    later_x, later_y, _, later_dated = later.within(low_days, high_days)
    later_days = int(np.unique(later_dated).size)
    total = float(np.sum(later_y**2))

    def explained(r: float) -> float | None:
        if later_days < FEWEST_DAYS or total == 0.0:
            return None
        return 1.0 - float(np.sum((later_y - r * later_x) ** 2)) / total

    return TermSkew(
        from_days=low_days,
        below_days=high_days,
        observations=int(y.size),
        days=days,
        ratio=Estimate(ratio, error),
        low=float(low),
        high=float(high),
        skew=skew,
        slope=Estimate((ratio - 1.0) * skew, error * abs(skew)),
        later_days=later_days,
        explained=explained(ratio),
        strike_explained=explained(1.0),
    )
