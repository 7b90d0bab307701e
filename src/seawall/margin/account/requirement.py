"""What a margin account has and must have: equity, initial and maintenance margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats


@dataclass(frozen=True)
class Requirement:
    """Equity, initial and maintenance margin of each margin account, (u,) each, quote.

    Closed under addition, row by row: isolated positions, buckets and add-ons sum. The test is made
    per margin account; sums over accounts are for display, for one account's cash never hides
    another's liquidation.
    """

    equity: Floats
    initial: Floats
    maintenance: Floats

    def __add__(self, other: Requirement) -> Requirement:
        return Requirement(
            self.equity + other.equity,
            self.initial + other.initial,
            self.maintenance + other.maintenance,
        )

    @property
    def liquidatable(self) -> Bools:
        """True where equity is below a maintenance margin that is positive."""
        return (self.maintenance > 0) & (self.equity < self.maintenance)

    @property
    def margin_fraction(self) -> Floats:
        """Equity / maintenance; infinite where no margin is required."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.equity / self.maintenance
        return np.where(self.maintenance > 0, ratio, np.inf)
