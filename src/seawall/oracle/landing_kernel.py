"""Compiled step of feeds that wait for blocks: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats, Ints
    from seawall.oracle.landing import LandingMemory, LandingRule


@record_helper
def landing_path(
    rule: LandingRule, memory: LandingMemory, p: int, step: int, price: Floats, stamp: Ints
) -> None:
    """Replace prices and stamps (f,) that were sent by those that have landed."""
    rows = memory.ring.shape[1]
    now = step % rows
    for n in range(rule.feed.size):
        feed, g = rule.feed[n], rule.group[n]
        memory.ring[p, now, n] = price[feed]
        memory.ring_stamp[p, now, n] = stamp[feed]
        source = memory.seen_from[p, step, g]
        if source != memory.seen_from[p, step - 1, g]:
            memory.shown[p, n] = memory.ring[p, source % rows, n]
            memory.stamp[p, n] = memory.ring_stamp[p, source % rows, n]
        price[feed] = memory.shown[p, n]
        stamp[feed] = memory.stamp[p, n]
