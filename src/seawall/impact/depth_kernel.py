"""Compiled step of depth.py on one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from seawall.impact.depth import DepthMemory, DepthRule


@row_helper
def refill_row(thinning: float, refill: float, floor: float, felt: Floats, depth: Floats) -> None:
    """Depth (k,) thins at once and comes back slowly."""
    for k in range(depth.size):
        share = depth[k]
        excess = max(felt[k] - 1.0, 0.0)
        wanted = max(1.0 / (1.0 + thinning * excess), floor)
        depth[k] = wanted if wanted < share else share + refill * (wanted - share)


@record_helper
def depth_step(rule: DepthRule, memory: DepthMemory, p: int, restlessness: Floats) -> None:
    """One step of path ``p``; ``restlessness`` (p, k). The bits of the plain step."""
    refill_row(rule.thinning, rule.refill, rule.floor, restlessness[p], memory.share[p])
