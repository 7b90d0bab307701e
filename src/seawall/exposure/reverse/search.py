"""The smallest impairing shock: a grid in order of its norm, then rays and steps sideways.

1. Points of the grid are tried in order of their norm until one impairs. Then, on the way to it
   (at its volatility, from no other shock), 16 points, and between the first that impairs and the
   one before it 16 more, four times: impairment need not be monotone, so the *first* one counts.
2. With half the spacing, all points of a smaller norm than that crossing; and so on, as long as
   there are points left to spend. What remains: every point of the grid whose norm is smaller than
   the answer's was tried, and none impairs. That is the certificate.
3. From the answer, steps sideways (each asset held, each axis, and without each axis) at a slightly
   smaller norm: where one impairs, its ray gives the new answer.

If whatever is worse on every axis also impairs, no shock along these directions smaller than
r - |h| does, |h| the norm of one spacing on every axis: rounded outwards to the grid it would have
been found. That is ``low``. Wrong when impairment has islands narrower than the grid, and in
directions that are not tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.exposure.reverse.lattice import Lattice, points, spacing_along
from seawall.exposure.reverse.measure import (
    Axis,
    Norm,
    Shocks,
    along,
    combined,
    joined,
    on_steps,
)
from seawall.exposure.reverse.trial import Trial, impaired, within_reach

COARSEST, FINEST = 1.0, 1.0 / 64.0
# Every level of volatility is a run of its own.
FINEST_OF_VOLATILITY = 1.0 / 16.0
# Points tried together: few where the answer may lie far below the end, many where all are tried.
BATCH, WHOLE = 128, 2_048
RAY_POINTS, RAY_ROUNDS = 16, 4
# Steps sideways: first, and last, as shares of the radius; norm that a step must save.
WIDEST, NARROWEST, SAVES = 0.3, 0.02, 1e-3
MOST_STEPS = 24
Say = Callable[[int], None]


@dataclass(frozen=True)
class Found:
    """What a search came to.

    shock (1,) and radius: the smallest that impairs, None where none within ``checked`` does
    spacing, points: of the grid whose points below the radius (or ``checked``) were all tried
    checked: norm up to which the grid was tried; low: end below which nothing worse is left
    """

    shock: Shocks | None
    radius: float | None
    spacing: float
    points: int
    checked: float
    low: float


@dataclass(frozen=True)
class Asked:
    """Axes, directions and norm of a search; reach in units; how many points may be spent.

    held (h,): places of the assets that steps sideways move; start: an answer known already.
    """

    lattice: Lattice
    reach: float
    budget: int
    held: Ints
    start: Shocks | None


def smallest(trial: Trial, asked: Asked) -> Found:
    """The smallest impairing shock over some axes, with its certificate."""
    lattice = asked.lattice
    best = asked.start
    radius = asked.reach if best is None else norm_of(best, lattice.norm)
    before = trial.tried
    first, checked, whole = _first_sweep(trial, asked, radius)
    if first is not None:
        best = crossing(trial, first)
    if whole:
        best, lattice = _finer(trial, asked, best, before)
    if best is None:
        return _nothing(trial, lattice, checked)
    best = sideways(trial, asked, best)
    radius = norm_of(best, lattice.norm)
    checked = min(checked, radius)
    return Found(best, radius, lattice.spacing, *_proof(trial, lattice, checked))


def _nothing(trial: Trial, lattice: Lattice, checked: float) -> Found:
    """No shock of the grid impairs."""
    return Found(None, None, lattice.spacing, *_proof(trial, lattice, checked))


def _proof(trial: Trial, lattice: Lattice, checked: float) -> tuple[int, float, float]:
    """Points below a norm, that norm, and the end below which nothing worse is left."""
    grid = points(lattice, trial.units, checked, 10**9)
    wide = float(combined(spacing_along(lattice, trial.units), lattice.norm)[0])
    return 0 if grid is None else grid[0].size, checked, max(0.0, checked - wide)


def norm_of(shock: Shocks, norm: Norm) -> float:
    """The norm of one shock."""
    return float(combined(along(shock), norm)[0])


def _first_sweep(trial: Trial, asked: Asked, radius: float) -> tuple[Shocks | None, float, bool]:
    """The first impairing point of the coarsest grid, the norm below which all of its points were
    tried (or would have been: the answer lies lower), and whether that is all that was asked for.
    """
    below = radius
    while (grid := points(asked.lattice, trial.units, below, 50 * asked.budget)) is None:
        below *= 0.8
    shocks, norms = grid
    whole = norms.size <= asked.budget and below == radius
    kept = min(norms.size, asked.budget)
    checked = below if kept == norms.size else float(norms[kept])
    hit = _sweep(trial, shocks.take(slice(0, max(kept, 1))), BATCH)
    if hit is None:
        return None, checked, whole
    return shocks.take(slice(hit, hit + 1)), checked, True


def _sweep(trial: Trial, shocks: Shocks, batch: int) -> int | None:
    """Index of the first shock, in their order, that impairs; None where none does."""
    for first in range(0, shocks.size, batch):
        part = shocks.take(slice(first, first + batch))
        inside = np.flatnonzero(within_reach(trial, part))
        hits = inside[impaired(trial, part.take(inside))] if inside.size else inside
        if hits.size:
            return first + int(hits[0])
    return None


def _finer(
    trial: Trial, asked: Asked, best: Shocks | None, before: int
) -> tuple[Shocks | None, Lattice]:
    """The answer and the finest grid of which all points below it (or reach) were tried."""
    lattice = asked.lattice
    finest = FINEST_OF_VOLATILITY if Axis.VOLATILITY in lattice.over else FINEST
    while lattice.spacing / 2.0 >= finest:
        left = asked.budget - (trial.tried - before)
        radius = asked.reach if best is None else norm_of(best, lattice.norm)
        # Some of the finer grid's points were tried as points of the coarser one.
        grid = points(lattice.halved(), trial.units, radius, left)
        if grid is None:
            break
        hit = _sweep(trial, grid[0], WHOLE)
        lattice = lattice.halved()
        if hit is not None:
            best = crossing(trial, grid[0].take(slice(hit, hit + 1)))
    return best, lattice


def crossing(trial: Trial, shock: Shocks) -> Shocks:
    """The first impairing shock on the way to this one, which impairs.

    The way starts where only its volatility is shocked, as all shocks of one volatility are one
    run; where that impairs already, at no shock at all.
    """
    still = replace(
        shock, spot=0.0 * shock.spot, depth=0.0 * shock.depth, latency=0.0 * shock.latency
    )
    if shock.volatility[0] != 0.0 and impaired(trial, still)[0]:
        return _first_on_ray(trial, still, replace(still, volatility=0.0 * shock.volatility))
    return on_steps(trial.units, _first_on_ray(trial, shock, still))


def _first_on_ray(trial: Trial, shock: Shocks, start: Shocks) -> Shocks:
    """The first impairing shock between two, of which the first impairs."""
    low, high = 0.0, 1.0
    for _ in range(RAY_ROUNDS):
        ends = low + (high - low) * np.arange(1, RAY_POINTS + 1) / RAY_POINTS
        ends[-1] = high
        hits = impaired(trial, _between(start, shock, ends))
        first = int(np.argmax(hits))
        low, high = (low if first == 0 else float(ends[first - 1])), float(ends[first])
    return _between(start, shock, np.array([high]))


def _between(start: Shocks, shock: Shocks, ends: Floats) -> Shocks:
    """Shocks at shares (e,) of the way between two."""
    every = np.zeros(ends.size, dtype=np.int64)
    one, other = start.take(every), shock.take(every)
    whole = ends == 1.0
    return Shocks(
        np.where(whole[:, None], other.spot, one.spot + ends[:, None] * (other.spot - one.spot)),
        np.where(
            whole, other.volatility, one.volatility + ends * (other.volatility - one.volatility)
        ),
        ends * other.depth,
        ends * other.latency,
    )


def resized(shocks: Shocks, wanted: float, norm: Norm) -> Shocks:
    """Those that can be brought to a norm by scaling all but their volatility, so brought."""
    distance = along(shocks)
    level = distance[:, 1]
    rest = distance.copy()
    rest[:, 1] = 0.0
    size = combined(rest, norm)
    if norm is Norm.L2:
        room = np.sqrt(np.maximum(wanted * wanted - level * level, 0.0))
    else:
        room = np.full(level.size, wanted) if norm is Norm.LINF else wanted - level
    fits = (level <= wanted) & (room >= 0.0)
    by = np.divide(room, size, out=np.zeros_like(size), where=size > 0)
    scaled = replace(shocks.scaled(by), volatility=shocks.volatility)
    return scaled.take(np.flatnonzero(fits))


def sideways(trial: Trial, asked: Asked, best: Shocks) -> Shocks:
    """Steps sideways from an answer until none of them impairs at a smaller norm."""
    width = WIDEST
    for _ in range(MOST_STEPS):
        radius = norm_of(best, asked.lattice.norm)
        if width < NARROWEST or radius == 0.0:
            break
        near = _neighbours(trial, asked, best, width * radius)
        near = resized(near, radius * (1.0 - SAVES), asked.lattice.norm)
        near = near.take(np.flatnonzero(within_reach(trial, near)))
        hits = np.flatnonzero(impaired(trial, near)) if near.size else np.zeros(0, dtype=int)
        if hits.size:
            best = crossing(trial, near.take(hits[:1]))
        else:
            width /= 2.0
    return best


def _neighbours(trial: Trial, asked: Asked, best: Shocks, width: float) -> Shocks:
    """Shocks a step away along each asset held and each axis, and without each axis."""
    over, units = asked.lattice.over, trial.units
    out: list[Shocks] = []
    if Axis.SPOT in over:
        for place in asked.held.tolist():
            for sign in (-width, width):
                out.append(replace(best, spot=best.spot + sign * units.factor[place]))
    if Axis.VOLATILITY in over:
        out += [replace(best, volatility=best.volatility + s) for s in (-width, width)]
    if Axis.DEPTH in over:
        out += [replace(best, depth=np.maximum(best.depth + s, 0.0)) for s in (-width, width)]
    if Axis.LATENCY in over:
        step = max(width, units.step_seconds / units.latency)
        out += [replace(best, latency=np.maximum(best.latency + s, 0.0)) for s in (-step, step)]
    for name in ("spot", "volatility", "depth", "latency"):
        if Axis(name) in over:
            out.append(replace(best, **{name: np.zeros_like(getattr(best, name))}))
    return joined(out)
