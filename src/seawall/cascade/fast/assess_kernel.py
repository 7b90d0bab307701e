"""Equity, maintenance and exposure of one margin account on one path, without its options.

The same operations in the same order as `seawall.margin.table.assess`, row by row.
"""

from __future__ import annotations

from seawall.cascade.fast.layout_kernel import Array, Books, Fixed, Prices, Rows, Tiers
from seawall.foundation.compiled import record_helper

INVERSE, BALANCE = 1, 2


@record_helper
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


@record_helper
def inverse_due(tiers: Tiers, table: int, size: float, price: float, slope: float) -> float:
    """Margin in coin of an inverse contract of ``size`` >= 0."""
    coins = size / price
    if tiers.in_coin[table]:
        return line_margin(tiers, table, coins) + slope * coins * coins
    return (line_margin(tiers, table, size) + slope * coins * size) / price


@record_helper
def row_worth(
    rows: Rows, size: Array, feed: Array, integral: Array, p: int, r: int, settle: float
) -> float:
    """Signed worth of a row, quote: size (p, r), feed prices and their integrals (p, f)."""
    at, kind = rows.feed[r], rows.kind[r]
    held: float = size[p, r]
    price: float = feed[p, at] * rows.multiplier[r]
    funding: float = rows.rate[r] * rows.multiplier[r] * integral[p, at]
    worth = held * (price - funding)
    if kind == INVERSE:
        worth = -(held * (1.0 + funding / price) / price * settle)
    elif kind != BALANCE:
        worth = worth * settle
    return worth


@record_helper
def against(size: float, price: float, kind: int, worth: float, settle: float) -> float:
    """Signed worth that moves with a price: what a width of that price is counted on."""
    if kind == INVERSE:
        return worth
    notional = abs(size) * price
    if size < 0.0:
        notional = -notional
    return notional if kind == BALANCE else notional * settle


@record_helper
def row_margin(
    rows: Rows, tiers: Tiers, held: float, price: float, factor: float, r: int, settle: float
) -> tuple[float, float]:
    """Maintenance and exposure of a derivative of ``held`` size at a margin price, quote.

    factor: on maintenance, 1 where margin is not dynamic.
    """
    table, slope = rows.tier[r], rows.slope[r]
    size = abs(held)
    notional = size * price
    exposure = notional * (1.0 + tiers.top_rate[table])
    exposure = exposure + 2.0 * slope * size * notional
    if rows.kind[r] == INVERSE:
        required = inverse_due(tiers, table, size, price, slope) * settle
    else:
        required = (line_margin(tiers, table, notional) + slope * size * notional) * settle
    if factor != 1.0:
        required, exposure = factor * required, notional + factor * (exposure - notional)
    return required, exposure


@record_helper
def unit_equity(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> float:
    """Equity of a unit, quote, without its options."""
    rows, size, feed, integral = fixed.rows, books.size, prices.feed, prices.integral
    settle = feed[p, fixed.units.settle[u]]
    total = 0.0
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        total += row_worth(rows, size, feed, integral, p, r, settle)
    equity: float = books.cash[p, u] * settle + total
    return equity


@record_helper
def assess_unit(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int
) -> tuple[float, float, float, bool]:
    """Equity, maintenance, weighted exposure and whether anything but cash is held; no options."""
    rows, tiers, size = fixed.rows, fixed.tiers, books.size
    feed, integral, scale, width = prices.feed, prices.integral, prices.scale, prices.width
    settle = feed[p, fixed.units.settle[u]]
    total, maintenance, exposure, held = 0.0, 0.0, 0.0, False
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        worth = row_worth(rows, size, feed, integral, p, r, settle)
        at, kind, price = rows.feed[r], rows.kind[r], feed[p, rows.feed[r]] * rows.multiplier[r]
        if kind == BALANCE:
            due = rows.shortfall[r] * worth if worth > 0.0 else 0.0
            gross = abs(size[p, r]) * price
        else:
            factor = scale[p, at] if fixed.scaled else 1.0
            due, gross = row_margin(rows, tiers, size[p, r], price, factor, r, settle)
        if fixed.wide:
            signed = against(size[p, r], price, kind, worth, settle)
            due = due + width[p, at] * abs(signed - due)
        total += worth
        maintenance += due
        exposure += gross * rows.weight[r]
        held = held or gross > 0.0
    return books.cash[p, u] * settle + total, maintenance, exposure, held
