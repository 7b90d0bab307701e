"""Winners are cut to one level: the largest positions first, down to the size all are left with.

Water filling by notional; right, and a little work to get right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AdlView, Floats
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "adl"


@dataclass(frozen=True)
class Level:
    """most: largest part of a winner's position that is closed."""

    most: float = number(POSITIVE_FRACTION, 1.0)


def step(rule: Level, view: AdlView) -> Floats:
    """t_i = min(most x available_i, max(available_i - level, 0)) with the level that is needed."""
    held = view.available
    order = np.sort(held)[::-1]
    # With the n largest cut to the level of the next, so much is found.
    found = np.cumsum(order) - order * np.arange(1, held.size + 1)
    n = int(np.searchsorted(found, view.needed, side="left"))
    level = (order[:n].sum() - view.needed) / n if n else 0.0
    taken = np.minimum(rule.most * held, np.maximum(held - max(level, 0.0), 0.0))
    total = taken.sum()
    return taken * min(1.0, view.needed / total) if total > 0 else taken
