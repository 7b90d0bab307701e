"""How often the intervals of mean losses hold the truth, by law of losses.

    python tests/intervals/cover_means.py [--seeds 2000]

Through the functions that `check` calls (`exposure/mean_interval.py`): the mean of the impaired
paths alone, the mean over all paths of which few have any amount, and the mean of tilted paths by
weight. Every truth is a closed form. Printed: share held, median width over the truth.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.mean_interval import Ends, mean_interval, weighted_mean_interval

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Ends]
# By name: draws of n losses, and their mean.
LOSSES: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "normal": (lambda rng, n: 3.0 + rng.normal(size=n), 3.0),
    "uniform": (lambda rng, n: rng.random(n), 0.5),
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0),
    "lognormal": (lambda rng, n: np.exp(rng.normal(size=n)), math.exp(0.5)),
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
    density = math.exp(-EDGE * EDGE / 2.0) / math.sqrt(2.0 * math.pi)
    truth = density / (math.erfc(EDGE / math.sqrt(2.0)) / 2.0) - 1.0
    component = np.repeat(np.arange(len(SHIFTS)), paths)

    def draw(rng: np.random.Generator) -> Ends:
        z = rng.normal(size=component.size) + np.array(SHIFTS)[component]
        ratios = [np.exp(shift * z - shift * shift / 2.0) for shift in SHIFTS]
        hit = np.flatnonzero(z > EDGE)
        weight = (len(SHIFTS) / np.sum(ratios, axis=0))[hit]
        sizes = np.bincount(component)
        return weighted_mean_interval(z[hit] - 1.0, weight, component[hit], sizes)

    return Asked(f"weighted, 3 x {paths} paths", draw, truth)


ASKED = (
    *(impaired(name, paths) for name in LOSSES for paths in (3, 9, 40, 200)),
    *(seldom(name, hits) for name in ("exponential", "lognormal") for hits in (3.0, 12.0, 40.0)),
    *(weighted(paths) for paths in (20, 100, 400)),
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
