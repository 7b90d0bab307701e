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
    window, slot = 0, 0
    for n in range(rule.feed.size):
        feed = rule.feed[n]
        # A remainder is dear, and feeds of one venue have one window.
        if rule.window[n] != window:
            window = rule.window[n]
            slot = step % window
        newest, oldest = price[feed], memory.ring[p, slot, n]
        memory.ring[p, slot, n] = newest
        memory.mean[p, n] = memory.mean[p, n] + (newest - oldest) / window
        price[feed] = memory.mean[p, n]
