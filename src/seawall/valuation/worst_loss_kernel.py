"""Compiled worst loss: screened in 16 bits and in single precision, decided in double precision.

Sums of size x change for a block of shocks stay in vector registers while an account's rows are
added one by one (:mod:`seawall.valuation.register_kernel`).

Only the smallest sum is wanted. So all sums are first taken in 16 bits
(:mod:`seawall.valuation.coarse_screen_kernel`), and double precision then looks at the groups of
shocks whose smallest sum lies within the rounding of 16 bits of the smallest of all. Accounts of
which that leaves many groups, such as hedged ones, are screened again in single precision (with
fused multiply-add). With u = 2^-24 and n rows an account's single-precision sums are off by at most

    e = 1.1 (n + 4) u sum |size| largest |change|  +  what flushing tiny numbers to 0 takes away

so the true smallest is among those up to 2 e above the smallest seen (Higham 2002, Accuracy and
Stability of Numerical Algorithms, section 3.1). The double-precision sums are left to right, each a
multiplication and then an addition: the answer has the bits of the plain loop on every processor.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.coarse_screen_kernel import FULL, NOT_SCREENED
from seawall.valuation.register_kernel import (
    COARSE_GROUPS,
    FINE_BLOCK,
    FINE_GROUPS,
    GROUP,
    fetch,
    group_minima,
    lanes_at_most,
    lower,
    smallest,
    smallest_and_sums,
)

TINY = 1e-30  # sizes and changes below this are 0 on the screen: denormal numbers are slow
LEAST_NORMAL = 2.0**-126
AHEAD = 8  # accounts whose rows are asked for in advance
PAIRS = 32_768  # accounts with groups of shocks that wait to be decided
HUGE = 1e37  # beyond this the screen is not believed
ROUNDING = 1.1 * 2.0**-24
# What is left by the screen in 16 bits is decided when it is two groups, or an eighth of them all.
FEW, FEW_PART = 2, 8


@kernel("void(f8[:, ::1], u4[::1], f4[:, :, ::1])")
def pack_fine(change: np.ndarray, rows: np.ndarray, blocks: np.ndarray) -> None:
    """Copy ``rows`` of ``change`` (i, s) into single-precision blocks (b, r, FINE_BLOCK).

    Shocks are dealt to lanes such that a lane's sums are a group. What is left of the last block
    repeats the last shock, which can change no smallest sum.
    """
    last = change.shape[1] - 1
    for row in range(rows.size):
        source = change[rows[row]]
        for block in range(blocks.shape[0]):
            filled = blocks[block, row]
            for within in range(GROUP):
                for group in range(FINE_GROUPS):
                    value = source[min(block * FINE_BLOCK + group * GROUP + within, last)]
                    small = np.float32(value if abs(value) >= TINY else 0.0)
                    filled[within * FINE_GROUPS + group] = small


@kernel("void(f4[:, :, ::1], i8[::1], u4[::1], f4[::1], i8[::1], f4[:, :, ::1])")
def screen_fine(
    blocks: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    size: np.ndarray,
    accounts: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Smallest single-precision sums of some accounts: seen (b, accounts, FINE_GROUPS)."""
    for block in range(blocks.shape[0]):
        table = blocks[block]
        for k in range(accounts.size):
            start, end = pointer[accounts[k]], pointer[accounts[k] + 1]
            group_minima(table, 0, row, size, start, end, seen[block, k])


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
    """Fill ``order`` with the first ``count`` pairs (account, group) sorted by group.

    So that a group's part of the table stays in the cache, where accounts have many groups.
    """
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
    """Double-precision sums of ``count`` pairs (account, group), taken in ``order``.

    The smaller one is kept, of equals the first shock.
    """
    shocks, sums = change.shape[1], np.empty(GROUP)
    flat = change.reshape(-1)
    for k in range(count):
        # What is needed lies far apart, and the processor does not look beyond the end of a loop
        # whose length it cannot guess: asked for in advance, rows first, then their changes.
        later = pointer[pairs[order[min(k + 2 * AHEAD, count - 1)], 0]]
        fetch(instrument, later)
        fetch(size, later)
        fetch(size, later + 8)
        ahead = order[min(k + AHEAD, count - 1)]
        soon, group = pairs[ahead, 0], pairs[ahead, 1]
        begins = min(group * GROUP, shocks - GROUP)
        for at in range(pointer[soon], pointer[soon + 1]):
            place = np.int64(instrument[at]) * shocks + begins
            fetch(flat, place)
            fetch(flat, place + GROUP - 1)
        account, group = pairs[order[k], 0], pairs[order[k], 1]
        # The last group is moved back to end with the table; a neighbour does no harm.
        begins = min(group * GROUP, shocks - GROUP)
        start, end = pointer[account], pointer[account + 1]
        found = smallest_and_sums(change, begins, instrument, size, start, end, sums)
        # Without a branch: which lane it is cannot be predicted.
        lane = GROUP
        for other in range(GROUP - 1, -1, -1):
            lane = other if sums[other] == found else lane
        number, best = begins + lane, least[account]
        shock[account] = (
            number
            if found < best or (found == best and number < shock[account])
            else shock[account]
        )
        least[account] = found if found < best else best


