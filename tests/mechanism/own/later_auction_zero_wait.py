"""The bonus falls with waiting, as one over it.

For tests: at first nobody has waited at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AuctionView, Floats
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "auction"


@dataclass(frozen=True)
class Falling:
    """part: of the fixed bonus after one minute."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Falling, view: AuctionView) -> Floats:
    """part x fixed bonus x 60 / waited."""
    return np.minimum(rule.part * view.bonus * 60.0 / view.waited, np.inf)
