"""A forced order closes the part that is missing to maintenance, at least a tenth, then all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number, whole

SLOT = "sizing"


@dataclass(frozen=True)
class Gentle:
    """least: smallest part that is closed; times: orders before everything goes."""

    least: float = number(POSITIVE_FRACTION, 0.1)
    times: int = whole(0, 20, 3)


def step(rule: Gentle, view: SizingView) -> Floats:
    """1 - equity / maintenance, between ``least`` and 1."""
    due = view.maintenance
    part = 1.0 - np.divide(view.equity, due, out=np.zeros_like(due), where=due > 0)
    patient = (view.tried < rule.times) & (view.equity > 0)
    return np.where(patient, np.clip(part, rule.least, 1.0), 1.0)
