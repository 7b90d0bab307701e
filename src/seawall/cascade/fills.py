"""Trades and transfers inside the loop: every one has two sides (law L1).

A *line* is one trade of one row or option of one unit on one path. Its price is in settlement units
per unit of size; cash moves by -change x price and the counterparty's by the opposite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.journal import Journal
from seawall.cascade.market_step import common_trade, linked_trade, thinness, venue_market
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.arrays import expand_ranges
from seawall.impact import law
from seawall.margin.table.assess import VOLATILITY_FLOOR, forward_ratio
from seawall.margin.table.margin_table import RowKind
from seawall.valuation.black import black


@dataclass(frozen=True)
class Lines:
    """Trades to make: (l,) each. ``change`` of size; ``index`` row, or option where ``option``."""

    path: Ints
    unit: Ints
    index: Ints
    change: Floats
    option: Bools

    def only(self, keep: Bools) -> Lines:
        """The chosen lines."""
        return Lines(
            self.path[keep],
            self.unit[keep],
            self.index[keep],
            self.change[keep],
            self.option[keep],
        )


def closing_lines(
    setup: Setup, state: State, path: Ints, unit: Ints, fraction: Floats, balances: Bools
) -> Lines:
    """Lines that close ``fraction`` (pairs,) of each position.

    Where ``balances`` (pairs,) is True also the balances that are not cash: collateral is sold,
    debt bought back.
    """
    units, rows = setup.table.units, setup.table.rows
    pair, row = expand_ranges(units.rows[unit], units.rows[unit + 1] - units.rows[unit])
    size = state.holdings.size[path[pair], row]
    is_balance = rows.kind[row] == RowKind.BALANCE
    keep = (size != 0) & (~is_balance | balances[pair])
    pair, row, size = pair[keep], row[keep], size[keep]
    start = units.options[unit]
    o_pair, option = expand_ranges(start, units.options[unit + 1] - start)
    o_size = state.holdings.option_size[path[o_pair], option]
    held = o_size != 0
    o_pair, option, o_size = o_pair[held], option[held], o_size[held]
    owner = np.concatenate([pair, o_pair])
    return Lines(
        path=path[owner],
        unit=unit[owner],
        index=np.concatenate([row, option]),
        change=-np.concatenate([size, o_size]) * fraction[owner],
        option=np.concatenate([np.zeros(row.size, bool), np.ones(option.size, bool)]),
    )


def pair_of(setup: Setup, path: Ints, unit: Ints, lines: Lines) -> Ints:
    """Which of the pairs (path, unit) each line belongs to (l,)."""
    units = setup.table.units.account.size
    key = path * units + unit
    order = np.argsort(key, kind="stable")
    return order[np.searchsorted(key[order], lines.path * units + lines.unit)]


def line_asset(setup: Setup, lines: Lines) -> Ints:
    """Asset whose market each line trades in."""
    rows, options = setup.table.rows, setup.table.options
    asset = np.empty(lines.index.size, dtype=np.int64)
    asset[~lines.option] = rows.asset[lines.index[~lines.option]]
    asset[lines.option] = options.asset[lines.index[lines.option]]
    return asset


def line_flow(setup: Setup, state: State, lines: Lines, years: float) -> Floats:
    """Signed quote flow of each line into its asset's market; options by their delta."""
    rows, options = setup.table.rows, setup.table.options
    flow = np.empty(lines.index.size)
    plain = ~lines.option
    row, path = lines.index[plain], lines.path[plain]
    price = venue_market(setup, state, path, lines.unit[plain], rows.asset[row])
    inverse = rows.kind[row] == RowKind.INVERSE
    flow[plain] = lines.change[plain] * np.where(inverse, 1.0, price * rows.multiplier[row])
    if lines.option.any():
        o, path = lines.index[lines.option], lines.path[lines.option]
        spot = venue_market(setup, state, path, lines.unit[lines.option], options.asset[o])
        bump = 1e-4 * spot
        up, _ = _option_value(setup, o, spot + bump, np.zeros(o.size), years)
        down, _ = _option_value(setup, o, spot - bump, np.zeros(o.size), years)
        flow[lines.option] = lines.change[lines.option] * (up - down) / (2.0 * bump) * spot
    return flow


def _option_value(
    setup: Setup, option: Ints, spot: Floats, spread_side: Floats, years: float
) -> tuple[Floats, Floats]:
    """Quote value of options at spot, and the forward they are on."""
    o = setup.table.options
    left = np.maximum(o.years - years, 0.0)
    forward = spot * forward_ratio(o, left)[option]
    start = setup.spot[o.asset[option]]
    volatility = o.volatility[option] + o.slope[option] * (spot / start - 1.0)
    volatility = np.maximum(volatility + spread_side * o.half_spread[option], VOLATILITY_FLOOR)
    return black(forward, o.strike[option], left[option], volatility, o.call[option]), forward


def option_price(
    setup: Setup, option: Ints, spot: Floats, spread_side: Floats, years: float
) -> Floats:
    """Price of options at spot, in settlement units (coins where inverse).

    spread_side +1 buys at the ask, -1 sells at the bid, 0 is the mark.
    """
    value, forward = _option_value(setup, option, spot, spread_side, years)
    return np.where(setup.table.options.inverse[option], value / forward, value)


def trade_impact(
    setup: Setup,
    state: State,
    path: Ints,
    asset: Ints,
    flow: Floats,
    venue: Ints | None = None,
) -> tuple[Floats, Floats]:
    """Book flow (l,) into the markets; return execution and new market price per line, quote.

    Lines of one path and market form one batch: all pay its mean price. ``venue`` (l,) whose book
    they trade in where venues have their own; None: the common market, as keepers of loans do.
    """
    if venue is None or state.market_memory.links is None:
        return common_trade(setup, state, path, asset, flow)
    return linked_trade(setup, state, path, venue, asset, flow)


