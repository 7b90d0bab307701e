"""Which units can be judged at a glance, and where their rows find what a unit of size is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.setup import Setup
from seawall.foundation.arrays import distinct
from seawall.margin.table.margin_table import RowKind

# Numbers in single precision on a line of 64 bytes.
LINE = 16


def compile_glances(setup: Setup, line: NDArray[np.int32]) -> layout.Glances:
    """Places of the rows (r,): one for each ``line`` (r,) and side that the book has."""
    short = setup.table.rows.size < 0.0
    key = line.astype(np.int64) * 2 + short
    key, _, place = distinct(key, int(key.max(initial=0)) + 1)
    return layout.Glances(
        known=_known(setup),
        place=place.astype(np.int32),
        line=key // 2,
        short=key % 2 == 1,
        first_tier=first_tier(setup),
    )


def empty_lines(units: int) -> NDArray[np.float32]:
    """No line (u, 16) is written yet. Each begins where a line of the processor's memory does."""
    room = np.zeros((units + 1) * LINE, dtype=np.float32)
    before = -room.ctypes.data // room.itemsize % LINE
    return room[before : before + units * LINE].reshape(units, LINE)


def _known(setup: Setup) -> Bools:
    """Units (u,) whose equity - maintenance is a sum over rows of size times a price of the step.

    Not with options or inverse contracts, in a settlement asset that moves, or where margin grows
    faster than size.
    """
    rows, units = setup.table.rows, setup.table.units
    odd = (rows.kind == RowKind.INVERSE) | (rows.slope != 0.0)
    known: Bools = (np.diff(units.options) == 0) & ~setup.wake.always
    known &= setup.table.feed_asset[units.settle] == setup.quote
    known[rows.unit[odd]] = False
    return known


def first_tier(setup: Setup) -> Floats:
    """Notional (x,) up to which margin is the first rate of a tier table, infinite with one tier.

    0 where that is not so from the start.
    """
    tiers = setup.table.tiers
    rate, deduction = tiers.maintenance_rate, tiers.maintenance_deduction
    out = np.full(rate.shape[0], np.inf)
    for t in range(1, rate.shape[1]):
        steeper = rate[:, t] > rate[:, 0]
        step = np.where(steeper, rate[:, t] - rate[:, 0], 1.0)
        meets = np.where(steeper, deduction[:, t] / step, np.inf)
        if tiers.start is not None:
            # Tables whose margin does not jump begin every tier at 0.
            starts = np.where(steeper & (tiers.start[:, t] > 0.0), tiers.start[:, t], np.inf)
            meets = np.minimum(meets, starts)
        out = np.minimum(out, meets)
    plain = (deduction[:, 0] == 0.0) & (deduction >= 0.0).all(axis=1)
    return np.where(plain, out, 0.0)
