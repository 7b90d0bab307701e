"""The backstop vault works off what it took over, at every step, with impact."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.failures import stands_still
from seawall.cascade.fills import Lines, line_asset, line_flow, settlement_price, trade_impact
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.cascade.transfers import between
from seawall.liquidation.unwinding import Unwinding, share_per_step, to_sell


def unwind(setup: Setup, state: State) -> Ints:
    """Sell a share of each vault's contracts to the order book; paths whose market moved."""
    moved = [np.zeros(0, dtype=np.int64)]
    for v, mechanisms in enumerate(setup.mechanisms):
        rule = chosen(mechanisms, "backstop", Unwinding)
        if rule is not None:
            moved.append(_unwind_venue(setup, state, v, rule))
    return np.unique(np.concatenate(moved))


def _unwind_venue(setup: Setup, state: State, v: int, rule: Unwinding) -> Ints:
    table, accounts = setup.table, state.accounts
    held = (accounts.vault_contracts != 0) & (setup.contract_venue == v)
    held &= ~stands_still(state.failures, state.depth.size, v)[:, None]
    path, contract = np.nonzero(held)
    if path.size == 0:
        return path
    # Any row of the contract knows how it is quoted and what it settles in.
    row_of = np.zeros(len(table.contracts), dtype=np.int64)
    row_of[table.rows.contract[::-1]] = np.arange(table.rows.contract.size)[::-1]
    row = row_of[contract]
    size = accounts.vault_contracts[path, contract]
    plain = np.zeros(path.size, dtype=bool)
    whole = Lines(path, table.rows.unit[row], row, -size, plain)
    notional = np.abs(line_flow(setup, state, whole, 0.0))
    change = to_sell(rule, size, notional, share_per_step(rule, setup.step_seconds))
    lines = Lines(path, table.rows.unit[row], row, change, plain)
    asset = line_asset(setup, lines)
    flow = line_flow(setup, state, lines, 0.0)
    spot, _ = trade_impact(setup, state, path, asset, flow, np.full(path.size, v))
    cash = change * settlement_price(setup, state, lines, spot, 0.0)
    settle = table.feed_asset[table.units.settle[lines.unit]]
    np.add.at(accounts.vault_contracts, (path, contract), change)
    np.add.at(accounts.book_contracts, (path, contract), -change)
    if state.journal is not None:
        cells = state.journal.cells
        book, own = cells.contract("book", contract), cells.contract("backstop", contract)
        state.journal.move(path, book, own, change)
    between(state, v, path, settle, "backstop", "book", cash)
    return path
