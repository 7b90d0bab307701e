"""A margin counted in the venue's own whole units, beside the one in floating point.

Integer mode answers what the venue's code answers, to the last unit. The amounts of an account are
decimals; what is not whole in the venue's units is rounded, and the result says what was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from seawall.foundation.exact import floor_of, in_units, nearest
from seawall.margin.account.working import Line


@dataclass(frozen=True)
class ExactMargin:
    """Requirement of one margin account in whole units of the settlement asset.

    equity, initial, maintenance  in units of 10^-``decimals`` ``asset``
    working   the derivation; every amount in it is a whole number in the unit that its line names
    rounded   one sentence for each input that was not whole in the venue's units; empty if none
    """

    equity: int
    initial: int
    maintenance: int
    asset: str
    decimals: int
    working: Line
    rounded: tuple[str, ...] = ()

    @property
    def net_initial(self) -> int:
        """Equity - initial margin, units: below 0 the account may not add risk."""
        return self.equity - self.initial

    @property
    def net_maintenance(self) -> int:
        """Equity - maintenance margin, units: below 0 the account may be liquidated."""
        return self.equity - self.maintenance

    @property
    def liquidatable(self) -> bool:
        """True when equity is below a maintenance margin that is positive."""
        return self.maintenance > 0 and self.equity < self.maintenance


@dataclass
class Rounder:
    """Turns decimals into whole units and remembers what had to be rounded."""

    said: list[str] = field(default_factory=list)

    def nearest(self, what: str, number: float, decimals: int) -> int:
        """``number`` in units of 10^-``decimals``, to the nearest one."""
        return self._whole(what, in_units(number, decimals), decimals, down=False)

    def down(self, what: str, units: Fraction, decimals: int) -> int:
        """An amount already in units of 10^-``decimals``, rounded down (never for the account)."""
        return self._whole(what, units, decimals, down=True)

    def _whole(self, what: str, units: Fraction, decimals: int, *, down: bool) -> int:
        whole = floor_of(units) if down else nearest(units)
        if whole != units:
            way = "down" if down else "to the nearest one"
            self.said.append(f"{what} is not whole in units of 10^{-decimals} and is rounded {way}")
        return whole

    def sentences(self) -> tuple[str, ...]:
        """What was rounded, each once, in the order in which it came."""
        return tuple(dict.fromkeys(self.said))
