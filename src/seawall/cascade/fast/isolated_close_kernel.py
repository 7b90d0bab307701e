"""Who falls in a round, and their forced orders: on scalars and one line of memory for each unit.

The same operations in the same order as `_sell` of `seawall.cascade.closing` and what it calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.cascade.fast.advance_kernel import displaced
from seawall.cascade.fast.isolated_layout_kernel import (
    ACCRUED,
    ASSET,
    BEGUN,
    CASH,
    DUE,
    EQUITY,
    FEED,
    LINE,
    MARGIN_PRICE,
    MARKET_PRICE,
    MULTIPLIER,
    PAID,
    PATH,
    RATE,
    ROW,
    SIZE,
    STEP,
    Crossings,
    Crowd,
    Out,
    Room,
    Terms,
    Ways,
)
from seawall.cascade.fast.isolated_order_kernel import (
    MASK,
    ONE,
    SHIFT,
    forget,
    note_entries,
    put_in_order,
    whole,
)
from seawall.cascade.fast.isolated_price_kernel import PERMANENT
from seawall.cascade.fast.layout_kernel import Array, Impact
from seawall.foundation.compiled import record_helper, row_helper
from seawall.impact.law_kernel import linear_average, root_average

FLOW, ORDERED, MEAN = range(3)


@record_helper
def price_lines(crowd: Crowd, room: Room, v: int, step: int) -> None:
    """What a unit of size of each of a venue's lines is worth now."""
    for n in range(crowd.line_first[v], crowd.line_first[v + 1]):
        line, worth = crowd.lines[n], room.worth[n]
        f, k = int(line[FEED]), int(line[ASSET])
        worth[MARGIN_PRICE] = room.seen[f, step] * line[MULTIPLIER]
        worth[MARKET_PRICE] = room.market[k, step] * line[MULTIPLIER]
        worth[ACCRUED] = line[RATE] * line[MULTIPLIER] * room.integral[f, step]


@row_helper
def first_due(sizes: Array, price: float, rate: float, deduction: float, dues: Array) -> None:
    """Maintenance of the lowest tier."""
    for n in range(dues.size):
        dues[n] = abs(sizes[n]) * price * rate - deduction


@row_helper
def next_due(sizes: Array, price: float, rate: float, deduction: float, dues: Array) -> None:
    """The same of a tier above, where it is more."""
    for n in range(dues.size):
        dues[n] = max(dues[n], abs(sizes[n]) * price * rate - deduction)


@row_helper
def equities_of(
    sizes: Array, cashes: Array, worth: Array, settle: float, equities: Array, dues: Array
) -> int:
    """Equity of units of one line, maintenance in quote; how many have fallen."""
    fallen, price, accrued = 0, worth[MARGIN_PRICE], worth[ACCRUED]
    for n in range(equities.size):
        due, own = dues[n] * settle, sizes[n] * (price - accrued)
        equity = cashes[n] * settle + own * settle
        equities[n], dues[n] = equity, due
        fallen += int((equity < due) & (abs(sizes[n]) * price > 0.0))
    return fallen


@record_helper
def assess(
    crowd: Crowd, worth: Array, line: int, sold: Array, first: int, last: int, settle: float
) -> int:
    """Equity and maintenance of units of one line, first to last; how many have fallen."""
    sizes, cashes = sold[SIZE, first:last], sold[CASH, first:last]
    equities, dues = sold[EQUITY, first:last], sold[DUE, first:last]
    rate, deduction, price = crowd.rate[line], crowd.deduction[line], worth[line, MARGIN_PRICE]
    first_due(sizes, price, rate[0], deduction[0], dues)
    for t in range(1, rate.size):
        next_due(sizes, price, rate[t], deduction[t], dues)
    return equities_of(sizes, cashes, worth[line], settle, equities, dues)


@record_helper
def judge(crowd: Crowd, room: Room, v: int, found: int, settle: float) -> int:
    """Equity and maintenance of marked units; how many have fallen."""
    first, fallen = crowd.line_first[v], 0
    if crowd.line_first[v + 1] == first + 1:
        return assess(crowd, room.worth, first, room.sold, 0, whole(found), settle)
    lines = room.sold[LINE]
    begin = 0
    while begin < found:
        line, end = int(lines[begin]), begin + 1
        while end < found and int(lines[end]) == line:
            end += 1
        fallen += assess(crowd, room.worth, line, room.sold, begin, end, settle)
        begin = end
    return fallen


