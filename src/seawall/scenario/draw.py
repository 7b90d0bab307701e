"""What a model with parameters of its own is asked to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.random import Stream, Words, normals
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Market
from seawall.scenario.correlation import correlate, correlation_factor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Draw:
    """Some paths of some assets.

    paths (p,) path numbers as words; steps; step_seconds
    volatility (k,) annual, as the market states it; spot (k,) quote
    scale (p,) factor on the size of moves: the scale on volatility, times 1 - n on exogenous paths
    shift (p, k) added to the independent normals of every step (a tilt's; else 0)
    """

    market: Market
    assets: tuple[str, ...]
    seed: int
    paths: Words
    steps: int
    step_seconds: float
    volatility: Floats
    scale: Floats
    spot: Floats
    shift: Floats

    def part(self, first: int, last: int) -> Draw:
        """The same of paths first to last - 1."""
        mine = slice(first, last)
        return replace(self, paths=self.paths[mine], scale=self.scale[mine], shift=self.shift[mine])

    @property
    def every_step(self) -> Ints:
        """Numbers of the steps, (s,)."""
        return np.arange(self.steps, dtype=np.int64)

    @property
    def spread(self) -> Floats:
        """Standard deviation of a step's log-return at the stated volatility, (p, k)."""
        years = self.step_seconds / SECONDS_PER_YEAR
        return self.scale[:, None] * self.volatility * math.sqrt(years)

    @property
    def jump_beta(self) -> Floats:
        """Each asset's loading on the common jump, (k,)."""
        return np.array([self.market.jump_beta.get(name, 0.0) for name in self.assets])

    def correlated_normals(self) -> Floats:
        """Standard normals with the market's correlations, (p, s, k)."""
        count = len(self.assets)
        drawn = normals(self.seed, Stream.PRICE, self.paths, self.every_step, count)
        drawn += self.shift[:, None]
        return correlate(drawn, correlation_factor(self.market, self.assets))
