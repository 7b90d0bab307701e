"""The more accounts are closed at once, the less of each.

For tests: how many are asked about together is no fact of the market.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"


@dataclass(frozen=True)
class Shared:
    """part: closed of an account that is alone."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Shared, view: SizingView) -> Floats:
    """part over the root of the number of accounts."""
    part = rule.part / np.sqrt(view.equity.size)
    return np.where(view.equity > 0, part, 1.0)
