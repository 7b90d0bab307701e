"""Transfers between system accounts and of balances, each with two sides (law L1) and a line in the
journal where the run keeps one.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State


def between(
    state: State, v: int | Ints, path: Ints, asset: int | Ints, source: str, target: str,
    amount: Floats,
) -> None:  # fmt: skip
    """Move ``amount`` (n,) units of an asset from one system account of a venue to another."""
    venue = np.broadcast_to(np.asarray(v, dtype=np.int64), path.shape)
    which = np.broadcast_to(np.asarray(asset, dtype=np.int64), path.shape)
    np.add.at(state.accounts.assets[source], (path, venue, which), -amount)
    np.add.at(state.accounts.assets[target], (path, venue, which), amount)
    if state.journal is not None:
        cells = state.journal.cells
        one, other = cells.system(source, venue, which), cells.system(target, venue, which)
        state.journal.move(path, one, other, amount)


def to_balance(setup: Setup, state: State, path: Ints, row: Ints, amount: Floats) -> None:
    """Move ``amount`` (n,) units from the order book's claims into balances (rows, n)."""
    contract = setup.table.rows.contract[row]
    np.add.at(state.holdings.size, (path, row), amount)
    np.add.at(state.accounts.book_contracts, (path, contract), -amount)
    if state.journal is not None:
        cells = state.journal.cells
        state.journal.move(path, cells.contract("book", contract), cells.row(row), amount)
