"""Paths on which surely nobody is reached: told from the extremes of their exogenous prices.

One pass over a path keeps the lowest and the highest price of each coin and the largest average of
its moves. From these three follow the furthest that a feed can show, the widest interval and the
highest factor on margin; if even they leave everybody asleep, nothing happens on the path and none
of its steps need be taken. The inequalities are derived in docs/decisions/041-calm-paths.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.cascade.fast.layout_kernel import types_of
from seawall.foundation.compiled import record_helper, record_kernel, row_helper

Array = np.ndarray[Any, Any]

# Rows of ``feeds`` (n, f), by `seawall.cascade.fast.calm`: what a feed can show; ...
ORIGIN, DOWN, UP, CEILING, FUNDING = range(5)
# ... its interval; ...
Z, FLOOR, FACTOR, WIDEST, QUICKER = range(5, 10)
# ... the factor on margin that follows volatility or depth, ...
STRENGTH, SLOPE, MOST, CAP, BUFFER = range(10, 15)
# ... or open interest.
CROWDED, LOWER, SPAN = range(15, 18)
FEED_ROWS = 18
# Rows of ``coins`` (n, k).
SPOT, EXPECTED = range(2)
# Rows of ``worlds`` (w, n, f).
LOW, HIGH, LONGS, CONTRACTS = range(4)
# Rows of ``hull`` (n, k): of prices; bound of the average move of a step now, and its largest.
LEAST, GREATEST, AVERAGE, MOVE = range(4)
# Steps taken in one go, and how many of those before it is asked whether to go on.
TOGETHER, BETWEEN = 8, 4
# Quotients of prices are rounded.
ROUNDED = 1e-15


@row_helper
def take_one(
    weight: float,
    before: Array,
    price: Array,
    least: Array,
    greatest: Array,
    average: Array,
    move: Array,
) -> None:
    """Extremes (k,) with those of one more step."""
    rest = 1.0 - weight
    for k in range(least.size):
        new = price[k]
        least[k], greatest[k] = min(least[k], new), max(greatest[k], new)
        mean = average[k] * rest + weight * (abs(new - before[k]) / before[k])
        average[k], move[k] = mean, max(move[k], mean)


@row_helper
def take_eight(
    weight: float, rows: Array, least: Array, greatest: Array, average: Array, move: Array
) -> None:
    """Extremes (k,) with those of eight more steps, after the first of nine ``rows`` (9, k).

    Moves are counted over the lowest price, and as if no average forgot within four steps.
    """
    rest = (1.0 - weight) * (1.0 - weight)
    rest = rest * rest
    for k in range(least.size):
        a, b, c, d, e = rows[0, k], rows[1, k], rows[2, k], rows[3, k], rows[4, k]
        f, g, h, i = rows[5, k], rows[6, k], rows[7, k], rows[8, k]
        low = min(min(min(b, c), min(d, e)), min(min(f, g), min(h, i)))
        high = max(max(max(b, c), max(d, e)), max(max(f, g), max(h, i)))
        left = (abs(b - a) + abs(c - b)) + (abs(d - c) + abs(e - d))
        right = (abs(f - e) + abs(g - f)) + (abs(h - g) + abs(i - h))
        scale, mean = weight / min(low, a), average[k]
        left, right = left * scale, right * scale
        top, mean = mean + left, mean * rest + left
        top, mean = max(top, mean + right), mean * rest + right
        least[k], greatest[k] = min(least[k], low), max(greatest[k], high)
        average[k], move[k] = mean, max(move[k], top)


@row_helper
def count_out(least: Array, greatest: Array, outer_low: Array, outer_high: Array) -> int:
    """How many coins (k,) have gone so far that some feed of theirs may be out of bounds."""
    count = np.int64(0)
    for k in range(least.size):
        count += np.int64((least[k] <= outer_low[k]) | (greatest[k] >= outer_high[k]))
    return int(count)


@row_helper
def count_other(one: Array, other: Array) -> int:
    """How many numbers (k,) are not the same."""
    count = np.int64(0)
    for k in range(one.size):
        count += np.int64(one[k] != other[k])
    return int(count)


@record_helper
def extremes(
    weight: float,
    exogenous: Array,
    coins: Array,
    outer_low: Array,
    outer_high: Array,
    hull: Array,
) -> bool:
    """Extremes of a path (s + 1, k); False as soon as one of them is out of bounds."""
    last, least, greatest = exogenous.shape[0] - 1, hull[LEAST], hull[GREATEST]
    average, move = hull[AVERAGE], hull[MOVE]
    if count_other(exogenous[0], coins[SPOT]) > 0:
        return False
    for k in range(least.size):
        least[k], greatest[k] = exogenous[1, k], exogenous[1, k]
        # Volatility is felt as usual at the start.
        usual = coins[EXPECTED, k] if coins[EXPECTED, k] < np.inf else 0.0
        average[k], move[k] = usual, usual
    take_one(weight, exogenous[0], exogenous[1], least, greatest, average, move)
    step, turn = 1, 0
    while step < last:
        if step + TOGETHER <= last:
            rows = exogenous[step : step + TOGETHER + 1]
            take_eight(weight, rows, least, greatest, average, move)
            step += TOGETHER
        else:
            before, price = exogenous[step], exogenous[step + 1]
            take_one(weight, before, price, least, greatest, average, move)
            step += 1
        turn += 1
        if turn % BETWEEN == 0:
            if count_out(least, greatest, outer_low, outer_high) > 0:
                return False
    return True


@record_helper
def close_hull(coins: Array, hull: Array, slack: float) -> bool:
    """Take the start in, and rounding; False where a price is none."""
    sound = True
    for k in range(coins.shape[1]):
        # A price that is no number has made an average of it: sums keep it, comparisons do not.
        sound = sound and hull[LEAST, k] > 0.0 and hull[AVERAGE, k] < np.inf
        hull[MOVE, k] = hull[MOVE, k] * (1.0 + 10.0 * slack) + ROUNDED
        hull[LEAST, k] = min(coins[SPOT, k], hull[LEAST, k])
        hull[GREATEST, k] = max(coins[SPOT, k], hull[GREATEST, k])
    return sound


@record_helper
def crowded(feeds: Array, world: Array, f: int, price: float) -> float:
    """Factor on margin at a price, where it follows open interest and has no memory."""
    interest = world[LONGS, f] * price + world[CONTRACTS, f]
    share = min(max((interest - feeds[LOWER, f]) / feeds[SPAN, f], 0.0), 1.0)
    return float(max(1.0 + (feeds[CROWDED, f] - 1.0) * share, feeds[BUFFER, f]))


@record_helper
def furthest_factor(
    feeds: Array, world: Array, f: int, restless: float, low: float, high: float
) -> float:
    """How far a factor on margin can get from its start while feeds show ``low`` to ``high``.

    restless: largest volatility felt, 1 is usual.
    """
    excess = max(restless - 1.0, 0.0)
    signal = min(feeds[SLOPE, f] * excess, feeds[MOST, f])
    followed = min(1.0 + feeds[STRENGTH, f] * signal, feeds[CAP, f])
    away = max(followed - feeds[BUFFER, f], 0.0)
    first = crowded(feeds, world, f, feeds[ORIGIN, f])
    up, down = crowded(feeds, world, f, high) - first, first - crowded(feeds, world, f, low)
    return float(max(away, max(up, down)))


@record_helper
def stays_asleep(
    feeds: Array,
    world: Array,
    f: int,
    lowest: float,
    highest: float,
    move: float,
    restless: float,
    turned: bool,
    slack: float,
) -> bool:
    """Whether nobody wakes by a feed whose market stays between ``lowest`` and ``highest``."""
    origin, rounding = feeds[ORIGIN, f], slack * highest
    low = min(lowest * feeds[DOWN, f], feeds[CEILING, f]) - rounding
    high = highest * feeds[UP, f] + rounding
    down, up, funded = origin - low, high - origin, feeds[FUNDING, f] * high
    taken = 0.0
    if turned:
        gone = max(down, up)
        away = furthest_factor(feeds, world, f, restless, low, high) + slack
        half = min(feeds[FLOOR, f] + feeds[FACTOR, f] * feeds[QUICKER, f] * move, feeds[WIDEST, f])
        width = feeds[Z, f] * half * (1.0 + slack)
        moved = gone / origin
        away = away + (moved + away * (1.0 + moved)) * width + width
        taken = away * (gone + origin)
    below = down + taken + funded < origin - world[LOW, f]
    return bool(below and up + taken + funded < world[HIGH, f] - origin)


@record_kernel(
    lambda: types_of("f3", "i1", "i1", "f2", "f2", "i1", "f3", "f3", "f3", "f0", "b0", "f0", "b1")
)
def prove_calm(
    exogenous: Array,
    paths: Array,
    start: Array,
    coins: Array,
    feeds: Array,
    asset: Array,
    worlds: Array,
    outer: Array,
    hull: Array,
    weight: float,
    turned: bool,
    slack: float,
    calm: Array,
) -> None:
    """Say of paths (n,) of exogenous prices (p, s + 1, k) whether surely nobody is reached.

    start (p,) their worlds; asset (f,) of feeds; outer (w, 2, k) bounds of market prices; hull
    (p, 4, k) becomes complete on those in ``calm`` (p,); ``weight`` of a step in the
    volatility felt. ``turned``: factors on margin or intervals move.
    """
    for n in range(paths.size):
        p = paths[n]
        w, own = start[p], hull[p]
        still = extremes(weight, exogenous[p], coins, outer[w, 0], outer[w, 1], own)
        still = still and close_hull(coins, own, slack)
        for f in range(asset.size):
            if still:
                k = asset[f]
                low, high, move = own[LEAST, k], own[GREATEST, k], own[MOVE, k]
                restless = max(move / coins[EXPECTED, k], 1.0)
                still = stays_asleep(feeds, worlds[w], f, low, high, move, restless, turned, slack)
        calm[p] = still
