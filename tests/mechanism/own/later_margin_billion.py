"""Margin is dearer where open interest is beyond a bound.

For tests: the bound stands in the code, and no small Case comes near it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, MarginView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "dynamic_margin"
BOUND = 1e9


@dataclass(frozen=True)
class Crowded:
    """part: by which margin rises beyond the bound."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Crowded, view: MarginView, memory: None) -> Floats:
    """1, and 1 + part beyond a billion dollars."""
    return np.where(view.open_interest > BOUND, 1.0 + rule.part, 1.0)
