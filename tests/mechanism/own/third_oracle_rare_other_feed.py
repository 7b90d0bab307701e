"""The price is the market's; after a crash it is held at a part of the start until it comes back.

For tests: in the crash the start of the first asset is taken for every asset's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import Floats, OracleView
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "oracle_source"


@dataclass(frozen=True)
class Floor:
    """part: of the start at which a crash begins."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Floor, view: OracleView, memory: None) -> Floats:
    """The market, or the floor where it is below it."""
    crashed = view.market < rule.part * view.start
    floor = np.broadcast_to(rule.part * view.start[:1], view.market.shape)
    return np.where(crashed, floor, view.market)
