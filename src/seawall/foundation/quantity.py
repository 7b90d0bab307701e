"""What an input number means and which values are plausible, in the words that refuse others."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A kind of input number: ``words`` say unit and range, ``low`` and ``high`` bound it.

    ``open_low`` / ``open_high`` exclude the bound itself. The bounds catch a wrong unit (a
    volatility of 55 for 55%), not a wrong opinion: they are wider than any market seen so far.
    """

    words: str
    low: float
    high: float
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        """True when ``value`` is finite and inside the bounds."""
        if not math.isfinite(value):
            return False
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below


# 1e30 keeps every product of two inputs, and the square of it, far inside double precision.
LARGEST = 1e30
SMALLEST_PRICE = 1e-18

FRACTION = Quantity("a fraction from 0 to 1 (0.05 means 5%)", 0.0, 1.0)
POSITIVE_FRACTION = Quantity("a fraction above 0, at most 1 (0.05 means 5%)", 0.0, 1.0, True)
PRICE = Quantity("a price above 0 in the quote currency", SMALLEST_PRICE, 1e18)
AMOUNT = Quantity("an amount of 0 or more in the quote currency", 0.0, LARGEST)
POSITIVE_AMOUNT = Quantity("an amount above 0 in the quote currency", 0.0, LARGEST, True)
VOLATILITY = Quantity("an annual fraction from 0 to 10 (0.55 means 55%)", 0.0, 10.0)
POSITIVE_VOLATILITY = Quantity("an annual fraction above 0, to 10 (0.55 means 55%)", 0, 10, True)
ANNUAL_RATE = Quantity("an annual fraction from -10 to 10 (0.05 means 5% a year)", -10.0, 10.0)
RELATIVE_ERROR = Quantity("a relative standard error from 0 to 2 (0.1 means 10%)", 0.0, 2.0)
SECONDS = Quantity("a number of seconds, 0 or more", 0.0, 1e9)
POSITIVE_SECONDS = Quantity("a number of seconds above 0", 0.0, 1e9, True)
SIGNED = Quantity("a finite number", -LARGEST, LARGEST)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known name nearest to ``word``, whatever its case; None when none is near."""
    names = list(known)
    lowered = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[near[0]] if near else None


def choices(word: str, known: Iterable[str]) -> str:
    """What to write instead of ``word``: the nearest known name, or the list of the known ones."""
    names = list(known)
    near = did_you_mean(word, names)
    if near is not None:
        return f"{near!r} (the nearest of {len(names)} known)"
    if not names:
        return "nothing of that kind here"
    listed = ", ".join(names[:12])
    return f"one of {listed}" if len(names) <= 12 else f"one of {listed} and {len(names) - 12} more"
