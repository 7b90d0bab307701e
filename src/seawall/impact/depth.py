"""Depth that leaves at once when prices move and comes back slowly: the share of it that is left.

With r the one-hour average of |return| over its expectation (the loop's restlessness),

    wanted = max(1 / (1 + thinning x max(r - 1, 0)), floor)
    share  = wanted where that is less than the share,
             else share + (1 - exp(-dt / refill_seconds)) x (wanted - share)

and forced flow moves prices as if depth were share x depth. Under the scenario's own ``thinning``
depth follows r both ways, without floor and without memory.

Source: Seawall's own form; the asymmetry is the resilience of Kyle (1985) and of Obizhaeva and Wang
(2013), "Optimal trading strategy and supply/demand dynamics"; the floor's default of 2% is the
worst depth published of 10 October 2025 (falls of 90 to 98%).
Wrong when makers leave for other reasons than volatility (a venue that fails, a limit of theirs),
or come back in a hurry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.quantity import POSITIVE_FRACTION, POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number

Floats = NDArray[np.float64]

THINNING = Quantity("a factor above 0, to 1000", 0.0, 1_000.0, True)


@dataclass(frozen=True)
class Resilience:
    """Parameters of the market slot ``depth``.

    thinning        depth is divided by 1 + thinning x (excess volatility), a factor
    refill_seconds  time constant with which depth that left comes back, seconds
    floor           share of depth that never leaves, a fraction above 0
    """

    thinning: float = number(THINNING)
    refill_seconds: float = number(POSITIVE_SECONDS)
    floor: float = number(POSITIVE_FRACTION, 0.02)


class DepthRule(NamedTuple):
    """thinning factor; refill, share of what is missing that comes back in a step; floor share."""

    thinning: float
    refill: float
    floor: float


class DepthMemory(NamedTuple):
    """share (p, k) of each asset's depth that is there."""

    share: Floats


def compile_depth(rule: Resilience, step_seconds: float) -> DepthRule:
    """The rule for steps of one length."""
    refill = 1.0 - math.exp(-step_seconds / rule.refill_seconds)
    return DepthRule(rule.thinning, refill, rule.floor)


def begin_depth(paths: int, assets: int) -> DepthMemory:
    """All of the depth is there."""
    return DepthMemory(np.ones((paths, assets)))


def depth_step(rule: DepthRule, memory: DepthMemory, restlessness: Floats) -> None:
    """One step for all paths: ``memory`` is overwritten, ``restlessness`` (p, k) is the present."""
    share = memory.share
    excess = np.maximum(restlessness - 1.0, 0.0)
    wanted = np.maximum(1.0 / (1.0 + rule.thinning * excess), rule.floor)
    back = share + rule.refill * (wanted - share)
    share[:] = np.where(wanted < share, wanted, back)
