"""The stated grid: every combination of steps along the axes, on every direction of prices.

Spot takes 0, h, 2h, ... sigmas along each direction, volatility ..., -h, 0, h, ..., depth and
latency 0, h, 2h, ... (latency in whole steps of the run). Points come in order of their norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.exposure.reverse.directions import Directions
from seawall.exposure.reverse.measure import (
    AXES,
    Axis,
    Norm,
    Shocks,
    Units,
    combined,
    latency_lattice,
)

# A grid of more combinations than this, before directions, is not even counted.
MOST = 4_000_000


@dataclass(frozen=True)
class Lattice:
    """Axes that move, directions of prices, the norm and the spacing h, in units."""

    over: tuple[Axis, ...]
    directions: Directions
    norm: Norm
    spacing: float

    def halved(self) -> Lattice:
        """The same at half the spacing: all points of this one are points of it too."""
        return Lattice(self.over, self.directions, self.norm, self.spacing / 2.0)


def spacing_along(lattice: Lattice, units: Units) -> Floats:
    """How far (1, 4) a shock may be from a worse point of the grid, along each axis.

    Latency: nothing, where the grid has every whole step.
    """
    out = np.zeros((1, len(AXES)))
    for column, axis in enumerate(AXES):
        if axis not in lattice.over:
            continue
        out[0, column] = lattice.spacing
        if axis is Axis.LATENCY:
            wide = latency_lattice(units, lattice.spacing)
            out[0, column] = wide - units.step_seconds / units.latency
    return out


def levels(lattice: Lattice, units: Units, below: float) -> list[Floats]:
    """Values along each axis that can be part of a shock of a norm below this."""
    out = []
    for axis in AXES:
        step = lattice.spacing
        if axis is Axis.LATENCY:
            step = latency_lattice(units, lattice.spacing)
        count = int(np.floor(below / step + 1e-9)) if axis in lattice.over else 0
        first = -count if axis is Axis.VOLATILITY else 0
        out.append(np.arange(first, count + 1, dtype=np.float64) * step)
    return out


def points(lattice: Lattice, units: Units, below: float, most: int) -> tuple[Shocks, Floats] | None:
    """Shocks of the grid with a norm below this, smallest first, and their norms.

    None where there are more than ``most``.
    """
    values = levels(lattice, units, below)
    if np.prod([float(v.size) for v in values]) > MOST:
        return None
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*values, indexing="ij")], axis=1)
    norm = combined(np.abs(grid), lattice.norm)
    grid, norm = grid[norm < below], norm[norm < below]
    still = grid[:, 0] == 0.0
    count = int(still.sum()) + int((~still).sum()) * len(lattice.directions.name)
    if count > most:
        return None
    return _spread(lattice, units, grid, norm)


def _spread(lattice: Lattice, units: Units, grid: Floats, norm: Floats) -> tuple[Shocks, Floats]:
    """Combinations (g, 4) on every direction, in order of their norms (g,)."""
    still = grid[:, 0] == 0.0
    vectors = lattice.directions.vector
    rows = [np.flatnonzero(still), np.repeat(np.flatnonzero(~still), vectors.shape[0])]
    spot = np.concatenate(
        [
            np.zeros((rows[0].size, units.assets.size)),
            np.tile(vectors, (int((~still).sum()), 1)) * grid[rows[1], :1],
        ]
    )
    row = np.concatenate(rows)
    order = np.argsort(norm[row], kind="stable")
    taken = row[order]
    shocks = Shocks(spot[order], grid[taken, 1], grid[taken, 2], grid[taken, 3])
    return shocks, norm[taken]


def subsets(over: Sequence[Axis]) -> list[tuple[Axis, ...]]:
    """Each axis alone, each pair, and all of them; each set once."""
    found: list[tuple[Axis, ...]] = [(axis,) for axis in over]
    found += [(a, b) for n, a in enumerate(over) for b in over[n + 1 :]]
    return list(dict.fromkeys([*found, tuple(over)]))
