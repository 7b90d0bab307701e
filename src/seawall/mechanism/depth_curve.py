"""What becomes of one Case as its depth goes from 100% to 2%: the curve, and where it bends.

The whole Case, crowd and all, is run with every depth multiplied by each factor, on the same
random numbers: DRE of one scope, what it loses, the bad debt of all venues. Intervals hold the
noise of the paths alone (Wilson's for DRE, by resampling paths for the others): depth itself is the
question here, not an uncertain input.

The knee: DRE against the logarithm of the factor is fitted by three lines that meet, by least
squares: one for the depth that hardly matters, one for the rise, one for what is left when nearly
all is lost. The first join, where the curve turns upwards, is the knee, the second, where it
flattens, the shoulder; of all joins between the second and the last but one factor those are taken
that turn so, by two hundredths of DRE per halving at least, and leave the smallest error. Intervals
are those of the joins of resampled paths.
``left`` is the squared error over that of one line: near 1 there is no knee to speak of.

Source: Seawall's own; lines that meet are the broken-stick regression of Hudson (1966),
"Fitting segmented curves whose join points have to be estimated". Wrong when resilience changes
with depth as well, and where exogenous prices were estimated at another depth: they stay the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.engine import Runs, World, prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job
from seawall.cascade.pieces.loops import choose
from seawall.cascade.pieces.run import run_job
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.curve import hits, last_step
from seawall.exposure.impairment import desks
from seawall.exposure.proportion import wilson
from seawall.exposure.summary import Summaries, Summary
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.random import Stream, uniforms

FACTORS = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.10, 0.07, 0.05, 0.03, 0.02)
RESAMPLES = 500
LEVELS = (0.025, 0.975)
# Places tried for the joins of the lines, and how many of them apart two joins are at least.
JOINS, APART = 41, 4
# A bend of less DRE per halving of depth than this is none.
BEND = 0.02


@dataclass(frozen=True)
class Outcome:
    """What one depth does, per path (p,): whether the scope is impaired, what it then has lost at
    the horizon (0 where it is not impaired, or gains), bad debt of all venues; quote.
    """

    impaired: Floats
    loss: Floats
    debt: Floats


@dataclass(frozen=True)
class Knee:
    """Where three lines meet: ``knee`` and ``shoulder``, factors of depth; change of the curve per
    halving of depth above, between and below them, (3,); ``left`` squared error over one line's.
    """

    knee: float
    shoulder: float
    slopes: tuple[float, float, float]
    left: float


def depth_curve(
    case: Case,
    *,
    scope: str | None = None,
    factors: tuple[float, ...] = FACTORS,
    horizon_seconds: float = 86_400.0,
    paths: int = 400,
    seed: int = 1,
    progress: Callable[[float, str], None] | None = None,
    compute: Compute | None = None,
) -> dict[str, Any]:
    """The curve over ``factors`` of depth, and its knee.

    ``scope``: of the results of `check`; by default the desk that is impaired most often at the
    first factor, the protocol where there is no desk. Raises InputError for an unknown scope, fewer
    than five factors, and what cannot be run.
    """
    if len(factors) < 5 or any(b >= a for a, b in pairwise(factors)):
        raise InputError(f"factors {factors}", expected="at least five, each below the one before")
    setup = prepare(case)
    steps = last_step(horizon_seconds, case.step_seconds)
    kept = _summaries(setup, factors, paths, steps, seed, progress, compute)
    scope = _scope(setup, kept[0], scope, steps)
    found = [_outcome(one, scope, steps) for one in kept]
    pick = _resampled(paths, seed)
    curve = np.stack([one.impaired for one in found])
    rows = [
        {"depth": factor, **_described(one, pick)}
        for factor, one in zip(factors, found, strict=True)
    ]
    return {
        "case": case.name,
        "scope": scope,
        "horizon_seconds": horizon_seconds,
        "paths": paths,
        "seed": seed,
        "curve": rows,
        "knee": _knee(np.array(factors), curve, pick),
    }


def find_knee(factors: Floats, values: Floats) -> Knee | None:
    """Three lines that meet, fitted to ``values`` (n,) against the logarithm of ``factors`` (n,).

    None where no join turns upwards before another that flattens.
    """
    joins, slopes, left = _fitted(factors, values[None, :])
    if not np.isfinite(left[0]):
        return None
    first, middle, last = (float(one) for one in slopes[:, 0])
    return Knee(float(joins[0, 0]), float(joins[1, 0]), (first, middle, last), float(left[0]))


def _fitted(factors: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Joins (2, r), slopes (3, r) and error left (r,) of many curves (r, n); infinite: no knee."""
    # Halvings of depth from the first factor on: 0, 0.4, 1, ...
    x = np.log2(factors[0] / factors)
    grid = np.linspace(x[1], x[-2], JOINS)
    flat = np.stack([np.ones_like(x), x], axis=1)
    straight = _errors(flat, values)[1]
    curves = values.shape[0]
    best, joins, slopes = np.full(curves, np.inf), np.zeros((2, curves)), np.zeros((3, curves))
    for n, knee in enumerate(grid):
        for shoulder in grid[n + APART :]:
            bends = [np.maximum(x - knee, 0.0), np.maximum(x - shoulder, 0.0)]
            weights, error = _errors(np.stack([*flat.T, *bends], axis=1), values)
            better = (error < best) & (weights[2] >= BEND) & (weights[3] <= -BEND)
            best = np.where(better, error, best)
            joins = np.where(better, np.array([[knee], [shoulder]]), joins)
            slopes = np.where(better, np.cumsum(weights[1:], axis=0), slopes)
    left = np.divide(best, straight, out=np.full(curves, np.inf), where=straight > 0.0)
    return factors[0] / 2.0**joins, slopes, left


