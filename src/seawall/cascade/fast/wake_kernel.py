"""Who must be looked at: units wake when prices can have brought them to their threshold.

Awake units stand in a list with the clock at which to look again. The clock is the product of
(1 + largest weighted move of any feed) over steps; equity - maintenance moves by at most exposure
x relative move, so nothing is missed. The bounds are those of seawall/cascade/wakeup.py; sorted
liquidation prices stand in for them where a unit is one linear position.
"""

from __future__ import annotations

from typing import Any

import numpy as np

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
from seawall.foundation.compiled import record_helper, record_kernel

# Bounds are used up a little early, so that rounding (levels are single precision) never delays.
SLACK = 1.0 - 1e-6
AHEAD = 1.0 + 2e-7
BLOCK = 64
# A clock beyond this begins anew: far on, single precision would have no numbers left for it.
LATEST = 1e30
# Level of a unit that the plain loop is not done with: its path is the plain loop's at every step.
WAITING = -1.0


@record_helper
def put_in(awake: Awake, p: int, u: int, level: float) -> None:
    """Let unit ``u`` be looked at when the clock reaches ``level``; it joins the list if needed."""
    place = awake.place[p, u]
    if place == 0:
        n = awake.number[p]
        awake.unit[p, n] = u
        awake.number[p] = n + 1
        place = n + 1
        awake.place[p, u] = place
    awake.level[p, place - 1] = level


@record_helper
def wake(awake: Awake, p: int, u: int) -> None:
    """Let unit ``u`` be looked at next; who waits for the plain loop goes on waiting for it."""
    place = awake.place[p, u]
    if place == 0 or awake.level[p, place - 1] > 0.0:
        put_in(awake, p, u, 0.0)


@record_helper
def take_out(awake: Awake, p: int, u: int) -> None:
    """Let unit ``u`` leave the list: it holds nothing that a price can move."""
    place = awake.place[p, u]
    if place == 0:
        return
    last = awake.number[p] - 1
    moved = awake.unit[p, last]
    awake.unit[p, place - 1] = moved
    awake.level[p, place - 1] = awake.level[p, last]
    awake.level[p, last] = np.inf
    awake.place[p, moved] = place
    awake.place[p, u] = 0
    awake.number[p] = last


@record_helper
def put_to_sleep(
    always: Array, awake: Awake, p: int, u: int, buffer: float, exposure: float, stay: bool
) -> None:
    """After a look: the clock at which the buffer can be used up; ``always`` (u,) stay awake."""
    if stay or always[u]:
        put_in(awake, p, u, 0.0)
    elif exposure > 0.0:
        put_in(awake, p, u, awake.clock[p] * (1.0 + buffer / exposure) * SLACK)
    else:
        take_out(awake, p, u)


@record_helper
def wake_by_price(
    wakes: Wakes, awake: Awake, p: int, world: int, f: int, price: float, integral: float
) -> None:
    """Wake the units whose liquidation price the feed has reached, funding accrued included."""
    funded = wakes.funding[f] * integral
    n, end, least = awake.fall_next[p, f], wakes.fall_first[f + 1], price - funded
    while n < end and wakes.fall_price[world, n] >= least:
        wake(awake, p, wakes.fall_unit[world, n])
        n += 1
    awake.fall_next[p, f] = n
    n, end, most = awake.rise_next[p, f], wakes.rise_first[f + 1], price + funded
    while n < end and wakes.rise_price[world, n] <= most:
        wake(awake, p, wakes.rise_unit[world, n])
        n += 1
    awake.rise_next[p, f] = n


@record_helper
def wake_far(wakes: Wakes, awake: Awake, p: int, c: int, away: float, steps: int) -> None:
    """Wake the units of clock ``c`` whose threshold the displacement has reached."""
    before = awake.reached[p, c]
    paid = wakes.drift[c] * steps * (1.0 + before)
    reached = max(before, (away + paid) * (1.0 + 1e-9))
    awake.reached[p, c] = reached
    n, end = awake.far_next[p, c], wakes.far_first[c + 1]
    while n < end and wakes.threshold[n] <= reached:
        wake(awake, p, wakes.far_unit[n])
        n += 1
    awake.far_next[p, c] = n


@record_helper
def advance_clock(awake: Awake, p: int, factor: float) -> None:
    """Let the clock run on; where it has run too far it begins anew and all are looked at."""
    awake.clock[p] *= factor
    if awake.clock[p] > LATEST:
        awake.clock[p] = 1.0
        for n in range(awake.number[p]):
            awake.level[p, n] = min(awake.level[p, n], 0.0)


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
    feeds = before.size
    largest, furthest = 0.0, 0.0
    distant = wakes.far_first[feeds + 1] > 0
    running = distant or awake.number[p] > 0
    for f in range(feeds):
        moved = after[f] != before[f]
        if moved or wakes.funding[f] > 0.0:
            wake_by_price(wakes, awake, p, world, f, after[f], integral[f])
        if moved and running:
            largest = max(largest, abs(after[f] / before[f] - 1.0) / wakes.weight[f])
        if distant:
            away = abs(after[f] / awake.origin[p, f] - 1.0) / wakes.weight[f]
            furthest = max(furthest, away)
            if wakes.far_first[f + 1] > wakes.far_first[f]:
                wake_far(wakes, awake, p, f, away, step)
    if distant:
        wake_far(wakes, awake, p, feeds, furthest, step)
    drift = wakes.drift[feeds] if new else 0.0
    advance_clock(awake, p, 1.0 + largest + drift)


