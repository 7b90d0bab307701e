"""Margin rises with the logarithm of open interest.

For tests: a logarithm of dollars is no ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "dynamic_margin"


@dataclass(frozen=True)
class Logarithmic:
    """part: by which margin rises from one decade to the next."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Logarithmic, view: MarginView, memory: None) -> Floats:
    """1 + part x (log10 of open interest - 3), between 1 and 10."""
    decades = np.log10(np.maximum(view.open_interest, 1.0)) - 3.0
    return np.clip(1.0 + rule.part * decades, 1.0, 10.0)
