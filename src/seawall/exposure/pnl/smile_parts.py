"""A smile as level, skew and curvature, and what of each leg's volatility is its own.

Formula: in each expiry, with x = ln(strike / forward) / (level sqrt(years)), clipped at +-4,

    volatility = a + b x + c x^2 + own

by least squares with weights exp(-x^2 / 2) + .02; level is the volatility nearest the forward.
Expiries with fewer than FEWEST legs have a level, their mean, and the rest is own. Source: a
parabola in standardised log-moneyness, as desks quote smiles. Wrong in the far wings, where ``own``
takes what the parabola cannot follow; it is named and shown, not hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.pnl.option_legs import OptionLegs, Seen, moneyness

Floats = NDArray[np.float64]

FEWEST = 5
FARTHEST = 4.0
LEAST_WEIGHT = 0.02


@dataclass(frozen=True)
class SmileParts:
    """Parts of each leg's volatility (n,); they sum to it."""

    level: Floats
    skew: Floats
    curvature: Floats
    own: Floats


def smile_parts(legs: OptionLegs, seen: Seen) -> SmileParts:
    """The parts at one moment."""
    count = legs.size.size
    level, skew, curvature = np.zeros(count), np.zeros(count), np.zeros(count)
    for smile in np.unique(legs.smile):
        mine = np.flatnonzero(legs.smile == smile)
        nearest = np.argmin(np.abs(np.log(legs.strike[mine] / seen.forward[mine])))
        volatility = seen.volatility[mine]
        at_the_money = np.full(count, volatility[nearest])
        x = np.clip(moneyness(legs, seen, at_the_money)[mine], -FARTHEST, FARTHEST)
        if mine.size < FEWEST:
            level[mine] = volatility.mean()
            continue
        root = np.sqrt(np.exp(-0.5 * x * x) + LEAST_WEIGHT)
        columns = np.stack([np.ones(mine.size), x, x * x], axis=1)
        a, b, c = np.linalg.lstsq(columns * root[:, None], volatility * root, rcond=None)[0]
        level[mine], skew[mine], curvature[mine] = a, b * x, c * x * x
    return SmileParts(level, skew, curvature, seen.volatility - level - skew - curvature)
