"""The price is an exponential average of the market price.

Formula: price = price before + weight x (market - price before)
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: the venue takes medians of sources, or looks at trades only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, OracleView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "oracle_source"


@dataclass(frozen=True)
class Average:
    """Parameters, read from [mechanisms.oracle_source] and refused outside their bounds.

    weight  of the market price in one step, a fraction
    """

    weight: float = number(POSITIVE_FRACTION, 0.5)


@dataclass
class Memory:
    """price (p, m): measured in the step before. Arrays only, the path first."""

    price: Floats


def begin(rule: Average, view: OracleView) -> Memory:
    """The memory at the start: every path begins at the prices of the start (m,)."""
    return Memory(np.tile(view.start, (view.market.shape[0], 1)))


def step(rule: Average, view: OracleView, memory: Memory) -> Floats:
    """Price (p, m) > 0 that is measured; it shows the market where the market stands still."""
    memory.price += rule.weight * (view.market - memory.price)
    return memory.price
