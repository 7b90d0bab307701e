"""The compiled step of the velocity breaker: :func:`seawall.breaker.velocity.velocity_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import alike_in_a_row, choose, higher, lower

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from seawall.breaker.velocity import VelocityMemory, VelocityRule


@row_helper
def note_extremes(
    begins: bool, price: Floats, least: Floats, most: Floats, low: Floats, high: Floats
) -> None:
    """Extremes (m,) since this window began, and the price as a sample of it."""
    for m in range(price.size):
        new = price[m]
        least[m] = choose(begins, new, lower(least[m], new))
        most[m] = choose(begins, new, higher(most[m], new))
        low[m], high[m] = new, new


@row_helper
def count_fast(
    rise: Floats,
    fall: Floats,
    price: Floats,
    least: Floats,
    most: Floats,
) -> int:
    """How many prices (m,) have moved too far from these extremes."""
    count = np.int64(0)
    for m in range(price.size):
        count += np.int64((price[m] > least[m] * rise[m]) | (price[m] < most[m] * fall[m]))
    return int(count)


@row_helper
def note_and_count(
    begins: bool,
    rise: Floats,
    fall: Floats,
    price: Floats,
    later_low: Floats,
    later_high: Floats,
    least: Floats,
    most: Floats,
    low: Floats,
    high: Floats,
) -> int:
    """Both in one loop, while samples (m,) of the window before are left."""
    count = np.int64(0)
    for m in range(price.size):
        new = price[m]
        bottom = choose(begins, new, lower(least[m], new))
        top = choose(begins, new, higher(most[m], new))
        least[m], most[m], low[m], high[m] = bottom, top, new, new
        bottom, top = min(bottom, later_low[m]), max(top, later_high[m])
        count += np.int64((new > bottom * rise[m]) | (new < top * fall[m]))
    return int(count)


@row_helper
def carry_back(low: Floats, high: Floats, later_low: Floats, later_high: Floats) -> None:
    """Extremes (m,) of what follows a sample go back to it."""
    for m in range(low.size):
        low[m] = lower(low[m], later_low[m])
        high[m] = higher(high[m], later_high[m])


@record_helper
def velocity_in_a_row(
    rule: VelocityRule, memory: VelocityMemory, p: int, price: Floats, step: int
) -> None:
    """One step of path ``p`` at prices (m,) where all have one window."""
    samples = rule.samples[0]
    at = step % samples
    rise, fall, least, most = rule.rise, rule.fall, memory.least[p], memory.most[p]
    own_low, own_high, low, high = memory.low[p, at], memory.high[p, at], least, most
    if at + 1 < samples:
        low, high = memory.low[p, at + 1], memory.high[p, at + 1]
        fast = note_and_count(at == 0, rise, fall, price, low, high, least, most, own_low, own_high)
    else:
        note_extremes(at == 0, price, least, most, own_low, own_high)
        fast = count_fast(rise, fall, price, least, most)
    if fast > 0:
        for m in range(price.size):
            bottom, top = min(least[m], low[m]), max(most[m], high[m])
            if price[m] > bottom * rise[m] or price[m] < top * fall[m]:
                memory.until[p, m] = step + rule.halt_steps[m]
    if at + 1 == samples:
        for i in range(samples - 2, -1, -1):
            low, high = memory.low[p, i], memory.high[p, i]
            carry_back(low, high, memory.low[p, i + 1], memory.high[p, i + 1])


@record_helper
def velocity_row(
    rule: VelocityRule, memory: VelocityMemory, p: int, market: Floats, step: int
) -> None:
    """One step of path ``p`` at its feeds' market prices (f,)."""
    feed = rule.feed
    if alike_in_a_row(feed, rule.samples):
        velocity_in_a_row(rule, memory, p, market[feed[0] : feed[0] + feed.size], step)
        return
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
