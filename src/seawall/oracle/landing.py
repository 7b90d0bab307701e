"""Feeds whose updates are transactions: seen when the block that holds them has come.

``seen_from`` (p, s + 1, g) is the step whose transaction is the latest one that has landed by each
step; the market's block clock draws it before the loop (market/chain.py). While no block comes,
the price shown stands still, whatever the feed sends.

Source: as market/chain.py. Wrong when: feeds pay for speed; they wait like everybody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.oracle.columns import Floats, Ints, back


class LandingRule(NamedTuple):
    """Feeds (n,) and which clock (n,) each waits for."""

    feed: Ints
    group: Ints


class LandingMemory(NamedTuple):
    """ring, ring_stamp (p, l, n) sent; shown, stamp (p, n); seen_from (p, s + 1, g)."""

    ring: Floats
    ring_stamp: Ints
    shown: Floats
    stamp: Ints
    seen_from: NDArray[np.int32]


def landing_rule(each: Sequence[tuple[int, Ints]]) -> LandingRule:
    """Clock and feeds of each venue whose feeds wait for blocks."""
    feed = np.concatenate([np.zeros(0, dtype=np.int64), *(feeds for _, feeds in each)])
    group = np.repeat([g for g, _ in each], [feeds.size for _, feeds in each]).astype(np.int64)
    return LandingRule(feed, group)


def _oldest(seen_from: NDArray[np.int32]) -> int:
    """How many steps old the oldest price is when it lands."""
    steps = np.arange(1, seen_from.shape[1])[None, :, None]
    lands = seen_from[:, 1:] != seen_from[:, :-1]
    return int(np.where(lands, steps - seen_from[:, 1:], 0).max(initial=0))


def landing_memory(rule: LandingRule, price: Floats, seen_from: NDArray[np.int32]) -> LandingMemory:
    """Every feed shows ``price`` (p, f). The ring is as long as the oldest price needed."""
    rows = _oldest(seen_from) + 1 if rule.feed.size else 1
    ring = back(price, rule.feed, rows)
    stamp = np.zeros((price.shape[0], rule.feed.size), dtype=np.int64)
    ring_stamp = np.zeros(ring.shape, dtype=np.int64)
    return LandingMemory(ring, ring_stamp, price[:, rule.feed], stamp, seen_from)


def landing_step(
    rule: LandingRule, memory: LandingMemory, step: int, price: Floats, stamp: Ints
) -> None:
    """Replace prices and stamps (p, f) that were sent by those that have landed."""
    rows = memory.ring.shape[1]
    memory.ring[:, step % rows] = price[:, rule.feed]
    memory.ring_stamp[:, step % rows] = stamp[:, rule.feed]
    source = memory.seen_from[:, step][:, rule.group]
    path, column = np.nonzero(source != memory.seen_from[:, step - 1][:, rule.group])
    slot = source[path, column] % rows
    memory.shown[path, column] = memory.ring[path, slot, column]
    memory.stamp[path, column] = memory.ring_stamp[path, slot, column]
    price[:, rule.feed] = memory.shown
    stamp[:, rule.feed] = memory.stamp
