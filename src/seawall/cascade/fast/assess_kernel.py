"""Equity, maintenance and exposure of one margin account on one path, without its options.

The same operations in the same order as `seawall.margin.table.assess`, row by row.
"""

from __future__ import annotations

from seawall.cascade.fast.layout_kernel import (
    FEED,
    KIND,
    MULTIPLIER,
    RATE,
    SHORTFALL,
    SLOPE,
    TIER,
    WEIGHT,
    Array,
    Books,
    Fixed,
    Prices,
    Tiers,
)
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
def row_worth(line: Array, held: float, price: float, integral: float, settle: float) -> float:
    """Signed worth of a row of size ``held`` at its margin price, quote.

    line (10,) of `Rows.lines`; integral: of its feed's price over time.
    """
    funding: float = line[RATE] * line[MULTIPLIER] * integral
    worth = held * (price - funding)
    if line[KIND] == INVERSE:
        worth = -(held * (1.0 + funding / price) / price * settle)
    elif line[KIND] != BALANCE:
        worth = worth * settle
    return worth


@record_helper
def against(size: float, price: float, kind: float, worth: float, settle: float) -> float:
    """Signed worth that moves with a price: what a width of that price is counted on."""
    if kind == INVERSE:
        return worth
    notional = abs(size) * price
    if size < 0.0:
        notional = -notional
    return notional if kind == BALANCE else notional * settle


@record_helper
def row_margin(
    tiers: Tiers, line: Array, held: float, price: float, factor: float, settle: float
) -> tuple[float, float]:
    """Maintenance and exposure of a derivative of ``held`` size at a margin price, quote.

    factor: on maintenance, 1 where margin is not dynamic.
    """
    table, slope = int(line[TIER]), line[SLOPE]
    size = abs(held)
    notional = size * price
    exposure = notional * (1.0 + tiers.top_rate[table])
    exposure = exposure + 2.0 * slope * size * notional
    if line[KIND] == INVERSE:
        required = inverse_due(tiers, table, size, price, slope) * settle
    else:
        required = (line_margin(tiers, table, notional) + slope * size * notional) * settle
    if factor != 1.0:
        required, exposure = factor * required, notional + factor * (exposure - notional)
    return required, exposure


@record_helper
def unit_equity(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> float:
    """Equity of a unit, quote, without its options."""
    head, line_of, lines = fixed.units.head, fixed.rows.line, fixed.rows.lines
    size, feed, integral = books.size, prices.feed, prices.integral
    settle = feed[p, head[u, 1]]
    total = 0.0
    for r in range(head[u, 0], head[u + 1, 0]):
        line = lines[line_of[r]]
        at = int(line[FEED])
        price = feed[p, at] * line[MULTIPLIER]
        total += row_worth(line, size[p, r], price, integral[p, at], settle)
    equity: float = books.cash[p, u] * settle + total
    return equity


@record_helper
def assess_unit(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int
) -> tuple[float, float, float, bool]:
    """Equity, maintenance, weighted exposure and whether anything but cash is held; no options."""
    head, line_of, lines = fixed.units.head, fixed.rows.line, fixed.rows.lines
    tiers, size = fixed.tiers, books.size
    feed, integral, scale, width = prices.feed, prices.integral, prices.scale, prices.width
    settle = feed[p, head[u, 1]]
    total, maintenance, exposure, held = 0.0, 0.0, 0.0, False
    for r in range(head[u, 0], head[u + 1, 0]):
        line, own = lines[line_of[r]], size[p, r]
        at = int(line[FEED])
        price = feed[p, at] * line[MULTIPLIER]
        worth = row_worth(line, own, price, integral[p, at], settle)
        if line[KIND] == BALANCE:
            due = line[SHORTFALL] * worth if worth > 0.0 else 0.0
            gross = abs(own) * price
        else:
            factor = scale[p, at] if fixed.scaled else 1.0
            due, gross = row_margin(tiers, line, own, price, factor, settle)
        if fixed.wide:
            signed = against(own, price, line[KIND], worth, settle)
            due = due + width[p, at] * abs(signed - due)
        total += worth
        maintenance += due
        exposure += gross * line[WEIGHT]
        held = held or gross > 0.0
    return books.cash[p, u] * settle + total, maintenance, exposure, held
