"""Forced orders of one venue on one path: sale, impact and fees.

The same operations in the same order as `_sell` of `seawall.cascade.closing` with what it calls.
"""

from __future__ import annotations

from seawall.cascade.fast.advance_kernel import displaced
from seawall.cascade.fast.layout_kernel import (
    ASSET,
    CONTRACT,
    FEED,
    FIRST_ROW,
    KIND,
    MULTIPLIER,
    RATE,
    SETTLE,
    SETTLE_ASSET,
    VENUE,
    Array,
    Books,
    Fixed,
    Impact,
    Log,
    Prices,
)
from seawall.foundation.compiled import record_helper
from seawall.impact.law_kernel import linear_average, root_average

INVERSE, BALANCE = 1, 2
LIQUIDATION = 0
SMALLEST_CUT = 1.0


@record_helper
def market_value(fixed: Fixed, prices: Prices, p: int, r: int, change: float) -> float:
    """Signed quote flow of a change in size of a row, at market prices."""
    line = fixed.rows.lines[fixed.rows.line[r]]
    if line[KIND] == INVERSE:
        return change
    price: float = prices.market[p, int(line[ASSET])] * line[MULTIPLIER]
    return change * price


@record_helper
def share_closed(fixed: Fixed, books: Books, p: int, u: int, equity: float, gross: float) -> float:
    """Fraction of each position that this order closes: see `seawall.liquidation.sizing`."""
    venues, v = fixed.venues, fixed.units.head[u, VENUE]
    part = venues.partial_fraction[v]
    if not (gross > venues.partial_above[v] and part < 1.0):
        return 1.0
    if venues.partial_steps[v] < 0:
        return part if gross > SMALLEST_CUT and equity > 0.0 else 1.0
    return part if books.tried[p, u] < venues.partial_steps[v] else 1.0


@record_helper
def plan_sales(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    p: int,
    units: Array,
    equity: Array,
    share: Array,
    gross: Array,
    flow: Array,
    traded: Array,
) -> None:
    """Shares (n,) to close of each unit, their gross notional (n,), and the flow (k,) they make.

    ``traded`` (k,) becomes 1 where there is an order, even if orders cancel out.
    """
    head, line_of, lines = fixed.units.head, fixed.rows.line, fixed.rows.lines
    flow[:] = 0.0
    traded[:] = 0.0
    for n in range(units.size):
        u = units[n]
        first, last = head[u, FIRST_ROW], head[u + 1, FIRST_ROW]
        total = 0.0
        for r in range(first, last):
            size = books.size[p, r]
            if size != 0.0 and lines[line_of[r], KIND] != BALANCE:
                total += abs(market_value(fixed, prices, p, r, -size))
        gross[n] = total
        share[n] = share_closed(fixed, books, p, u, equity[n], total)
        for r in range(first, last):
            size = books.size[p, r]
            line = lines[line_of[r]]
            if size != 0.0 and (line[KIND] != BALANCE or share[n] >= 1.0):
                asset = int(line[ASSET])
                flow[asset] += market_value(fixed, prices, p, r, -size * share[n])
                traded[asset] = 1.0


@record_helper
def trade(
    rule: Impact,
    prices: Prices,
    trough: Array,
    peak: Array,
    p: int,
    flow: Array,
    execution: Array,
) -> None:
    """Book the flow (k,); ``execution`` becomes the mean price wherever it was not 0."""
    for k in range(flow.size):
        if execution[k] == 0.0:
            continue
        thin = 1.0
        if not rule.square_root:
            thin = 1.0 + rule.thinning * max(prices.restlessness[p, k] - 1.0, 0.0)
        step = flow[k] * thin / (rule.depth[k] * prices.depth[p])
        before = prices.temporary[p, k] + prices.permanent[p, k]
        after = before + step
        base = prices.exogenous[p, k]
        mean = linear_average(before, after)
        if rule.square_root:
            mean = root_average(rule.strength[k], before, after)
        execution[k] = base * mean if prices.slippage[p] else prices.market[p, k]
        if prices.trace[p]:
            # Also where orders cancel out: the plain loop then sets the price once more.
            prices.temporary[p, k] += (1.0 - rule.permanent_share) * step
            prices.permanent[p, k] += rule.permanent_share * step
            market = base * displaced(rule.square_root, rule.strength[k], after)
            prices.market[p, k] = market
            trough[p, k] = min(trough[p, k], market)
            peak[p, k] = max(peak[p, k], market)


