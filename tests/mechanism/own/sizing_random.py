"""A forced order closes about a quarter, a little more or less so that nobody can foresee it.

For tests: the little comes from NumPy's global generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, SizingView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"


@dataclass(frozen=True)
class Unforeseen:
    """share of every position that an order closes on average."""

    share: float = number(POSITIVE_FRACTION, 0.25)


def step(rule: Unforeseen, view: SizingView) -> Floats:
    """The share and a tenth of it, up or down; all of an account without equity."""
    noise = np.random.uniform(0.9, 1.1, view.equity.size)  # noqa: NPY002 - the fault
    return np.where(view.equity > 0, np.minimum(rule.share * noise, 1.0), 1.0)
