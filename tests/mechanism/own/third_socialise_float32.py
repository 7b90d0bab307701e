"""A loss is borne by equity, worked out in single precision to be quick.

For tests: parts in single precision do not sum to the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SocialiseView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "socialise"


@dataclass(frozen=True)
class Quick:
    """part: of equity that can be charged."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Quick, view: SocialiseView) -> Floats:
    """In proportion to equity."""
    equity = np.maximum(view.equity, 0.0).astype(np.float32)
    total = equity.sum()
    if total <= 0:
        return np.zeros(equity.size)
    return (equity * np.float32(min(rule.part, view.loss / total))).astype(np.float64)
