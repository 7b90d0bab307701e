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
    CASHES,
    DUES,
    EQUITIES,
    FEED,
    FOUR,
    LINE,
    LINES,
    MARGIN_PRICE,
    MARKET_PRICE,
    MULTIPLIER,
    PAID,
    RATE,
    SIZES,
    Crowd,
    Out,
    Room,
    Terms,
    Ways,
)
from seawall.cascade.fast.isolated_order_kernel import MASK, ONE, SHIFT, in_order, list_words
from seawall.cascade.fast.layout_kernel import Array, Impact
from seawall.foundation.compiled import record_helper
from seawall.impact.law_kernel import linear_average, root_average

PERMANENT, TROUGH, PEAK = range(3)
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


@record_helper
def assess(
    rate: Array,
    deduction: Array,
    worth: Array,
    size: float,
    cash: float,
    settle: float,
) -> tuple[float, float, bool]:
    """Equity and maintenance of a unit of a line, and whether it has fallen.

    rate, deduction (t,) and worth (4,) of the line.
    """
    price = worth[MARGIN_PRICE]
    notional = abs(size) * price
    due = notional * rate[0] - deduction[0]
    for t in range(1, rate.size):
        due = max(due, notional * rate[t] - deduction[t])
    due = due * settle
    own = size * (price - worth[ACCRUED])
    equity = cash * settle + own * settle
    return equity, due, (equity < due) & (notional > 0.0)


@record_helper
def judge(crowd: Crowd, room: Room, v: int, found: int, settle: float) -> int:
    """Equity and maintenance of marked units; how many stand."""
    rate, deduction, worth = crowd.rate, crowd.deduction, room.worth
    sizes, cashes, lines = room.sold[SIZES], room.sold[CASHES], room.sold[LINES]
    equities, dues = room.sold[EQUITIES], room.sold[DUES]
    first, standing = crowd.line_first[v], 0
    if crowd.line_first[v + 1] == first + 1:
        own_rate, own_deduction, own_worth = rate[first], deduction[first], worth[first]
        for n in range(found):
            equity, due, fallen = assess(
                own_rate, own_deduction, own_worth, sizes[n], cashes[n], settle
            )
            equities[n], dues[n] = equity, due
            standing += int(not fallen)
        return standing
    for n in range(found):
        line = np.uint64(int(lines[n]))
        equity, due, fallen = assess(
            rate[line], deduction[line], worth[line], sizes[n], cashes[n], settle
        )
        equities[n], dues[n] = equity, due
        standing += int(not fallen)
    return standing


@record_helper
def let_stand(room: Room, v: int, found: int) -> int:
    """Put aside the units that stand, to be looked at when prices have moved; how many fell."""
    who, sold = room.who, room.sold
    count, fell = np.uint64(0), 0
    for n in range(found):
        if sold[EQUITIES, n] < sold[DUES, n] and sold[SIZES, n] != 0.0:
            who[count] = who[n]
            for column in range(sold.shape[0]):
                sold[column, count] = sold[column, n]
            count += ONE
            fell += 1
        else:
            u = who[n]
            room.near[v, room.waiting[v]] = u
            room.waiting[v] += 1
            room.closed[u >> SHIFT] &= ~(ONE << (u & MASK))
    return fell


@record_helper
def look(crowd: Crowd, room: Room, world: int, v: int, found: int, settle: float) -> int:
    """Assess the marked units in the order of their numbers: how many fell."""
    list_words(room, v, crowd.word_first[v], crowd.word_last[v])
    who, held = room.who, crowd.held[world]
    in_order(room.words, room.listed, found, who)
    sizes, cashes, lines = room.sold[SIZES], room.sold[CASHES], room.sold[LINES]
    for n in range(found):
        at = who[n] << FOUR
        sizes[n], cashes[n], lines[n] = held[at], held[at | CASH], held[at | LINE]
    if judge(crowd, room, v, found, settle) == 0:
        return found
    return let_stand(room, v, found)


