"""Owners sell a part of everything at the first step of each day, and count their days.

For tests: the count stands on the class of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.cascade.custom import AgentView, Wishes
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "agent"


@dataclass(frozen=True)
class Daily:
    """part: of a position that is sold on the first day."""

    part: float = number(POSITIVE_FRACTION, 0.5)
    days: ClassVar[int] = 0


def step(rule: Daily, view: AgentView, memory: None) -> Wishes:
    """part over the days so far, where margin is thin."""
    Daily.days += 1
    thin = view.equity < 1.5 * view.maintenance
    close = np.where(thin[:, view.account], rule.part / Daily.days, 0.0)
    return Wishes(close, np.zeros_like(view.equity))
