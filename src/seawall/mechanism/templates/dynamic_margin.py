"""Margin follows the restlessness of the market, upwards at once and downwards slowly.

Formula: factor = max(target, keep x factor before), target = 1 + strength x (restlessness - 1)
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: the venue moves margin by committee and at notice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import FRACTION, Quantity
from seawall.foundation.record import number

SLOT = "dynamic_margin"

STRENGTH = Quantity("a multiple from 0 to 100", 0.0, 100.0)


@dataclass(frozen=True)
class SlowDown:
    """Parameters, read from [mechanisms.dynamic_margin] and refused outside their bounds.

    strength    margin for each unit of restlessness above 1
    keep        part of the factor that is left after one step, a fraction
    """

    strength: float = number(STRENGTH, 0.5)
    keep: float = number(FRACTION, 0.9)


@dataclass
class Memory:
    """factor (p, m): of the step before. Arrays only, the path first; the loop owns them."""

    factor: Floats


def begin(rule: SlowDown, view: MarginView) -> Memory:
    """The memory at the start, where the factor is 1. Leave it out where you need no memory."""
    return Memory(np.ones_like(view.price))


def step(rule: SlowDown, view: MarginView, memory: Memory) -> Floats:
    """Factor (p, m) on maintenance, from 1 to 1000."""
    target = 1.0 + rule.strength * np.maximum(view.restlessness - 1.0, 0.0)
    # Write into the memory's arrays; views cannot be written to.
    memory.factor[:] = np.clip(np.maximum(target, rule.keep * memory.factor), 1.0, 20.0)
    return memory.factor
