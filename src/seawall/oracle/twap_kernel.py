"""Compiled step of the time-weighted average: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import alike_in_a_row

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats
    from seawall.oracle.twap import TwapMemory, TwapRule


@row_helper
def average_row(window: float, price: Floats, ring: Floats, mean: Floats) -> None:
    """Prices (n,) become averages; the window's oldest prices in ``ring`` (n,) make room."""
    for n in range(price.size):
        newest = price[n]
        average = mean[n] + (newest - ring[n]) / window
        ring[n], mean[n], price[n] = newest, average, average


@record_helper
def twap_path(rule: TwapRule, memory: TwapMemory, p: int, step: int, price: Floats) -> None:
    """Replace the prices (f,) of averaged feeds by their averages."""
    if alike_in_a_row(rule.feed, rule.window):
        first, wide = rule.feed[0], rule.window[0]
        own = price[first : first + rule.feed.size]
        average_row(float(wide), own, memory.ring[p, step % wide], memory.mean[p])
        return
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
