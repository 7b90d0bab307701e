"""Perpetual swap, linear or inverse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Perpetual:
    """A perpetual swap.

    name        how the book names it
    underlying  asset whose price it follows
    settle      asset in which profit is paid: a stable asset (linear) or the underlying (inverse)

    Linear: size in base units, profit size x (exit - entry) in ``settle``. Inverse: size in quote
    contracts of 1, profit size x (1/entry - 1/exit) in the underlying.
    """

    name: str
    underlying: str
    settle: str

    @property
    def inverse(self) -> bool:
        """True when profit is paid in the underlying coin."""
        return self.settle == self.underlying
