"""The compiled step of the velocity breaker: :func:`seawall.breaker.velocity.velocity_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.breaker.velocity import VelocityMemory, VelocityRule


@record_helper
def velocity_row(
    rule: VelocityRule, memory: VelocityMemory, p: int, market: NDArray[np.float64], step: int
) -> None:
    """One step of path ``p`` at its feeds' market prices (f,)."""
    samples, at = 0, 0
    for m in range(rule.feed.size):
        price = market[rule.feed[m]]
        # A remainder is dear, and feeds of one venue have one window.
        if rule.samples[m] != samples:
            samples = rule.samples[m]
            at = step % samples
        least, most = price, price
        if at > 0:
            least, most = min(memory.least[p, m], price), max(memory.most[p, m], price)
        memory.least[p, m], memory.most[p, m] = least, most
        if at + 1 < samples:
            least = min(least, memory.low[p, at + 1, m])
            most = max(most, memory.high[p, at + 1, m])
        if price > least * rule.rise[m] or price < most * rule.fall[m]:
            memory.until[p, m] = step + rule.halt_steps[m]
        memory.low[p, at, m] = price
        memory.high[p, at, m] = price
        if at + 1 == samples:
            for i in range(samples - 2, -1, -1):
                memory.low[p, i, m] = min(memory.low[p, i, m], memory.low[p, i + 1, m])
                memory.high[p, i, m] = max(memory.high[p, i, m], memory.high[p, i + 1, m])
