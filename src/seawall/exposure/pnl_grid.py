"""What a desk gains or loses over moves of all prices at once x implied volatility.

Every asset that moves is multiplied by one factor (betas of 1; stable coins stay, shares follow
what they hold), every implied volatility by another; no time passes and nobody trades. The numbers
are those of `seawall shocks`. A cell names the accounts whose equity is below their maintenance
margin there: at that point they would be closed, and what the cell says of them is not what the
desk would be left with.

Wrong when assets do not fall together, and beyond a liquidation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.book.held_by import held_by
from seawall.cascade.setup import Setup
from seawall.exposure.impairment import desk_columns
from seawall.liquidation.trigger import breached
from seawall.margin.table.assess import Holdings, assess, option_quotes
from seawall.valuation import fastblack
from seawall.valuation.common_shock import account_changes, moving_together
from seawall.valuation.shockgrid import (
    Shocks,
    change_table,
    equity_holdings,
    price_changes,
    rectangular,
)

SPOT = (-0.30, -0.20, -0.10, -0.05, 0.0, 0.05, 0.10, 0.20, 0.30)
VOLATILITY = (-0.30, -0.15, 0.0, 0.30, 0.60)
# Desks beyond these have no grid: the headline's is always among them.
MOST_DESKS = 4


def pnl_grid(setup: Setup, owners: list[str]) -> dict[str, Any] | None:
    """The `pnl_grid` block for these desks, the first ones; None without any desk or mover."""
    case = setup.case
    moving = moving_together(case.market, case.quote)
    if not owners or not moving:
        return None
    shown = owners[:MOST_DESKS]
    units = {owner: setup.desk_units[desk_columns(setup, owner)] for owner in shown}
    every = np.concatenate(list(units.values()))
    optional = bool(np.any(setup.table.units.options[every + 1] > setup.table.units.options[every]))
    volatility = VOLATILITY if optional else (0.0,)
    shocks = rectangular(moving, 1.0 + np.array(SPOT), 1.0 + np.array(volatility))
    accounts = {owner: np.unique(setup.table.units.account[units[owner]]) for owner in shown}
    changes = _changes(setup, shocks, np.concatenate(list(accounts.values())))
    shape = len(SPOT), len(volatility)
    return {
        "assets": list(moving),
        "spot": list(SPOT),
        "volatility": list(volatility),
        "desks": [
            {
                "owner": owner,
                "change": _summed(changes, accounts[owner]).reshape(shape).T.tolist(),
                "below_margin": _named(setup, shocks, units[owner], shape),
            }
            for owner in shown
        ],
    }


def _changes(setup: Setup, shocks: Shocks, accounts: Ints) -> dict[int, Floats]:
    """Change of equity (s,) of each account that holds anything, by its number."""
    market = setup.case.market
    book, now = held_by(setup.case.book, accounts.tolist()), market.as_of.timestamp()
    holdings = equity_holdings(book, market, now)
    table = change_table(book, market, now, shocks, fastblack.plain_revalue_grid)
    return {int(n): account_changes(holdings, table, int(n)) for n in holdings.account}


def _summed(changes: dict[int, Floats], accounts: Ints) -> Floats:
    found = [changes[int(n)] for n in accounts if int(n) in changes]
    size = next(iter(changes.values())).size if changes else 0
    return np.sum(found, axis=0) if found else np.zeros(size)


def _named(
    setup: Setup, shocks: Shocks, units: Ints, shape: tuple[int, int]
) -> list[list[list[str]]]:
    """Names of the accounts below their margin in each cell, by volatility, then by price."""
    below = _below(setup, shocks, units)
    names = [setup.book.account_names[n] for n in setup.table.units.account[units]]
    cells = [
        list(dict.fromkeys(name for name, under in zip(names, row, strict=True) if under))
        for row in below
    ]
    prices, volatilities = shape
    return [[cells[s * volatilities + v] for s in range(prices)] for v in range(volatilities)]


def _below(setup: Setup, shocks: Shocks, units: Ints) -> Bools:
    """Whether each unit (u,) is below its maintenance margin under each shock, (s, u)."""
    table, count = setup.table, len(shocks.names)
    factors = price_changes(setup.case.market, setup.case.book.instruments, shocks)
    place = {asset: k for k, asset in enumerate(setup.case.market.assets)}
    factor = factors[[place[name] for name in table.assets]].T[:, table.feed_asset]
    start = setup.spot[table.feed_asset]
    out = np.zeros((count, units.size), dtype=bool)
    for move in np.unique(shocks.volatility_factor):
        mine = np.flatnonzero(shocks.volatility_factor == move)
        # As the grid's own volatility: of the instrument, whatever the price does.
        flat = replace(
            table.options,
            volatility=table.options.volatility * move,
            slope=np.zeros_like(table.options.slope),
        )
        moved = replace(table, options=flat)
        price = start * factor[mine]
        quotes = option_quotes(moved, price, start, 0.0)
        quotes.integral = np.zeros_like(price)
        if setup.start_scale is not None:
            quotes.scale = np.broadcast_to(setup.start_scale, price.shape)
        holdings = Holdings(
            np.broadcast_to(table.rows.size, (mine.size, table.rows.size.size)),
            np.broadcast_to(table.options.size, (mine.size, table.options.size.size)),
            np.broadcast_to(table.units.cash, (mine.size, table.units.cash.size)),
        )
        path, unit = np.repeat(np.arange(mine.size), units.size), np.tile(units, mine.size)
        equity, maintenance, _ = assess(moved, holdings, quotes, path, unit)
        out[mine] = breached(equity, maintenance).reshape(mine.size, units.size)
    return out
