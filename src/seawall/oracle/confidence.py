"""A price with an interval: margin counts each holding at the edge that is worse for it.

half-width = min(floor + sigma sqrt(horizon), ceiling), a fraction of the price, where sigma is the
volatility seen in the last ``memory``: the moving average of |return| per step, times
sqrt(pi / 2 / step). What is owned counts at price x (1 - z x half-width), what is owed at
price x (1 + z x half-width).

Source: the form of Pyth's confidence intervals and of margin rules that use them.
Wrong when: publishers disagree for other reasons than volatility. The average starts at 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_SECONDS, SECONDS, Quantity
from seawall.foundation.record import number
from seawall.oracle.columns import Each, Floats, Ints, feeds_of, per_feed

WIDEST = Quantity("a fraction from 0 to 0.5 (0.05 means 5%)", 0.0, 0.5)


@dataclass(frozen=True)
class Confidence:
    """The interval and how margin uses it.

    z                 half-widths that margin counts; 0 = none
    floor, ceiling    smallest and largest half-width, fractions
    horizon_seconds   the half-width is the volatility over this long
    memory_seconds    of the average of |returns|
    assets            served (none named: all but the quote)
    """

    z: float = number(AMOUNT)
    horizon_seconds: float = number(SECONDS)
    floor: float = number(FRACTION, 0.0)
    ceiling: float = number(WIDEST, 0.1)
    memory_seconds: float = number(POSITIVE_SECONDS, 300.0)
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.z * self.ceiling >= 1.0:
            raise InputError(
                f"z is {self.z:g} and ceiling {self.ceiling:g}: margin could count what is owned "
                "at nothing",
                expected="z x ceiling below 1",
            )
        if self.floor > self.ceiling:
            raise InputError(
                f"floor is {self.floor:g} and ceiling {self.ceiling:g}",
                expected="a floor of at most the ceiling",
            )


class ConfidenceRule(NamedTuple):
    """Feeds (n,), half-width per unit of average |return|, weight of the newest |return|, ..."""

    feed: Ints
    z: Floats
    floor: Floats
    ceiling: Floats
    factor: Floats
    weight: Floats


class ConfidenceMemory(NamedTuple):
    """(p, n): price looked at last; average of |return| per step."""

    last: Floats
    mean: Floats


def confidence_rule(each: Each[Confidence], step_seconds: float) -> ConfidenceRule:
    """The rule for steps of this length."""

    def factor(rule: Confidence) -> float:
        return math.sqrt(math.pi / 2.0 * rule.horizon_seconds / step_seconds)

    return ConfidenceRule(
        feed=feeds_of(each),
        z=per_feed(each, lambda r: r.z),
        floor=per_feed(each, lambda r: r.floor),
        ceiling=per_feed(each, lambda r: r.ceiling),
        factor=per_feed(each, factor),
        weight=per_feed(each, lambda r: 1.0 - math.exp(-step_seconds / r.memory_seconds)),
    )


def confidence_memory(rule: ConfidenceRule, price: Floats) -> ConfidenceMemory:
    """Nothing has moved yet."""
    first = np.take(price, rule.feed, axis=1)
    return ConfidenceMemory(first, np.zeros_like(first))


def confidence_step(
    rule: ConfidenceRule, memory: ConfidenceMemory, market: Floats, width: Floats
) -> None:
    """Set ``width`` (p, f), the fraction by which margin moves prices, from the market's (p, f)."""
    price = market[:, rule.feed]
    move = np.abs(price / memory.last - 1.0)
    np.add(memory.mean, rule.weight * (move - memory.mean), out=memory.mean)
    memory.last[:] = price
    half = np.minimum(rule.floor + rule.factor * memory.mean, rule.ceiling)
    width[:, rule.feed] = rule.z * half
