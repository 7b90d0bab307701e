"""Winners are closed in proportion to their profit, as far as they hold contracts.

Formula: t_i = min(available_i, needed x profit_i / sum of profits)
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: profits are few: what is not found here is sold to the order book.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AdlView, Floats
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "adl"


@dataclass(frozen=True)
class ByProfit:
    """Parameters, read from [mechanisms.adl] and refused outside their bounds.

    most    largest part of a winner's position that is closed, a fraction
    """

    most: float = number(POSITIVE_FRACTION, 1.0)


def step(rule: ByProfit, view: AdlView) -> Floats:
    """Contracts closed (n,): 0 to view.available each, view.needed in all."""
    # Sizes of shorts are below zero; view.available is not. Who has no equity has none available.
    weight = np.where(view.available > 0, np.maximum(view.profit, 0.0), 0.0)
    total = weight.sum()
    if total <= 0:
        return np.zeros_like(weight)
    taken: Floats = np.minimum(rule.most * view.available, view.needed * weight / total)
    return taken
