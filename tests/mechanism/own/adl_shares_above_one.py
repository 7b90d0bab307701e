"""Winners are closed in proportion to their profit, one percent more than is needed, to be sure.

For tests: the parts sum to 1.01 of what was lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AdlView, Floats
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number

SLOT = "adl"


@dataclass(frozen=True)
class ByProfit:
    """reserve: how much more is closed than is needed, a fraction of it."""

    reserve: float = number(FRACTION, 0.01)


def step(rule: ByProfit, view: AdlView) -> Floats:
    """Each in proportion to profit, as far as it holds contracts."""
    weight = np.maximum(view.profit, 0.0) * (view.available > 0)
    if weight.sum() <= 0:
        weight = view.available
    if weight.sum() <= 0:
        return np.zeros_like(weight)
    wanted = weight / weight.sum() * view.needed * (1.0 + rule.reserve)
    return np.minimum(wanted, view.available)