def _errors(columns: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Least-squares weights (c, r) of columns (n, c), and squared errors (r,) of curves (r, n)."""
    weights = np.asarray(np.linalg.lstsq(columns, values.T, rcond=None)[0], dtype=np.float64)
    rest = values.T - columns @ weights
    error: Floats = np.sum(rest * rest, axis=0)
    return weights, error


def _knee(factors: Floats, curve: Floats, pick: Ints) -> dict[str, Any] | None:
    """Knee and shoulder of the mean of ``curve`` (n, p), with intervals by resampling paths."""
    middle = find_knee(factors, curve.mean(axis=1))
    if middle is None:
        return None
    again = np.stack([one[pick].mean(axis=1) for one in curve], axis=1)
    joins, slopes, left = _fitted(factors, again)
    bent = np.isfinite(left)
    out: dict[str, Any] = {"left": middle.left, "resamples_with_a_knee": float(bent.mean())}
    for name, value, sample in (
        ("knee", middle.knee, joins[0]),
        ("shoulder", middle.shoulder, joins[1]),
        ("per_halving_above", middle.slopes[0], slopes[0]),
        ("per_halving_between", middle.slopes[1], slopes[1]),
        ("per_halving_below", middle.slopes[2], slopes[2]),
    ):
        low, high = np.quantile(sample[bent], LEVELS)
        out[name] = {"value": value, "low": float(low), "high": float(high)}
    return out


def _summaries(
    setup: Setup,
    factors: tuple[float, ...],
    paths: int,
    steps: int,
    seed: int,
    progress: Callable[[float, str], None] | None,
    compute: Compute | None,
) -> list[Summary]:
    """One summary per factor, on common random numbers."""
    compute = Compute() if compute is None else compute
    worlds = tuple(World(depth=factor) for factor in factors)
    number = np.tile(np.arange(paths), len(factors))
    runs = Runs(number, np.repeat(np.arange(len(factors)), paths))
    keeper = Summaries(np.array([steps], dtype=np.int64))
    job = Job(setup, worlds, runs, steps, seed, choose(compute.engine, setup), keeper)

    def report(done: int) -> None:
        if progress is not None:
            progress(done / job.paths, f"{done:,} of {job.paths:,} paths")

    whole = run_job(job, compute, report)
    return [whole.part(n * paths, (n + 1) * paths) for n in range(len(factors))]


def _scope(setup: Setup, kept: Summary, wanted: str | None, steps: int) -> str:
    found = kept.found
    if wanted is not None:
        if wanted not in found:
            raise InputError(f"scope {wanted!r}", expected=choices(wanted, found))
        return wanted
    scopes = [f"desk:{owner}" for owner in desks(setup)]
    if not scopes:
        return "protocol"
    return max(scopes, key=lambda scope: hits(found[scope][1], steps))


def _outcome(kept: Summary, scope: str, steps: int) -> Outcome:
    impairment = kept.found[scope][1]
    impaired = impairment.step <= steps
    loss = np.maximum(impairment.loss_by(steps), 0.0)
    return Outcome(
        impaired=impaired.astype(np.float64),
        loss=np.where(impaired, loss, 0.0),
        debt=kept.venues[:, 0, 0],
    )


def _resampled(paths: int, seed: int) -> Ints:
    """Which paths each resample takes, (r, p)."""
    drawn = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), [0], paths)[:, 0]
    picked: Ints = np.minimum((drawn * paths).astype(np.int64), paths - 1)
    return picked


def _described(one: Outcome, pick: Ints) -> dict[str, Any]:
    """The numbers of one depth with their intervals."""
    paths = one.impaired.size
    low, high = wilson(int(one.impaired.sum()), paths)
    out: dict[str, Any] = {"dre": {"value": float(one.impaired.mean()), "low": low, "high": high}}
    for name, values in (("expected_loss", one.loss), ("bad_debt", one.debt)):
        low, high = np.quantile(values[pick].mean(axis=1), LEVELS)
        out[name] = {"value": float(values.mean()), "low": float(low), "high": float(high)}
    return out
