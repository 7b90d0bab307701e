"""Crowds of isolated positions, path after path: no path has holdings or books of its own.

A unit is one linear position and is either as at the start or closed in full, so a path is a few
scalars a feed and a coin: its prices, and how far it has come in the sorted liquidation prices.
What is beyond that (a fund that cannot pay, deleveraging, a fallen unit of a desk) gives the path
up: the general engine then runs it from its start. The tape is the same bit for bit (law L6).

Prices run ahead in blocks of steps as if nobody were closed, up to the first step at which a feed
reaches a liquidation price; what was computed beyond it is overwritten.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.isolated_close_kernel import close, look, price_lines
from seawall.cascade.fast.isolated_layout_kernel import (
    CASH,
    FALL,
    FEED,
    MULTIPLIER,
    RATE,
    SIZE,
    Crossings,
    Crowd,
    Out,
    Room,
    Terms,
    Ways,
    isolated_types,
)
from seawall.cascade.fast.isolated_order_kernel import closed_loss, is_closed, wake
from seawall.cascade.fast.isolated_price_kernel import (
    NEVER_DUE,
    PEAK,
    PERMANENT,
    TROUGH,
    are_sound,
    feel,
    move_on,
    note_extremes,
    publish,
)
from seawall.cascade.fast.layout_kernel import Array, Feeds, Impact
from seawall.foundation.compiled import record_helper, record_kernel

# What became of a path; at an odd one all paths are left to the general engine, which says why.
DONE, GIVEN_UP, ODD = 0, 1, 2
BLOCK = 32
LARGE = 1e300


@record_helper
def begin(
    cross: Crossings, terms: Terms, feeds: Feeds, room: Room, world: int, first: Array, quote: int
) -> None:
    """A path at its start, at exogenous prices (k,). The quote currency stays where it is."""
    for k in range(first.size):
        room.market[k, 0] = first[k]
        room.temporary[k, 0] = 0.0
        room.restless[k], room.felt[k] = 1.0, 0
        room.extreme[PERMANENT, k] = 0.0
        room.extreme[TROUGH, k] = first[k]
        room.extreme[PEAK, k] = first[k]
    ahead = room.sent.shape[1] - room.market.shape[1]
    for f in range(feeds.asset.size):
        price = first[feeds.asset[f]]
        for n in range(ahead + 1):
            room.sent[f, n] = price
        room.seen[f, 0], room.due[f, 0] = price, int(min(feeds.heartbeat[f], NEVER_DUE))
        if feeds.asset[f] == quote:
            for t in range(room.seen.shape[1]):
                room.seen[f, t] = price
        for side in range(2):
            n, none = cross.first[side, f], -np.inf if side == FALL else np.inf
            room.since[side, f], room.place[side, f] = n, n
            room.ahead[side, f] = cross.price[world, n] if n < cross.first[side, f + 1] else none
    room.many[0] = 0
    for v in range(terms.fund.size):
        room.waiting[v] = 0
        room.fund[v] = terms.fund[v]
    for n in range(room.closed.size):
        room.closed[n] = 0


@record_helper
def rounds(
    crowd: Crowd,
    cross: Crossings,
    terms: Terms,
    ways: Ways,
    rule: Impact,
    feeds: Feeds,
    room: Room,
    out: Out,
    p: int,
    step: int,
    quote: int,
    most: int,
) -> bool:
    """Look and close, venue by venue, until nobody falls; False: beyond the kernel."""
    world, settle = ways.start[p], room.market[quote, 0]
    for _ in range(most):
        moved = False
        for v in range(terms.fund.size):
            found = wake(cross, room, world, v, step)
            if found == 0:
                continue
            for k in range(room.market.shape[0]):
                if k != quote:
                    feel(rule, room, k, step)
            price_lines(crowd, room, v, step)
            who = out.unit[out.used[0] :]
            count = look(crowd, cross, room, world, v, found, who, settle)
            if count == 0:
                continue
            if not close(crowd, terms, ways, rule, room, out, p, v, step, count, settle):
                return False
            moved = True
        if not moved:
            return True
        note_extremes(room, quote, step, step)
        for f in range(feeds.asset.size):
            if feeds.asset[f] != quote and (feeds.direct[f] or ways.fresh[p]):
                room.seen[f, step] = room.market[feeds.asset[f], step]
    return False


@record_helper
def write_desk(crowd: Crowd, room: Room, out: Out, p: int, world: int, settle: float) -> None:
    """Equity of the desk's units at every step."""
    for d in range(crowd.desk.size):
        size, cash = crowd.desk_held[world, d, SIZE], crowd.desk_held[world, d, CASH]
        if size == 0.0:
            for t in range(out.equity.shape[1]):
                out.equity[p, t, d] = cash * settle + 0.0
            continue
        line = crowd.lines[crowd.desk_line[d]]
        f, factor, rate = int(line[FEED]), line[MULTIPLIER], line[RATE] * line[MULTIPLIER]
        for t in range(out.equity.shape[1]):
            worth = size * (room.seen[f, t] * factor - rate * room.integral[f, t]) * settle
            out.equity[p, t, d] = cash * settle + (0.0 + worth)


