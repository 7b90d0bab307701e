"""Compiled step of price caps and rate limits: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import choose, in_a_row

if TYPE_CHECKING:
    from seawall.oracle.capped import CappedMemory, CappedRule
    from seawall.oracle.columns import Bools, Floats


@row_helper
def cap_row(
    per_update: Floats,
    speed: Floats,
    growth: Floats,
    ceiling: Floats,
    only_updates: Bools,
    step: int,
    start: Floats,
    price: Floats,
    last: Floats,
    shown: Floats,
) -> None:
    """Prices (n,) that came in become those shown; ``last`` is what came before."""
    for n in range(price.size):
        came, before = price[n], shown[n]
        held = only_updates[n] & (came == last[n])
        last[n] = came
        target = min(came, ceiling[n])
        target = min(target, start[n] * (1.0 + growth[n] * step))
        one, two = per_update[n], speed[n]
        target = min(max(target, before * (1.0 - one)), before * (1.0 + one))
        target = min(max(target, before * (1.0 - two)), before * (1.0 + two))
        target = choose(held, before, target)
        shown[n], price[n] = target, target


@record_helper
def capped_path(rule: CappedRule, memory: CappedMemory, p: int, step: int, price: Floats) -> None:
    """Replace the prices (f,) that came in by those shown."""
    if in_a_row(rule.feed):
        first = rule.feed[0]
        cap_row(
            rule.per_update,
            rule.speed,
            rule.growth,
            rule.ceiling,
            rule.only_updates,
            step,
            memory.start[p],
            price[first : first + rule.feed.size],
            memory.came[p],
            memory.shown[p],
        )
        return
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
