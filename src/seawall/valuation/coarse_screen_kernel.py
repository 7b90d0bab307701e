"""First screen of the worst loss: sums in 16-bit integers, a quarter of the table's memory.

An instrument's changes are rounded to t = 32,767 change / largest |change|, an account's rows to
whole weights q in proportion to size x largest |change|, and a sum is that of floor(q t / 2^16).
The weights of an account add up to less than LIMIT(n), so that no sum of n rows leaves 16 bits.

How far a sum is off, in its own units: rounding t costs at most 1/2 x q / 2^16 a row, together less
than 1/2; rounding q at most 1/4 a row; rounding down from 0 to 1 a row. So a sum is from 1.25 n +
1/2 below to 0.25 n + 1/2 above the true one, and the true smallest is among those up to 1.5 n + 1
above the smallest seen. SLACK covers what double precision rounds on the way.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import kernel
from seawall.valuation.register_kernel import COARSE_BLOCK, COARSE_GROUPS, GROUP, group_minima

FULL = 32_767.0  # largest 16-bit number
LIMIT, PER_ROW = 65_000.0, 2.5  # sum of an account's weights: LIMIT - PER_ROW x rows
MOST_ROWS = 8_000  # accounts with more rows are not screened here
SLACK = 3
# Between these an account's sum of size x change and an instrument's changes are scaled safely.
LOWEST, HIGHEST = 1e-280, 1e280
NOT_SCREENED = -1


@kernel("void(f8[:, ::1], u4[::1], i2[:, :, ::1], f8[::1])")
def pack_coarse(
    change: np.ndarray, rows: np.ndarray, blocks: np.ndarray, largest: np.ndarray
) -> None:
    """Round ``rows`` of ``change`` (i, s) into 16-bit blocks (b, r, COARSE_BLOCK).

    Shocks are dealt to lanes such that a lane's sums are a group. What is left of the last block
    repeats the last shock, which can change no smallest sum. largest (r,): the largest absolute
    change of each row; one too small to be scaled gives a row of zeros.
    """
    shocks, last = change.shape[1], change.shape[1] - 1
    rounded = np.empty(blocks.shape[0] * COARSE_BLOCK, dtype=np.int16)
    for row in range(rows.size):
        source = change[rows[row]]
        most = 0.0
        for shock in range(shocks):
            magnitude = abs(source[shock])
            most = magnitude if magnitude > most else most
        largest[row] = most
        scale = FULL / most if LOWEST <= most <= HIGHEST else 0.0
        for shock in range(shocks):
            rounded[shock] = np.int32(source[shock] * scale + (FULL + 1.5)) - np.int32(FULL + 1.0)
        for shock in range(shocks, rounded.size):
            rounded[shock] = rounded[last]
        for block in range(blocks.shape[0]):
            filled = blocks[block, row]
            part = rounded[block * COARSE_BLOCK : (block + 1) * COARSE_BLOCK]
            for within in range(GROUP):
                for group in range(COARSE_GROUPS):
                    filled[within * COARSE_GROUPS + group] = part[group * GROUP + within]


@kernel("void(i8[::1], u4[::1], f8[::1], f8[::1], i8, i8, i2[::1], i4[::1])")
def weigh(
    pointer: np.ndarray,
    row: np.ndarray,
    size: np.ndarray,
    largest: np.ndarray,
    first: int,
    last: int,
    weight: np.ndarray,
    width: np.ndarray,
) -> None:
    """16-bit weights of the rows of accounts first to last - 1, and how far their sums are off.

    weight (rows,), from the first account's first row on. width (accounts,): how far above the
    smallest seen the true smallest may stand, by the bound of this file's docstring; NOT_SCREENED
    where numbers are too large or too small, or rows too many.
    """
    reach = np.empty(largest.size)
    for at in range(reach.size):
        most = largest[at]
        reach[at] = most if most == 0.0 or LOWEST <= most <= HIGHEST else np.inf
    held, origin = np.empty(MOST_ROWS), pointer[first]
    for account in range(first, last):
        start, end = pointer[account], pointer[account + 1]
        rows, total, most = end - start, 0.0, 0.0
        if rows <= MOST_ROWS:
            for k in range(rows):
                held[k] = size[start + k] * reach[row[start + k]]
                magnitude = abs(held[k])
                total += magnitude
                most = magnitude if magnitude > most else most
        out = weight[start - origin : end - origin]
        # NaN falls through: what cannot be scaled has no sum.
        if LOWEST <= total <= HIGHEST:
            per = min((LIMIT - PER_ROW * rows) / total, (FULL - 1.0) / most)
            for k in range(rows):
                # Rounding down what is above 0 rounds to the nearest.
                out[k] = np.int32(held[k] * per + (FULL + 1.5)) - np.int32(FULL + 1.0)
            width[account - first] = (3 * rows) // 2 + 1 + SLACK
        else:
            out[:] = 0
            width[account - first] = NOT_SCREENED


@kernel("void(i2[:, :, ::1], i8[::1], u4[::1], i2[::1], i8, i8, i2[:, :, ::1])")
def screen_coarse(
    blocks: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    weight: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
) -> None:
    """Smallest 16-bit sums of accounts first to last - 1: seen (b, accounts, COARSE_GROUPS)."""
    origin = pointer[first]
    rows = row[origin:]
    for block in range(blocks.shape[0]):
        table = blocks[block]
        for account in range(first, last):
            out = seen[block, account - first]
            start, end = pointer[account] - origin, pointer[account + 1] - origin
            group_minima(table, 0, rows, weight, start, end, out)
