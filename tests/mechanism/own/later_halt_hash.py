"""Liquidations stop after a large move, in half of the steps, by a draw of its own making.

For tests: Python's hashes of texts differ from one process to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Bools, HaltView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "halt"


@dataclass(frozen=True)
class BySteps:
    """part: of the price that is a large move."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: BySteps, view: HaltView, memory: None) -> Bools:
    """True after a large move in steps whose hash is even."""
    odd = hash(f"step {view.step}") % 2
    moved = np.abs(view.market / view.start - 1.0) > 0.2 * rule.part
    return moved & (odd == 0)
