"""Prices of a path on which isolated positions are closed: the market, and what feeds show.

They run ahead in blocks of steps as if nobody were closed. Each of the loops does one thing for a
whole block, so that most of them are vector code.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.isolated_layout_kernel import FALL, RISE, Crossings, Room
from seawall.cascade.fast.isolated_order_kernel import ONE
from seawall.cascade.fast.layout_kernel import Array, Feeds, Impact
from seawall.foundation.compiled import record_helper, row_helper
from seawall.impact.law_kernel import linear_displacement, root_displacement

# Rows of Room.extreme.
PERMANENT, TROUGH, PEAK = range(3)
NEVER_DUE = 1e15


@row_helper
def price_linear(base: Array, flow: Array, permanent: float, market: Array) -> None:
    """Market prices (n,) for outstanding flows by the linear law."""
    for n in range(market.size):
        market[n] = base[n] * linear_displacement(flow[n] + permanent)


@row_helper
def price_root(base: Array, flow: Array, permanent: float, strength: float, market: Array) -> None:
    """The same by the square-root law."""
    for n in range(market.size):
        market[n] = base[n] * root_displacement(strength, flow[n] + permanent)


@record_helper
def move_on(rule: Impact, room: Room, k: int, step: int, end: int) -> None:
    """Market prices of an asset after ``step``, to ``end``, while nobody is closed."""
    market, temporary = room.market[k, step + 1 : end + 1], room.temporary[k, step + 1 : end + 1]
    base, flow = room.base[k, step + 1 : end + 1], room.temporary[k, step]
    permanent = room.extreme[PERMANENT, k]
    for n in range(temporary.size):
        flow = flow * rule.decay
        temporary[n] = flow
    if rule.square_root:
        price_root(base, temporary, permanent, rule.strength[k], market)
    else:
        price_linear(base, temporary, permanent, market)


@record_helper
def send(feeds: Feeds, room: Room, f: int, step: int, end: int) -> None:
    """What a feed sends after ``step``, to ``end``, and when it has to again."""
    ahead = room.sent.shape[1] - room.market.shape[1]
    market, sents = room.market[feeds.asset[f]], room.sent[f, ahead:]
    dues, heartbeat = room.due[f], int(min(feeds.heartbeat[f], NEVER_DUE))
    sent, due, gap = sents[step], dues[step], feeds.deviation[f] * sents[step]
    at, last = np.uint64(step + 1), np.uint64(end + 1)
    while at < last:
        until = np.uint64(min(end + 1, due))
        while at < until and not abs(market[at] - sent) >= gap:
            sents[at], dues[at] = sent, due
            at += ONE
        if at < last:
            sent, due = market[at], np.int64(at) + heartbeat
            gap = feeds.deviation[f] * sent
            sents[at], dues[at] = sent, due
            at += ONE


@row_helper
def show(shown: Array, seen: Array, before: float, waiting: bool, fall: float, rise: float) -> int:
    """Prices that a feed shows (n,); at how many of them there is somebody to look at."""
    count = 0
    for n in range(seen.size):
        price = shown[n]
        seen[n] = price
        count += int((price <= fall) | (price >= rise) | (waiting & (price != before)))
    return count


@record_helper
def publish(
    cross: Crossings,
    feeds: Feeds,
    room: Room,
    f: int,
    fresh: bool,
    step: int,
    end: int,
    step_seconds: float,
) -> int:
    """What a feed shows after ``step``: to ``end``, or to the first step at which to look, which is
    returned; ``end`` + 1 where there is none.
    """
    send(feeds, room, f, step, end)
    ahead = room.sent.shape[1] - room.market.shape[1] - feeds.delay[f]
    shown, seen = room.sent[f, ahead + step : ahead + end + 1], room.seen[f, step : end + 1]
    if fresh:
        shown = room.market[feeds.asset[f], step : end + 1]
    fall, rise = room.ahead[FALL, f], room.ahead[RISE, f]
    before, waiting = seen[0], room.waiting[cross.venue[f]] > 0
    if not cross.funded[f]:
        if show(shown[1:], seen[1:], before, waiting, fall, rise) > 0:
            for n in range(1, seen.size):
                price = seen[n]
                if price <= fall or price >= rise or (waiting and price != before):
                    return step + n
        return end + 1
    integrals, integral = room.integral[f, step:], room.integral[f, step]
    falls, rises = cross.shift[FALL, f], cross.shift[RISE, f]
    for n in range(1, seen.size):
        price = shown[n]
        seen[n] = price
        integral = integral + price * step_seconds
        integrals[n] = integral
        if price - falls * integral <= fall or price - rises * integral >= rise or waiting:
            return step + n
    return end + 1


@record_helper
def note_extremes(room: Room, quote: int, first: int, last: int) -> None:
    """Keep the lowest and the highest market prices of steps from first to last."""
    for k in range(room.market.shape[0]):
        if k == quote:
            continue
        trough, peak = room.extreme[TROUGH, k], room.extreme[PEAK, k]
        market = room.market[k, first : last + 1]
        for n in range(market.size):
            trough = min(trough, market[n])
            peak = max(peak, market[n])
        room.extreme[TROUGH, k], room.extreme[PEAK, k] = trough, peak


@row_helper
def moves_of(after: Array, before: Array, usual: float, moves: Array) -> None:
    """Moves between prices, in usual ones."""
    for n in range(moves.size):
        moves[n] = abs(after[n] / before[n] - 1.0) / usual


@record_helper
def feel(rule: Impact, room: Room, k: int, step: int) -> float:
    """How restless an asset is at a step: what was left undone since it was asked for last."""
    felt: float = room.restless[k]
    first = room.felt[k]
    moves = room.moves[first:step]
    moves_of(
        room.market[k, first + 1 : step + 1],
        room.market[k, first:step],
        rule.expected_move[k],
        moves,
    )
    for n in range(moves.size):
        felt = felt + rule.volatility_weight * (moves[n] - felt)
    room.felt[k], room.restless[k] = step, felt
    return felt


@row_helper
def are_sound(prices: Array) -> bool:
    """Whether all prices (n,) are above 0 and finite."""
    others = 0
    for n in range(prices.size):
        others += int(not ((prices[n] > 0.0) & (prices[n] < np.inf)))
    return others == 0
