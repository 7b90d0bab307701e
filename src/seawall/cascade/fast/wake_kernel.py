"""Who must be looked at: units wake when prices can have brought them to their threshold.

Awake units stand in a list with the clock at which to look again. The clock is the product of
(1 + largest weighted move of any feed) over steps; equity - maintenance moves by at most exposure
x relative move, so nothing is missed. The bounds are those of seawall/cascade/wakeup.py; sorted
liquidation prices stand in for them where a unit is one linear position.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.cascade.fast.awake_kernel import SLACK, put_in, put_to_sleep, wake
from seawall.cascade.fast.glance_kernel import glance, holds
from seawall.cascade.fast.layout_kernel import (
    Array,
    Awake,
    Books,
    Fixed,
    Prices,
    Room,
    Wakes,
    types_of,
)
from seawall.cascade.fast.reach_kernel import (
    count_beyond,
    count_beyond_turned,
    set_bounds,
    wake_by_price,
    wake_far,
    wake_in_reach,
    wake_turned,
)
from seawall.foundation.compiled import record_helper, record_kernel, row_helper
from seawall.foundation.rows_kernel import choose

# Levels are single precision: a clock is read a little late, so that rounding never delays a look.
AHEAD = 1.0 + 2e-7
BLOCK = 64
# A clock beyond this begins anew: far on, single precision would have no numbers left for it.
LATEST = 1e30
# Level of a unit that the plain loop is not done with: its path is the plain loop's at every step.
WAITING = -1.0


@record_helper
def advance_clock(awake: Awake, p: int, factor: float) -> None:
    """Let the clock run on; where it has run too far it begins anew and all are looked at."""
    awake.clock[p] *= factor
    if awake.clock[p] > LATEST:
        awake.clock[p] = 1.0
        for n in range(awake.number[p]):
            awake.level[p, n] = min(awake.level[p, n], 0.0)


@row_helper
def largest_move(before: Array, after: Array, per_weight: Array) -> float:
    """Largest weighted move of a feed (f,)."""
    top = np.int64(0)
    for f in range(before.size):
        move = abs(after[f] / before[f] - 1.0) * per_weight[f]
        # Numbers >= 0 stand in the order of their bits, whose maximum becomes vector code.
        top = max(top, np.float64(move).view(np.int64))
    return float(np.int64(top).view(np.float64))


@row_helper
def largest_turned(before: Array, after: Array, per_weight: Array, turn: Array) -> float:
    """The same where margin turned (f,) too: see `turn_too`."""
    top = np.int64(0)
    for f in range(before.size):
        move = abs(after[f] / before[f] - 1.0)
        move = (move + turn[f] * (1.0 + move)) * per_weight[f]
        top = max(top, np.float64(move).view(np.int64))
    return float(np.int64(top).view(np.float64))


@record_helper
def tick(
    wakes: Wakes,
    awake: Awake,
    p: int,
    world: int,
    before: Array,
    after: Array,
    integral: Array,
    step: int,
    new: bool,
) -> None:
    """Advance the clock for feed prices (f,) and wake what is in reach; ``new``: a new step."""
    beyond = count_beyond(after, integral, wakes.funding, awake.low[p], awake.high[p])
    tick_seen(wakes, awake, p, world, before, after, integral, step, new, beyond)


@record_helper
def tick_seen(
    wakes: Wakes,
    awake: Awake,
    p: int,
    world: int,
    before: Array,
    after: Array,
    integral: Array,
    step: int,
    new: bool,
    beyond: int,
) -> None:
    """`tick` where it has been counted how many feeds are ``beyond`` the prices of those asleep.

    Where nobody is awake nobody waits for the clock, and it may stand.
    """
    largest = 0.0
    if awake.number[p] > 0:
        largest = largest_move(before, after, wakes.per_weight)
    if beyond > 0 or step > awake.until[p]:
        wake_in_reach(wakes, awake, p, world, after, integral, step)
    drift = wakes.drift[before.size] if new else 0.0
    # What is paid in a step is paid at the price after the move.
    advance_clock(awake, p, 1.0 + largest + drift * (1.0 + largest))


@record_helper
def turn_too(
    wakes: Wakes,
    awake: Awake,
    p: int,
    world: int,
    before: Array,
    after: Array,
    turn: Array,
    away: Array,
    step: int,
) -> None:
    """Let the clock see how far factors on margin turned (f,) and stand from the start (f,).

    A factor's turn d counts as a move (1 + m)(1 + d) - 1 together with the price's move m: see
    `seawall.cascade.wakeup`.
    """
    largest = largest_turned(before, after, wakes.per_weight, turn)
    wake_turned(wakes, awake, p, world, after, away, step)
    advance_clock(awake, p, 1.0 + largest)


@record_helper
def tick_turning(
    wakes: Wakes,
    awake: Awake,
    p: int,
    world: int,
    before: Array,
    after: Array,
    turn: Array,
    away: Array,
    step: int,
) -> None:
    """`tick` and `turn_too` of a new step in one, where no unit has a liquidation price.

    ``turn`` is looked at only where somebody is awake.
    """
    largest = 0.0
    if awake.number[p] > 0:
        largest = largest_turned(before, after, wakes.per_weight, turn)
    beyond = count_beyond_turned(after, awake.origin[p], awake.low[p], away)
    if beyond > 0 or step > awake.until[p]:
        wake_turned(wakes, awake, p, world, after, away, step)
    advance_clock(awake, p, 1.0 + largest + wakes.drift[before.size] * (1.0 + largest))


@record_helper
def sort(numbers: Array, count: int) -> None:
    """Sort the first ``count`` numbers in place (Shell 1959): no memory is asked for."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for n in range(gap, count):
            one, m = numbers[n], n
            while m >= gap and numbers[m - gap] > one:
                numbers[m] = numbers[m - gap]
                m -= gap
            numbers[m] = one
        gap //= 3


