"""The compiled step of the pool flag: :func:`seawall.waterfall.pool_flag.flagged`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import kernel, record_helper
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides


@record_helper
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


@kernel(
    "void(i8[::1], f8[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[:, ::1], f8[:, ::1], f8[:, ::1], b1[::1], f8[:, ::1], b1[::1])"
)
def flagged_paths(
    market: NDArray[np.int64],
    side: NDArray[np.float64],
    feed: NDArray[np.int64],
    settle: NDArray[np.int64],
    factor: NDArray[np.float64],
    inverse: NDArray[np.float64],
    max_factor: NDArray[np.float64],
    held: NDArray[np.float64],
    cost: NDArray[np.float64],
    pool: NDArray[np.float64],
    stale: NDArray[np.bool_],
    price: NDArray[np.float64],
    out: NDArray[np.bool_],
) -> None:
    """Write into ``out`` (p,) on which paths any side is flagged at feed prices (p, f)."""
    rule = PoolSides(market, side, feed, settle, factor, inverse, max_factor)
    memory = PoolMemory(held, cost, pool, stale)
    for p in range(out.size):
        out[p] = flagged_row(rule, memory, p, price[p])
