"""Pull oracle: whoever acts brings the latest published price along.

A publisher looks at the market every ``interval`` and its price can be brought ``publish_delay``
later; between two acts nobody writes it to the chain and nobody needs it. So what counts at a step
is the latest price published. One that was observed more than ``max_age`` ago is refused: no
account that needs it can be acted on. Outages (Poisson, ``outages_per_day``, of fixed length) stop
all publications of the venue at once.

Source: the form of Pyth's price updates and of their maximum age.
Wrong when: the keeper chooses among recent prices the one that suits it (optional timing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, POSITIVE_SECONDS, SECONDS
from seawall.foundation.record import number
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.oracle.columns import (
    Bools,
    Each,
    Floats,
    Ints,
    back,
    feeds_of,
    group_of,
    steps_per_feed,
    whole_steps,
)


@dataclass(frozen=True)
class Pull:
    """Publisher and bound on age.

    publish_delay_seconds   from observation to the moment a keeper can bring the price
    max_age_seconds         older observations are refused
    interval_seconds        between publications; 0 or less than a step = at every step
    outages_per_day, outage_seconds   how often the publisher falls silent, and for how long
    assets                  served (none named: all but the quote)
    """

    publish_delay_seconds: float = number(SECONDS)
    max_age_seconds: float = number(POSITIVE_SECONDS)
    interval_seconds: float = number(SECONDS, 0.0)
    outages_per_day: float = number(AMOUNT, 0.0)
    outage_seconds: float = number(SECONDS, 0.0)
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_age_seconds < self.publish_delay_seconds:
            raise InputError(
                f"max_age_seconds is {self.max_age_seconds:g} and publish_delay_seconds "
                f"{self.publish_delay_seconds:g}: every price would be refused",
                expected="a maximum age of at least the delay",
            )


class PullRule(NamedTuple):
    """Feeds (n,), steps (n,) of interval, delay and age; group (n,); chance, length (g,)."""

    feed: Ints
    interval: Ints
    delay: Ints
    max_age: Ints
    group: Ints
    chance: Floats
    length: Ints


class PullMemory(NamedTuple):
    """ring (p, d, n) observed; shown, stamp (p, n) price and step of its observation.

    out (p, g) step at which the outage ends; numbers (p, s + 1, g) uniform.
    """

    ring: Floats
    shown: Floats
    stamp: Ints
    out: Ints
    numbers: Floats


def pull_rule(each: Each[Pull], step_seconds: float) -> PullRule:
    """The rule for steps of this length."""

    def steps(seconds: float, least: int) -> int:
        return max(whole_steps(seconds, step_seconds), least)

    chance = [1.0 - math.exp(-r.outages_per_day * step_seconds / SECONDS_PER_DAY) for r, _ in each]
    delay = steps_per_feed(each, lambda r: steps(r.publish_delay_seconds, 0))
    whole = steps_per_feed(each, lambda r: int(r.max_age_seconds / step_seconds + 1e-9))
    return PullRule(
        feed=feeds_of(each),
        interval=steps_per_feed(each, lambda r: steps(r.interval_seconds, 1)),
        delay=delay,
        # A price is good when it is published, whatever long steps make of its delay.
        max_age=np.maximum(whole, delay),
        group=group_of(each),
        chance=np.array(chance),
        length=np.array([steps(r.outage_seconds, 0) for r, _ in each], dtype=np.int64),
    )


def pull_memory(rule: PullRule, price: Floats, numbers: Floats) -> PullMemory:
    """``price`` (p, f) was observed at the start."""
    shape = (price.shape[0], rule.feed.size)
    ring = back(price, rule.feed, int(rule.delay.max(initial=0)) + 1)
    out = np.zeros((shape[0], rule.chance.size), dtype=np.int64)
    return PullMemory(ring, price[:, rule.feed], np.zeros(shape, dtype=np.int64), out, numbers)


def pull_step(
    rule: PullRule, memory: PullMemory, step: int, price: Floats, stamp: Ints, usable: Bools
) -> None:
    """Replace prices and stamps (p, f) by those published; ``usable`` False where too old."""
    begins = (memory.numbers[:, step] < rule.chance) & (memory.out <= step)
    np.copyto(memory.out, step + rule.length, where=begins)
    rows, column = memory.ring.shape[1], np.arange(rule.feed.size)
    memory.ring[:, step % rows] = price[:, rule.feed]
    sends = (step % rule.interval == 0) & (step >= memory.out[:, rule.group])
    np.copyto(memory.shown, memory.ring[:, (step - rule.delay) % rows, column], where=sends)
    np.copyto(memory.stamp, np.maximum(step - rule.delay, 0), where=sends)
    price[:, rule.feed] = memory.shown
    stamp[:, rule.feed] = memory.stamp
    usable[:, rule.feed] = step - memory.stamp <= rule.max_age
