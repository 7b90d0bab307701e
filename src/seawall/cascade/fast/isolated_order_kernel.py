"""Which units of a venue a price has reached, in the order of their numbers, without a sort.

Each has a bit, set as the sorted prices go by. How many bits stand before a unit's own is its
place in the order, so units are put where they belong one by one, none waiting for another.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.isolated_layout_kernel import (
    BEGUN,
    CASH,
    FALL,
    FOUR,
    LINE,
    SIZE,
    WHOLE,
    Crossings,
    Crowd,
    Room,
)
from seawall.cascade.fast.layout_kernel import Array
from seawall.foundation.compiled import record_helper, row_helper

ZERO, ONE, SHIFT, MASK = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
# Bits of a word are counted in pairs, fours and bytes at once; compiled, it is one instruction.
PAIRS, FOURS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
BYTES, SUM = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
BY_TWO, BY_FOUR, LAST_BYTE = np.uint64(2), np.uint64(4), np.uint64(56)


@record_helper
def whole(count: int) -> int:
    """The next multiple of WHOLE: loops run so far are vector code to their end.

    What is written beyond the count is never read, or says nothing: there sizes are 0.
    """
    return (count + (WHOLE - 1)) & -WHOLE


@record_helper
def ones(word: np.uint64) -> np.uint64:
    """How many bits of a word are set."""
    word = word - ((word >> ONE) & PAIRS)
    word = (word & FOURS) + ((word >> BY_TWO) & FOURS)
    word = (word + (word >> BY_FOUR)) & BYTES
    return np.uint64((word * SUM) >> LAST_BYTE)


@record_helper
def mark(bits: Array, unit: np.uint32) -> None:
    """Set the bit of a unit."""
    u = np.uint64(unit)
    bits[u >> SHIFT] |= ONE << (u & MASK)


@record_helper
def place_of(bits: Array, before: Array, u: np.uint64) -> np.uint64:
    """How many bits are set before that of a unit."""
    word = u >> SHIFT
    earlier: np.uint64 = before[word]
    return earlier + ones(bits[word] & ((ONE << (u & MASK)) - ONE))


@record_helper
def count_before(bits: Array, before: Array) -> None:
    """How many bits are set before each word."""
    total = ZERO
    for n in range(bits.size):
        before[n] = total
        total += ones(bits[n])


@record_helper
def reached(prices: Array, units: Array, bits: Array, limit: float, sign: float) -> int:
    """Mark the first units whose price, times ``sign``, is at most the limit; how many."""
    count = 0
    while count < prices.size and sign * prices[count] <= limit:
        mark(bits, units[count])
        count += 1
    return count


@record_helper
def wake(cross: Crossings, room: Room, world: int, v: int, step: int) -> int:
    """Mark the units of a venue that prices have reached, and those near; how many."""
    found: int = 0
    prices, units, bits = cross.price[world], cross.unit[world], room.bits
    for f in range(cross.venue.size):
        if cross.venue[f] != v:
            continue
        price, integral = room.seen[f, step], room.integral[f, step]
        for side in range(2):
            first, last = room.place[side, f], cross.first[side, f + 1]
            room.since[side, f] = first
            sign, none = (-1.0, -np.inf) if side == FALL else (1.0, np.inf)
            limit = sign * (price - cross.shift[side, f] * integral)
            if sign * room.ahead[side, f] <= limit:
                count = reached(prices[first:last], units[first:last], bits, limit, sign)
                first += count
                room.place[side, f] = first
                room.ahead[side, f] = prices[first] if first < last else none
                found += count
    for n in range(room.waiting[v]):
        mark(bits, units[room.near[v, n]])
    found += room.waiting[v]
    return found


@record_helper
def put(units: Array, held: Array, bits: Array, before: Array, who: Array, taken: Array) -> None:
    """Units (n,) and what is held of them (4 n,), each to its place in the order of units."""
    for n in range(units.size):
        u, own = np.uint64(units[n]), np.uint64(n) << FOUR
        at = place_of(bits, before, u)
        who[at] = u
        at = at << FOUR
        size, cash, begun, line = held[own], held[own | CASH], held[own | BEGUN], held[own | LINE]
        taken[at], taken[at | CASH], taken[at | BEGUN], taken[at | LINE] = size, cash, begun, line


@row_helper
def in_columns(taken: Array, sizes: Array, cashes: Array, begun: Array, count: int) -> None:
    """Three of the four numbers of each unit (4 n,) as columns (n,)."""
    for n in range(count):
        own = np.uint64(n) << FOUR
        sizes[n], cashes[n], begun[n] = taken[own], taken[own | CASH], taken[own | BEGUN]


@record_helper
def put_in_order(
    crowd: Crowd, cross: Crossings, room: Room, world: int, v: int, found: int, who: Array
) -> None:
    """All that `wake` has marked, in the order of units, whose numbers come into ``who`` (n,)."""
    first, last = crowd.word_first[v], crowd.word_last[v]
    unit, held, bits, before = cross.unit[world], cross.held[world], room.bits, room.before
    taken, sold = room.taken, room.sold
    count_before(bits[first:last], before[first:last])
    for f in range(cross.venue.size):
        if cross.venue[f] == v:
            for side in range(2):
                n, end = room.since[side, f], room.place[side, f]
                put(unit[n:end], held[4 * n : 4 * end], bits, before, who, taken)
    for m in range(room.waiting[v]):
        n = int(room.near[v, m])
        put(unit[n : n + 1], held[4 * n : 4 * n + 4], bits, before, who, taken)
    for n in range(4 * found, 4 * whole(found)):
        taken[n] = 0.0
    in_columns(taken, sold[SIZE], sold[CASH], sold[BEGUN], whole(found))
    if crowd.line_first[v + 1] > crowd.line_first[v] + 1:
        for n in range(found):
            sold[LINE, n] = taken[4 * n + 3]


@record_helper
def note_entries(cross: Crossings, room: Room, world: int, v: int) -> None:
    """Where each of the units in order stands: asked for where one of them does not fall."""
    unit, bits, before, entry = cross.unit[world], room.bits, room.before, room.entry
    for f in range(cross.venue.size):
        if cross.venue[f] == v:
            for side in range(2):
                for n in range(room.since[side, f], room.place[side, f]):
                    entry[place_of(bits, before, np.uint64(unit[n]))] = n
    for m in range(room.waiting[v]):
        n = int(room.near[v, m])
        entry[place_of(bits, before, np.uint64(unit[n]))] = n


@record_helper
def forget(crowd: Crowd, room: Room, v: int) -> None:
    """Clear the marks of a venue; its units count as closed until they stand."""
    first, last = crowd.word_first[v], crowd.word_last[v]
    marked, closed = room.bits[first:last], room.closed[first:last]
    for n in range(marked.size):
        closed[n] |= marked[n]
        marked[n] = ZERO
    room.waiting[v] = 0


@record_helper
def closed_loss(room: Room) -> float:
    """What closed units have lost, added in the order of their numbers."""
    count, gone, lost, ordered = room.many[0], room.gone, room.lost[0], room.lost[1]
    count_before(room.closed, room.before)
    for n in range(count):
        ordered[place_of(room.closed, room.before, np.uint64(gone[n]))] = lost[n]
    total = 0.0
    for n in range(count):
        total += ordered[n]
    return total


@record_helper
def is_closed(closed: Array, unit: int) -> bool:
    """Whether the bit of a unit is set."""
    u = np.uint64(unit)
    return bool((closed[u >> SHIFT] >> (u & MASK)) & ONE)
