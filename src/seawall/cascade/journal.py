"""The journal of a run: every trade and transfer with its two sides, for the exact ledger.

A *cell* is one place that holds something: a unit's cash, a position, a system account's asset, the
contracts of the order book or the vault. Whoever changes a holding inside the loop also writes it
here, where the run keeps a journal; without one nothing is written and nothing costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.margin.table.assess import Holdings
from seawall.margin.table.margin_table import MarginTable

ROLES = ("book", "outside", "keeper", "backstop", "fund", "pool")


@dataclass(frozen=True)
class Cells:
    """Numbers of the cells: units' cash, rows, options, system assets, book, vault, in that order.

    Counts of units, rows, options, venues, assets and contracts of the margin table.
    """

    units: int
    rows: int
    options: int
    venues: int
    assets: int
    contracts: int

    @property
    def count(self) -> int:
        """How many cells there are."""
        return self._vault + self.contracts

    @property
    def roles(self) -> tuple[str, ...]:
        """The system accounts, in the order of their cells."""
        return ROLES

    @property
    def traders(self) -> int:
        """Cells below this number belong to traders, the others to the system."""
        return self.units + self.rows + self.options

    @property
    def _book(self) -> int:
        return self.traders + len(ROLES) * self.venues * self.assets

    @property
    def _vault(self) -> int:
        return self._book + self.contracts

    def cash(self, unit: Ints) -> Ints:
        """Cash of units (n,)."""
        return unit

    def row(self, row: Ints) -> Ints:
        """Positions and balances (n,)."""
        return self.units + row

    def option(self, option: Ints) -> Ints:
        """Options (n,)."""
        return self.units + self.rows + option

    def system(self, role: str, venue: Ints | int, asset: Ints) -> Ints:
        """Assets (n,) of a system account at venues."""
        return self.traders + (ROLES.index(role) * self.venues + venue) * self.assets + asset

    def contract(self, holder: str, contract: Ints) -> Ints:
        """Contracts (n,) of the order book (``book``) or the vault (``backstop``)."""
        return (self._vault if holder == "backstop" else self._book) + contract


def cells_of(table: MarginTable) -> Cells:
    """The cells of a margin table."""
    return Cells(
        table.units.account.size,
        table.rows.unit.size,
        table.options.unit.size,
        len(table.venues),
        len(table.assets),
        len(table.contracts),
    )


class SystemAccounts(Protocol):
    """What :class:`seawall.cascade.state.Accounts` holds."""

    @property
    def assets(self) -> dict[str, Floats]:
        """Units (p, v, k) by role."""
        ...

    @property
    def book_contracts(self) -> Floats:
        """Contracts (p, c) of the order book."""
        ...

    @property
    def vault_contracts(self) -> Floats:
        """Contracts (p, c) of the vault."""
        ...


def contents(cells: Cells, holdings: Holdings, accounts: SystemAccounts) -> Floats:
    """What every cell holds now, (p, cells)."""
    paths = holdings.cash.shape[0]
    system = [accounts.assets[role].reshape(paths, -1) for role in cells.roles]
    return np.hstack([
        holdings.cash, holdings.size, holdings.option_size, *system,
        accounts.book_contracts, accounts.vault_contracts,
    ])  # fmt: skip


@dataclass
class Journal:
    """Chunks of columns, in the order written, and what the cells held before, (p, cells).

    trades  path, position, its counterparty, change, cash, its counterparty, price: ``change``
            units go to the position, change x price of the settlement asset the other way
    moves   path, source, target, amount: units of what both cells hold; negative goes back
    """

    cells: Cells
    start: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    trades: list[tuple[Ints, Ints, Ints, Floats, Ints, Ints, Floats]] = field(default_factory=list)
    moves: list[tuple[Ints, Ints, Ints, Floats]] = field(default_factory=list)

    def trade(
        self,
        path: Ints,
        position: Ints,
        counterparty: Ints,
        change: Floats,
        cash: Ints,
        counter_cash: Ints,
        price: Floats,
    ) -> None:
        """Write down trades (n,)."""
        self.trades.append(
            (path, position, counterparty, change.copy(), cash, counter_cash, price.copy())
        )

    def move(self, path: Ints, source: Ints, target: Ints, amount: Floats) -> None:
        """Write down transfers (n,); a cell given once serves all."""
        one, other = np.broadcast_to(source, path.shape), np.broadcast_to(target, path.shape)
        self.moves.append((path.copy(), one, other, np.array(amount)))