@record_helper
def let_stand(room: Room, v: int, found: int, who: Array) -> int:
    """Put aside the units that stand, to be looked at when prices have moved; how many fell."""
    entry, sold = room.entry, room.sold
    count = 0
    for n in range(found):
        price = room.worth[np.uint64(sold[LINE, n]), MARGIN_PRICE]
        if sold[EQUITY, n] < sold[DUE, n] and abs(sold[SIZE, n]) * price > 0.0:
            who[count] = who[n]
            for column in range(sold.shape[0]):
                sold[column, count] = sold[column, n]
            count += 1
        else:
            u = np.uint64(who[n])
            room.near[v, room.waiting[v]] = entry[n]
            room.waiting[v] += 1
            room.closed[u >> SHIFT] &= ~(ONE << (u & MASK))
    for n in range(count, whole(count)):
        sold[SIZE, n], sold[CASH, n], sold[BEGUN, n] = 0.0, 0.0, 0.0
    return count


@record_helper
def look(
    crowd: Crowd,
    cross: Crossings,
    room: Room,
    world: int,
    v: int,
    found: int,
    who: Array,
    settle: float,
) -> int:
    """Assess the marked units in the order of their numbers: how many fell; their numbers come
    into ``who``.
    """
    put_in_order(crowd, cross, room, world, v, found, who)
    standing = found - judge(crowd, room, v, found, settle)
    if standing > 0:
        note_entries(cross, room, world, v)
    forget(crowd, room, v)
    return found if standing == 0 else let_stand(room, v, found, who)


@record_helper
def plan(crowd: Crowd, room: Room, v: int, notional: Array, count: int) -> None:
    """Notional (n,) of each order, and the flow they make in each asset."""
    batch, sizes, lines, worth = room.batch, room.sold[SIZE], room.sold[LINE], room.worth
    for n in range(batch.shape[1]):
        batch[FLOW, n] = 0.0
        batch[ORDERED, n] = 0.0
    first, total = crowd.line_first[v], 0.0
    if crowd.line_first[v + 1] == first + 1:
        price = worth[first, MARKET_PRICE]
        for n in range(whole(count)):
            notional[n] = abs(-sizes[n] * price)
        for n in range(count):
            total += -sizes[n] * price
        k: Any = np.uint64(int(crowd.lines[first, ASSET]))
    else:
        k = np.uint64(int(crowd.lines[int(lines[0]), ASSET]))
        for n in range(count):
            line = np.uint64(int(lines[n]))
            own = np.uint64(int(crowd.lines[line, ASSET]))
            if own != k:
                batch[FLOW, k] = total
                batch[ORDERED, k] = 1.0
                k, total = own, batch[FLOW, own]
            value = -sizes[n] * worth[line, MARKET_PRICE]
            notional[n] = abs(value)
            total += value
    batch[FLOW, k] = total
    batch[ORDERED, k] = 1.0


@record_helper
def pay_out(crowd: Crowd, room: Room, v: int, count: int) -> None:
    """Cash after the orders, at the mean price of each asset."""
    sizes, left, lines = room.sold[SIZE], room.sold[CASH], room.sold[LINE]
    first, last, worth = crowd.line_first[v], crowd.line_first[v + 1], room.worth
    for n in range(first, last):
        mean = room.batch[MEAN, int(crowd.lines[n, ASSET])]
        worth[n, PAID] = mean * crowd.lines[n, MULTIPLIER] - worth[n, ACCRUED]
    if last == first + 1:
        price = worth[first, PAID]
        for n in range(whole(count)):
            left[n] -= -sizes[n] * price
    else:
        for n in range(count):
            left[n] -= -sizes[n] * worth[np.uint64(int(lines[n])), PAID]


@record_helper
def trade(rule: Impact, ways: Ways, room: Room, p: int, step: int) -> None:
    """Book the flow of each asset; its mean price is what orders pay."""
    batch = room.batch
    for k in range(batch.shape[1]):
        if batch[ORDERED, k] == 0.0:
            continue
        thin = 1.0
        if not rule.square_root:
            restless = room.restless[k]
            thin = 1.0 + rule.thinning * max(restless - 1.0, 0.0)
        moved = batch[FLOW, k] * thin / (rule.depth[k] * ways.depth[p])
        before = room.temporary[k, step] + room.extreme[PERMANENT, k]
        after = before + moved
        base = room.base[k, step]
        if rule.square_root:
            mean = root_average(rule.strength[k], before, after)
        else:
            mean = linear_average(before, after)
        batch[MEAN, k] = base * mean if ways.slippage[p] else room.market[k, step]
        if ways.trace[p]:
            # Also where orders cancel out: the plain loop then sets the price once more.
            room.temporary[k, step] += (1.0 - rule.permanent_share) * moved
            room.extreme[PERMANENT, k] += rule.permanent_share * moved
            room.market[k, step] = base * displaced(rule.square_root, rule.strength[k], after)


