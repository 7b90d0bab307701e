"""Feeds with any rules on made-up prices: what each step shows, plain or compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.oracle import compile_feeds, start
from seawall.oracle.auction_delayed import AuctionDelayed, auction_memory, auction_rule, hold_steps
from seawall.oracle.capped import Capped, capped_memory, capped_rule
from seawall.oracle.confidence import Confidence, confidence_memory, confidence_rule
from seawall.oracle.feed import FeedRule, FeedState
from seawall.oracle.landing import landing_memory, landing_rule
from seawall.oracle.median import Median, median_memory, median_rule, numbers_needed
from seawall.oracle.publication import (
    OracleMemory,
    OracleRule,
    oracle_rule,
    publish_all,
    push_memory,
    push_rule,
)
from seawall.oracle.pull import Pull, pull_memory, pull_rule
from seawall.oracle.twap import Twap, twap_memory, twap_rule
from seawall.venues import Feed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Stages:
    """Rules with the feeds that they serve; step_seconds; uniform numbers by stage."""

    feeds: list[Feed]
    step_seconds: float = 10.0
    twap: list[tuple[Twap, Any]] = field(default_factory=list)
    median: list[tuple[Median, Any]] = field(default_factory=list)
    pull: list[tuple[Pull, Any]] = field(default_factory=list)
    capped: list[tuple[Capped, Any]] = field(default_factory=list)
    auction: list[tuple[AuctionDelayed, Any]] = field(default_factory=list)
    confidence: list[tuple[Confidence, Any]] = field(default_factory=list)
    landing: list[tuple[int, Any]] = field(default_factory=list)


def columns(each: list[tuple[Any, Any]]) -> list[tuple[Any, Ints]]:
    return [(rule, np.asarray(feeds, dtype=np.int64)) for rule, feeds in each]


def begin(
    stages: Stages, price: Floats, steps: int, seen_from: NDArray[np.int32] | None = None
) -> tuple[OracleRule, OracleMemory, FeedRule, FeedState]:
    """Rule and memory for starting prices (p, f); random numbers from a fixed seed."""
    dt, paths = stages.step_seconds, price.shape[0]
    rng = np.random.default_rng(5)
    feed_rule = compile_feeds(stages.feeds, dt)
    feeds = start(feed_rule, price)
    auctions = columns(stages.auction)
    rule = oracle_rule(
        twap_rule(columns(stages.twap), dt),
        median_rule(columns(stages.median), dt),
        push_rule(feed_rule),
        pull_rule(columns(stages.pull), dt),
        landing_rule(columns(stages.landing)),
        capped_rule(columns(stages.capped), dt),
        auction_rule(auctions),
        confidence_rule(columns(stages.confidence), dt),
    )
    shape = (paths, steps + 1)
    hold = np.zeros((*shape, len(auctions)), dtype=np.int32)
    for g, (auction, _) in enumerate(auctions):
        hold[:, :, g] = hold_steps(auction, rng.random(shape), dt)
    if seen_from is None:
        seen_from = np.tile(np.arange(steps + 1, dtype=np.int32)[None, :, None], (paths, 1, 1))
    memory = OracleMemory(
        twap_memory(rule.twap, price),
        median_memory(rule.median, price, rng.random((*shape, numbers_needed(rule.median)))),
        push_memory(feeds),
        pull_memory(rule.pull, price, rng.random((*shape, rule.pull.chance.size))),
        landing_memory(rule.landing, price, seen_from),
        capped_memory(rule.capped, price),
        auction_memory(rule.auction, price, hold),
        confidence_memory(rule.confidence, price),
        stamp=np.zeros(price.shape, dtype=np.int64),
        usable=np.ones(price.shape, dtype=bool),
        width=np.zeros(price.shape),
        fresh=np.zeros(paths, dtype=bool),
    )
    return rule, memory, feed_rule, feeds


def shown(stages: Stages, prices: list[float], what: str = "price") -> list[float]:
    """What one feed shows at each step of one path; the first price is that of the start.

    ``what``: "price", or a field of OracleMemory (stamp, usable, width).
    """
    table = np.array(prices)[:, None, None]
    rule, memory, feed_rule, feeds = begin(stages, table[0], len(prices) - 1)
    out = []
    for step in range(1, len(prices)):
        price = publish_all(rule, memory, feed_rule, feeds, step, table[step])
        out.append((price if what == "price" else getattr(memory, what))[0, 0].item())
    return out
