"""Winners with the largest profit on their notional are closed first.

For tests: sizes are signed, and the rule forgets that shorts are below zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AdlView, Floats
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "adl"


@dataclass(frozen=True)
class ProfitFirst:
    """most: largest part of a winner's position that is closed."""

    most: float = number(POSITIVE_FRACTION, 1.0)


def step(rule: ProfitFirst, view: AdlView) -> Floats:
    """From the highest score down, until what is needed is found."""
    score = view.profit / view.notional
    order = np.argsort(-score, kind="stable")
    held = rule.most * view.size[order] * (view.available[order] > 0)
    before = np.cumsum(held) - held
    taken = np.zeros_like(held)
    taken[order] = np.minimum(np.maximum(view.needed - before, 0.0), held)
    return taken
