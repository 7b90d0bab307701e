"""The compiled step of dynamic margin: :func:`seawall.margin.dynamic.scaling.scale_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule


@record_helper
def scale_row(
    rule: ScaleRule,
    memory: ScaleMemory,
    p: int,
    restlessness: NDArray[np.float64],
    depth_loss: NDArray[np.float64],
    price: NDArray[np.float64],
) -> None:
    """One step of path ``p``: restlessness, depth_loss (k,), feed prices (f,)."""
    for m in range(rule.feed.size):
        f, k = rule.feed[m], rule.asset[m]
        if rule.signal[m] == 2:
            interest = memory.longs[p, m] * price[f] + memory.contracts[p, m]
            share = min(max((interest - rule.lower[m]) / rule.span[m], 0.0), 1.0)
            wanted = 1.0 + (rule.cap[m] - 1.0) * share
        else:
            ratio = restlessness[k] if rule.signal[m] == 0 else depth_loss[k]
            wanted = 1.0 + rule.strength[m] * max(ratio - 1.0, 0.0)
        wanted = min(wanted, rule.cap[m])
        memory.level[p, m] += rule.weight[m] * (wanted - memory.level[p, m])
        factor = max(memory.level[p, m], rule.floor[m])
        memory.turn[p, f] = abs(factor - memory.factor[p, f])
        memory.factor[p, f] = factor
