"""Staleness breaker: nobody is closed on a price that is too old.

The age of a feed's price is the time since the price that is seen now was sent: the feed's delay
plus the time since then. Above ``limit_seconds`` the accounts that depend on the feed are not
closed: not by orders, keepers, vault or ADL, since none of them has a price to go by. A price on
its way does not count before it is seen.

Source: the check of a price's time of update that lenders and on-chain venues make before they
act. Wrong when: the limit is below a feed's heartbeat, where a calm market already looks stale.
A feed that shows the market price itself is never stale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.quantity import POSITIVE_SECONDS
from seawall.foundation.record import number

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Staleness:
    """Prices older than ``limit_seconds`` close nobody."""

    limit_seconds: float = number(POSITIVE_SECONDS)


class StalenessRule(NamedTuple):
    """Columns of m watched feeds, (m,): feed, oldest age in steps, the feed's delay in steps."""

    feed: Ints
    limit_steps: Ints
    delay_steps: Ints


class StalenessMemory(NamedTuple):
    """ring (p, d, m): steps since the last sending, at each of the last d steps; stale (p, m)."""

    ring: Ints
    stale: Bools


def compile_staleness(
    rules: Sequence[Staleness], feed: Ints, delay_steps: Ints, step_seconds: float
) -> StalenessRule:
    """Columns of ``rules``, one per watched feed (m,), whose delays are ``delay_steps`` (m,)."""
    limit = [math.floor(rule.limit_seconds / step_seconds + 1e-9) for rule in rules]
    return StalenessRule(feed, np.array(limit, dtype=np.int64), delay_steps.astype(np.int64))


def start_staleness(rule: StalenessRule, paths: int) -> StalenessMemory:
    """Every feed has just been seen to send."""
    rows = int(rule.delay_steps.max(initial=0)) + 1
    return StalenessMemory(
        np.zeros((paths, rows, rule.feed.size), dtype=np.int64),
        np.zeros((paths, rule.feed.size), dtype=bool),
    )


def staleness_step(
    rule: StalenessRule, memory: StalenessMemory, age: Ints, fresh: Bools, step: int
) -> None:
    """One step; ``age`` (p, f) steps since each feed sent, ``fresh`` (p,) paths without feeds."""
    rows = memory.ring.shape[1]
    memory.ring[:, step % rows] = age[:, rule.feed]
    seen = memory.ring[:, (step - rule.delay_steps) % rows, np.arange(rule.feed.size)]
    np.greater(seen + rule.delay_steps, rule.limit_steps, out=memory.stale)
    memory.stale[fresh] = False


def staleness_by_stamp(
    rule: StalenessRule, memory: StalenessMemory, stamp: Ints, step: int
) -> None:
    """The same where the oracle itself says (p, f) at which step what is seen now was sent."""
    np.greater(step - stamp[:, rule.feed], rule.limit_steps, out=memory.stale)
