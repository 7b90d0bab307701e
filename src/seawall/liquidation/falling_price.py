"""A Dutch auction of a loan's collateral: the price falls until a keeper takes it.

    share of the oracle price  D(t) = max(floor, start - (start - floor) x t / seconds)

A keeper pays D x oracle price for what it takes, and takes as soon as its sale pays for that, its
gas and the profit it asks for. In the words of a fixed bonus: bonus(t) = 1 / D(t) - 1, negative
while D is above 1. At the floor the auction stays open.

Source: MakerDAO's Clipper (start above 1, then a falling share), here linear and on the present
oracle price, not on that of the start. Wrong when the oracle price moves much within an auction:
Maker's price would not follow it, and Maker restarts a stale auction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_FRACTION, POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number

START = Quantity("a share of the oracle price above 0, at most 10", 0.0, 10.0, True)


@dataclass(frozen=True)
class FallingPrice:
    """Parameters: ``start`` and ``floor`` shares of the oracle price, ``seconds`` of the fall."""

    start: float = number(START)
    floor: float = number(POSITIVE_FRACTION)
    seconds: float = number(POSITIVE_SECONDS)

    def __post_init__(self) -> None:
        if self.floor > self.start:
            raise InputError(
                f"the auction's floor is {self.floor:g}, above its start {self.start:g}",
                expected="a price that falls",
            )


def share_of_price(rule: FallingPrice, waited: Floats) -> Floats:
    """Share of the oracle price (n,), ``waited`` (n,) seconds after the start of each auction."""
    fall = (rule.start - rule.floor) * (waited / rule.seconds)
    return np.maximum(rule.start - fall, rule.floor)


def bonus_at(rule: FallingPrice, waited: Floats) -> Floats:
    """The same as a bonus on the debt repaid, (n,); negative while the price is above the oracle's.

    Below -1 is impossible: the share is positive.
    """
    return 1.0 / share_of_price(rule, waited) - 1.0
