"""The compiled step of dynamic margin: :func:`seawall.margin.dynamic.scaling.scale_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import alike_in_a_row, gather_row

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule


@row_helper
def follow_row(
    strength: Floats,
    cap: Floats,
    weight: Floats,
    floor: Floats,
    ratio: Floats,
    level: Floats,
    factor: Floats,
    turn: Floats,
) -> None:
    """Factors (m,) follow one signal, ``ratio`` (m,)."""
    for m in range(ratio.size):
        wanted = min(1.0 + strength[m] * max(ratio[m] - 1.0, 0.0), cap[m])
        level[m] += weight[m] * (wanted - level[m])
        new = max(level[m], floor[m])
        turn[m] = abs(new - factor[m])
        factor[m] = new


@record_helper
def scale_row(
    rule: ScaleRule,
    memory: ScaleMemory,
    p: int,
    restlessness: NDArray[np.float64],
    depth_loss: NDArray[np.float64],
    price: NDArray[np.float64],
    room: NDArray[np.float64],
) -> None:
    """One step of path ``p``: restlessness, depth_loss (k,), feed prices (f,); ``room`` (f,)."""
    feed, signal = rule.feed, rule.signal
    if alike_in_a_row(feed, signal) and signal[0] != 2:
        first, last = feed[0], feed[0] + feed.size
        ratios = room[: feed.size]
        gather_row(restlessness if signal[0] == 0 else depth_loss, rule.asset, ratios)
        factor, turn = memory.factor[p, first:last], memory.turn[p, first:last]
        level = memory.level[p]
        follow_row(rule.strength, rule.cap, rule.weight, rule.floor, ratios, level, factor, turn)
        return
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
