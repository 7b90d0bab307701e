"""From the market price to the price the venue's contracts see: every stage of every feed.

Order, fixed: what is measured (market price, time-weighted average, or median of sources) ->
how it is sent (push, or pull) -> landing in a block -> caps and rate limits -> hold for an auction.
A confidence interval is measured beside it, from the market. Each stage is a slot of the rulebook,
acts on the feeds that name it and leaves the others alone; venues compose them as they do in the
field (a median pushed on deviation, capped, held for an auction).

Paths in a `fresh` world see the market price itself, with no interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seawall.oracle.auction_delayed import AuctionMemory, AuctionRule, auction_step
from seawall.oracle.capped import CappedMemory, CappedRule, capped_step
from seawall.oracle.columns import Bools, Floats, Ints
from seawall.oracle.confidence import ConfidenceMemory, ConfidenceRule, confidence_step
from seawall.oracle.feed import FeedRule, FeedState, publish
from seawall.oracle.landing import LandingMemory, LandingRule, landing_step
from seawall.oracle.median import MedianMemory, MedianRule, median_step
from seawall.oracle.pull import PullMemory, PullRule, pull_step
from seawall.oracle.twap import TwapMemory, TwapRule, twap_step


class PushRule(NamedTuple):
    """The columns of `FeedRule`."""

    deviation: Floats
    heartbeat_steps: Floats
    delay_steps: Ints


class PushMemory(NamedTuple):
    """The arrays of `FeedState`, shared with it; stamps (d, p, f): steps of the prices in ring."""

    sent: Floats
    age: Ints
    ring: Floats
    stamps: Ints


class OracleRule(NamedTuple):
    """Every stage's columns; a stage that nobody uses has no feeds and is not ``used`` (7,)."""

    twap: TwapRule
    median: MedianRule
    push: PushRule
    pull: PullRule
    landing: LandingRule
    capped: CappedRule
    auction: AuctionRule
    confidence: ConfidenceRule
    used: Bools


class OracleMemory(NamedTuple):
    """Every stage's memory, and what the last step showed, (p, f).

    stamp   step at which the price shown was sent (pull: observed)
    usable  False where the price is too old to act on
    width   fraction by which margin moves the price against the holder
    fresh   (p,) paths that see the market price itself
    """

    twap: TwapMemory
    median: MedianMemory
    push: PushMemory
    pull: PullMemory
    landing: LandingMemory
    capped: CappedMemory
    auction: AuctionMemory
    confidence: ConfidenceMemory
    stamp: Ints
    usable: Bools
    width: Floats
    fresh: Bools


def push_rule(rule: FeedRule) -> PushRule:
    """The same columns, as the compiled step wants them."""
    return PushRule(rule.deviation, rule.heartbeat_steps, rule.delay_steps)


def oracle_rule(
    twap: TwapRule,
    median: MedianRule,
    push: PushRule,
    pull: PullRule,
    landing: LandingRule,
    capped: CappedRule,
    auction: AuctionRule,
    confidence: ConfidenceRule,
) -> OracleRule:
    """All stages together."""
    stages = (twap, median, pull, landing, capped, auction, confidence)
    used = np.array([stage.feed.size > 0 for stage in stages], dtype=bool)
    return OracleRule(twap, median, push, pull, landing, capped, auction, confidence, used)


def push_memory(state: FeedState) -> PushMemory:
    """The same arrays, as the compiled step wants them, and the steps at which they were sent."""
    stamps = np.zeros(state.ring.shape, dtype=np.int64)
    return PushMemory(state.sent, state.age, state.ring, stamps)


def publish_all(
    rule: OracleRule,
    memory: OracleMemory,
    feed_rule: FeedRule,
    feeds: FeedState,
    step: int,
    market: Floats,
) -> Floats:
    """Prices (p, f) seen at ``step`` given the market's (p, f); stamps, usability and widths.

    Overwrites ``memory`` and ``feeds``; returns a new array.
    """
    price = market.copy()
    twap_step(rule.twap, memory.twap, step, price)
    median_step(rule.median, memory.median, step, price)
    price = publish(feed_rule, feeds, price)
    _stamp(feed_rule, memory, step)
    pull_step(rule.pull, memory.pull, step, price, memory.stamp, memory.usable)
    landing_step(rule.landing, memory.landing, step, price, memory.stamp)
    capped_step(rule.capped, memory.capped, step, price)
    auction_step(rule.auction, memory.auction, step, price, memory.stamp)
    confidence_step(rule.confidence, memory.confidence, market, memory.width)
    fresh = memory.fresh[:, None]
    np.copyto(price, market, where=fresh)
    np.copyto(memory.stamp, step, where=fresh)
    np.copyto(memory.usable, True, where=fresh)
    np.copyto(memory.width, 0.0, where=fresh)
    return price


def _stamp(feed_rule: FeedRule, memory: OracleMemory, step: int) -> None:
    """When the pushed prices shown now were sent: the ring of steps beside the ring of prices."""
    stamps = memory.push.stamps
    rows, column = stamps.shape[0], np.arange(stamps.shape[2])
    stamps[step % rows] = step - memory.push.age
    memory.stamp[:] = stamps[(step - feed_rule.delay_steps) % rows, :, column].T
