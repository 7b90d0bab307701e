"""Open-interest cap: at the cap nobody may raise a position, the backstop vault included.

Open interest of an instrument is the larger of all longs and all shorts of traders and vault, at
the margin price. The cap closes nobody and cuts nobody: a market above its cap stays there until
somebody leaves. In this engine traders only ever close, so the cap acts where the vault would take
an account over: a takeover moves a position and leaves open interest as it is, but it is new
exposure of the vault's, and at or above the cap it is refused unless it makes the vault's position
smaller. The account is then sold to the order book. ADL closes positions of both sides and is
never refused. What stands above its cap at the start is reported (:func:`above_cap`).

Source: open-interest caps of perpetual venues, at which only reducing orders are taken. Wrong
where the venue exempts its own vault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class OpenInterestCap:
    """Caps in quote notional by instrument; ``default`` for those not named (none: no cap)."""

    caps: Mapping[str, float] = number(AMOUNT, None)
    default: float | None = number(AMOUNT, None)

    def __post_init__(self) -> None:
        if not self.caps and self.default is None:
            raise InputError("open_interest_cap caps nothing", expected="caps, default or both")

    def cap(self, instrument: str) -> float:
        """Cap of an instrument, quote; infinite where there is none."""
        other = float("inf") if self.default is None else self.default
        return (self.caps or {}).get(instrument, other)


def above_cap(open_interest: Floats, cap: Floats) -> Bools:
    """Where a cap is reached: open interest and caps (..., c), quote."""
    return np.asarray(open_interest >= cap)


def refused(at_cap: Bools, vault: Floats, taken: Floats) -> Bools:
    """Takeovers (n,) of signed size ``taken`` that would raise the vault's position ``vault``.

    A takeover that turns the vault's position round raises it where it ends larger.
    """
    return np.asarray(at_cap & (np.abs(vault + taken) > np.abs(vault)))
