"""The model interval: what DRE could be if volatility, depth and crowd feedback are not as stated.

A stated parametric bootstrap. Volatility has a relative standard error per asset (market.toml) and
the branching ratio n a prior; exogenous volatility is (1 - n) x volatility, so both move one factor
with log-sd sqrt(error^2 + (branching_error / (1 - n))^2). Depth has a lognormal prior. The engine
is run at the base and at three nodes on common random numbers (volatility up and down, depth down),
logit DRE is taken as quadratic in the volatility score and linear in the depth score through those
four points, and the interval is the central 95% of that surface over 4,000 draws of the two scores.
Where hardly a path is impaired in any of the four worlds their differences say nothing: the
interval is then no narrower than the simulation interval. Wrong when DRE is not smooth between
nodes, or when errors of different assets offset each other: they are taken as common here, which
widens the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.engine import World
from seawall.case import Case
from seawall.foundation.random import Stream, normals

NODE = 1.5
# With fewer impaired paths in the best of the nodes the interval holds the simulation interval too.
FEWEST_IMPAIRED = 3
DRAWS = 4_000


@dataclass(frozen=True)
class ModelPrior:
    """Log-standard deviations of the volatility and depth factors."""

    volatility: float
    depth: float


def model_prior(case: Case, weights: dict[str, float]) -> ModelPrior:
    """Prior of the Case; ``weights`` {asset: gross notional} average the assets' errors."""
    scenario = case.market.scenario
    total = sum(weights.values())
    if total > 0:
        error = sum(w * case.market.assets[a].volatility_error for a, w in weights.items()) / total
    else:
        errors = [s.volatility_error for s in case.market.assets.values() if s.volatility > 0]
        error = sum(errors) / len(errors) if errors else 0.0
    feedback = 0.0
    if scenario.label == "exogenous":
        feedback = scenario.branching_error / (1.0 - scenario.branching_ratio)
    return ModelPrior(math.hypot(error, feedback), scenario.depth_error)


def nodes(prior: ModelPrior) -> tuple[World, World, World]:
    """The three worlds beside the base: volatility up, volatility down, depth down."""
    return (
        World(volatility=math.exp(NODE * prior.volatility)),
        World(volatility=math.exp(-NODE * prior.volatility)),
        World(depth=math.exp(-NODE * prior.depth)),
    )


def _logit(probability: float, paths: int) -> float:
    # Half a path is added on either side, so that zero counts stay finite.
    hits = probability * paths
    return math.log((hits + 0.5) / (paths - hits + 0.5))


@dataclass(frozen=True)
class NodeShares:
    """DRE on the side paths: base, volatility up, volatility down, depth down; and their number."""

    base: float
    up: float
    down: float
    thin: float
    paths: int

    @property
    def few(self) -> bool:
        """Hardly an impaired path in any of them, so that their differences say nothing."""
        return self.paths * max(self.base, self.up, self.down, self.thin) < FEWEST_IMPAIRED


def interval(probability: float, paths: int, side: NodeShares, seed: int) -> tuple[float, float]:
    """Central 95% of DRE over the prior, around the base world's own estimate."""
    return interval_over(probability, paths, side, model_scores(seed))


def interval_over(
    probability: float, paths: int, side: NodeShares, score: Floats
) -> tuple[float, float]:
    """As `interval`, over scores (DRAWS, 2) drawn once for many horizons and scopes."""
    base, up, down, thin = (
        _logit(share, side.paths) for share in (side.base, side.up, side.down, side.thin)
    )
    slope = (up - down) / (2.0 * NODE)
    bend = (up + down - 2.0 * base) / (2.0 * NODE * NODE)
    depth = (base - thin) / NODE
    surface = _logit(probability, paths) + slope * score[:, 0] + bend * score[:, 0] ** 2
    surface = surface + depth * score[:, 1]
    # The half path added in the logit would lift zero to a positive number: take it off again.
    drawn = 1.0 / (1.0 + np.exp(-surface))
    drawn = np.clip((drawn * (paths + 1.0) - 0.5) / paths, 0.0, 1.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return min(float(low), probability), max(float(high), probability)


def at_least(
    ends: tuple[float, float], side: NodeShares, simulation: tuple[float, float]
) -> tuple[float, float]:
    """The model interval, no narrower than the simulation interval where nodes say nothing.

    A probability of zero keeps its empty interval: reports then print the simulation's bound.
    """
    if not side.few or ends[1] == 0.0:
        return ends
    return min(ends[0], simulation[0]), max(ends[1], simulation[1])


def model_scores(seed: int) -> Floats:
    """Standard normal scores (DRAWS, 2) of volatility and depth, limited to two nodes' width."""
    score = normals(seed, Stream.MODEL, np.arange(DRAWS), np.array([0]), 2)[:, 0]
    return np.clip(score, -3.0, 3.0)
