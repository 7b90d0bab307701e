"""Auction-delayed updates: a new price is held back while the right to use it first is sold.

An update that is more than ``trigger`` away from the price shown is held until somebody bids for
it, at most ``window_blocks``; then the newest price is shown. The chance of a bid is
``bid_probability`` per block, so the hold is min(geometric, window_blocks) blocks.

Source: the form of Aave's and Chainlink's smart value recapture (a bounded delay of a few blocks,
after which the update is public).
Wrong when: only updates that liquidate somebody are sold: here size alone decides, because looking
at accounts is not the oracle's business. Who gets the price of the bid is the keepers' slot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.quantity import FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number, whole
from seawall.oracle.columns import Each, Floats, Ints, feeds_of, group_of, per_feed


@dataclass(frozen=True)
class AuctionDelayed:
    """The auction of an update.

    window_blocks     blocks after which the update is public, whoever has bid
    block_seconds     length of a block
    bid_probability   chance per block that somebody bids; 0 = always the whole window
    trigger           fraction beyond which an update is auctioned; 0 = every update
    assets            served (none named: all but the quote)
    """

    window_blocks: int = whole(1, 100_000)
    block_seconds: float = number(POSITIVE_SECONDS)
    bid_probability: float = number(FRACTION, 0.0)
    trigger: float = number(FRACTION, 0.0)
    assets: tuple[str, ...] = ()


class AuctionRule(NamedTuple):
    """Feeds, triggers and groups (n,)."""

    feed: Ints
    trigger: Floats
    group: Ints


class AuctionMemory(NamedTuple):
    """shown, stamp, until (p, n): until = step at which the hold ends; hold (p, s + 1, g) steps.

    ``hold`` at step t is how long an auction that starts there takes.
    """

    shown: Floats
    stamp: Ints
    until: Ints
    hold: NDArray[np.int32]


def auction_rule(each: Each[AuctionDelayed]) -> AuctionRule:
    """The rule as columns."""
    return AuctionRule(feeds_of(each), per_feed(each, lambda r: r.trigger), group_of(each))


def hold_steps(rule: AuctionDelayed, numbers: Floats, step_seconds: float) -> NDArray[np.int32]:
    """Steps that an auction takes for uniform numbers (any shape); below half a step: none."""
    blocks = np.full(numbers.shape, float(rule.window_blocks))
    if rule.bid_probability >= 1.0:
        blocks[:] = 1.0
    elif rule.bid_probability > 0.0:
        # Blocks until the first success: the inverse of the geometric distribution.
        drawn = np.ceil(np.log1p(-numbers) / math.log1p(-rule.bid_probability))
        blocks = np.minimum(np.maximum(drawn, 1.0), blocks)
    return np.floor(blocks * rule.block_seconds / step_seconds + 0.5).astype(np.int32)


def auction_memory(rule: AuctionRule, price: Floats, hold: NDArray[np.int32]) -> AuctionMemory:
    """Every feed shows ``price`` (p, f) and no auction is running."""
    shape = (price.shape[0], rule.feed.size)
    never = np.full(shape, -1, dtype=np.int64)
    return AuctionMemory(price[:, rule.feed], np.zeros(shape, dtype=np.int64), never, hold)


def auction_step(
    rule: AuctionRule, memory: AuctionMemory, step: int, price: Floats, stamp: Ints
) -> None:
    """Replace prices and stamps (p, f) that came in by those shown."""
    came, shown, until = price[:, rule.feed], memory.shown, memory.until
    hold = memory.hold[:, step][:, rule.group]
    begins = (step > until) & (np.abs(came - shown) > rule.trigger * shown) & (hold > 0)
    np.copyto(until, step + hold, where=begins)
    passes = step >= until
    np.copyto(shown, came, where=passes)
    np.copyto(memory.stamp, stamp[:, rule.feed], where=passes)
    price[:, rule.feed] = shown
    stamp[:, rule.feed] = memory.stamp