@record_helper
def sort_fallen(units: Array, equity: Array, maintenance: Array, count: int) -> None:
    """The same for units with what goes with them: few, as most who are due have not fallen."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for n in range(gap, count):
            one, own, needed, m = units[n], equity[n], maintenance[n], n
            while m >= gap and units[m - gap] > one:
                units[m] = units[m - gap]
                equity[m], maintenance[m] = equity[m - gap], maintenance[m - gap]
                m -= gap
            units[m], equity[m], maintenance[m] = one, own, needed
        gap //= 3


@record_helper
def due_in_block(block: Array, clock: Any) -> Any:
    """Which of BLOCK levels a clock in single precision has reached, a bit each; vector code."""
    found = np.int64(0)
    for n in range(BLOCK):
        found |= np.int64(block[n] <= clock) << np.int64(n)
    return found


@record_helper
def lowest_bit(bits: Any) -> int:
    """Place of the lowest bit that is set, of some: the exponent of that bit as a number."""
    alone = np.float64(bits & -bits)
    return int(((alone.view(np.int64) >> 52) & 0x7FF) - 1023)


@record_helper
def collect_due(awake: Awake, p: int, out: Array) -> int:
    """Units due on a path into ``out`` (u,), in the order of their numbers; how many."""
    level, clock = awake.level[p], np.float32(awake.clock[p] * AHEAD)
    count, found = awake.number[p], 0
    for start in range(0, count, BLOCK):
        # Levels beyond the list are infinite.
        bits = due_in_block(level[start : start + BLOCK], clock)
        while bits != 0:
            out[found] = awake.unit[p, start + lowest_bit(bits)]
            found += 1
            bits &= bits - 1
    sort(out, found)
    return found


@record_helper
def find_due(awake: Awake, p: int, out: Array) -> int:
    """Places in the list of the units due on a path into ``out`` (u,); how many."""
    level, clock = awake.level[p], np.float32(awake.clock[p] * AHEAD)
    count, found = awake.number[p], 0
    for start in range(0, count, BLOCK):
        bits = due_in_block(level[start : start + BLOCK], clock)
        while bits != 0:
            out[found] = start + lowest_bit(bits)
            found += 1
            bits &= bits - 1
    return found


@record_helper
def keep_doubtful(awake: Awake, room: Room, p: int, count: int) -> int:
    """From places of due units in ``room.due`` to those units that must be assessed, in any order;
    how many. Who is healthy at a glance sleeps on.
    """
    level, unit, clock = awake.level[p], awake.unit[p], awake.clock[p]
    due, lines, worth, stamp = room.due, room.lines, room.worth, room.stamp
    found = 0
    for n in range(count):
        place = np.uint64(due[n])
        u, old = np.uint64(unit[place]), level[place]
        healthy = False
        if holds(lines[u], stamp) and old >= 0.0:
            buffer, exposure = glance(lines[u], worth)
            healthy = (buffer > 0.0) & (exposure > 0.0)
            later: Any = np.float32(clock * (1.0 + buffer / exposure) * SLACK)
            level[place] = choose(healthy, later, old)
        due[found] = np.int64(u)
        found += int(not healthy)
    return found


@record_kernel(
    lambda: types_of(Fixed, Awake, Books, Prices, "i1", "f2", "f2", "f2", "f2", "i0", "b0", "b0")
)
def tick_paths(
    fixed: Fixed,
    awake: Awake,
    books: Books,
    prices: Prices,
    paths: Array,
    before: Array,
    after: Array,
    turn: Array,
    away: Array,
    step: int,
    new: bool,
    turning: bool,
) -> None:
    """Let the clocks of paths (n,) see feed prices (n, f), and margin turn where ``turning``."""
    for n in range(paths.size):
        p = paths[n]
        world, integral = books.start[p], prices.integral[p]
        tick(fixed.wakes, awake, p, world, before[n], after[n], integral, step, new)
        if turning:
            turn_too(fixed.wakes, awake, p, world, before[n], after[n], turn[n], away[n], step)


@record_kernel(lambda: types_of(Awake, "i1", "i1", "i1"))
def due_on_paths(awake: Awake, paths: Array, out: Array, ends: Array) -> None:
    """Units due on paths (n,) into ``out``, path after path; ``ends`` (n,) where each one's end."""
    at = 0
    for n in range(paths.size):
        at += collect_due(awake, paths[n], out[at:])
        ends[n] = at