@record_helper
def plan(crowd: Crowd, room: Room, v: int, notional: Array, count: int) -> None:
    """Notional (n,) of each order, and the flow they make in each asset."""
    batch, sizes, lines, worth = room.batch, room.sold[SIZES], room.sold[LINES], room.worth
    for n in range(batch.shape[1]):
        batch[FLOW, n] = 0.0
        batch[ORDERED, n] = 0.0
    first, total = crowd.line_first[v], 0.0
    if crowd.line_first[v + 1] == first + 1:
        price = worth[first, MARKET_PRICE]
        for n in range(count):
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
    sizes, left, lines = room.sold[SIZES], room.sold[CASHES], room.sold[LINES]
    first, last, worth = crowd.line_first[v], crowd.line_first[v + 1], room.worth
    for n in range(first, last):
        mean = room.batch[MEAN, int(crowd.lines[n, ASSET])]
        worth[n, PAID] = mean * crowd.lines[n, MULTIPLIER] - worth[n, ACCRUED]
    if last == first + 1:
        price = worth[first, PAID]
        for n in range(count):
            left[n] -= -sizes[n] * price
    else:
        for n in range(count):
            left[n] -= -sizes[n] * worth[np.uint64(int(lines[n])), PAID]


@record_helper
def trade(rule: Impact, ways: Ways, room: Room, p: int, step: int, exogenous: Array) -> None:
    """Book the flow of each asset; its mean price is what orders pay."""
    batch = room.batch
    for k in range(batch.shape[1]):
        if batch[ORDERED, k] == 0.0:
            continue
        thin = 1.0
        if not rule.square_root:
            thin = 1.0 + rule.thinning * max(room.restless[k, step] - 1.0, 0.0)
        moved = batch[FLOW, k] * thin / (rule.depth[k] * ways.depth[p])
        before = room.temporary[k, step] + room.extreme[PERMANENT, k]
        after = before + moved
        base = exogenous[step, k]
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
    left, rate, fund = room.sold[CASHES], terms.fee[v] + terms.taker_fee[v], room.fund[v]
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
    place: tuple[int, int, int],
    settle: float,
) -> int:
    """The fund pays deficits; place: path, step, row. How many, -1 where it cannot."""
    who, left = room.who, room.sold[CASHES]
    p, step, row = place
    short = 0
    for n in range(count):
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
            out.path[at], out.step[at], out.unit[at] = p, step, who[n]
            out.notional[at], out.fee[at] = 0.0, 0.0
            at = out.used[1] + short
            out.cover[at], out.covered[at] = row + short, owed
            short += 1
    room.fund[v] = paid
    out.used[1] += short
    return short


@record_helper
def write(out: Out, p: int, step: int, row: int, who: Array, count: int) -> None:
    """Rows of the tape, but for notional and fee."""
    path, when, unit = out.path[row:], out.step[row:], out.unit[row:]
    for n in range(count):
        path[n] = p
    for n in range(count):
        when[n] = step
    for n in range(count):
        unit[n] = who[n]


@record_helper
def is_matched(terms: Terms, room: Room, v: int, count: int) -> bool:
    """Whether units that owe more than the fund has go to deleveraging."""
    if not terms.adl[v]:
        return False
    owed, equities = 0.0, room.sold[EQUITIES]
    for n in range(count):
        owed += max(-equities[n], 0.0)
    return owed > 0.0 and owed > (max(room.fund[v], 0.0) if terms.fund_before_adl[v] else 0.0)


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
    exogenous: Array,
    settle: float,
) -> bool:
    """Forced orders for the fallen units of a venue; False: this is beyond the kernel."""
    if is_matched(terms, room, v, count):
        return False
    row, who, left = out.used[0], room.who, room.sold[CASHES]
    plan(crowd, room, v, out.notional[row:], count)
    trade(rule, ways, room, p, step, exogenous)
    pay_out(crowd, room, v, count)
    write(out, p, step, row, who, count)
    charge(terms, room, out, v, count, row, settle)
    covered = cover(terms, room, out, v, count, (p, step, row + count), settle)
    if covered < 0:
        return False
    held, fall = crowd.held[ways.start[p]], room.fall
    for n in range(count):
        u = who[n]
        fall[u] = held[(u << FOUR) | BEGUN] - (left[n] * settle + 0.0)
    out.used[0] = row + count + covered
    return True
