"""The upper tail of a loss's predicted law, and value at risk and expected shortfall read from it.

A law is kept as the means of SLICES equally likely slices of its upper tenth: slice j holds the
losses between the quantiles at BASE + j w and BASE + (j + 1) w, w = (1 - BASE) / SLICES. So

    expected shortfall at a level = mean of the slices from that level on, exactly,

and a loss is drawn from the tail by drawing a slice. Levels lie on the grid of slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BASE = 0.90
SLICES = 200
WIDTH = (1.0 - BASE) / SLICES
EDGES = BASE + WIDTH * np.arange(SLICES + 1)


@dataclass(frozen=True)
class TailLaw:
    """One law for each period.

    quantile  (t, SLICES) loss at the lower edge of each slice, as a fraction of notional, loss > 0
    slices    (t, SLICES) mean loss of each slice; NaN rows: the method could not say anything
    """

    quantile: Floats
    slices: Floats

    def value_at_risk(self, level: float) -> Floats:
        """Loss (t,) that is exceeded with probability 1 - level."""
        return np.asarray(self.quantile[:, slice_at(level)])

    def expected_shortfall(self, level: float) -> Floats:
        """Mean loss (t,) beyond the value at risk."""
        return np.asarray(self.slices[:, slice_at(level) :].mean(axis=1))

    def times(self, factor: Floats) -> TailLaw:
        """The law of losses that are ``factor`` (t,) as large."""
        return TailLaw(self.quantile * factor[:, None], self.slices * factor[:, None])

    def drawn(self, uniform: Floats) -> Floats:
        """Losses (n, t) of uniform numbers (n, t) in (0, 1); 0 stands for all below the tail."""
        index = np.floor((uniform - BASE) / WIDTH).astype(np.int64)
        period = np.arange(self.slices.shape[0])
        loss = self.slices[period, np.clip(index, 0, SLICES - 1)]
        return np.where(uniform >= BASE, loss, 0.0)


def slice_at(level: float) -> int:
    """The first slice of the tail beyond ``level``; InputError for a level between two slices."""
    place = (level - BASE) / WIDTH
    index = round(place)
    if not (0 <= index < SLICES) or abs(place - index) > 1e-6:
        raise InputError(
            f"a level of {level:g}",
            expected=f"a level from {BASE:g} to below 1 in steps of {WIDTH:g}, such as 0.99",
        )
    return index


def law_of(integral: Floats, quantile: Floats) -> TailLaw:
    """The law whose quantiles at the lower edges are given, and the integral (t, SLICES + 1) of its
    quantile function up to each edge.
    """
    return TailLaw(quantile, np.diff(integral, axis=1) / WIDTH)
