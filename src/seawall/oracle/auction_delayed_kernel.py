"""Compiled step of auction-delayed updates: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.auction_delayed import AuctionMemory, AuctionRule
    from seawall.oracle.columns import Floats, Ints


@record_helper
def auction_path(
    rule: AuctionRule, memory: AuctionMemory, p: int, step: int, price: Floats, stamp: Ints
) -> None:
    """Replace prices and stamps (f,) that came in by those shown."""
    for n in range(rule.feed.size):
        feed, shown = rule.feed[n], memory.shown[p, n]
        came, hold = price[feed], memory.hold[p, step, rule.group[n]]
        moved = abs(came - shown) > rule.trigger[n] * shown
        if step > memory.until[p, n] and moved and hold > 0:
            memory.until[p, n] = step + hold
        if step >= memory.until[p, n]:
            memory.shown[p, n] = came
            memory.stamp[p, n] = stamp[feed]
        price[feed] = memory.shown[p, n]
        stamp[feed] = memory.stamp[p, n]
