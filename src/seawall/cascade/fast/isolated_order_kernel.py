"""Which units of a venue a price has reached, in the order of their numbers, without a sort.

Each has a bit, set as the sorted prices go by; the bits are then read in their order.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.isolated_layout_kernel import (
    FALL,
    FOUR,
    LINE,
    RISE,
    Crossings,
    Crowd,
    Room,
)
from seawall.cascade.fast.layout_kernel import Array
from seawall.foundation.compiled import record_helper

ONE, SHIFT, MASK = np.uint64(1), np.uint64(6), np.uint64(63)
# The place of the only bit of a word: a product shifts a sequence in which all runs of six bits
# differ (de Bruijn), its first six are looked up.
SEQUENCE, TOP = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
PLACES = np.zeros(64, dtype=np.uint64)
for _n in range(64):
    PLACES[((int(SEQUENCE) << _n) & (2**64 - 1)) >> 58] = _n


@record_helper
def mark(bits: Array, unit: np.uint32) -> None:
    """Set the bit of a unit."""
    u = np.uint64(unit)
    bits[u >> SHIFT] |= ONE << (u & MASK)


@record_helper
def reached(
    prices: Array, units: Array, held: Array, bits: Array, first: int, limit: float, sign: float
) -> tuple[int, float]:
    """Mark the units from ``first`` on whose price, times ``sign``, is at most the limit.

    How many; and what their memory holds, added up, so that reading it begins here: all at once,
    where the look goes from one to the next.
    """
    count, touched = 0, 0.0
    rest, who = prices[first:], units[first:]
    while count < rest.size and sign * rest[count] <= limit:
        unit = who[count]
        mark(bits, unit)
        touched += held[(np.uint64(unit) << FOUR) | LINE]
        count += 1
    return count, touched


@record_helper
def wake(crowd: Crowd, cross: Crossings, room: Room, world: int, v: int, step: int) -> int:
    """Mark the units of a venue that prices have reached, and those near; how many."""
    found: int = 0
    bits, held = room.bits[v], crowd.held[world]
    for f in range(cross.venue.size):
        if cross.venue[f] != v:
            continue
        price, integral = room.seen[f, step], room.integral[f, step]
        prices, end = cross.fall_price[world], cross.fall_first[f + 1]
        least = price - cross.shift[FALL, f] * integral
        if room.ahead[FALL, f] >= least:
            first = room.place[FALL, f]
            units = cross.fall_unit[world, :end]
            count, touched = reached(prices[:end], units, held, bits, first, -least, -1.0)
            room.place[FALL, f] = first + count
            room.ahead[FALL, f] = prices[first + count] if first + count < end else -np.inf
            room.touched[0] = touched
            found += count
        prices, end = cross.rise_price[world], cross.rise_first[f + 1]
        most = price - cross.shift[RISE, f] * integral
        if room.ahead[RISE, f] <= most:
            first = room.place[RISE, f]
            units = cross.rise_unit[world, :end]
            count, touched = reached(prices[:end], units, held, bits, first, most, 1.0)
            room.place[RISE, f] = first + count
            room.ahead[RISE, f] = prices[first + count] if first + count < end else np.inf
            room.touched[0] = touched
            found += count
    for n in range(room.waiting[v]):
        mark(bits, room.near[v, n])
    found += room.waiting[v]
    room.waiting[v] = 0
    return found


@record_helper
def list_words(room: Room, v: int, first: int, last: int) -> None:
    """Those words of a venue's bits that are not 0, which are cleared; their units count as closed
    until they stand.
    """
    bits, closed = room.bits[v, first:last], room.closed
    words, listed, count = room.words, room.listed, np.uint64(0)
    for n in range(bits.size):
        word = bits[n]
        words[count], listed[count] = word, first + n
        bits[n] = 0
        count += np.uint64(word != 0)
    for n in range(np.int64(count)):
        closed[listed[n]] |= words[n]


@record_helper
def in_order(words: Array, listed: Array, found: int, who: Array) -> None:
    """The numbers of ``found`` set bits in rising order.

    Without a branch, which would be guessed wrong again and again: where a word has become 0 the
    next turn takes the next one.
    """
    at = np.uint64(0)
    for n in range(found):
        word = words[at]
        low = word & (~word + ONE)
        rest = word ^ low
        words[at] = rest
        who[n] = (listed[at] << SHIFT) + PLACES[(low * SEQUENCE) >> TOP]
        at += np.uint64(rest == 0)


@record_helper
def closed_loss(room: Room) -> float:
    """What closed units have lost, added in the order of their numbers."""
    total, closed = 0.0, room.closed
    for n in range(closed.size):
        word = closed[n]
        while word != 0:
            low = word & (~word + ONE)
            total += room.fall[(np.uint64(n) << SHIFT) + PLACES[(low * SEQUENCE) >> TOP]]
            word ^= low
    return total


@record_helper
def is_closed(closed: Array, unit: int) -> bool:
    """Whether the bit of a unit is set."""
    u = np.uint64(unit)
    return bool((closed[u >> SHIFT] >> (u & MASK)) & ONE)
