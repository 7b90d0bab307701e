"""A socialised loss is borne by equity, the first part of which is left alone.

Formula: b_i = loss x s_i / sum of s, at most s_i, with s_i = (1 - keep) x positive equity
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: accounts could leave before they are charged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SocialiseView
from seawall.foundation.quantity import FRACTION
from seawall.foundation.record import number

SLOT = "socialise"


@dataclass(frozen=True)
class ByEquity:
    """Parameters, read from [mechanisms.socialise] and refused outside their bounds.

    keep    part of each account's equity that is never charged, a fraction
    """

    keep: float = number(FRACTION, 0.0)


def step(rule: ByEquity, view: SocialiseView) -> Floats:
    """What each account bears (n,) >= 0, quote: view.loss in all; what is left stays outside."""
    spare = (1.0 - rule.keep) * np.maximum(view.equity, 0.0)
    total = spare.sum()
    # Nobody may have any equity: there is nothing to share out then, and nothing to divide by.
    if total <= 0:
        return np.zeros_like(spare)
    borne: Floats = spare * min(1.0, view.loss / total)
    return borne
