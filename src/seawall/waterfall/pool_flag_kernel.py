"""The compiled step of the pool flag: :func:`seawall.waterfall.pool_flag.flagged`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import helper
from seawall.waterfall.pool_flag import PoolMemory, PoolSides


@helper
def flagged_row(rule: PoolSides, memory: PoolMemory, p: int, price: NDArray[np.float64]) -> bool:
    """Whether any side of path ``p`` is flagged at its feed prices (f,); its sums are not stale."""
    for g in range(rule.market.size):
        mark = price[rule.feed[g]] * rule.factor[g]
        if rule.inverse[g] > 0:
            gain = memory.cost[p, g] - memory.held[p, g] / mark
        else:
            gain = memory.held[p, g] * mark - memory.cost[p, g]
        profit = rule.side[g] * gain * price[rule.settle[g]]
        if profit > 0 and profit > rule.max_factor[g] * memory.pool[p, rule.market[g]]:
            return True
    return False
