"""Margin rises with restlessness, smoothed so that one wild market does not frighten everybody.

For tests: the smoothing goes over all paths of the run, which do not know of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number

SLOT = "dynamic_margin"
STRENGTH = Quantity("a multiple from 0 to 10", 0.0, 10.0)


@dataclass(frozen=True)
class Smooth:
    """strength: margin for each unit of restlessness above 1."""

    strength: float = number(STRENGTH, 0.5)


def step(rule: Smooth, view: MarginView, memory: None) -> Floats:
    """1 + strength x (average restlessness - 1), at most 5."""
    average = view.restlessness.mean(axis=0)
    factor = np.clip(1.0 + rule.strength * (average - 1.0), 1.0, 5.0)
    return np.tile(factor, (view.price.shape[0], 1))
