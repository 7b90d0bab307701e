"""Liquidations in an asset wait while its market has left the price that margin sees.

Formula: halted where |market / price - 1| > gap
Source: write where the rule is from; this one is Seawall's own example.
Wrong when: the oracle is wrong and the market right: then those who should be closed wait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Bools, HaltView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "halt"


@dataclass(frozen=True)
class Gap:
    """Parameters, read from [mechanisms.halt] and refused outside their bounds.

    gap     largest relative distance of market and margin price, a fraction
    """

    gap: float = number(POSITIVE_FRACTION, 0.05)


def step(rule: Gap, view: HaltView, memory: None) -> Bools:
    """True (p, m) where forced orders in a feed's asset wait for the next step."""
    return np.abs(view.market / view.price - 1.0) > rule.gap
