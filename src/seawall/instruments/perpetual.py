"""Perpetual swap: linear, inverse or quanto."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Perpetual:
    """A perpetual swap.

    name        how the book names it
    underlying  asset whose price it follows
    settle      asset in which profit is paid: a stable asset (linear), the underlying (inverse) or
                a third asset (quanto)
    multiplier  quanto only: units of ``settle`` paid per contract and per unit of quote by which
                the price moves; None for linear and inverse

    Linear: size in base units, profit size x (exit - entry) in ``settle``. Inverse: size in quote
    contracts of 1, profit size x (1/entry - 1/exit) in the underlying. Quanto: size in contracts,
    profit size x multiplier x (exit - entry) in ``settle``, at a conversion that never changes.
    """

    name: str
    underlying: str
    settle: str
    multiplier: float | None = None

    @property
    def inverse(self) -> bool:
        """True when profit is paid in the underlying coin."""
        return self.settle == self.underlying

    @property
    def quanto(self) -> bool:
        """True when profit is paid in another asset at a fixed conversion."""
        return self.multiplier is not None
