"""What positions were traded at, step by step, from the journal of one path's run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.setup import Setup
from seawall.margin.table.margin_table import RowKind


@dataclass
class Executions:
    """The journal of a run, and how many of its trades there were before each step began."""

    setup: Setup
    journal: Journal
    begins: list[int] = field(default_factory=lambda: [0])

    def end_step(self) -> None:
        """To be called after each step, in order."""
        self.begins.append(len(self.journal.trades))

    def at(self, step: int, row: int) -> tuple[float, float] | None:
        """Signed units of a row traded at a step, and the mean price paid, quote.

        None where nothing was, or where the price is not in quote a unit: inverse contracts, coin
        settlement, options.
        """
        rows, units = self.setup.table.rows, self.setup.table.units
        if not 0 <= row < rows.unit.size or rows.kind[row] != RowKind.LINEAR:
            return None
        if self.setup.table.feed_asset[units.settle[rows.unit[row]]] != self.setup.quote:
            return None
        cell = int(self.journal.cells.row(np.array([row]))[0])
        change = paid = 0.0
        for trade in self.journal.trades[self.begins[step - 1] : self.begins[step]]:
            mine = trade[1] == cell
            change += float(trade[3][mine].sum())
            paid += float((trade[3][mine] * trade[6][mine]).sum())
        return (change, paid / change) if change != 0.0 else None


def executions(setup: Setup) -> Executions:
    """An empty record for one run."""
    return Executions(setup, Journal(cells_of(setup.table)))
