"""A loss is borne by equity; negative equity bears nothing.

For tests: negative equity is set to zero where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.cascade.custom import Floats, SocialiseView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "socialise"


@dataclass(frozen=True)
class ByEquity:
    """part: of equity that can be charged."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: ByEquity, view: SocialiseView) -> Floats:
    """In proportion to equity, at most a part of it."""
    equity = view.equity
    equity[equity < 0] = 0.0
    total = equity.sum()
    return equity * min(rule.part, view.loss / total) if total > 0 else equity
