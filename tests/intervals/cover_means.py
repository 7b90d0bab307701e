"""How often the intervals of mean losses and of expected shortfall hold the truth, by law.

    python tests/intervals/cover_means.py [--seeds 2000]

Through the functions that `check` calls (`exposure/mean_interval.py`, `severity.py`): the mean of
the impaired paths alone, the mean over all paths of which few have any amount, the mean of tilted
paths by weight, and the mean of the worst losses of impaired and of tilted paths. Every truth is a
closed form. Printed: share held, median width over the truth.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from seawall.exposure.mean_interval import Ends, mean_interval, weighted_mean_interval
from seawall.exposure.severity import (
    expected_shortfall,
    shortfall_interval,
    weighted_expected_shortfall,
    weighted_shortfall_interval,
)

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Ends]
# By name: draws of n losses, and their mean.
LOSSES: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "normal": (lambda rng, n: 3.0 + rng.normal(size=n), 3.0),
    "uniform": (lambda rng, n: rng.random(n), 0.5),
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0),
    "lognormal": (lambda rng, n: np.exp(rng.normal(size=n)), math.exp(0.5)),
}
# The mean of the worst of each beyond a level.
WORST: dict[str, Callable[[float], float]] = {
    "normal": lambda level: 3.0 + _density(float(ndtri(level))) / (1.0 - level),
    "uniform": lambda level: (1.0 + level) / 2.0,
    "exponential": lambda level: 1.0 - math.log(1.0 - level),
    "lognormal": lambda level: math.exp(0.5) * _beyond(ndtri(level) - 1.0) / (1.0 - level),
}
SHIFTS = (0.0, 1.5, 3.0)
EDGE = 2.0


@dataclass(frozen=True)
class Asked:
    """One law, as it is drawn, and its mean."""

    name: str
    draw: Draw
    truth: float


def impaired(name: str, paths: int) -> Asked:
    """The mean loss of so many impaired paths."""
    law, truth = LOSSES[name]
    return Asked(f"{name}, {paths} impaired", lambda rng: mean_interval(law(rng, paths)), truth)


def seldom(name: str, hits: float) -> Asked:
    """The mean over 400 paths, of which so many have any amount, on average; never below zero."""
    law, truth = LOSSES[name]

    def draw(rng: np.random.Generator) -> Ends:
        return mean_interval((rng.random(400) < hits / 400.0) * law(rng, 400), 0.0)

    return Asked(f"{name}, {hits:g} of 400", draw, truth * hits / 400.0)


def weighted(paths: int) -> Asked:
    """Z of a normal law impairs above 2 and then costs Z - 1: E[Z | Z > 2] is phi(2) / Q(2).

    As many paths of each of three components, shifted by SHIFTS; a path's weight is the normal
    density over the mean density of the three.
    """
    truth = _density(EDGE) / _beyond(EDGE) - 1.0
    component = np.repeat(np.arange(len(SHIFTS)), paths)
    sizes = np.bincount(component)

    def draw(rng: np.random.Generator) -> Ends:
        losses, weight, stratum = _tilted(rng, component)
        return weighted_mean_interval(losses, weight, stratum, sizes)

    return Asked(f"weighted, 3 x {paths} paths", draw, truth)


def worst(name: str, paths: int) -> Asked:
    """Expected shortfall of so many impaired paths, over that of the law at the same level."""
    law, _ = LOSSES[name]

    def draw(rng: np.random.Generator) -> Ends:
        losses = law(rng, paths)
        _, level = expected_shortfall(losses)
        return _over(shortfall_interval(losses, level), WORST[name](level or math.nan))

    return Asked(f"worst of {paths}, {name}", draw, 1.0)


def weighted_worst(paths: int) -> Asked:
    """The same of `weighted`: E[Z - 1 | Z > q] where Q(q) = (1 - level) Q(2)."""
    component = np.repeat(np.arange(len(SHIFTS)), paths)
    sizes = np.bincount(component)

    def draw(rng: np.random.Generator) -> Ends:
        losses, weight, stratum = _tilted(rng, component)
        _, level = weighted_expected_shortfall(losses, weight)
        beyond = (1.0 - (level or math.nan)) * _beyond(EDGE)
        truth = _density(float(ndtri(1.0 - beyond))) / beyond - 1.0
        ends = weighted_shortfall_interval(losses, weight, level, stratum, sizes)
        return _over(ends, truth)

    return Asked(f"weighted worst, 3 x {paths}", draw, 1.0)


def _tilted(rng: np.random.Generator, component: NDArray[np.int64]) -> tuple[Floats, Floats, Any]:
    """Losses, weights and components of the impaired paths of `weighted`, (n,) each."""
    z = rng.normal(size=component.size) + np.array(SHIFTS)[component]
    ratios = [np.exp(shift * z - shift * shift / 2.0) for shift in SHIFTS]
    hit = np.flatnonzero(z > EDGE)
    weight = (len(SHIFTS) / np.sum(ratios, axis=0))[hit]
    return z[hit] - 1.0, weight, component[hit]


def _over(ends: Ends, truth: float) -> Ends:
    low, high = ends
    return None if low is None else low / truth, None if high is None else high / truth


def _density(z: float) -> float:
    return math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)


def _beyond(z: float) -> float:
    """Chance that a normal number is above z."""
    return math.erfc(z / math.sqrt(2.0)) / 2.0


ASKED = (
    *(impaired(name, paths) for name in LOSSES for paths in (3, 9, 40, 200)),
    *(seldom(name, hits) for name in ("exponential", "lognormal") for hits in (3.0, 12.0, 40.0)),
    *(weighted(paths) for paths in (20, 100, 400)),
    *(worst(name, paths) for name in LOSSES for paths in (50, 100, 200, 400, 1_000)),
    *(weighted_worst(paths) for paths in (100, 400)),
)


def coverage(asked: Asked, seeds: int) -> tuple[float, float]:
    """The share of seeds whose interval holds the truth, and its median width over the truth. An
    end that is not known is not missed.
    """
    held, widths = 0, []
    for seed in range(seeds):
        low, high = asked.draw(np.random.default_rng([seed, 40]))
        down, up = (-math.inf if low is None else low), (math.inf if high is None else high)
        held += down <= asked.truth <= up
        widths.append((up - down) / asked.truth)
    return held / seeds, float(np.median(widths))


def main() -> None:
    """Print a row for each law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    seeds = parser.parse_args().seeds
    for asked in ASKED:
        held, width = coverage(asked, seeds)
        print(f"{asked.name:28}{held:7.1%}  width {width:.3g}")


if __name__ == "__main__":
    main()
