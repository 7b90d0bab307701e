"""Margin is dearer in the assets in which most of the venue's longs are crowded.

For tests: where nobody is long any more the share of nothing is no number.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number

SLOT = "dynamic_margin"
STRENGTH = Quantity("a multiple from 0 to 10", 0.0, 10.0)


@dataclass(frozen=True)
class Crowded:
    """strength: margin of an asset that holds all open interest, above 1."""

    strength: float = number(STRENGTH, 1.0)


def step(rule: Crowded, view: MarginView, memory: None) -> Floats:
    """1 + strength x share of the venue's open interest."""
    total = view.open_interest.sum(axis=1, keepdims=True)
    return 1.0 + rule.strength * view.open_interest / total
