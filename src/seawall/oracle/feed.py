"""Threshold oracle: sends a price when it has moved enough or the last one is old, seen later.

A feed sends the market price when |price / sent - 1| >= deviation or when the last one sent is
heartbeat seconds old; what it sends is seen delay seconds later. A zero deviation or a zero
heartbeat means that this trigger is absent; a feed without triggers sends at every step, so all
three zero is the market price itself, bit for bit.

On Brownian motion with volatility s per root second, without heartbeat: mean time between updates
(deviation/s)^2, mean |gap| deviation / 3, mean gap^2 deviation^2 / 6, plus s^2 delay for a delay.

Source: exit time of Brownian motion from an interval (Karatzas and Shreve 1991, section 2.8) and
the renewal argument over it. The form of the rule is that of Chainlink's price feeds.
Wrong when: steps are coarse. A feed looks once a step, so updates come late: by a share of
(1 + r)^2 - 1 + r_0^2 / 4 with r = 0.5826 r_0, r_0 = s sqrt(dt) / deviation (0.5826: Broadie,
Glasserman and Kou 1997; the last term is the variance of the overshoot), which is 3 / 12 / 29% at
80% volatility, 0.5% and dt = 1 / 12 / 60 s. A delay below half a step vanishes: use dt <= delay/4.
The nodes behind a feed are taken to agree, and its clock starts anew with the path and with every
update; recorded feeds exist whose heartbeat strikes whatever the deviation did (docs/backtests.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.venues import Feed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class FeedRule:
    """Feeds as columns for one step length, (f,).

    deviation        fraction at which an update is sent; infinity = not by deviation
    heartbeat_steps  steps after which one is sent at the latest; infinity = not by age
    delay_steps      whole steps between sending and being seen
    """

    deviation: Floats
    heartbeat_steps: Floats
    delay_steps: Ints

    def __post_init__(self) -> None:
        shapes = {self.deviation.shape, self.heartbeat_steps.shape, self.delay_steps.shape}
        if len(shapes) != 1 or self.deviation.ndim != 1:
            raise InputError(
                "feed columns differ in length", expected="three columns of one length"
            )
        if not (
            np.all(self.deviation >= 0.0)
            and np.all(self.heartbeat_steps >= 1.0)
            and np.all(self.delay_steps >= 0)
        ):
            raise InputError(
                "a feed has a negative deviation or delay, or a heartbeat below one step",
                expected="deviation >= 0, heartbeat >= 1 step and delay >= 0 steps",
            )


@dataclass(frozen=True)
class FeedState:
    """Where the feeds stand; the arrays are overwritten by :func:`publish`.

    sent   (p, f) price last sent          age  (p, f) int steps since then
    ring   (d, p, f) prices sent at the last d steps, d = longest delay + 1
    clock  (1,) int steps taken so far: ring[clock % d] is the latest row
    """

    sent: Floats
    age: Ints
    ring: Floats
    clock: Ints


def compile_feeds(feeds: Sequence[Feed], step_seconds: float) -> FeedRule:
    """The rule of ``feeds`` for steps of this length; delays are rounded to whole steps.

    Raises InputError for a step that is not positive and for negative or infinite feed numbers.
    """
    if not (math.isfinite(step_seconds) and step_seconds > 0.0):
        raise InputError(f"the step is {step_seconds} seconds", expected="a positive length")
    for number, feed in enumerate(feeds):
        values = (feed.deviation, feed.heartbeat_seconds, feed.delay_seconds)
        if not all(math.isfinite(value) and value >= 0.0 for value in values):
            raise InputError(
                f"feed {number} has deviation {feed.deviation}, heartbeat {feed.heartbeat_seconds} "
                f"and delay {feed.delay_seconds}",
                expected="finite numbers >= 0",
            )
    deviation = np.array([feed.deviation for feed in feeds], dtype=np.float64)
    heartbeat = np.array([feed.heartbeat_seconds for feed in feeds], dtype=np.float64)
    delay = np.array([feed.delay_seconds for feed in feeds], dtype=np.float64)
    untriggered = (deviation == 0.0) & (heartbeat == 0.0)
    # The small amount taken off keeps 3600 s / 0.1 s at 36000 steps whatever the last bit says.
    beats = np.maximum(np.ceil(heartbeat / step_seconds - 1e-9), 1.0)
    return FeedRule(
        deviation=np.where((deviation == 0.0) & ~untriggered, np.inf, deviation),
        heartbeat_steps=np.where(heartbeat == 0.0, np.inf, beats),
        delay_steps=np.floor(delay / step_seconds + 0.5).astype(np.int64),
    )


def start(rule: FeedRule, price: Floats) -> FeedState:
    """Every feed has just sent ``price`` (p, f), and nothing else as far back as it matters."""
    rows = int(rule.delay_steps.max(initial=0)) + 1
    return FeedState(
        sent=price.copy(),
        age=np.zeros(price.shape, dtype=np.int64),
        ring=np.repeat(price[None], rows, axis=0),
        clock=np.zeros(1, dtype=np.int64),
    )


def publish(rule: FeedRule, state: FeedState, market_price: Floats) -> Floats:
    """One step: the prices seen on chain, (p, f), given the market's, (p, f).

    Overwrites ``state``: its arrays are the feeds' memory, and copying them each step would cost
    more than the step. Returns a new array.
    """
    sent, age, ring = state.sent, state.age, state.ring
    age += 1
    # Written as a product: sent prices are positive, and a product costs less than a quotient.
    update = np.abs(market_price - sent) >= rule.deviation * sent
    update |= age >= rule.heartbeat_steps
    np.copyto(sent, market_price, where=update)
    np.copyto(age, 0, where=update)
    state.clock[0] += 1
    rows = ring.shape[0]
    if rows == 1:
        return sent.copy()
    now = int(state.clock[0])
    ring[now % rows] = sent
    published = np.empty_like(sent)
    for feed, delay in enumerate(rule.delay_steps.tolist()):
        published[:, feed] = ring[(now - delay) % rows, :, feed]
    return published
