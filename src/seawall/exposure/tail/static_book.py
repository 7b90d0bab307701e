"""What a desk's book would be worth at other prices, if nobody touched it meanwhile.

Full revaluation by the margin table's own formula: perpetuals and futures linear or inverse,
options by Black's at implied volatility that moves with spot (A12), balances and debts at price,
everything in quote. Time passes: options age, funding and interest run at the mean of the first and
the last price. No liquidation, no fee, no order: what the loop adds is missing on purpose, so a
loss can be larger than the equity that pays for it. Wrong where an account would have been closed
on the way, and for options whose implied volatility moves by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.exposure.impairment import desk_columns
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import Holdings, option_quotes, unit_equity

# Scenarios x (rows and options) revalued together: bounds memory, changes no bit.
TOGETHER = 2_000_000
# Relative move of a price by which a delta is taken.
BUMP = 1e-3


@dataclass(frozen=True)
class StaticBook:
    """The book of some margin accounts of a Setup; ``units`` (u,) which."""

    setup: Setup
    units: Ints

    def equity(self, price: Floats, seconds: float) -> Floats:
        """Sum of the accounts' equity (n,), quote, at prices (n, k) of all assets, ``seconds``
        after the start.
        """
        table = self.setup.table
        width = table.rows.size.size + table.options.size.size + 1
        step = max(1, TOGETHER // width)
        parts = [self._part(price[i : i + step], seconds) for i in range(0, len(price), step)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _part(self, price: Floats, seconds: float) -> Floats:
        table, count = self.setup.table, price.shape[0]
        start = self.setup.spot[table.feed_asset]
        feeds = price[:, table.feed_asset]
        quotes = option_quotes(table, feeds, start, seconds / SECONDS_PER_YEAR)
        quotes.integral = seconds * 0.5 * (feeds + start)
        holdings = Holdings(
            np.broadcast_to(table.rows.size, (count, table.rows.size.size)),
            np.broadcast_to(table.options.size, (count, table.options.size.size)),
            np.broadcast_to(table.units.cash, (count, table.units.cash.size)),
        )
        path = np.repeat(np.arange(count), self.units.size)
        unit = np.tile(self.units, count)
        equity = unit_equity(table, holdings, quotes, path, unit)
        total: Floats = equity.reshape(count, self.units.size).sum(axis=1)
        return total

    def losses(self, moves: Floats, seconds: float) -> Floats:
        """Losses (n,), quote, loss > 0, after log-returns (n, k) of all assets over ``seconds``."""
        spot = self.setup.spot
        now = self.equity(spot[None, :], 0.0)
        return now - self.equity(spot * np.exp(moves), seconds)

    def losses_of(self, price: Floats, moved: Ints, seconds: float) -> Floats:
        """Losses (n,) because assets ``moved`` are at prices (n, k) and all others at spot.

        Against the same book at the same time with no price moved, so that carry counts as none.
        """
        at = np.tile(self.setup.spot, (price.shape[0], 1))
        at[:, moved] = price[:, moved]
        still = self.equity(self.setup.spot[None, :], seconds)
        return still - self.equity(at, seconds)

    def exposure(self) -> Floats:
        """Change of equity (k,), quote, per unit relative change of each asset's price: the delta
        of everything the accounts hold, options, debts and coin margin included; the quote
        currency's own is 0.
        """
        spot = self.setup.spot
        count = spot.size
        up, down = np.tile(spot, (count, 1)), np.tile(spot, (count, 1))
        own = np.arange(count)
        up[own, own] *= 1.0 + BUMP
        down[own, own] *= 1.0 - BUMP
        slope = (self.equity(up, 0.0) - self.equity(down, 0.0)) / (2.0 * BUMP)
        slope[self.setup.quote] = 0.0
        return slope


def static_book(setup: Setup, owner: str) -> StaticBook:
    """The book of all desk accounts of an owner."""
    return StaticBook(setup, setup.desk_units[desk_columns(setup, owner)])
