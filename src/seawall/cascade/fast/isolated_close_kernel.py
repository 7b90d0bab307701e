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
    FALL,
    FEED,
    LINE,
    MARGIN_PRICE,
    MARKET_PRICE,
    MULTIPLIER,
    PAID,
    RATE,
    RISE,
    SIZE,
    TIER,
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

LIQUIDATION, COVER = 0, 5
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
def wake(cross: Crossings, room: Room, world: int, v: int, step: int) -> int:
    """Mark the units of a venue that prices have reached, and those near; how many."""
    found, bits = 0, room.bits[v]
    fall_price, fall_unit = cross.fall_price[world], cross.fall_unit[world]
    rise_price, rise_unit = cross.rise_price[world], cross.rise_unit[world]
    for f in range(cross.venue.size):
        if cross.venue[f] != v:
            continue
        price, integral = room.seen[f, step], room.integral[f, step]
        n, end = room.place[FALL, f], cross.fall_first[f + 1]
        least = price - cross.shift[FALL, f] * integral
        while n < end and fall_price[n] >= least:
            mark(bits, fall_unit[n])
            found += 1
            n += 1
        room.place[FALL, f] = n
        room.ahead[FALL, f] = fall_price[n] if n < end else -np.inf
        n, end = room.place[RISE, f], cross.rise_first[f + 1]
        most = price - cross.shift[RISE, f] * integral
        while n < end and rise_price[n] <= most:
            mark(bits, rise_unit[n])
            found += 1
            n += 1
        room.place[RISE, f] = n
        room.ahead[RISE, f] = rise_price[n] if n < end else np.inf
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
    """The words of a venue's bits that are not 0; their units count as closed until they stand."""
    bits, closed, listed = room.bits[v], room.closed, room.listed
    count = 0
    for n in range(first, last):
        listed[count] = n
        count += int(bits[n] != 0)
    listed[count] = first
    for n in range(first, last):
        closed[n] |= bits[n]


@record_helper
def maintenance(crowd: Crowd, table: int, notional: float) -> float:
    """The largest of the lines of a tier table."""
    rate, deduction = crowd.rate, crowd.deduction
    result: float = notional * rate[table, 0] - deduction[table, 0]
    for t in range(1, rate.shape[1]):
        line = notional * rate[table, t] - deduction[table, t]
        if line > result:
            result = line
    return result


@record_helper
def look(
    crowd: Crowd, room: Room, world: int, v: int, found: int, settle: float
) -> tuple[int, float]:
    """Assess the marked units in the order of their numbers: how many fell, and what they owe.

    Who stands is looked at again when prices have moved.
    """
    list_words(room, v, crowd.word_first[v], crowd.word_last[v])
    held, bits, listed, who, sold = (
        crowd.held[world],
        room.bits[v],
        room.listed,
        room.who,
        room.sold,
    )
    count, owed, at = 0, 0.0, 0
    word_at = np.uint64(listed[0])
    word = bits[word_at]
    for _ in range(found):
        low = word & (~word + ONE)
        u = (word_at << SHIFT) + PLACES[(low * SEQUENCE) >> TOP]
        word ^= low
        # Read whether needed or not: a branch would be guessed wrong again and again.
        next_at = np.uint64(listed[at + 1])
        follows = bits[next_at]
        if word == 0:
            at += 1
            word_at = next_at
            word = follows
        size, cash = held[u, SIZE], held[u, CASH]
        line = int(held[u, LINE])
        price = room.worth[line, MARGIN_PRICE]
        notional = abs(size) * price
        due = maintenance(crowd, int(crowd.lines[line, TIER]), notional) * settle
        worth = size * (price - room.worth[line, ACCRUED])
        equity = cash * settle + worth * settle
        if equity < due and notional > 0.0:
            who[count] = u
            sold[SIZE, count] = size
            sold[CASH, count] = cash
            sold[2, count] = line
            owed += max(-equity, 0.0)
            count += 1
        else:
            room.near[v, room.waiting[v]] = u
            room.waiting[v] += 1
            room.closed[u >> SHIFT] &= ~(ONE << (u & MASK))
    for n in range(crowd.word_first[v], crowd.word_last[v]):
        bits[n] = 0
    return count, owed


@record_helper
def plan(crowd: Crowd, room: Room, out: Out, count: int, row: int) -> None:
    """Notional of each order into the tape's rows, and the flow they make in each asset."""
    batch, sold, notional = room.batch, room.sold, out.notional
    for k in range(batch.shape[1]):
        batch[FLOW, k] = 0.0
        batch[ORDERED, k] = 0.0
    k, total = int(crowd.lines[int(sold[2, 0]), ASSET]), 0.0
    for n in range(count):
        line = int(sold[2, n])
        own = int(crowd.lines[line, ASSET])
        if own != k:
            batch[FLOW, k] = total
            batch[ORDERED, k] = 1.0
            k, total = own, batch[FLOW, own]
        value = -sold[SIZE, n] * room.worth[line, MARKET_PRICE]
        notional[row + n] = abs(value)
        total += value
    batch[FLOW, k] = total
    batch[ORDERED, k] = 1.0


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
    left, rate, fund = room.sold[CASH], terms.fee[v] + terms.taker_fee[v], room.fund[v]
    share = terms.fee[v] / rate
    for n in range(count):
        total = min(max(left[n] * settle, 0.0), rate * out.notional[row + n])
        fee = total * share
        out.fee[row + n] = total
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
    who, left = room.who, room.sold[CASH]
    p, step, row = place
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
            out.path[at], out.step[at], out.unit[at], out.kind[at] = p, step, who[n], COVER
            out.notional[at], out.fee[at], out.fund[at] = 0.0, 0.0, owed
            short += 1
    room.fund[v] = paid
    return short


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
    owed: float,
    exogenous: Array,
    settle: float,
) -> bool:
    """Forced orders for the fallen units of a venue; False: this is beyond the kernel."""
    if terms.adl[v] and owed > 0.0:
        fund = max(room.fund[v], 0.0) if terms.fund_before_adl[v] else 0.0
        if owed > fund:
            return False
    row, who, sold = out.used[0], room.who, room.sold
    plan(crowd, room, out, count, row)
    trade(rule, ways, room, p, step, exogenous)
    for n in range(crowd.line_first[v], crowd.line_first[v + 1]):
        line, worth = crowd.lines[n], room.worth[n]
        worth[PAID] = room.batch[MEAN, int(line[ASSET])] * line[MULTIPLIER] - worth[ACCRUED]
    for n in range(count):
        sold[CASH, n] -= -sold[SIZE, n] * room.worth[int(sold[2, n]), PAID]
    for n in range(count):
        out.path[row + n], out.step[row + n], out.kind[row + n] = p, step, LIQUIDATION
        out.unit[row + n], out.fee[row + n], out.fund[row + n] = who[n], 0.0, 0.0
    if terms.fee[v] + terms.taker_fee[v] > 0.0:
        charge(terms, room, out, v, count, row, settle)
    covered = cover(terms, room, out, v, count, (p, step, row + count), settle)
    if covered < 0:
        return False
    held = crowd.held[ways.start[p]]
    for n in range(count):
        u = np.uint64(who[n])
        room.fall[u] = held[u, BEGUN] - (sold[CASH, n] * settle + 0.0)
    out.used[0] = row + count + covered
    return True