@record_helper
def turn_too(
    wakes: Wakes,
    awake: Awake,
    p: int,
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
    feeds = before.size
    largest, furthest = 0.0, 0.0
    for f in range(feeds):
        move = abs(after[f] / before[f] - 1.0)
        largest = max(largest, (move + turn[f] * (1.0 + move)) / wakes.weight[f])
        move = abs(after[f] / awake.origin[p, f] - 1.0)
        distance = (move + away[f] * (1.0 + move)) / wakes.weight[f]
        furthest = max(furthest, distance)
        wake_far(wakes, awake, p, f, distance, step)
    wake_far(wakes, awake, p, feeds, furthest, step)
    advance_clock(awake, p, 1.0 + largest)


@record_helper
def tick_turning(
    wakes: Wakes,
    awake: Awake,
    p: int,
    before: Array,
    after: Array,
    turn: Array,
    away: Array,
    step: int,
) -> None:
    """`tick` and `turn_too` of a new step in one, where no unit has a liquidation price."""
    feeds = before.size
    largest, furthest = 0.0, 0.0
    distant = wakes.far_first[feeds + 1] > 0
    for f in range(feeds):
        move = abs(after[f] / before[f] - 1.0)
        largest = max(largest, (move + turn[f] * (1.0 + move)) / wakes.weight[f])
        if distant:
            move = abs(after[f] / awake.origin[p, f] - 1.0)
            distance = (move + away[f] * (1.0 + move)) / wakes.weight[f]
            furthest = max(furthest, distance)
            if wakes.far_first[f + 1] > wakes.far_first[f]:
                wake_far(wakes, awake, p, f, distance, step)
    if distant:
        wake_far(wakes, awake, p, feeds, furthest, step)
    advance_clock(awake, p, 1.0 + largest + wakes.drift[feeds])


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
def due_in_block(block: Array, clock: Any) -> Any:
    """How many of BLOCK levels a clock in single precision has reached; becomes vector code."""
    found = np.int32(0)
    for n in range(BLOCK):
        found += np.int32(block[n] <= clock)
    return found


@record_helper
def collect_due(awake: Awake, p: int, out: Array) -> int:
    """Units due on a path into ``out`` (u,), in the order of their numbers; how many."""
    level, clock = awake.level[p], np.float32(awake.clock[p] * AHEAD)
    count, found = awake.number[p], 0
    for start in range(0, count, BLOCK):
        # Levels beyond the list are infinite.
        block = level[start : start + BLOCK]
        if due_in_block(block, clock) > 0:
            for n in range(BLOCK):
                if block[n] <= clock:
                    out[found] = awake.unit[p, start + n]
                    found += 1
    sort(out, found)
    return found


@record_helper
def find_due(awake: Awake, p: int, out: Array) -> int:
    """Places in the list of the units due on a path into ``out`` (u + BLOCK,); how many."""
    level, clock = awake.level[p], np.float32(awake.clock[p] * AHEAD)
    count, found = awake.number[p], 0
    for start in range(0, count, BLOCK):
        block = level[start : start + BLOCK]
        if due_in_block(block, clock) > 0:
            # Written whether due or not: a branch would be guessed wrong again and again.
            for n in range(BLOCK):
                out[found] = start + n
                found += int(block[n] <= clock)
    return found


@record_helper
def keep_doubtful(awake: Awake, room: Room, p: int, count: int) -> int:
    """From places of due units in ``room.due`` to those units that must be assessed, in the order
    of their numbers; how many. Who is healthy at a glance sleeps on.
    """
    level, unit, clock = awake.level[p], awake.unit[p], awake.clock[p]
    due, lines, worth, stamp = room.due, room.lines, room.worth, room.stamp
    found = 0
    for n in range(count):
        place = due[n]
        u = unit[place]
        if holds(lines[u], stamp) and level[place] >= 0.0:
            buffer, exposure = glance(lines[u], worth)
            if buffer > 0.0 and exposure > 0.0:
                level[place] = clock * (1.0 + buffer / exposure) * SLACK
                continue
        due[found] = u
        found += 1
    sort(due, found)
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
            turn_too(fixed.wakes, awake, p, before[n], after[n], turn[n], away[n], step)


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
