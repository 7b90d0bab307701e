"""Velocity breaker: a fast move of an asset's market price stops forced sales in it for a while.

Where the market price stands more than ``move`` away from its lowest or highest of the last
``window_seconds`` (price > low x (1 + move) or price < high x (1 - move)), forced orders in that
asset wait for ``halt_seconds``, from this step on; a further trip starts the time anew. An account
is closed as one, so it waits when any of its legs is halted. Takeovers by the vault and ADL trade
with nobody in the market and go on.

The extremes of a sliding window are those of the present block up to now and of the block before
from there on: two comparisons a step, and one pass over a block at its end (van Herk 1992; Gil and
Werman 1993). Steps are compared as samples: a move within one step counts whatever the window.

Source: the form of exchanges' velocity logic and volatility halts. Wrong when steps are coarse (a
move and its reversal inside a step are not seen), and where a halt also empties the order book:
depth recovers during a halt here as at any time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Windows are kept as samples of every path: beyond this many they would fill the memory.
MOST_SAMPLES = 4_096


@dataclass(frozen=True)
class Velocity:
    """A move of more than ``move`` (fraction) within ``window_seconds`` halts ``halt_seconds``."""

    move: float = number(POSITIVE_FRACTION)
    window_seconds: float = number(POSITIVE_SECONDS)
    halt_seconds: float = number(POSITIVE_SECONDS)


class VelocityRule(NamedTuple):
    """Columns of m watched feeds, (m,): feed, 1 + move, 1 - move, samples of the window
    (its steps + 1), steps of the halt.
    """

    feed: Ints
    rise: Floats
    fall: Floats
    samples: Ints
    halt_steps: Ints


class VelocityMemory(NamedTuple):
    """low, high (p, w, m): the present block's prices, and suffix extremes of the one before;
    least, most (p, m): extremes of the present block; until (p, m): halted while step < until.
    """

    low: Floats
    high: Floats
    least: Floats
    most: Floats
    until: Ints


def compile_velocity(rules: Sequence[Velocity], feed: Ints, step_seconds: float) -> VelocityRule:
    """Columns of ``rules``, one per watched feed (m,). Raises InputError for too long a window."""
    # The small amount taken off keeps 60 s / 0.1 s at 600 steps whatever the last bit says.
    window = [max(1, math.ceil(r.window_seconds / step_seconds - 1e-9)) for r in rules]
    if max(window, default=0) >= MOST_SAMPLES:
        raise InputError(
            f"a velocity window of {max(window):,} steps",
            expected=f"fewer than {MOST_SAMPLES:,} steps: a shorter window or longer steps",
        )
    halt = [max(1, math.ceil(r.halt_seconds / step_seconds - 1e-9)) for r in rules]
    return VelocityRule(
        feed=feed,
        rise=np.array([1.0 + r.move for r in rules]),
        fall=np.array([1.0 - r.move for r in rules]),
        samples=np.array(window, dtype=np.int64) + 1,
        halt_steps=np.array(halt, dtype=np.int64),
    )


def start_velocity(rule: VelocityRule, market: Floats) -> VelocityMemory:
    """Nothing halted; the market (p, f) of each feed has stood where it does for ever."""
    price = market[:, rule.feed]
    block = np.repeat(price[:, None, :], int(rule.samples.max(initial=1)), axis=1)
    until = np.zeros(price.shape, dtype=np.int64)
    return VelocityMemory(block, block.copy(), price.copy(), price.copy(), until)


def velocity_step(rule: VelocityRule, memory: VelocityMemory, market: Floats, step: int) -> None:
    """One step at each feed's market prices (p, f); overwrites ``memory``."""
    price = market[:, rule.feed]
    column = np.arange(rule.feed.size)
    at = step % rule.samples
    last = at + 1 == rule.samples
    ahead = np.where(last, at, at + 1)
    np.copyto(memory.least, price, where=at == 0)
    np.copyto(memory.most, price, where=at == 0)
    np.minimum(memory.least, price, out=memory.least)
    np.maximum(memory.most, price, out=memory.most)
    least = np.where(last, memory.least, np.minimum(memory.least, memory.low[:, ahead, column]))
    most = np.where(last, memory.most, np.maximum(memory.most, memory.high[:, ahead, column]))
    trips = (price > least * rule.rise) | (price < most * rule.fall)
    np.copyto(memory.until, step + rule.halt_steps, where=trips)
    memory.low[:, at, column] = price
    memory.high[:, at, column] = price
    for m in np.flatnonzero(last):
        low, high = memory.low[:, : rule.samples[m], m], memory.high[:, : rule.samples[m], m]
        low[:, ::-1] = np.minimum.accumulate(low[:, ::-1], axis=1)
        high[:, ::-1] = np.maximum.accumulate(high[:, ::-1], axis=1)
