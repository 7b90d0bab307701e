"""Sums over accounts and rows of accounts: the two shape changes of the house, on flat arrays.

Both keep the order of their rows, which is what makes sums reproducible to the last bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def segment_sums(values: Floats, segment: Ints, count: int) -> Floats:
    """Total of the rows of each segment (say: each account), 0 where a segment has no row.

    values (n,) or (r, n), segment (n,) int from 0 to count - 1 in any order; returns (count,) or
    (r, count).

    Rows are added one by one, left to right in row order, starting from 0. ``np.bincount`` does
    that; ``np.add.reduceat`` and ``np.sum`` add pairwise in blocks whose borders depend on the
    length of the run, so removing an unrelated row would change the last bits of a sum and the
    compiled loop could not equal the plain one.

    Raises InputError when a segment number lies outside 0 to count - 1.
    """
    if segment.size and (int(segment.min()) < 0 or int(segment.max()) >= count):
        raise InputError(
            f"segment numbers run from {int(segment.min())} to {int(segment.max())}",
            expected=f"numbers from 0 to {count - 1}",
        )
    if values.ndim == 1:
        # Without rows NumPy answers in whole numbers, hence the conversion.
        return np.bincount(segment, weights=values, minlength=count).astype(np.float64, copy=False)
    rows = values.shape[0]
    # One flat count over (row, segment): row-major order keeps each sum left to right.
    cell = np.arange(rows, dtype=np.int64)[:, None] * count + segment[None, :]
    flat = np.bincount(cell.ravel(), weights=values.ravel(), minlength=rows * count)
    return flat.astype(np.float64, copy=False).reshape(rows, count)


def distinct(number: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    """Distinct whole numbers in rising order, where each stands first, and the place of each number
    among them.

    number (n,) from 0 to count - 1. As ``np.unique`` with index and inverse; but that sorts, which
    for few different numbers in a long column is most of the time.
    """
    first = np.full(count, -1, dtype=np.int64)
    # Of several writes to one cell the last stays, so the column is written backwards.
    first[number[::-1]] = np.arange(number.size - 1, -1, -1)
    used = np.flatnonzero(first >= 0)
    place = np.zeros(count, dtype=np.int64)
    place[used] = np.arange(used.size)
    return used, first[used], place[number]


def expand_ranges(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Every index of ragged ranges, one after another, with the number of the range it is from.

    starts (m,), counts (m,) >= 0. Returns (owner, index), both (counts.sum(),): range ``j`` gives
    ``starts[j], starts[j] + 1, ..., starts[j] + counts[j] - 1`` with owner ``j``.
    Used to go from selected accounts to their rows when rows are sorted by account.
    """
    owner = np.repeat(np.arange(counts.size, dtype=np.int64), counts)
    before = np.cumsum(counts) - counts
    index = np.arange(owner.size, dtype=np.int64) + (starts - before)[owner]
    return owner, index
