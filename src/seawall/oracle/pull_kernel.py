"""Compiled step of the pull oracle: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.columns import Bools, Floats, Ints
    from seawall.oracle.pull import PullMemory, PullRule


@record_helper
def pull_path(
    rule: PullRule, memory: PullMemory, p: int, step: int, price: Floats, stamp: Ints, usable: Bools
) -> None:
    """Replace prices and stamps (f,) by those published; ``usable`` False where too old."""
    for g in range(rule.chance.size):
        if memory.numbers[p, step, g] < rule.chance[g] and memory.out[p, g] <= step:
            memory.out[p, g] = step + rule.length[g]
    rows = memory.ring.shape[1]
    for n in range(rule.feed.size):
        feed = rule.feed[n]
        memory.ring[p, step % rows, n] = price[feed]
        if step % rule.interval[n] == 0 and step >= memory.out[p, rule.group[n]]:
            memory.shown[p, n] = memory.ring[p, (step - rule.delay[n]) % rows, n]
            memory.stamp[p, n] = max(step - rule.delay[n], 0)
        price[feed] = memory.shown[p, n]
        stamp[feed] = memory.stamp[p, n]
        usable[feed] = step - memory.stamp[p, n] <= rule.max_age[n]
