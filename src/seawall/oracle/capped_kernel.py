"""Compiled step of price caps and rate limits: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.capped import CappedMemory, CappedRule
    from seawall.oracle.columns import Floats


@record_helper
def capped_path(rule: CappedRule, memory: CappedMemory, p: int, step: int, price: Floats) -> None:
    """Replace the prices (f,) that came in by those shown."""
    for n in range(rule.feed.size):
        feed, shown = rule.feed[n], memory.shown[p, n]
        came = price[feed]
        held = rule.only_updates[n] and came == memory.came[p, n]
        memory.came[p, n] = came
        if not held:
            target = min(came, rule.ceiling[n])
            target = min(target, memory.start[p, n] * (1.0 + rule.growth[n] * step))
            for bound in (rule.per_update[n], rule.speed[n]):
                target = min(max(target, shown * (1.0 - bound)), shown * (1.0 + bound))
            memory.shown[p, n] = target
        price[feed] = memory.shown[p, n]