@record_helper
def end(
    rule: Impact,
    crowd: Crowd,
    room: Room,
    out: Out,
    p: int,
    world: int,
    quote: int,
    watched: Array,
) -> int:
    """Write down what the tape has of a path, once it is through; what became of it."""
    for d in range(crowd.desk.size):
        if is_closed(room.closed, crowd.desk[d]):
            return GIVEN_UP
    last = room.market.shape[1] - 1
    for k in range(room.market.shape[0]):
        trough, peak = room.extreme[TROUGH, k], room.extreme[PEAK, k]
        out.trough[p, k], out.peak[p, k] = trough, peak
        out.final[p, k] = room.market[k, 0 if k == quote else last]
        if not (trough > 0.0 and peak < np.inf):
            return ODD
        if k == quote:
            continue
        if not are_sound(room.market[k]):
            return ODD
        # No move is larger than this one, and no mean of moves.
        largest = (peak / trough + 1.0) / rule.expected_move[k]
        if not largest < LARGE and not feel(rule, room, k, last) < np.inf:
            return ODD
    out.loss[p] = closed_loss(room)
    write_desk(crowd, room, out, p, world, room.market[quote, 0])
    for w in range(out.seen.shape[2]):
        for n in range(out.seen.shape[1]):
            out.seen[p, n, w] = room.seen[watched[0, w], watched[1, n]]
    return DONE


@record_helper
def stands_still(exogenous: Array, quote: int) -> bool:
    """Whether the quote currency has one price on the whole path."""
    first, others = exogenous[0, quote], 0
    for t in range(exogenous.shape[0]):
        others += int(exogenous[t, quote] != first)
    return others == 0


@record_helper
def run_path(
    crowd: Crowd,
    cross: Crossings,
    terms: Terms,
    ways: Ways,
    out: Out,
    room: Room,
    rule: Impact,
    feeds: Feeds,
    exogenous: Array,
    watched: Array,
    step_seconds: float,
    quote: int,
    most: int,
    p: int,
) -> int:
    """One path to its end; what became of it."""
    if not stands_still(exogenous, quote):
        return GIVEN_UP
    for k in range(exogenous.shape[1]):
        base = room.base[k]
        if k != quote:
            for t in range(base.size):
                base[t] = exogenous[t, k]
    world, fresh, last = ways.start[p], ways.fresh[p], exogenous.shape[0] - 1
    begin(cross, terms, feeds, room, world, exogenous[0], quote)
    step = 0
    while step < last:
        # Who is beyond its price at the start is looked at in the first step, whatever it brings.
        until = min(step + BLOCK, last) if step > 0 else 1
        for k in range(exogenous.shape[1]):
            if k != quote:
                move_on(rule, room, k, step, until)
        # The first step at which a feed reaches somebody.
        stop = until + 1
        for f in range(feeds.asset.size):
            if feeds.asset[f] != quote:
                so_far = min(until, stop)
                hit = publish(cross, feeds, room, f, fresh, step, so_far, step_seconds)
                stop = min(stop, hit)
        until, first = min(until, stop), step == 0
        note_extremes(room, quote, step + 1, until)
        step = until
        if (first or stop == until) and not rounds(
            crowd, cross, terms, ways, rule, feeds, room, out, p, step, quote, most
        ):
            return GIVEN_UP
    return end(rule, crowd, room, out, p, world, quote, watched)


@record_kernel(isolated_types)
def run_isolated(
    crowd: Crowd,
    cross: Crossings,
    terms: Terms,
    ways: Ways,
    out: Out,
    room: Room,
    rule: Impact,
    feeds: Feeds,
    exogenous: Array,
    watched: Array,
    step_seconds: float,
    quote: int,
    most: int,
    paths: Array,
) -> int:
    """Run paths (n,) on exogenous prices (p, s + 1, k); how many were run.

    out.status says what became of each. Stops early where the columns may not hold the events of
    one more path.
    """
    most_rows = 2 * room.entry.size
    for n in range(paths.size):
        p, before, covers, written = paths[n], out.used[0], out.used[1], out.used[2]
        if out.unit.size - before < most_rows:
            return n
        status = run_path(
            crowd,
            cross,
            terms,
            ways,
            out,
            room,
            rule,
            feeds,
            exogenous[p],
            watched,
            step_seconds,
            quote,
            most,
            p,
        )
        out.status[p] = status
        if status != DONE:
            out.used[0], out.used[1], out.used[2] = before, covers, written
    return paths.size
