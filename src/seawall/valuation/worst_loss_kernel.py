"""Compiled worst loss: screened in single precision, decided in double precision.

Sums of size x change for a block of shocks stay in vector registers while an account's rows are
added one by one (:mod:`seawall.valuation.register_kernel`).

Only the smallest sum is wanted. So all sums are taken in single precision first (half the memory,
twice the lanes, fused multiply-add), and double precision then looks at the groups of shocks whose
smallest sum lies within the rounding of single precision of the smallest of all. With u = 2^-24 and
n rows an account's single-precision sums are off by at most

    e = 1.1 (n + 4) u sum |size| largest |change|  +  what flushing tiny numbers to 0 takes away

so the true smallest is among those up to 2 e above the smallest seen (Higham 2002, Accuracy and
Stability of Numerical Algorithms, section 3.1). The double-precision sums are left to right, each a
multiplication and then an addition: the answer has the bits of the plain loop on every processor.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.register_kernel import (
    BLOCK,
    GROUPS,
    LANES,
    SUMS,
    WIDTH,
    fetch,
    group_minima,
    smallest_and_sums,
)

TINY = 1e-30  # sizes and changes below this are 0 on the screen: denormal numbers are slow
LEAST_NORMAL = 2.0**-126
AHEAD = 8  # accounts whose rows are asked for in advance
PAIRS = 32_768  # accounts with groups of shocks that wait to be decided
HUGE = 1e37  # beyond this the screen is not believed
ROUNDING = 1.1 * 2.0**-24


@kernel("void(f8[:, ::1], u4[::1], f4[:, :, ::1], f8[::1])")
def pack(change: np.ndarray, rows: np.ndarray, blocks: np.ndarray, largest: np.ndarray) -> None:
    """Copy ``rows`` of ``change`` (i, s) into single-precision blocks (b, r, BLOCK).

    Shocks are dealt to lanes such that groups are what :func:`group_minima` compares. The last
    block is filled up with the last shock, which can change no smallest sum. largest (r,): the
    largest absolute change of each row.
    """
    shocks = change.shape[1]
    offset = np.empty(BLOCK, dtype=np.int64)
    for place in range(BLOCK):
        vector, lane = place // GROUPS, place % GROUPS
        half, within = vector // (SUMS // 2), vector % (SUMS // 2)
        group = half * LANES + lane % LANES
        offset[place] = group * SUMS + 2 * within + lane // LANES
    for row in range(rows.size):
        source = change[rows[row]]
        most = 0.0
        for shock in range(shocks):
            magnitude = abs(source[shock])
            most = magnitude if magnitude > most else most
        largest[row] = most
        for block in range(blocks.shape[0]):
            filled = blocks[block, row]
            start = block * BLOCK
            for place in range(BLOCK):
                value = source[min(start + offset[place], shocks - 1)]
                filled[place] = np.float32(value if abs(value) >= TINY else 0.0)


@kernel("void(f4[:, :, ::1], i8[::1], u4[::1], f4[::1], i8, i8, f4[:, :, ::1])")
def screen(
    blocks: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    size: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
) -> None:
    """Smallest single-precision sums of accounts first to last - 1: seen (b, accounts, GROUPS)."""
    for block in range(blocks.shape[0]):
        table = blocks[block]
        for account in range(first, last):
            out = seen[block, account - first]
            group_minima(table, 0, row, size, pointer[account], pointer[account + 1], out)


@helper
def rounding(size: np.ndarray, row: np.ndarray, largest: np.ndarray, start: int, end: int) -> float:
    """How far single-precision sums of these rows may be off; infinite where numbers are too large.

    The bound of this file's docstring.
    """
    product, sizes, changes = 0.0, 0.0, 0.0
    for at in range(start, end):
        held, most = abs(size[at]), largest[row[at]]
        product += held * most
        sizes += held
        changes += most
    if not (product < HUGE and sizes < HUGE and changes < HUGE):
        return np.inf
    rows = end - start
    flushed = 1.1 * (TINY * (sizes + changes) + rows * LEAST_NORMAL)
    return ROUNDING * (rows + 4) * product + flushed


@helper
def by_group(pairs: np.ndarray, count: int, groups: int, order: np.ndarray) -> None:
    """Fill ``order`` with the first ``count`` pairs (account, group) sorted by group."""
    starts = np.zeros(groups + 1, dtype=np.int64)
    for k in range(count):
        starts[pairs[k, 1] + 1] += 1
    for group in range(groups):
        starts[group + 1] += starts[group]
    for k in range(count):
        group = pairs[k, 1]
        order[starts[group]] = k
        starts[group] += 1


@helper
def settle(
    change: np.ndarray,
    pointer: np.ndarray,
    instrument: np.ndarray,
    size: np.ndarray,
    pairs: np.ndarray,
    count: int,
    order: np.ndarray,
    least: np.ndarray,
    shock: np.ndarray,
) -> None:
    """Double-precision sums of ``count`` pairs (account, group); the smaller one is kept.

    Group by group, so that their part of the table stays in the cache.
    """
    shocks, sums = change.shape[1], np.empty(WIDTH)
    by_group(pairs, count, (shocks + SUMS - 1) // SUMS, order)
    for k in range(count):
        # The next accounts' rows lie far apart; the processor would not look ahead by itself.
        soon = pointer[pairs[order[min(k + AHEAD, count - 1)], 0]]
        fetch(instrument, soon)
        fetch(size, soon)
        fetch(size, soon + 8)
        account, group = pairs[order[k], 0], pairs[order[k], 1]
        # The last group is moved back to end with the table; a neighbour does no harm.
        begins = min(group * SUMS, shocks - WIDTH)
        start, end = pointer[account], pointer[account + 1]
        found = smallest_and_sums(change, begins, instrument, size, start, end, sums)
        # Without a branch: which lane it is cannot be predicted.
        lane = WIDTH
        for other in range(WIDTH - 1, -1, -1):
            lane = other if sums[other] == found else lane
        number, best = begins + lane, least[account]
        shock[account] = (
            number
            if found < best or (found == best and number < shock[account])
            else shock[account]
        )
        least[account] = found if found < best else best


@kernel(
    "void(f8[:, ::1], i8[::1], u4[::1], u4[::1], f8[::1], f8[::1], i8, i8, f4[:, :, ::1],"
    " f8[::1], i8[::1])"
)
def decide(
    change: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    instrument: np.ndarray,
    size: np.ndarray,
    largest: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
    least: np.ndarray,
    shock: np.ndarray,
) -> None:
    """Smallest double-precision sum and its first shock, from groups that may hold it.

    change (i, s) with s >= WIDTH; ``row`` counts rows of ``largest``, ``instrument`` of ``change``.
    """
    shocks, blocks = change.shape[1], seen.shape[0]
    low = np.empty(GROUPS, dtype=np.float32)
    pairs, count = np.empty((PAIRS, 2), dtype=np.int64), 0
    order = np.empty(PAIRS, dtype=np.int64)
    for account in range(first, last):
        least[account], shock[account] = np.inf, 0
        k = account - first
        for group in range(GROUPS):
            low[group] = seen[0, k, group]
        for block in range(1, blocks):
            for group in range(GROUPS):
                one = seen[block, k, group]
                low[group] = one if one < low[group] else low[group]
        lowest = low[0]
        for group in range(1, GROUPS):
            lowest = low[group] if low[group] < lowest else lowest
        error = rounding(size, row, largest, pointer[account], pointer[account + 1])
        limit = float(lowest) + 2.0 * error if error < np.inf else np.inf
        for group in range(GROUPS):
            if low[group] > limit:
                continue
            for block in range(blocks):
                number = block * GROUPS + group
                if seen[block, k, group] > limit or number * SUMS >= shocks:
                    continue
                pairs[count, 0], pairs[count, 1] = account, number
                count += 1
                if count == PAIRS:
                    settle(change, pointer, instrument, size, pairs, count, order, least, shock)
                    count = 0
    settle(change, pointer, instrument, size, pairs, count, order, least, shock)
