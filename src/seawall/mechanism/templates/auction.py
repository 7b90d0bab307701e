"""The keeper's bonus rises from nothing to a multiple of the fixed one while the loan waits.

Formula: bonus = top x fixed bonus x min(waited / seconds, 1)
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: keepers expect each other: they then wait for more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AuctionView, Floats
from seawall.foundation.quantity import POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number

SLOT = "auction"

TOP = Quantity("a multiple from 0 to 5", 0.0, 5.0)


@dataclass(frozen=True)
class Rising:
    """Parameters, read from [mechanisms.auction] and refused outside their bounds.

    top, seconds    the bonus at the end over the fixed one; length of the rise
    """

    top: float = number(TOP, 1.5)
    seconds: float = number(POSITIVE_SECONDS, 300.0)


def step(rule: Rising, view: AuctionView) -> Floats:
    """Bonus (n,) on the debt repaid, a fraction above -1; view.waited may be zero."""
    return rule.top * view.bonus * np.minimum(view.waited / rule.seconds, 1.0)
