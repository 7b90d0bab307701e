"""The price is the market's, but moves at most so far in a step.

For tests: the last price of the first asset is everybody's last price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, OracleView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "oracle_source"


@dataclass(frozen=True)
class AtMost:
    """move: largest relative move in one step."""

    move: float = number(POSITIVE_FRACTION, 0.1)


@dataclass
class Memory:
    """last (p, m): price measured in the step before."""

    last: Floats


def begin(rule: AtMost, view: OracleView) -> Memory:
    """Prices at the start."""
    return Memory(np.tile(view.start, (view.market.shape[0], 1)))


def step(rule: AtMost, view: OracleView, memory: Memory) -> Floats:
    """The market price, held within the largest move."""
    last = memory.last[:, :1]
    low, high = last * (1.0 - rule.move), last * (1.0 + rule.move)
    memory.last[:] = np.maximum(np.minimum(view.market, high), np.maximum(low, 1e-9 * last))
    return memory.last
