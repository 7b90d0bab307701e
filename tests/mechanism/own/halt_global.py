"""Liquidations in an asset stop for a step after it has fallen by so much within one.

For tests: the price of the step before is kept in the module, not in a memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Bools, Floats, HaltView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "halt"
_last: dict[tuple[int, ...], Floats] = {}


@dataclass(frozen=True)
class AfterAFall:
    """fall: relative fall within a step that stops liquidations."""

    fall: float = number(POSITIVE_FRACTION, 0.05)


def step(rule: AfterAFall, view: HaltView, memory: None) -> Bools:
    """True where the market has fallen by more since the last step."""
    shape = view.market.shape
    last = _last.get(shape, np.tile(view.start, (shape[0], 1)))
    _last[shape] = view.market
    return view.market < (1.0 - rule.fall) * last