@record_helper
def charge(terms: Terms, room: Room, out: Out, v: int, count: int, row: int, settle: float) -> None:
    """Liquidation fee to fund or keeper, taker fee to the venue, out of what orders left."""
    if not terms.charged[0]:
        return
    left, rate, fund = room.sold[CASH], terms.fee[v] + terms.taker_fee[v], room.fund[v]
    notional, fees = out.notional[row:], out.fee[row:]
    if not rate > 0.0:
        for n in range(count):
            fees[n] = 0.0
        return
    share = terms.fee[v] / rate
    for n in range(count):
        total = min(max(left[n] * settle, 0.0), rate * notional[n])
        fee = total * share
        fees[n] = total
        left[n] += -fee / settle
        left[n] += (fee - total) / settle
        if not terms.to_keeper[v]:
            fund += fee
    room.fund[v] = fund


@record_helper
def cover(
    terms: Terms,
    room: Room,
    out: Out,
    v: int,
    count: int,
    row: int,
    settle: float,
) -> int:
    """The fund pays deficits; ``row`` is the next one. How many, -1 where it cannot."""
    left, who, short = room.sold[CASH], out.unit[row - count :], 0
    for n in range(whole(count)):
        short += int(-left[n] * settle > 0.0)
    if short == 0:
        return 0
    fund, paid, short = max(room.fund[v], 0.0), room.fund[v], 0
    for n in range(count):
        owed = -left[n] * settle
        if owed > 0.0:
            if not (terms.fund_first[v] and owed <= fund):
                return -1
            fund -= owed
            paid -= owed
            left[n] += owed / settle
            at = row + short
            out.unit[at] = who[n]
            out.notional[at], out.fee[at] = 0.0, 0.0
            at = out.used[1] + short
            out.cover[at], out.covered[at] = row + short, owed
            short += 1
    room.fund[v] = paid
    out.used[1] += short
    return short


@record_helper
def is_matched(terms: Terms, room: Room, v: int, count: int) -> bool:
    """Whether units that owe more than the fund has go to deleveraging."""
    if not terms.adl[v]:
        return False
    owed, equities = 0.0, room.sold[EQUITY]
    for n in range(count):
        owed += max(-equities[n], 0.0)
    return owed > 0.0 and owed > (max(room.fund[v], 0.0) if terms.fund_before_adl[v] else 0.0)


@record_helper
def note_losses(room: Room, who: Array, count: int, settle: float) -> None:
    """What the closed units have lost."""
    first, begun, left = room.many[0], room.sold[BEGUN], room.sold[CASH]
    gone, lost = room.gone[first:], room.lost[0, first:]
    for n in range(whole(count)):
        gone[n] = who[n]
    for n in range(whole(count)):
        lost[n] = begun[n] - (left[n] * settle + 0.0)
    room.many[0] = first + count


@record_helper
def close(
    crowd: Crowd,
    terms: Terms,
    ways: Ways,
    rule: Impact,
    room: Room,
    out: Out,
    p: int,
    v: int,
    step: int,
    count: int,
    settle: float,
) -> bool:
    """Forced orders for the fallen units of a venue; False: this is beyond the kernel.

    Their numbers stand in the tape already, from the first row that is not used.
    """
    if is_matched(terms, room, v, count):
        return False
    row = out.used[0]
    plan(crowd, room, v, out.notional[row:], count)
    trade(rule, ways, room, p, step)
    pay_out(crowd, room, v, count)
    charge(terms, room, out, v, count, row, settle)
    covered = cover(terms, room, out, v, count, row + count, settle)
    if covered < 0:
        return False
    note_losses(room, out.unit[row:], count, settle)
    out.used[0], written = row + count + covered, out.used[2]
    out.round[written, ROW], out.round[written, PATH], out.round[written, STEP] = row, p, step
    out.used[2] = written + 1
    return True