@record_helper
def fill(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    p: int,
    u: int,
    share: float,
    execution: Array,
    contracts: Array,
    account: Array,
) -> None:
    """Close a share of a unit's rows at execution prices (k,) against the order book or the vault,
    which has contracts (c,) and an account (v, k).
    """
    head, line_of, lines = fixed.units.head, fixed.rows.line, fixed.rows.lines
    venue, asset = head[u, VENUE], head[u, SETTLE_ASSET]
    for r in range(head[u, FIRST_ROW], head[u + 1, FIRST_ROW]):
        size, line = books.size[p, r], lines[line_of[r]]
        kind, feed, multiplier = line[KIND], int(line[FEED]), line[MULTIPLIER]
        if size == 0.0 or (kind == BALANCE and share < 1.0):
            continue
        change = -size * share
        contract = execution[int(line[ASSET])] * multiplier
        accrued = line[RATE] * multiplier * prices.integral[p, feed]
        if kind == INVERSE:
            mark = prices.feed[p, feed] * multiplier
            price = -1.0 / contract - accrued / mark / mark
        else:
            price = contract - accrued
            if kind == BALANCE:
                price = price / prices.feed[p, head[u, SETTLE]]
        books.size[p, r] += change
        contracts[int(line[CONTRACT])] -= change
        cash = change * price
        books.cash[p, u] -= cash
        account[venue, asset] += cash


@record_helper
def credit(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int, amount: float, payer: Array
) -> None:
    """The two sides of a payment, whatever the unit settles in."""
    head = fixed.units.head
    books.cash[p, u] += amount / prices.market[p, head[u, SETTLE_ASSET]]
    payer[head[u, VENUE], fixed.quote] -= amount


@record_helper
def swap(fixed: Fixed, books: Books, prices: Prices, p: int, u: int, amount: float) -> None:
    """The outside world changes what is paid to a unit that settles in another asset."""
    venue, asset = fixed.units.head[u, VENUE], fixed.units.head[u, SETTLE_ASSET]
    if asset != fixed.quote:
        books.outside[p, venue, fixed.quote] += amount
        books.outside[p, venue, asset] -= amount / prices.market[p, asset]


@record_helper
def pay(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int, amount: float, payer: Array
) -> None:
    """Move ``amount`` quote from a system account (v, k) into a unit's cash (negative: out)."""
    credit(fixed, books, prices, p, u, amount, payer)
    swap(fixed, books, prices, p, u, amount)


@record_helper
def write(
    log: Log,
    place: tuple[int, int, int, int],
    money: tuple[float, float, float, float, float],
) -> None:
    """Append an event (path, step, unit, kind) with (notional, fee, keeper, fund, backstop)."""
    n = log.used[0]
    for i in range(4):
        log.events[n, i] = place[i]
    for i in range(5):
        log.money[n, i] = money[i]
    log.used[0] = n + 1


@record_helper
def charge_fees(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    log: Log,
    p: int,
    step: int,
    units: Array,
    equity: Array,
    share: Array,
    gross: Array,
) -> None:
    """Liquidation fee to fund or keeper, then the taker fee to the venue; the tape's rows.

    Overwrites ``equity`` (n,).
    """
    venues, v = fixed.venues, fixed.units.venue[units[0]]
    rate = venues.fee[v] + venues.taker_fee[v]
    earns = venues.fee_to_keeper[v]
    for n in range(units.size):
        u, total, fee = units[n], 0.0, 0.0
        notional = gross[n] * share[n]
        if rate > 0.0:
            cash = books.cash[p, u] * prices.market[p, fixed.units.head[u, SETTLE_ASSET]]
            bound = cash if share[n] >= 1.0 else equity[n]
            total = min(max(bound, 0.0), rate * notional)
            fee = total * (venues.fee[v] / rate)
            pay(fixed, books, prices, p, u, -fee, books.keeper[p] if earns else books.fund[p])
        keeper = -fee if earns else -0.0
        write(log, (p, step, u, LIQUIDATION), (notional, total, keeper, 0.0, 0.0))
        equity[n] = fee - total
    if rate > 0.0:
        # In the plain loop's order: first all that is paid, then all that is changed.
        for n in range(units.size):
            credit(fixed, books, prices, p, units[n], equity[n], books.outside[p])
        for n in range(units.size):
            swap(fixed, books, prices, p, units[n], equity[n])
