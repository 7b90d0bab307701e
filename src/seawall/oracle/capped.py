"""Price caps and rate limits: what the venue lets through of a feed's price.

In this order: never above ``ceiling``; never above start x (1 + growth x time), the line that a
yield-bearing token may follow; at most ``per_update`` away from the price shown before, and then
only when the feed publishes another price; at most ``per_hour`` x step / hour away from the price
shown before, at every step. A bound that is left out does not bind.

Source: the form of Aave's correlated-asset price oracles (growth) and stable-coin caps (ceiling);
rate limits as price bands per update have them.
Wrong when: the market is right and the cap is not: debt is then worth more, or collateral less,
than the venue sees. The growth line starts with the path, at the path's first price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, POSITIVE_FRACTION, PRICE
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.oracle.columns import Bools, Each, Floats, Ints, feeds_of, or_infinite, per_feed

SECONDS_PER_HOUR = 3_600.0


@dataclass(frozen=True)
class Capped:
    """Bounds, each optional; at least one.

    per_update        largest fraction by which one update moves the price shown
    per_hour          fraction per hour that it may move, spread evenly over the steps
    growth_per_year   fraction per year that it may have grown since the start
    ceiling           highest price, quote
    assets            served (none named: all but the quote)
    """

    per_update: float | None = number(POSITIVE_FRACTION, None)
    per_hour: float | None = number(AMOUNT, None)
    growth_per_year: float | None = number(AMOUNT, None)
    ceiling: float | None = number(PRICE, None)
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bounds = (self.per_update, self.per_hour, self.growth_per_year, self.ceiling)
        if all(bound is None for bound in bounds):
            raise InputError(
                "a cap without any bound", expected="per_update, per_hour, growth_per_year, ceiling"
            )


class CappedRule(NamedTuple):
    """Feeds and bounds (n,), infinite where absent; speed and growth per step."""

    feed: Ints
    per_update: Floats
    speed: Floats
    growth: Floats
    ceiling: Floats
    only_updates: Bools


class CappedMemory(NamedTuple):
    """(p, n): price at the start, price that came in last, price shown last."""

    start: Floats
    came: Floats
    shown: Floats


def capped_rule(each: Each[Capped], step_seconds: float) -> CappedRule:
    """The rule for steps of this length."""
    hours, years = step_seconds / SECONDS_PER_HOUR, step_seconds / SECONDS_PER_YEAR
    per_update = per_feed(each, lambda r: or_infinite(r.per_update))
    return CappedRule(
        feed=feeds_of(each),
        per_update=per_update,
        speed=per_feed(each, lambda r: or_infinite(r.per_hour) * hours),
        growth=per_feed(each, lambda r: or_infinite(r.growth_per_year) * years),
        ceiling=per_feed(each, lambda r: or_infinite(r.ceiling)),
        only_updates=np.isfinite(per_update),
    )


def capped_memory(rule: CappedRule, price: Floats) -> CappedMemory:
    """Every feed has just shown ``price`` (p, f), whatever its caps."""
    first = np.take(price, rule.feed, axis=1)
    return CappedMemory(first, first.copy(), first.copy())


def capped_step(rule: CappedRule, memory: CappedMemory, step: int, price: Floats) -> None:
    """Replace the prices (p, f) that came in by those shown."""
    came, shown = price[:, rule.feed], memory.shown
    held = rule.only_updates & (came == memory.came)
    memory.came[:] = came
    target = np.minimum(came, rule.ceiling)
    target = np.minimum(target, memory.start * (1.0 + rule.growth * step))
    for bound in (rule.per_update, rule.speed):
        target = np.minimum(np.maximum(target, shown * (1.0 - bound)), shown * (1.0 + bound))
    np.copyto(shown, target, where=~held)
    price[:, rule.feed] = shown
