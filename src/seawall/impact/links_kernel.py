"""Compiled steps of links.py on one path: the same operations in the same order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper

if TYPE_CHECKING:
    from seawall.impact.links import LinkMemory, LinkRule

Floats = NDArray[np.float64]


@record_helper
def stand_still(rule: LinkRule, memory: LinkMemory, p: int, factor: Floats) -> None:
    """Venues that do not follow stay while common prices move by the square of ``factor`` (k,)."""
    for f in range(rule.stands.size):
        if rule.stands[f]:
            memory.root[p, f] = memory.root[p, f] / factor[rule.asset[f]]


@row_helper
def count_apart(
    linked: NDArray[np.bool_], halted: NDArray[np.bool_], low: Floats, high: Floats, root: Floats
) -> int:
    """How many venues (f,) trade so far from the common price that somebody acts."""
    count = np.int64(0)
    for f in range(root.size):
        apart = (root[f] < low[f]) | (root[f] > high[f])
        count += np.int64(apart & linked[f] & (not halted[f]))
    return int(count)


@record_helper
def arbitrage_step(
    rule: LinkRule, memory: LinkMemory, p: int, depth: float, share: Floats, flow: Floats
) -> None:
    """Arbitrageurs act once on path ``p``; ``depth`` is its factor, ``share`` (p, k) of depth that
    is there, ``flow`` (k,) becomes what they trade in the common markets.
    """
    flow[:] = 0.0
    if count_apart(rule.linked, memory.halted[p], rule.low, rule.high, memory.root[p]) == 0:
        return
    usual = depth if math.isfinite(depth) else 1.0
    for f in range(rule.linked.size):
        if not rule.linked[f] or memory.halted[p, f]:
            continue
        k = rule.asset[f]
        here = rule.depth[f] * usual * share[p, k]
        before = memory.root[p, f]
        wanted = min(max(before, rule.low[f]), rule.high[f])
        if wanted == before:
            continue
        reach = rule.capital[f] / (2.0 * here)
        after = min(max(wanted, before - reach), before + reach)
        if after == before:
            continue
        units = 1.0 / after - 1.0 / before
        edge = rule.edge[f] if after < before else 1.0 / rule.edge[f]
        gain = 2.0 * here * ((before - after) - (before - after) / (before * after) * edge)
        flow[k] += 2.0 * rule.share[f] * units
        memory.profit[p, f] += gain
        memory.traded[p, f] += 1
        memory.root[p, f] = after


@record_helper
def traded_root(root: float, flow: float) -> float:
    """Root of a venue's price after a forced order of ``flow`` over the venue's depth, signed."""
    if flow < 0.0:
        return root / (1.0 + 0.5 * abs(flow) / root)
    return root + 0.5 * flow
