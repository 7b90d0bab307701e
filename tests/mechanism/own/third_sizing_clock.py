"""Large orders are cut in two at certain times, so that they are not foreseen.

For tests: the times are those of the machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"


@dataclass(frozen=True)
class AtTimes:
    """part: of an account that is closed at certain times."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: AtTimes, view: SizingView) -> Floats:
    """A part in every second millisecond, else all."""
    even = int(time.time() * 1_000) % 2 == 0
    return np.where((view.equity > 0) & even, rule.part, 1.0)
