"""The price is an average over time: what was measured before, and the market now.

For tests: what was measured before is that of the first path, for all of them.
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
    """part: weight of the market now."""

    part: float = number(POSITIVE_FRACTION, 0.9)


@dataclass
class Memory:
    """last (p, m): price measured in the step before."""

    last: Floats


def begin(rule: Average, view: OracleView) -> Memory:
    """Prices at the start."""
    return Memory(np.tile(view.start, (view.market.shape[0], 1)))


def step(rule: Average, view: OracleView, memory: Memory) -> Floats:
    """last + part x (market - last)."""
    memory.last[:] = memory.last[0] + rule.part * (view.market - memory.last[0])
    return memory.last
