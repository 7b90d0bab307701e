"""European option, linear or inverse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Option:
    """A European option on the forward, size in base units.

    strike  quote per base unit; ``call`` True for a call, False for a put; expiry in UTC.
    Linear: payoff max(+-(S - K), 0) in ``settle``. Inverse: that payoff divided by S, in coin.
    """

    name: str
    underlying: str
    settle: str
    expiry: datetime
    strike: float
    call: bool

    @property
    def inverse(self) -> bool:
        """True when premium and payoff are paid in the underlying coin."""
        return self.settle == self.underlying