@record_kernel(lambda: types_of(Fixed, Awake, "i1", "i1", "f1", "f1", "b1"))
def schedule_pairs(
    fixed: Fixed,
    awake: Awake,
    path: Array,
    unit: Array,
    buffer: Array,
    exposure: Array,
    stay: Array,
) -> None:
    """Let looked-at pairs (n,) sleep as long as their buffers allow."""
    for n in range(path.size):
        put_to_sleep(fixed.units.always, awake, path[n], unit[n], buffer[n], exposure[n], stay[n])
        if stay[n]:
            put_in(awake, path[n], unit[n], WAITING)


@record_kernel(lambda: types_of(Awake, "i1", "i1"))
def wake_pairs(awake: Awake, path: Array, unit: Array) -> None:
    """These pairs (n,) are looked at next, whatever the prices do."""
    for n in range(path.size):
        wake(awake, path[n], unit[n])


@record_kernel(lambda: types_of(Fixed, Awake, Books, Prices))
def begin_awake(fixed: Fixed, awake: Awake, books: Books, prices: Prices) -> None:
    """Everything asleep at the start but what is in reach at once; those always awake are."""
    wakes = fixed.wakes
    for p in range(awake.clock.size):
        awake.clock[p] = 1.0
        for f in range(prices.feed.shape[1]):
            awake.origin[p, f] = prices.feed[p, f]
            awake.fall_next[p, f] = wakes.fall_first[f]
            awake.rise_next[p, f] = wakes.rise_first[f]
            wake_by_price(wakes, awake, p, books.start[p], f, prices.feed[p, f], 0.0)
        for c in range(wakes.far_first.size - 1):
            awake.far_next[p, c] = wakes.far_first[c]
            wake_far(wakes, awake, p, c, 0.0, 0)
        set_bounds(wakes, awake, p, books.start[p], 0)
