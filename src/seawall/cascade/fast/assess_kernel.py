"""Equity, maintenance and exposure of one margin account on one path, without its options.

The same operations in the same order as `seawall.margin.table.assess`, row by row.
"""

from __future__ import annotations

from seawall.cascade.fast.layout_kernel import Books, Fixed, Prices, Tiers
from seawall.foundation.compiled import merged

INVERSE, BALANCE = 1, 2


@merged
def line_margin(tiers: Tiers, table: int, notional: float) -> float:
    """Margin of a notional under one tier table: the largest of its lines."""
    rate, deduction, starts = tiers.rate, tiers.deduction, tiers.starts
    result: float = notional * rate[table, 0] - deduction[table, 0]
    for t in range(1, rate.shape[1]):
        line = notional * rate[table, t] - deduction[table, t]
        if tiers.jumping and not notional >= starts[table, t]:
            line = 0.0
        if line > result:
            result = line
    return result


@merged
def inverse_due(tiers: Tiers, table: int, size: float, price: float, slope: float) -> float:
    """Margin in coin of an inverse contract of ``size`` >= 0."""
    coins = size / price
    if tiers.in_coin[table]:
        return line_margin(tiers, table, coins) + slope * coins * coins
    return (line_margin(tiers, table, size) + slope * coins * size) / price


@merged
def row_worth(fixed: Fixed, books: Books, prices: Prices, p: int, r: int, settle: float) -> float:
    """Signed worth of a row, quote."""
    rows = fixed.rows
    feed, kind = rows.feed[r], rows.kind[r]
    size: float = books.size[p, r]
    price: float = prices.feed[p, feed] * rows.multiplier[r]
    funding: float = rows.rate[r] * rows.multiplier[r] * prices.integral[p, feed]
    worth = size * (price - funding)
    if kind == INVERSE:
        worth = -(size * (1.0 + funding / price) / price * settle)
    elif kind != BALANCE:
        worth = worth * settle
    return worth


@merged
def against(size: float, price: float, kind: int, worth: float, settle: float) -> float:
    """Signed worth that moves with a price: what a width of that price is counted on."""
    if kind == INVERSE:
        return worth
    notional = abs(size) * price
    if size < 0.0:
        notional = -notional
    return notional if kind == BALANCE else notional * settle


@merged
def row_margin(
    fixed: Fixed, books: Books, prices: Prices, p: int, r: int, worth: float, settle: float
) -> tuple[float, float]:
    """Maintenance and exposure of a row, quote."""
    rows, tiers = fixed.rows, fixed.tiers
    table, slope, kind, feed = rows.tier[r], rows.slope[r], rows.kind[r], rows.feed[r]
    price = prices.feed[p, feed] * rows.multiplier[r]
    size = abs(books.size[p, r])
    notional = size * price
    exposure = notional
    if kind == BALANCE:
        required = rows.shortfall[r] * worth if worth > 0.0 else 0.0
    else:
        exposure = notional * (1.0 + tiers.top_rate[table])
        exposure = exposure + 2.0 * slope * size * notional
        if kind == INVERSE:
            required = inverse_due(tiers, table, size, price, slope) * settle
        else:
            required = (line_margin(tiers, table, notional) + slope * size * notional) * settle
        if fixed.scaled:
            factor = prices.scale[p, feed]
            required, exposure = factor * required, notional + factor * (exposure - notional)
    if fixed.wide:
        signed = against(books.size[p, r], price, kind, worth, settle)
        required = required + prices.width[p, feed] * abs(signed - required)
    return required, exposure


@merged
def unit_equity(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> float:
    """Equity of a unit, quote, without its options."""
    settle = prices.feed[p, fixed.units.settle[u]]
    total = 0.0
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        total += row_worth(fixed, books, prices, p, r, settle)
    equity: float = books.cash[p, u] * settle + total
    return equity


@merged
def assess_unit(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int
) -> tuple[float, float, float, bool]:
    """Equity, maintenance, weighted exposure and whether anything but cash is held; no options."""
    units = fixed.units
    settle = prices.feed[p, units.settle[u]]
    total, maintenance, exposure, held = 0.0, 0.0, 0.0, False
    for r in range(units.rows[u], units.rows[u + 1]):
        worth = row_worth(fixed, books, prices, p, r, settle)
        due, gross = row_margin(fixed, books, prices, p, r, worth, settle)
        total += worth
        maintenance += due
        exposure += gross * fixed.rows.weight[r]
        held = held or gross > 0.0
    return books.cash[p, u] * settle + total, maintenance, exposure, held
