"""A loss is borne by equity, and by those who hold positions, who are why there is a loss.

For tests: each of the two is charged the whole loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SocialiseView
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number

SLOT = "socialise"


@dataclass(frozen=True)
class EquityAndPositions:
    """floor: part of equity that nobody can be charged."""

    floor: float = number(FRACTION, 0.0)


def step(rule: EquityAndPositions, view: SocialiseView) -> Floats:
    """By equity, and by notional, and never more than there is."""
    spare = np.maximum(view.equity, 0.0) * (1.0 - rule.floor)
    return np.minimum(_part(spare, view.loss) + _part(view.notional, view.loss), spare)


def _part(weight: Floats, loss: float) -> Floats:
    total = float(weight.sum())
    return weight * (loss / total) if total > 0 else np.zeros_like(weight)
