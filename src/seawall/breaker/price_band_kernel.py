"""The compiled step of the price band: :func:`seawall.breaker.price_band.band_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import in_a_row

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from seawall.breaker.price_band import BandMemory, BandRule


@row_helper
def average_row(weight: Floats, market: Floats, average: Floats) -> None:
    """Averages (m,) follow market prices."""
    for m in range(average.size):
        average[m] += weight[m] * (market[m] - average[m])


@record_helper
def band_row(rule: BandRule, memory: BandMemory, p: int, market: Floats) -> None:
    """One step of path ``p`` at its feeds' market prices (f,)."""
    feed = rule.feed
    if in_a_row(feed):
        average_row(rule.weight, market[feed[0] : feed[0] + feed.size], memory.average[p])
        return
    for m in range(feed.size):
        memory.average[p, m] += rule.weight[m] * (market[feed[m]] - memory.average[p, m])
