"""Owners sell a little of everything as time goes by.

For tests: after five hundred steps the part is no number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AgentView, Wishes
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "agent"


@dataclass(frozen=True)
class Slowly:
    """part: of a position sold in five hundred steps."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Slowly, view: AgentView, memory: None) -> Wishes:
    """part / (500 - step)."""
    left = np.sqrt(500.0 - view.step)
    return Wishes(np.full(view.size.shape, rule.part / left), np.zeros(view.equity.shape))
