"""Two Cases on the same random numbers: what each path comes to, and differences with intervals.

Intervals are at 95%, by resampling paths; a difference resamples both Cases together, so what the
random numbers have in common drops out. A difference whose interval holds 0 shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.engine import Runs, World, chunk_of, draw, path_worlds
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.foundation.random import Stream, uniforms

RESAMPLES = 1_000
LEVELS = (0.025, 0.975)
# From a finished run of some paths: named amounts, one number (p,) for each path.
Measure = Callable[[Setup, Tape, State, Floats], Mapping[str, Floats]]


@dataclass(frozen=True)
class Plan:
    """Paths, steps and seed of a study, and a factor on the Case's volatility."""

    paths: int
    steps: int
    seed: int
    volatility: float = 1.0


def run_paths(setup: Setup, plan: Plan, measure: Measure) -> dict[str, Floats]:
    """What ``measure`` says of each path, (p,) by name; chunk by chunk, which changes no bit."""
    world = (World(volatility=plan.volatility),)
    parts: list[Mapping[str, Floats]] = []
    chunk = chunk_of(setup)
    for first in range(0, plan.paths, chunk):
        number = np.arange(first, min(first + chunk, plan.paths))
        runs = Runs(number, np.zeros_like(number))
        exogenous = draw(setup, world, runs, plan.steps, plan.seed)
        given = path_worlds(world, runs)
        draws = Draws(plan.seed, number)
        tape, state = quickest(setup)(setup, exogenous, worlds=given, draws=draws)
        parts.append(measure(setup, tape, state, exogenous))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def resampled(plan: Plan) -> np.ndarray:
    """Which paths (b, p) each resample takes."""
    picks = uniforms(plan.seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), np.arange(1), plan.paths)
    taken: np.ndarray = np.minimum((picks[:, 0] * plan.paths).astype(np.int64), plan.paths - 1)
    return taken


def interval(value: float, others: Floats) -> dict[str, float]:
    """A number with its 95% interval from resampled values (b,)."""
    low, high = np.quantile(others, LEVELS)
    return {"value": float(value), "low": float(low), "high": float(high)}


def mean(values: Floats, sample: np.ndarray) -> dict[str, float]:
    """Mean of values (p,) with its interval."""
    return interval(float(values.mean()), values[sample].mean(axis=1))


def tail(values: Floats, level: float) -> Floats:
    """Mean of the worst (largest) 1 - ``level`` of values (..., p), at least one path."""
    count = max(1, round((1.0 - level) * values.shape[-1]))
    worst = np.partition(values, values.shape[-1] - count, axis=-1)[..., -count:]
    average: Floats = worst.mean(axis=-1)
    return average


def tail_mean(values: Floats, sample: np.ndarray, level: float) -> dict[str, float]:
    """Expected shortfall of values (p,) at ``level``, with its interval."""
    return interval(float(tail(values, level)), tail(values[sample], level))


def tail_difference(
    one: Floats, other: Floats, sample: np.ndarray, level: float
) -> dict[str, float]:
    """Expected shortfall of ``one`` less that of ``other``, resampled together."""
    gap = float(tail(one, level) - tail(other, level))
    return interval(gap, tail(one[sample], level) - tail(other[sample], level))
