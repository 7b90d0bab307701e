"""Time-weighted average: the mean of the price over the last ``window``, one look per step.

mean of the last w prices, w = window / step: mean += (newest - oldest) / w. A jump shows up bit by
bit and in full only after the window: safe from a spike, late in a crash. On Brownian motion with
volatility s per root second the gap to the price has the variance s^2 window / 3.

Source: the cumulative prices of Uniswap v2 (arithmetic mean, as here). Uniswap v3 averages the
logarithm: a geometric mean, which lies below by about half of the variance in the window.
Wrong when: the average is of a pool whose own price can be moved; before the start the price is
taken to have stood still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.foundation.quantity import POSITIVE_SECONDS
from seawall.foundation.record import number
from seawall.oracle.columns import Each, Floats, Ints, back, feeds_of, steps_per_feed, whole_steps


@dataclass(frozen=True)
class Twap:
    """``window_seconds`` of the average; ``assets`` it serves (none named: all but the quote)."""

    window_seconds: float = number(POSITIVE_SECONDS)
    assets: tuple[str, ...] = ()


class TwapRule(NamedTuple):
    """Averaged feeds (n,) and their windows in steps (n,), at least 1."""

    feed: Ints
    window: Ints


class TwapMemory(NamedTuple):
    """ring (p, w, n) prices of the last steps; mean (p, n)."""

    ring: Floats
    mean: Floats


def twap_rule(each: Each[Twap], step_seconds: float) -> TwapRule:
    """The rule for steps of this length."""
    window = steps_per_feed(each, lambda r: max(whole_steps(r.window_seconds, step_seconds), 1))
    return TwapRule(feeds_of(each), window)


def twap_memory(rule: TwapRule, price: Floats) -> TwapMemory:
    """Every feed has stood at ``price`` (p, f)."""
    rows = int(rule.window.max(initial=1))
    shown = np.take(price, rule.feed, axis=1)
    return TwapMemory(back(price, rule.feed, rows), shown)


def twap_step(rule: TwapRule, memory: TwapMemory, step: int, price: Floats) -> None:
    """Replace the prices (p, f) of averaged feeds by their averages."""
    slot, column = step % rule.window, np.arange(rule.feed.size)
    newest = price[:, rule.feed]
    oldest = memory.ring[:, slot, column]
    memory.ring[:, slot, column] = newest
    np.add(memory.mean, (newest - oldest) / rule.window, out=memory.mean)
    price[:, rule.feed] = memory.mean
