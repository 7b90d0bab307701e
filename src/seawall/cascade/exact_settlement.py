"""A run settled once more in whole units, from its journal, and held against the float run.

The ledger (`exact_ledger.py`) is exact: what it sums to is zero to the last unit. The float run is
what is reported: here it is shown that the two end alike, cell by cell, within what rounding to
units can have moved, plus 2^-40 of everything that went through the cell for the floats' own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.exact_ledger import (
    QUOTE_DECIMALS,
    ExactLedger,
    change_by_item,
    decimals_for,
    move,
    nearest_units,
    open_cell,
    trade,
)
from seawall.cascade.journal import Cells, Journal, contents
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.errors import InputError
from seawall.margin.table.margin_table import RowKind

# Of everything that went through a cell: what sums of floats may have lost.
FLOAT_SHIFT = 40


@dataclass(frozen=True)
class Exactness:
    """Paths and transfers settled, and the largest sum over all accounts of any path and thing.

    imbalance  units that came from nowhere: 0
    gap        largest difference to the float run, quote; bound: what it was allowed to be there
    """

    paths: int
    transfers: int
    imbalance: int
    gap: float
    bound: float


def settle(setup: Setup, state: State) -> Exactness:
    """Settle the journal of a finished run exactly.

    Raises InputError where the run kept no journal, for an amount beyond 64 bits, and where a
    cell ends further from the float run than rounding explains: a transfer without its entry.
    """
    journal = state.journal
    if journal is None:
        raise InputError("the run kept no journal", expected="run(..., journal=Journal(cells))")
    cells = journal.cells
    item, decimals, price = _things(setup, cells)
    end = contents(cells, state.holdings, state.accounts)
    trades, moves = _by_path(journal, end.shape[0])
    worst = Exactness(end.shape[0], 0, 0, 0.0, 0.0)
    for p in range(end.shape[0]):
        ledger = ExactLedger(decimals, item, cells.traders)
        for row in trades[p]:
            _open(ledger, journal.start[p], (*row[:2], *row[3:5]))
            trade(ledger, *row)
        for source, target, amount in moves[p]:
            _open(ledger, journal.start[p], (source, target))
            move(ledger, source, target, amount)
        count = worst.transfers + len(trades[p]) + len(moves[p])
        worst = _worse(worst, count, _judge(setup, ledger, journal.start[p], end[p], price, p))
    return worst


def _worse(one: Exactness, transfers: int, other: tuple[int, float, float]) -> Exactness:
    imbalance, gap, bound = other
    if gap <= one.gap:
        gap, bound = one.gap, one.bound
    return Exactness(one.paths, transfers, max(one.imbalance, imbalance), gap, bound)


def _open(ledger: ExactLedger, start: Floats, touched: tuple[int, ...]) -> None:
    for cell in touched:
        if cell not in ledger.balance:
            open_cell(ledger, cell, float(start[cell]))


def _judge(
    setup: Setup, ledger: ExactLedger, start: Floats, end: Floats, price: Floats, p: int
) -> tuple[int, float, float]:
    """Units from nowhere; largest gap to the floats and its bound, quote.

    Cells that no transfer touched must not have moved in the float run either.
    """
    still = np.flatnonzero(start != end)
    for cell in still.tolist():
        _open(ledger, start, (cell,))
    first = {c: nearest_units(float(start[c]), ledger.decimals[c]) for c in ledger.balance}
    imbalance = max((abs(n) for n in change_by_item(ledger, first).values()), default=0)
    gap = bound = 0.0
    for cell, units in ledger.balance.items():
        decimals = ledger.decimals[cell]
        apart = abs(units - nearest_units(float(end[cell]), decimals))
        allowed = ledger.slack[cell] + 1 + (ledger.flow[cell] >> FLOAT_SHIFT)
        if apart > allowed:
            raise InputError(
                f"on path {p} {_cell_name(setup, ledger, cell)} ends {apart} units of "
                f"10^-{decimals} away from the exact ledger, where rounding explains {allowed}",
                expected="every change of a holding to be in the journal",
            )
        worth = float(price[cell]) / 10**decimals
        if apart * worth > gap:
            gap, bound = apart * worth, allowed * worth
    return imbalance, gap, bound


def _cell_name(setup: Setup, ledger: ExactLedger, cell: int) -> str:
    table = setup.table
    if cell < table.units.account.size:
        name = setup.book.account_names[table.units.account[cell]]
        return f"the cash of account {name!r}"
    whose = "a position" if cell < ledger.traders else "a system account"
    assets = len(table.assets)
    thing = ledger.item[cell]
    what = table.assets[thing] if thing < assets else table.contracts[thing - assets][1]
    return f"{whose} in {what}"


def _things(setup: Setup, cells: Cells) -> tuple[list[int], list[int], Floats]:
    """What each cell holds, its decimals, and about what one of it is worth in quote.

    Assets are numbered first, contracts after them; balances are contracts of their venue.
    """
    table, assets = setup.table, len(setup.table.assets)
    worth = np.empty(assets + len(table.contracts))
    worth[:assets] = setup.spot
    worth[assets:] = 1.0
    rows, options = table.rows, table.options
    price = setup.spot[rows.asset] * rows.multiplier
    worth[assets + rows.contract] = np.where(rows.kind == RowKind.INVERSE, 1.0, price)
    worth[assets + options.contract] = setup.spot[options.asset]
    cash = table.feed_asset[table.units.settle]
    system = np.tile(np.arange(assets), len(cells.roles) * cells.venues)
    contracts = assets + np.arange(cells.contracts)
    item = np.concatenate(
        [cash, assets + rows.contract, assets + options.contract, system, contracts, contracts]
    )
    decimals = np.array([decimals_for(float(x)) for x in worth], dtype=np.int64)
    decimals[setup.quote] = QUOTE_DECIMALS
    return item.tolist(), decimals[item].tolist(), worth[item]


Trade = tuple[int, int, float, int, int, float]
Move = tuple[int, int, float]


def _by_path(journal: Journal, paths: int) -> tuple[list[list[Trade]], list[list[Move]]]:
    """The journal's lines of each path, in the order written."""
    trades: list[list[Trade]] = [[] for _ in range(paths)]
    moves: list[list[Move]] = [[] for _ in range(paths)]
    for path, position, counterparty, change, cash, counter_cash, price in journal.trades:
        columns = (path, position, counterparty, change, cash, counter_cash, price)
        for p, *row in zip(*(column.tolist() for column in columns), strict=True):
            trades[p].append((row[0], row[1], row[2], row[3], row[4], row[5]))
    for path, source, target, amount in journal.moves:
        lines = zip(path.tolist(), source.tolist(), target.tolist(), amount.tolist(), strict=True)
        for p, one, other, x in lines:
            if x != 0:
                moves[p].append((one, other, x))
    return trades, moves
