"""Large accounts are closed by a third at a time, small ones at once.

For tests: what is large stands in the code, in dollars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"
LARGE = 30_000.0


@dataclass(frozen=True)
class LargeInParts:
    """share of a large account that one order closes."""

    share: float = number(POSITIVE_FRACTION, 1.0 / 3.0)


def step(rule: LargeInParts, view: SizingView) -> Floats:
    """The share of large accounts that have equity, all of the others."""
    large = (view.notional > LARGE) & (view.equity > 0)
    return np.where(large, rule.share, 1.0)
