"""Owners whose margin is thin sell a part of everything before they are checked.

Formula: close = part of every position where equity < thin x maintenance
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: owners sleep: NUMBERS gives each step its random numbers, so that some of them do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AgentView, Wishes
from seawall.foundation.quantity import POSITIVE_FRACTION, Quantity
from seawall.foundation.record import number

SLOT = "agent"

# Random numbers of each path and step, in view.numbers; never NumPy's own generators.
NUMBERS = 1
THIN = Quantity("equity over maintenance, from 1 to 100", 1.0, 100.0)


@dataclass(frozen=True)
class SellEarly:
    """Parameters, read from [mechanisms.agent] and refused outside their bounds.

    thin    equity over maintenance below which owners sell
    part    of every position that they sell, a fraction; awake: part of steps in which they look
    """

    thin: float = number(THIN, 1.5)
    part: float = number(POSITIVE_FRACTION, 0.5)
    awake: float = number(POSITIVE_FRACTION, 0.8)


def step(rule: SellEarly, view: AgentView, memory: None) -> Wishes:
    """What owners sell (p, r), a fraction of each position, and pay in (p, u), quote."""
    look = view.numbers[:, :1] < rule.awake
    thin = (view.equity < rule.thin * view.maintenance) & (view.equity > 0) & look
    close = np.where(thin[:, view.account], rule.part, 0.0)
    return Wishes(close, np.zeros_like(view.equity))