def own_impact(setup: Setup, state: State, path: Ints, asset: Ints, flow: Floats) -> Floats:
    """Mean execution over present price (l,) of one order of ``flow`` quote that trades alone."""
    rule = setup.impact
    outstanding = flow / (rule.depth[asset] * state.depth[path])
    if state.market_memory.depth is not None or state.market_memory.schedule is not None:
        outstanding = outstanding * thinness(setup, state, path, asset)
    nothing = np.zeros_like(outstanding)
    mean = law.average(setup.market_rules.law, rule.strength[asset], nothing, outstanding)
    return np.where(state.switches.slippage[path], mean, 1.0)


def settlement_price(
    setup: Setup, state: State, lines: Lines, spot: Floats, years: float
) -> Floats:
    """Price of each line in settlement units per unit of size, for an execution at ``spot``.

    Accrued funding of the size traded is settled in the price, so that a trade at the margin price
    leaves equity unchanged.
    """
    rows = setup.table.rows
    price = np.empty(lines.index.size)
    plain = ~lines.option
    row, path = lines.index[plain], lines.path[plain]
    contract = spot[plain] * rows.multiplier[row]
    accrued = rows.rate[row] * rows.multiplier[row] * state.quotes.integral[path, rows.feed[row]]
    inverse = rows.kind[row] == RowKind.INVERSE
    margin_price = state.quotes.price[path, rows.feed[row]] * rows.multiplier[row]
    # Linear rows may trade at zero (a bankruptcy price); they must not divide by it.
    divisor = np.where(inverse, contract, 1.0)
    coin = -1.0 / divisor - accrued / margin_price / margin_price
    # Balances are quoted in the quote currency whatever the account settles in.
    settle = setup.table.units.settle[lines.unit[plain]]
    balance = rows.kind[row] == RowKind.BALANCE
    rate = np.where(balance, state.quotes.price[path, settle], 1.0)
    price[plain] = np.where(inverse, coin, (contract - accrued) / rate)
    if lines.option.any():
        o = lines.index[lines.option]
        side = np.sign(lines.change[lines.option])
        price[lines.option] = option_price(setup, o, spot[lines.option], side, years)
    return price


def fill(setup: Setup, state: State, lines: Lines, price: Floats, against: str) -> None:
    """Execute lines at settlement prices against the order book or the vault (``against``)."""
    table, holdings, accounts = setup.table, state.holdings, state.accounts
    plain, path = ~lines.option, lines.path
    contract = np.empty(lines.index.size, dtype=np.int64)
    contract[plain] = table.rows.contract[lines.index[plain]]
    contract[lines.option] = table.options.contract[lines.index[lines.option]]
    np.add.at(holdings.size, (path[plain], lines.index[plain]), lines.change[plain])
    np.add.at(
        holdings.option_size,
        (path[lines.option], lines.index[lines.option]),
        lines.change[lines.option],
    )
    contracts = accounts.vault_contracts if against == "backstop" else accounts.book_contracts
    np.add.at(contracts, (path, contract), -lines.change)
    cash = lines.change * price
    np.add.at(holdings.cash, (path, lines.unit), -cash)
    asset = table.feed_asset[table.units.settle[lines.unit]]
    venue = table.units.venue[lines.unit]
    np.add.at(accounts.assets[against], (path, venue, asset), cash)
    if state.pools is not None:
        state.pools.memory.stale[path] = True
    if state.journal is not None:
        cells = state.journal.cells
        position = np.where(lines.option, cells.option(lines.index), cells.row(lines.index))
        state.journal.trade(
            path,
            position,
            cells.contract(against, contract),
            lines.change,
            cells.cash(lines.unit),
            cells.system(against, venue, asset),
            price,
        )


def pay(setup: Setup, state: State, path: Ints, unit: Ints, amount: Floats, payer: str) -> None:
    """Move ``amount`` (n,) quote from a system account into units' cash (negative: out of it).

    Units that settle in another asset receive it from the outside world at the market price.
    """
    table, assets = setup.table, state.accounts.assets
    asset = table.feed_asset[table.units.settle[unit]]
    venue = table.units.venue[unit]
    units_paid = amount / state.market[path, asset]
    np.add.at(state.holdings.cash, (path, unit), units_paid)
    np.add.at(assets[payer], (path, venue, np.full_like(venue, setup.quote)), -amount)
    swapped = asset != setup.quote
    if swapped.any():
        p, v, k = path[swapped], venue[swapped], asset[swapped]
        np.add.at(assets["outside"], (p, v, np.full_like(v, setup.quote)), amount[swapped])
        np.add.at(assets["outside"], (p, v, k), -units_paid[swapped])
    if state.journal is not None:
        _note_payment(setup, state.journal, path, unit, amount, units_paid, payer)


def _note_payment(
    setup: Setup,
    journal: Journal,
    path: Ints,
    unit: Ints,
    amount: Floats,
    units_paid: Floats,
    payer: str,
) -> None:
    """The same in the journal: in quote, or by way of the outside world, which changes it."""
    cells, table = journal.cells, setup.table
    asset, venue = table.feed_asset[table.units.settle[unit]], table.units.venue[unit]
    quote = np.full_like(asset, setup.quote)
    swapped = asset != setup.quote
    source = cells.system(payer, venue, quote)
    outside = cells.system("outside", venue, quote)
    journal.move(path, source, np.where(swapped, outside, cells.cash(unit)), amount)
    if swapped.any():
        coin = cells.system("outside", venue[swapped], asset[swapped])
        journal.move(path[swapped], coin, cells.cash(unit[swapped]), units_paid[swapped])
