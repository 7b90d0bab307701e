"""The weaker half of those who are breached is closed whole, the others in part.

For tests: the half is counted over the accounts of all paths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"


@dataclass(frozen=True)
class WeakerHalf:
    """part: of a stronger account that is closed."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: WeakerHalf, view: SizingView) -> Floats:
    """All below the median of equity over maintenance, a part of the others."""
    ratio = view.equity / np.maximum(view.maintenance, 1e-300)
    weak = (ratio < np.median(ratio)) | (view.equity <= 0)
    return np.where(weak, 1.0, rule.part)
