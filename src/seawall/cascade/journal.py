"""The journal of a run: every trade and transfer with its two sides, for the exact ledger.

A *cell* is one place that holds something: a unit's cash, a position, a system account's asset, the
contracts of the order book or the vault. Whoever changes a holding inside the loop also writes it
here, where the run keeps a journal; without one nothing is written and nothing costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seawall.book.book import Floats, Ints
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
    def _system(self) -> int:
        return self.units + self.rows + self.options

    @property
    def _book(self) -> int:
        return self._system + len(ROLES) * self.venues * self.assets

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
        return self._system + (ROLES.index(role) * self.venues + venue) * self.assets + asset

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


@dataclass
class Journal:
    """Chunks of columns, in the order written.

    trades  path, position, its counterparty, change, cash, its counterparty, price: ``change``
            units go to the position, change x price of the settlement asset the other way
    moves   path, source, target, amount: units of what both cells hold; negative goes back
    """

    cells: Cells
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
        """Write down transfers (n,)."""
        self.moves.append((path.copy(), source, target, np.array(amount)))
