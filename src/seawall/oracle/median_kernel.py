"""Compiled step of the median of sources: one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats
    from seawall.oracle.median import MedianMemory, MedianRule


@record_helper
def _middle(seen: Floats, first: int, count: int) -> float:
    """Median of ``count`` sorted numbers from ``first`` on."""
    return float((seen[first + (count - 1) // 2] + seen[first + count // 2]) * 0.5)


@record_helper
def _insert(seen: Floats, count: int, value: float) -> None:
    """Put a number into ``count`` sorted ones."""
    at = count
    while at > 0 and seen[at - 1] > value:
        seen[at] = seen[at - 1]
        at -= 1
    seen[at] = value


@record_helper
def _fail(rule: MedianRule, memory: MedianMemory, p: int, step: int, g: int) -> None:
    """Failures that begin at this step: their end is written as its negative until used."""
    k, first = rule.sources[g], rule.first[g]
    together = memory.numbers[p, step, first] < rule.common[g]
    for i in range(k):
        hit = together and memory.numbers[p, step, first + 1 + i] < rule.share[g]
        hit = hit or memory.numbers[p, step, first + 1 + k + i] < rule.own[g]
        if hit and memory.until[p, g, i] <= step:
            memory.until[p, g, i] = -(step + rule.length[g])


@record_helper
def median_path(rule: MedianRule, memory: MedianMemory, p: int, step: int, price: Floats) -> None:
    """Replace the prices (f,) of these feeds by the medians of their sources."""
    rows, seen = memory.ring.shape[1], memory.seen[p]
    now = step % rows
    for g in range(rule.sources.size):
        _fail(rule, memory, p, step, g)
    for n in range(rule.feed.size):
        memory.ring[p, now, n] = price[rule.feed[n]]
        g = rule.group[n]
        k = rule.sources[g]
        noises = rule.first[g] + 1 + 2 * k
        for i in range(k):
            u = memory.numbers[p, step, noises + i]
            value = memory.ring[p, (step - rule.lag[g, i]) % rows, n]
            value = value * (1.0 + rule.noise[g, i] * (2.0 * u - 1.0))
            if memory.until[p, g, i] < 0:
                memory.stood[p, n, i] = value
            if step < abs(memory.until[p, g, i]):
                value = value * (1.0 + rule.error[g]) if rule.wrong[g] else memory.stood[p, n, i]
            _insert(seen, i, value)
        middle = _middle(seen, 0, k)
        if rule.reject[g] < 1e300:
            start, kept = 0, 0
            for i in range(k):
                if abs(seen[i] - middle) <= rule.reject[g] * middle:
                    start = i if kept == 0 else start
                    kept += 1
            if kept > 0:
                middle = _middle(seen, start, kept)
        price[rule.feed[n]] = middle
    for g in range(rule.sources.size):
        for i in range(rule.sources[g]):
            memory.until[p, g, i] = abs(memory.until[p, g, i])
