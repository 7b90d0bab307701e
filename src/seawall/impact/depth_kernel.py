"""Compiled step of depth.py on one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.impact.depth import DepthMemory, DepthRule


@record_helper
def depth_step(
    rule: DepthRule, memory: DepthMemory, p: int, restlessness: NDArray[np.float64]
) -> None:
    """One step of path ``p``; ``restlessness`` (p, k). The bits of the plain step."""
    for k in range(memory.share.shape[1]):
        share = memory.share[p, k]
        excess = max(restlessness[p, k] - 1.0, 0.0)
        wanted = max(1.0 / (1.0 + rule.thinning * excess), rule.floor)
        memory.share[p, k] = wanted if wanted < share else share + rule.refill * (wanted - share)
