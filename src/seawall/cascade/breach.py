"""Breached accounts of one venue, as the steps that close them pass them on."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.book.book import Bools, Floats, Ints


@dataclass(frozen=True)
class Breach:
    """Breached pairs (n,) with equity and maintenance, quote; leg that lost most (desk units)."""

    path: Ints
    unit: Ints
    equity: Floats
    maintenance: Floats
    leg: Ints

    def only(self, keep: Bools) -> Breach:
        """The chosen pairs."""
        return Breach(
            self.path[keep],
            self.unit[keep],
            self.equity[keep],
            self.maintenance[keep],
            self.leg[keep],
        )
