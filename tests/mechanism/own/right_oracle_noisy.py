"""The middle of three sources, each a little off, by random numbers of the path and the step.

Sources stand exactly at the market while it stands still: they err by what it has moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, OracleView
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number

SLOT = "oracle_source"
NUMBERS = 3


@dataclass(frozen=True)
class Lagging:
    """slow: largest part of a move that a source may not have seen."""

    slow: float = number(FRACTION, 0.5)


@dataclass
class Memory:
    """last (p, m): market price in the step before."""

    last: Floats


def begin(rule: Lagging, view: OracleView) -> Memory:
    """Prices at the start."""
    return Memory(np.tile(view.start, (view.market.shape[0], 1)))


def step(rule: Lagging, view: OracleView, memory: Memory) -> Floats:
    """market - slow x (median of three numbers) x move."""
    middle = np.sort(view.numbers, axis=1)[:, 1:2]
    price = view.market - rule.slow * middle * (view.market - memory.last)
    memory.last[:] = view.market
    return price