@kernel(
    "i8(f8[:, ::1], i8[::1], u4[::1], f8[::1], i8, i8, i2[:, :, ::1], i4[::1], f8[::1], i8[::1],"
    " i8[::1])"
)
def decide_coarse(
    change: np.ndarray,
    pointer: np.ndarray,
    instrument: np.ndarray,
    size: np.ndarray,
    first: int,
    last: int,
    seen: np.ndarray,
    width: np.ndarray,
    least: np.ndarray,
    shock: np.ndarray,
    left: np.ndarray,
) -> int:
    """Smallest double-precision sum and its first shock, where 16 bits leave few groups.

    change (i, s) with s >= GROUP. The other accounts' numbers are written to ``left`` (accounts,);
    returns how many they are.
    """
    shocks, blocks = change.shape[1], seen.shape[0]
    groups = (shocks + GROUP - 1) // GROUP
    few = max(FEW, groups // FEW_PART)
    low = np.empty(COARSE_GROUPS, dtype=np.int16)
    pairs, count = np.empty((PAIRS + groups, 2), dtype=np.int64), 0
    # As they come: neighbours hold the same rare instruments, and each account has few groups.
    order, others = np.arange(PAIRS + groups), 0
    for account in range(first, last):
        k, before = account - first, count
        least[account], shock[account] = np.inf, 0
        low[:] = FULL
        for block in range(blocks):
            lower(low, seen[block, k])
        limit = np.int16(min(np.int64(smallest(low)) + width[k], np.int64(FULL)))
        for block in range(blocks):
            near = lanes_at_most(seen[block, k], limit)
            lane = 0
            while near > 0:
                number = block * COARSE_GROUPS + lane
                if near & 1 and number < groups:
                    pairs[count, 0], pairs[count, 1] = account, number
                    count += 1
                near >>= 1
                lane += 1
        if width[k] == NOT_SCREENED or count - before > few:
            count, left[others] = before, account
            others += 1
        if count >= PAIRS:
            settle(change, pointer, instrument, size, pairs, count, order, least, shock)
            count = 0
    settle(change, pointer, instrument, size, pairs, count, order, least, shock)
    return others


@kernel(
    "void(f8[:, ::1], i8[::1], u4[::1], u4[::1], f8[::1], f8[::1], i8[::1], f4[:, :, ::1],"
    " f8[::1], i8[::1])"
)
def decide_fine(
    change: np.ndarray,
    pointer: np.ndarray,
    row: np.ndarray,
    instrument: np.ndarray,
    size: np.ndarray,
    largest: np.ndarray,
    accounts: np.ndarray,
    seen: np.ndarray,
    least: np.ndarray,
    shock: np.ndarray,
) -> None:
    """Smallest double-precision sum and its first shock, from what single precision leaves.

    change (i, s) with s >= GROUP; ``row`` counts rows of ``largest``, ``instrument`` of ``change``.
    """
    shocks, blocks = change.shape[1], seen.shape[0]
    groups = (shocks + GROUP - 1) // GROUP
    low = np.empty(FINE_GROUPS, dtype=np.float32)
    pairs, count = np.empty((PAIRS, 2), dtype=np.int64), 0
    order = np.empty(PAIRS, dtype=np.int64)
    for k in range(accounts.size):
        account = accounts[k]
        least[account], shock[account] = np.inf, 0
        for group in range(FINE_GROUPS):
            low[group] = seen[0, k, group]
        for block in range(1, blocks):
            for group in range(FINE_GROUPS):
                one = seen[block, k, group]
                low[group] = one if one < low[group] else low[group]
        lowest = low[0]
        for group in range(1, FINE_GROUPS):
            lowest = low[group] if low[group] < lowest else lowest
        error = rounding(size, row, largest, pointer[account], pointer[account + 1])
        limit = float(lowest) + 2.0 * error if error < np.inf else np.inf
        for group in range(FINE_GROUPS):
            if low[group] > limit:
                continue
            for block in range(blocks):
                number = block * FINE_GROUPS + group
                if seen[block, k, group] > limit or number >= groups:
                    continue
                pairs[count, 0], pairs[count, 1] = account, number
                count += 1
                if count == PAIRS:
                    by_group(pairs, count, groups, order)
                    settle(change, pointer, instrument, size, pairs, count, order, least, shock)
                    count = 0
    by_group(pairs, count, groups, order)
    settle(change, pointer, instrument, size, pairs, count, order, least, shock)
