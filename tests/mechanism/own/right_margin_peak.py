"""Margin follows the worst fall from the peak, and forgets slowly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import FRACTION, Quantity
from seawall.foundation.record import number

SLOT = "dynamic_margin"
STRENGTH = Quantity("a multiple from 0 to 100", 0.0, 100.0)


@dataclass(frozen=True)
class Fall:
    """strength: margin per unit of fall, above 1; keep: what is left of the peak's lead a step."""

    strength: float = number(STRENGTH, 4.0)
    keep: float = number(FRACTION, 0.9)


@dataclass
class Memory:
    """peak (p, m): slowly sinking highest price."""

    peak: Floats


def begin(rule: Fall, view: MarginView) -> Memory:
    """The price at the start."""
    return Memory(np.tile(view.start, (view.price.shape[0], 1)))


def step(rule: Fall, view: MarginView, memory: Memory) -> Floats:
    """1 + strength x (1 - price / peak), at most 10."""
    sunk = view.price + rule.keep * (memory.peak - view.price)
    memory.peak[:] = np.maximum(view.price, sunk)
    return np.minimum(1.0 + rule.strength * (1.0 - view.price / memory.peak), 10.0)
