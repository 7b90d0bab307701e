"""A forced order closes a part of the account; without equity it closes everything.

Formula: fraction = share while equity > 0, else 1
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: small accounts pay more in fees for many orders than for one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"


@dataclass(frozen=True)
class Share:
    """Parameters, read from [mechanisms.sizing] and refused outside their bounds.

    share   of every position that one order closes, a fraction
    """

    share: float = number(POSITIVE_FRACTION, 0.25)


def step(rule: Share, view: SizingView) -> Floats:
    """Fraction (n,) of each account's positions to close now, 0 to 1."""
    # The n accounts are of many paths: answer for each of them by itself.
    return np.where(view.equity > 0, rule.share, 1.0)
