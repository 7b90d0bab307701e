"""The compiled step of the price band: :func:`seawall.breaker.price_band.band_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.breaker.price_band import BandMemory, BandRule


@record_helper
def band_row(rule: BandRule, memory: BandMemory, p: int, market: NDArray[np.float64]) -> None:
    """One step of path ``p`` at its feeds' market prices (f,)."""
    for m in range(rule.feed.size):
        apart = market[rule.feed[m]] - memory.average[p, m]
        memory.average[p, m] += rule.weight[m] * apart
