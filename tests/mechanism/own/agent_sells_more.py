"""Owners sell what brings them back to twice their maintenance margin.

For tests: nothing says that nobody can sell more than there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AgentView, Wishes
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number

SLOT = "agent"
TARGET = Quantity("equity over maintenance, from 1 to 100", 1.0, 100.0)


@dataclass(frozen=True)
class BackToTarget:
    """target: equity over maintenance that owners come back to."""

    target: float = number(TARGET, 2.0)


def step(rule: BackToTarget, view: AgentView, memory: None) -> Wishes:
    """The part of all positions whose margin is missing."""
    due = rule.target * view.maintenance
    lack = np.maximum(due - view.equity, 0.0)
    part = np.divide(lack, due, out=np.zeros_like(due), where=due > 0)
    return Wishes(part[:, view.account], np.zeros_like(due))
