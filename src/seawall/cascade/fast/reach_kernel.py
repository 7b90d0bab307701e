"""Which sleeping units prices have reached, and between which prices surely nobody is reached.

The exact bounds cost divisions for each feed. So after each wake the nearest of them are turned
into two prices a feed, a little narrow, and a step within them is settled by two comparisons.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.awake_kernel import wake
from seawall.cascade.fast.layout_kernel import Array, Awake, Wakes
from seawall.foundation.compiled import record_helper, row_helper

# Steps for which the bounds of what wakes hold: funding and interest are counted to their end.
STRETCH = 64
# Without any of them bounds hold until somebody wakes.
FOREVER = 2**62
# By how much, of a displacement and of a price, bounds are narrower than what wakes.
NARROW, TINY = 1.0 - 1e-8, 1e-15


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
    n, end = awake.far_next[p, c], wakes.far_first[c + 1]
    if n >= end or not wakes.threshold[n] < np.inf:
        return
    # Between two calls prices may have been as far as the next threshold, and no further.
    before = awake.reached[p, c]
    paid = wakes.drift[c] * steps * (1.0 + max(before, wakes.threshold[n]))
    reached = max(before, (away + paid) * (1.0 + 1e-9))
    awake.reached[p, c] = reached
    while n < end and wakes.threshold[n] <= reached:
        wake(awake, p, wakes.far_unit[n])
        n += 1
    awake.far_next[p, c] = n


@record_helper
def next_threshold(wakes: Wakes, awake: Awake, p: int, c: int, step: int) -> float:
    """How far prices may go until ``step`` before the first sleeping unit of clock ``c`` wakes."""
    n = awake.far_next[p, c]
    # Who never wakes has an infinite threshold, of which nothing can be taken.
    if n >= wakes.far_first[c + 1] or not wakes.threshold[n] < np.inf:
        return np.inf
    least = wakes.threshold[n]
    return float(least - wakes.drift[c] * step * (1.0 + least))


@record_helper
def set_bounds(wakes: Wakes, awake: Awake, p: int, world: int, step: int) -> None:
    """Prices (p, f) between which surely no sleeping unit wakes for some steps.

    A little narrow, by more than the exact bounds can round.
    """
    feeds = wakes.weight.size
    awake.until[p] = FOREVER
    for c in range(feeds + 1):
        if wakes.drift[c] > 0.0:
            awake.until[p] = step + STRETCH
    everywhere = next_threshold(wakes, awake, p, feeds, step + STRETCH)
    for f in range(feeds):
        origin = awake.origin[p, f]
        least = min(everywhere, next_threshold(wakes, awake, p, f, step + STRETCH))
        reach = origin * (least * wakes.weight[f] * NARROW - TINY)
        low, high = origin - reach, origin + reach
        n = awake.fall_next[p, f]
        if n < wakes.fall_first[f + 1]:
            low = max(low, wakes.fall_price[world, n])
        n = awake.rise_next[p, f]
        if n < wakes.rise_first[f + 1]:
            high = min(high, wakes.rise_price[world, n])
        awake.low[p, f], awake.high[p, f] = low, high


@row_helper
def count_beyond(after: Array, integral: Array, funding: Array, low: Array, high: Array) -> int:
    """How many feeds (f,) stand where somebody who sleeps may wake, funding accrued included."""
    out = np.int64(0)
    for f in range(after.size):
        funded = funding[f] * integral[f]
        out += np.int64((after[f] - funded <= low[f]) | (after[f] + funded >= high[f]))
    return int(out)


@row_helper
def count_beyond_turned(after: Array, origin: Array, low: Array, away: Array) -> int:
    """The same where margin stands (f,) away from the start, and no unit has a price."""
    out = np.int64(0)
    for f in range(after.size):
        gone = abs(after[f] - origin[f])
        out += np.int64(gone + away[f] * (gone + origin[f]) >= origin[f] - low[f])
    return int(out)


@record_helper
def wake_in_reach(
    wakes: Wakes, awake: Awake, p: int, world: int, after: Array, integral: Array, step: int
) -> None:
    """Wake the units that feed prices (f,) have reached, and see how far the next ones are."""
    feeds, furthest = after.size, 0.0
    distant = wakes.far_first[feeds + 1] > 0
    for f in range(feeds):
        wake_by_price(wakes, awake, p, world, f, after[f], integral[f])
        if distant:
            away = abs(after[f] / awake.origin[p, f] - 1.0) / wakes.weight[f]
            furthest = max(furthest, away)
            if wakes.far_first[f + 1] > wakes.far_first[f]:
                wake_far(wakes, awake, p, f, away, step)
    if distant:
        wake_far(wakes, awake, p, feeds, furthest, step)
    set_bounds(wakes, awake, p, world, step)


@record_helper
def wake_turned(
    wakes: Wakes, awake: Awake, p: int, world: int, after: Array, away: Array, step: int
) -> None:
    """The same where margin stands (f,) away from the start."""
    feeds, furthest = after.size, 0.0
    for f in range(feeds):
        move = abs(after[f] / awake.origin[p, f] - 1.0)
        distance = (move + away[f] * (1.0 + move)) / wakes.weight[f]
        furthest = max(furthest, distance)
        wake_far(wakes, awake, p, f, distance, step)
    wake_far(wakes, awake, p, feeds, furthest, step)
    set_bounds(wakes, awake, p, world, step)
