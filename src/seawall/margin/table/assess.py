"""Equity and maintenance of chosen margin accounts at given prices: the one margin formula.

The static requirement and the cascade both call it, so that what `seawall check` prints at the
start is what the engine tests at each step. Everything works on *pairs* (path, unit): a static call
has one path. Sums run left to right in row order, so any subset of pairs gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.margin.account.requirement import Requirement
from seawall.margin.lending.collateral import shortfall_margin
from seawall.margin.options.standard import netted_margin, short_margin
from seawall.margin.table.margin_table import MarginTable, OptionRows, RowKind
from seawall.margin.tiered.lines import inverse_margin, margin
from seawall.valuation.black import black

VOLATILITY_FLOOR = 0.01


@dataclass
class Holdings:
    """What each path holds now: size (p, r), option_size (p, o), cash (p, u)."""

    size: Floats
    option_size: Floats
    cash: Floats


@dataclass
class Quotes:
    """Prices each path sees now.

    price (p, f) feed prices; integral (p, f) of price over time, price-seconds, since the start
    option_value (p, o) quote per base unit; option_short (p, o) maintenance of one short unit
    scale (p, f) factor >= 1 on the maintenance of derivatives, None where margin is not dynamic
    width (p, f) fraction by which margin moves prices against holders, None without intervals
    """

    price: Floats
    integral: Floats
    option_value: Floats
    option_short: Floats
    scale: Floats | None = None
    width: Floats | None = None


def option_quotes(
    table: MarginTable, price: Floats, start: Floats, years: float | Floats
) -> Quotes:
    """Option values and short margins at feed prices (p, f), ``years`` after the start: one number,
    or (p, 1), one for each row of prices.

    Implied volatility moves with spot: volatility + slope x (spot / start - 1), floored at 1%.
    Inverse options are worth V / F coins, linear ones V of their settlement asset.
    ``start`` (f,) feed prices at the start. The integral is left empty for the caller.
    """
    o = table.options
    empty = np.zeros((price.shape[0], 0))
    if o.unit.size == 0:
        return Quotes(price, empty, empty, empty)
    spot = price[:, o.feed]
    volatility = np.maximum(o.volatility + o.slope * (spot / start[o.feed] - 1.0), VOLATILITY_FLOOR)
    left = np.maximum(o.years - years, 0.0)
    ratio = forward_ratio(o, left)
    value = black(spot * ratio, o.strike, left, volatility, o.call)
    value = np.where(o.inverse, value / ratio, value * price[:, table.units.settle[o.unit]])
    short = np.zeros_like(value)
    for v, rule in table.option_rules.items():
        mine = np.flatnonzero(o.venue == v)
        _, short[:, mine] = short_margin(
            rule, value[:, mine], spot[:, mine], o.strike[mine], o.call[mine]
        )
    return Quotes(price, empty, value, short)


def forward_ratio(options: OptionRows, left: Floats) -> Floats:
    """Forward over spot (o,) with ``left`` years to go: its distance from 1 fades linearly."""
    return 1.0 + (options.forward_ratio - 1.0) * left / options.years


@dataclass(frozen=True)
class Worth:
    """Rows of chosen pairs: which pair and row, signed worth, margin and gross exposure, quote."""

    pair: Ints
    row: Ints
    worth: Floats
    maintenance: Floats
    exposure: Floats


@dataclass(frozen=True)
class _Priced:
    """Rows of chosen pairs: size, contract price, settlement price, kind, worth in quote."""

    pair: Ints
    row: Ints
    size: Floats
    price: Floats
    settle: Floats
    inverse: Bools
    balance: Bools
    worth: Floats


def _price_rows(
    table: MarginTable, holdings: Holdings, quotes: Quotes, path: Ints, unit: Ints
) -> _Priced:
    """What each row of each pair (path, unit) is worth, settlement price included."""
    rows, units = table.rows, table.units
    start = units.rows[unit]
    pair, row = expand_ranges(start, units.rows[unit + 1] - start)
    p = path[pair]
    size, feed, kind = holdings.size[p, row], rows.feed[row], rows.kind[row]
    price = quotes.price[p, feed] * rows.multiplier[row]
    funding = rows.rate[row] * rows.multiplier[row] * quotes.integral[p, feed]
    settle = quotes.price[p, units.settle[unit][pair]]
    value = size * (price - funding)
    worth = value * settle
    inverse, balance = kind == RowKind.INVERSE, kind == RowKind.BALANCE
    if inverse.any():
        # Funding of an inverse contract is paid in coin: size / price x rate x elapsed time.
        worth = np.where(inverse, -(size * (1.0 + funding / price) / price * settle), worth)
    if balance.any():
        worth = np.where(balance, value, worth)
    return _Priced(pair, row, size, price, settle, inverse, balance, worth)


def row_worth(
    table: MarginTable, holdings: Holdings, quotes: Quotes, path: Ints, unit: Ints
) -> Worth:
    """Worth, margin and exposure of each row of each pair (path, unit), quote.

    exposure bounds |change of (equity - maintenance)| per unit relative change of the row's price,
    but for jumps at the bounds of whole-position tiers (their accounts are always awake).
    """
    rows, tiers = table.rows, table.tiers
    at = _price_rows(table, holdings, quotes, path, unit)
    row, size, price, settle = at.row, np.abs(at.size), at.price, at.settle
    notional = size * price
    tier, slope = rows.tier[row], rows.slope[row]
    rate, deduction = tiers.maintenance_rate[tier], tiers.maintenance_deduction[tier]
    begins = tiers.starts(tier)
    required = margin(notional, rate, deduction, begins)
    exposure = notional * (1.0 + tiers.maintenance_rate.max(axis=1)[tier])
    if slope.any():
        required = required + slope * size * notional
        exposure = exposure + 2.0 * slope * size * notional
    required = required * settle
    if at.inverse.any():
        coin = tiers.in_coin[tier]
        due = inverse_margin(size, price, rate, deduction, slope, coin, begins) * settle
        required = np.where(at.inverse, due, required)
    if quotes.scale is not None:
        factor = quotes.scale[path[at.pair], rows.feed[row]]
        required, exposure = factor * required, notional + factor * (exposure - notional)
    if at.balance.any():
        held = shortfall_margin(at.worth, rows.shortfall[row])
        required = np.where(at.balance, held, required)
        exposure = np.where(at.balance, notional, exposure)
    if quotes.width is not None:
        required = required + quotes.width[path[at.pair], rows.feed[row]] * _against(at, required)
    return Worth(at.pair, row, at.worth, required, exposure)


def _against(at: _Priced, required: Floats) -> Floats:
    """What equity - maintenance loses per unit by which a price moves against its holder, quote."""
    notional = np.sign(at.size) * (np.abs(at.size) * at.price)
    signed = np.where(at.balance, notional, np.where(at.inverse, at.worth, notional * at.settle))
    return np.abs(signed - required)


def _option_pairs(table: MarginTable, unit: Ints) -> tuple[Ints, Ints]:
    """Which pair each option of the chosen units belongs to, and the option."""
    start = table.units.options[unit]
    return expand_ranges(start, table.units.options[unit + 1] - start)


def unit_equity(
    table: MarginTable, holdings: Holdings, quotes: Quotes, path: Ints, unit: Ints
) -> Floats:
    """Equity (pairs,), quote: what :func:`assess` says, without the margin."""
    at = _price_rows(table, holdings, quotes, path, unit)
    return _equity(table, holdings, quotes, path, unit, at.worth, at.pair)


def _equity(
    table: MarginTable,
    holdings: Holdings,
    quotes: Quotes,
    path: Ints,
    unit: Ints,
    worth: Floats,
    pair: Ints,
) -> Floats:
    settle = quotes.price[path, table.units.settle[unit]]
    equity = holdings.cash[path, unit] * settle + segment_sums(worth, pair, unit.size)
    owner, option = _option_pairs(table, unit)
    if owner.size:
        p = path[owner]
        value = holdings.option_size[p, option] * quotes.option_value[p, option]
        equity = equity + segment_sums(value, owner, unit.size)
    return equity


def assess(
    table: MarginTable, holdings: Holdings, quotes: Quotes, path: Ints, unit: Ints
) -> tuple[Floats, Floats, Worth]:
    """Equity and maintenance (pairs,), quote, and the rows they are made of."""
    rows = row_worth(table, holdings, quotes, path, unit)
    equity = _equity(table, holdings, quotes, path, unit, rows.worth, rows.pair)
    maintenance = segment_sums(rows.maintenance, rows.pair, unit.size)
    owner, option = _option_pairs(table, unit)
    if owner.size:
        p = path[owner]
        size, value = holdings.option_size[p, option], quotes.option_value[p, option]
        netted = netted_margin(size, value, quotes.option_short[p, option])
        if quotes.scale is not None:
            factor = quotes.scale[p, table.options.feed[option]]
            netted = np.where(size < 0, factor * netted, netted)
        maintenance = maintenance + segment_sums(netted, owner, unit.size)
    return equity, maintenance, rows


def starting_holdings(table: MarginTable, paths: int = 1) -> Holdings:
    """What the table holds at the start, repeated for ``paths`` paths (own copies)."""
    return Holdings(
        np.tile(table.rows.size, (paths, 1)),
        np.tile(table.options.size, (paths, 1)),
        np.tile(table.units.cash, (paths, 1)),
    )


def requirement(table: MarginTable, price: Floats, scale: Floats | None = None) -> Requirement:
    """Requirement of every margin account at feed prices (f,), at the start.

    ``scale`` (f,): factor on margin where it is dynamic.
    """
    prices = price[None, :]
    quotes = option_quotes(table, prices, price, 0.0)
    quotes.scale = None if scale is None else scale[None, :]
    quotes.integral = np.zeros_like(prices)
    unit = np.arange(table.units.account.size)
    path = np.zeros_like(unit)
    holdings = starting_holdings(table)
    equity, maintenance, rows = assess(table, holdings, quotes, path, unit)
    initial = _initial(table, quotes, rows)
    return Requirement(equity, initial, maintenance)


def _initial(table: MarginTable, quotes: Quotes, rows: Worth) -> Floats:
    """Initial margin (u,), quote, of the static table."""
    t, count = table.rows, table.units.account.size
    settle = quotes.price[0, table.units.settle][t.unit]
    price = quotes.price[0, t.feed] * t.multiplier
    notional = np.abs(t.size) * price
    lines = table.tiers
    rate, cut = lines.initial_rate[t.tier], lines.initial_deduction[t.tier]
    begins, in_coin = lines.starts(t.tier), lines.in_coin[t.tier]
    due = margin(notional, rate, cut, begins)
    coins = np.where(t.kind == RowKind.INVERSE, np.abs(t.size) / price, np.abs(t.size))
    inverse = inverse_margin(np.abs(t.size), price, rate, cut, t.slope, in_coin, begins)
    due = np.where(t.kind == RowKind.INVERSE, inverse, due + t.slope * coins * notional) * settle
    if quotes.scale is not None:
        due = quotes.scale[0, t.feed] * due
    balance = shortfall_margin(rows.worth, t.initial_shortfall)
    due = np.where(t.kind == RowKind.BALANCE, balance, due)
    total = segment_sums(due, t.unit, count)
    o = table.options
    if o.unit.size:
        for v, rule in table.option_rules.items():
            mine = np.flatnonzero(o.venue == v)
            value, spot = quotes.option_value[0, mine], quotes.price[0, o.feed[mine]]
            short, _ = short_margin(rule, value, spot, o.strike[mine], o.call[mine])
            netted = netted_margin(o.size[mine], value, short)
            if quotes.scale is not None:
                factor = quotes.scale[0, o.feed[mine]]
                netted = np.where(o.size[mine] < 0, factor * netted, netted)
            total = total + segment_sums(netted, o.unit[mine], count)
    return total
