"""Who falls in a round, and their forced orders: on scalars and one line of memory for each unit.

The same operations in the same order as `_sell` of `seawall.cascade.closing` and what it calls.
"""

from __future__ import annotations

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
    FALL,
    FEED,
    FOUR,
    LINE,
    LINES,
    MARGIN_PRICE,
    MARKET_PRICE,
    MULTIPLIER,
    PAID,
    RATE,
    RISE,
    SIZES,
    Crossings,
    Crowd,
    Out,
    Room,
    Terms,
    Ways,
)
from seawall.cascade.fast.layout_kernel import Array, Impact
from seawall.foundation.compiled import record_helper
from seawall.impact.law_kernel import linear_average, root_average

ONE, SHIFT, MASK = np.uint64(1), np.uint64(6), np.uint64(63)
# The place of the only bit of a word: a product shifts a sequence in which all runs of six bits
# differ (de Bruijn), its first six are looked up.
SEQUENCE, TOP = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
PLACES = np.zeros(64, dtype=np.uint64)
for _n in range(64):
    PLACES[((int(SEQUENCE) << _n) & (2**64 - 1)) >> 58] = _n
PERMANENT, TROUGH, PEAK = range(3)
FLOW, ORDERED, MEAN = range(3)


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
    found, bits, held = 0, room.bits[v], crowd.held[world]
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
def price_lines(crowd: Crowd, room: Room, v: int, step: int) -> None:
    """What a unit of size of each of a venue's lines is worth now."""
    for n in range(crowd.line_first[v], crowd.line_first[v + 1]):
        line, worth = crowd.lines[n], room.worth[n]
        f, k = int(line[FEED]), int(line[ASSET])
        worth[MARGIN_PRICE] = room.seen[f, step] * line[MULTIPLIER]
        worth[MARKET_PRICE] = room.market[k, step] * line[MULTIPLIER]
        worth[ACCRUED] = line[RATE] * line[MULTIPLIER] * room.integral[f, step]


@record_helper
def list_words(room: Room, v: int, first: int, last: int) -> None:
    """Those words of a venue's bits that are not 0, which are cleared; their units count as closed
    until they stand.
    """
    bits, closed = room.bits[v, first:last], room.closed[first:last]
    words, listed, count = room.words, room.listed, np.uint64(0)
    for n in range(bits.size):
        word = bits[n]
        words[count], listed[count] = word, first + n
        bits[n] = 0
        closed[n] |= word
        count += np.uint64(word != 0)


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
    count = np.uint64(0)
    for n in range(found):
        if sold[EQUITIES, n] < sold[DUES, n] and sold[SIZES, n] != 0.0:
            who[count] = who[n]
            for column in range(sold.shape[0]):
                sold[column, count] = sold[column, n]
            count += ONE
        else:
            u = who[n]
            room.near[v, room.waiting[v]] = u
            room.waiting[v] += 1
            room.closed[u >> SHIFT] &= ~(ONE << (u & MASK))
    return np.int64(count)


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
    for k in range(batch.shape[1]):
        batch[FLOW, k] = 0.0
        batch[ORDERED, k] = 0.0
    first, total = crowd.line_first[v], 0.0
    if crowd.line_first[v + 1] == first + 1:
        price = worth[first, MARKET_PRICE]
        for n in range(count):
            notional[n] = abs(-sizes[n] * price)
        for n in range(count):
            total += -sizes[n] * price
        k = np.uint64(int(crowd.lines[first, ASSET]))
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
        if ways.trace[p] and moved != 0.0:
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
