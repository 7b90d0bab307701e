"""A glance at a unit that is due: whether it is surely healthy, from one line of memory.

Nearly every look finds a healthy unit, and most of its time is waiting for sizes, cash and lines
that lie far apart. So a look writes what it has read into one line of 64 bytes, and the next look
at the same unit begins there: worth less maintenance is a sum of sizes times what one unit of size
is worth at this step. It is kept below the exact value by more than single precision can err
(`CAUTION`), and its exposure above, so that a unit found healthy is healthy and sleeps no longer
than its buffer allows. Who is not surely healthy is assessed exactly: no answer changes.

A line holds while one path runs on: what the plain loop changes is never glanced at, as every path
that is taken up has a stamp of its own. A line of what a unit held at the start has the stamp of
its world instead, and holds on all paths that have run on since their start. Left to exact looks:
options, inverse contracts, units that settle in a moving asset, margin that grows faster than size,
more rows than a line holds.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.layout_kernel import (
    FEED,
    KIND,
    MULTIPLIER,
    RATE,
    SHORTFALL,
    TIER,
    WEIGHT,
    Array,
    Awake,
    Books,
    Fixed,
    Prices,
    Room,
)
from seawall.foundation.compiled import record_helper

# A line of `Room.lines`: cash, sizes, places in `Room.worth` (the bits of whole numbers), stamp.
CASH, SIZES, PLACES, STAMP = 0, 1, 8, 15
HELD = PLACES - SIZES
# Stamps of `Room.stamp`: of this path, and of what a world's units hold at the start.
OWN, START = 0, 1
LINEAR, BALANCE = 0, 2
# Share of each amount by which it is counted lower: single precision errs by 6e-8.
CAUTION = 1e-6
# Sizes and cash beyond these have no line: single precision errs by more there, and then ends.
LEAST, MOST = 1e-30, 1e30
# First tiers are told from the price at the start, and hold while it has grown no more than this.
REACH = 4.0
# Stamps are whole numbers in single precision, which ends there.
LAST_STAMP = 16_000_000


@record_helper
def take_up(room: Room, world: int, fresh: bool) -> None:
    """A path is taken up: no line that was written before holds but, where the path is ``fresh``
    at its start, those of what units of its world then hold.
    """
    stamp = room.stamp[OWN] + 1
    if stamp > LAST_STAMP:
        stamp = 1
        for u in range(room.lines.shape[0]):
            room.lines[u, STAMP] = 0.0
    room.stamp[OWN] = stamp
    room.stamp[START] = -1 - world if fresh and room.alike else stamp


@record_helper
def holds(line: Array, stamp: Array) -> bool:
    """Whether a line says what its unit holds on the path that was taken up."""
    found: bool = line[STAMP] == stamp[OWN] or line[STAMP] == stamp[START]
    return found


@record_helper
def forget(lines: Array, u: int) -> None:
    """The unit's holdings are about to change."""
    lines[u, STAMP] = 0.0


@record_helper
def remember(fixed: Fixed, books: Books, awake: Awake, room: Room, p: int, u: int) -> None:
    """Write a unit's line, if it has one; its rows stand in the core's nearest cache by now."""
    glances = fixed.glances
    if not glances.known[u]:
        return
    line, rows, origin = room.lines[u], fixed.rows, awake.origin
    line[STAMP] = 0.0
    n = 0
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        size = books.size[p, r]
        if size == 0.0:
            continue
        place = glances.place[r]
        own = rows.lines[glances.line[place]]
        if n == HELD or (size < 0.0) != glances.short[place] or not LEAST < abs(size) < MOST:
            return
        if own[KIND] == LINEAR:
            most = abs(size) * own[MULTIPLIER] * REACH * origin[p, int(own[FEED])]
            if not most <= glances.first_tier[int(own[TIER])]:
                return
        line[SIZES + n] = abs(size)
        line[PLACES + n] = np.int32(place).view(np.float32)
        n += 1
    if n == 0:
        return
    for m in range(n, HELD):
        line[SIZES + m] = 0.0
    cash = books.cash[p, u]
    if not abs(cash) < MOST:
        return
    line[CASH] = cash - CAUTION * abs(cash)
    # Whoever was sold here holds something else than at the start.
    line[STAMP] = room.stamp[START if books.tried[p, u] == 0 else OWN]


@record_helper
def derivative_worth(
    fixed: Fixed, prices: Prices, own: Array, p: int, price: float, signed: float, near: bool
) -> tuple[float, float]:
    """Maintenance and exposure of one linear contract; ``signed``: its price, below 0 if short."""
    tiers, table, at = fixed.tiers, int(own[TIER]), int(own[FEED])
    rate = tiers.rate[table, 0] if near else tiers.top_rate[table]
    factor = prices.scale[p, at] if fixed.scaled else 1.0
    due = factor * rate * price
    if fixed.wide:
        due = due + prices.width[p, at] * abs(signed - due)
    return due, price * (1.0 + factor * tiers.top_rate[table])


@record_helper
def loan_worth(
    fixed: Fixed, prices: Prices, own: Array, p: int, worth: float, signed: float
) -> float:
    """Maintenance of one unit of a balance of this worth."""
    due = own[SHORTFALL] * worth if worth > 0.0 else 0.0
    if fixed.wide:
        due = due + prices.width[p, int(own[FEED])] * abs(signed - due)
    return due


@record_helper
def price_sizes(fixed: Fixed, prices: Prices, awake: Awake, worth: Array, p: int) -> None:
    """What one unit of size adds to equity - maintenance at least, and to exposure at most.

    worth (n, 2) by place: contract or asset, and side.
    """
    glances, feed = fixed.glances, prices.feed
    for n in range(worth.shape[0]):
        own = fixed.rows.lines[glances.line[n]]
        at, sign = int(own[FEED]), -1.0 if glances.short[n] else 1.0
        price = feed[p, at] * own[MULTIPLIER]
        funding = own[RATE] * own[MULTIPLIER] * prices.integral[p, at]
        value = sign * (price - funding)
        if own[KIND] == LINEAR:
            near = feed[p, at] <= REACH * awake.origin[p, at]
            due, gross = derivative_worth(fixed, prices, own, p, price, sign * price, near)
        else:
            due, gross = loan_worth(fixed, prices, own, p, value, sign * price), price
        worth[n, 0] = value - due - CAUTION * (price + abs(funding) + due)
        worth[n, 1] = gross * own[WEIGHT] * (1.0 + CAUTION)


@record_helper
def glance(line: Array, worth: Array) -> tuple[float, float]:
    """Equity - maintenance at least, exposure at most, of a unit with this line, quote."""
    buffer, exposure = float(line[CASH]), 0.0
    for n in range(HELD):
        # Beyond the last size there are zeros, and places of something: a branch costs more.
        # Of a number without a sign nobody asks whether it counts from the end.
        size = float(line[SIZES + n])
        place = np.uint64(np.float32(line[PLACES + n]).view(np.int32))
        buffer += size * worth[place, 0]
        exposure += size * worth[place, 1]
    return buffer, exposure
