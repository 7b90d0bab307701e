"""Compiled step of the time-weighted average: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats
    from seawall.oracle.twap import TwapMemory, TwapRule


@record_helper
def twap_path(rule: TwapRule, memory: TwapMemory, p: int, step: int, price: Floats) -> None:
    """Replace the prices (f,) of averaged feeds by their averages."""
    for n in range(rule.feed.size):
        feed, slot = rule.feed[n], step % rule.window[n]
        newest, oldest = price[feed], memory.ring[p, slot, n]
        memory.ring[p, slot, n] = newest
        memory.mean[p, n] = memory.mean[p, n] + (newest - oldest) / rule.window[n]
        price[feed] = memory.mean[p, n]
