"""Compiled step of the confidence interval: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats
    from seawall.oracle.confidence import ConfidenceMemory, ConfidenceRule


@record_helper
def confidence_path(
    rule: ConfidenceRule, memory: ConfidenceMemory, p: int, market: Floats, width: Floats
) -> None:
    """Set ``width`` (f,), the fraction by which margin moves prices, from the market's (f,)."""
    for n in range(rule.feed.size):
        feed = rule.feed[n]
        move = abs(market[feed] / memory.last[p, n] - 1.0)
        memory.mean[p, n] = memory.mean[p, n] + rule.weight[n] * (move - memory.mean[p, n])
        memory.last[p, n] = market[feed]
        half = min(rule.floor[n] + rule.factor[n] * memory.mean[p, n], rule.ceiling[n])
        width[feed] = rule.z[n] * half
