"""The compiled step of dynamic margin: :func:`seawall.margin.dynamic.scaling.scale_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import alike_in_a_row

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

if TYPE_CHECKING:
    from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule


@row_helper
def follow_row(
    strength: Floats,
    cap: Floats,
    weight: Floats,
    floor: Floats,
    asset: Ints,
    signal: Floats,
    first: Floats,
    level: Floats,
    factor: Floats,
    turn: Floats,
    away: Floats,
) -> None:
    """Factors (m,) follow one ``signal`` of their assets; how far they stand from the ``first``."""
    for m in range(level.size):
        wanted = min(1.0 + strength[m] * max(signal[asset[m]] - 1.0, 0.0), cap[m])
        level[m] += weight[m] * (wanted - level[m])
        new = max(level[m], floor[m])
        turn[m] = abs(new - factor[m])
        factor[m] = new
        away[m] = abs(new - first[m])


@record_helper
def scale_row(
    rule: ScaleRule,
    memory: ScaleMemory,
    p: int,
    restlessness: NDArray[np.float64],
    depth_loss: NDArray[np.float64],
    price: NDArray[np.float64],
    away: NDArray[np.float64],
) -> None:
    """One step of path ``p``: restlessness, depth_loss (k,), feed prices (f,).

    ``away`` (f,): how far factors then stand from the start.
    """
    feed, signal = rule.feed, rule.signal
    if alike_in_a_row(feed, signal) and signal[0] != 2:
        here, end = feed[0], feed[0] + feed.size
        follow_row(
            rule.strength,
            rule.cap,
            rule.weight,
            rule.floor,
            rule.asset,
            restlessness if signal[0] == 0 else depth_loss,
            memory.first[p, here:end],
            memory.level[p],
            memory.factor[p, here:end],
            memory.turn[p, here:end],
            away[here:end],
        )
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
        away[f] = abs(factor - memory.first[p, f])
