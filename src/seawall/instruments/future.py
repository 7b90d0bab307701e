"""Dated future: linear, inverse or quanto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Future:
    """A future that settles at ``expiry`` (UTC); sizes, multiplier, profit as for a perpetual."""

    name: str
    underlying: str
    settle: str
    expiry: datetime
    multiplier: float | None = None

    @property
    def inverse(self) -> bool:
        """True when profit is paid in the underlying coin."""
        return self.settle == self.underlying

    @property
    def quanto(self) -> bool:
        """True when profit is paid in another asset at a fixed conversion."""
        return self.multiplier is not None
