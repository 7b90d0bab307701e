"""Compiled step of the confidence interval: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import in_a_row

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats
    from seawall.oracle.confidence import ConfidenceMemory, ConfidenceRule


@row_helper
def widen_row(
    z: Floats,
    floor: Floats,
    ceiling: Floats,
    factor: Floats,
    weight: Floats,
    market: Floats,
    last: Floats,
    mean: Floats,
    width: Floats,
) -> None:
    """Widths (n,) from the mean of moves of market prices."""
    for n in range(market.size):
        move = abs(market[n] / last[n] - 1.0)
        now = mean[n] + weight[n] * (move - mean[n])
        mean[n], last[n] = now, market[n]
        width[n] = z[n] * min(floor[n] + factor[n] * now, ceiling[n])


@record_helper
def confidence_path(
    rule: ConfidenceRule, memory: ConfidenceMemory, p: int, market: Floats, width: Floats
) -> None:
    """Set ``width`` (f,), the fraction by which margin moves prices, from the market's (f,)."""
    if in_a_row(rule.feed):
        first, end = rule.feed[0], rule.feed[0] + rule.feed.size
        widen_row(
            rule.z,
            rule.floor,
            rule.ceiling,
            rule.factor,
            rule.weight,
            market[first:end],
            memory.last[p],
            memory.mean[p],
            width[first:end],
        )
        return
    for n in range(rule.feed.size):
        feed = rule.feed[n]
        move = abs(market[feed] / memory.last[p, n] - 1.0)
        memory.mean[p, n] = memory.mean[p, n] + rule.weight[n] * (move - memory.mean[p, n])
        memory.last[p, n] = market[feed]
        half = min(rule.floor[n] + rule.factor[n] * memory.mean[p, n], rule.ceiling[n])
        width[feed] = rule.z[n] * half
