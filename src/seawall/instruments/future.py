"""Dated future, linear or inverse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Future:
    """A future that settles at ``expiry`` (UTC); sizes and profit as for a perpetual."""

    name: str
    underlying: str
    settle: str
    expiry: datetime

    @property
    def inverse(self) -> bool:
        """True when profit is paid in the underlying coin."""
        return self.settle == self.underlying
