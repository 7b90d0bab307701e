"""Compiled step of all oracles: one path. The one entry that a compiled loop calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import choose, copy_row, to_float
from seawall.oracle.auction_delayed_kernel import auction_path
from seawall.oracle.capped_kernel import capped_path
from seawall.oracle.confidence_kernel import confidence_path
from seawall.oracle.landing_kernel import landing_path
from seawall.oracle.median_kernel import median_path
from seawall.oracle.pull_kernel import pull_path
from seawall.oracle.stages_kernel import (
    AUCTION,
    CAPPED,
    CONFIDENCE,
    LANDING,
    MEDIAN,
    PULL,
    TWAP,
)
from seawall.oracle.twap_kernel import twap_path

if TYPE_CHECKING:
    from seawall.oracle.columns import Floats, Ints
    from seawall.oracle.publication import OracleMemory, OracleRule, PushMemory, PushRule


@row_helper
def push_row(
    deviation: Floats,
    heartbeat: Floats,
    step: int,
    price: Floats,
    stamp: Ints,
    sent: Floats,
    age: Ints,
    stamps: Ints,
) -> None:
    """Feeds (f,) that hold market prices show what they last sent; there are no delays."""
    for f in range(price.size):
        market, shown, steps = price[f], sent[f], age[f] + 1
        old = to_float(steps) >= heartbeat[f]
        now = (abs(market - shown) >= deviation[f] * shown) | old
        shown = choose(now, market, shown)
        steps = 0 if now else steps
        sent[f], price[f], age[f] = shown, shown, steps
        stamps[f], stamp[f] = step - steps, step - steps


@record_helper
def push_path(
    rule: PushRule, memory: PushMemory, p: int, step: int, price: Floats, stamp: Ints
) -> None:
    """Replace prices (f,) by those that the threshold feeds show; when they were sent."""
    rows = memory.ring.shape[0]
    if rows == 1:
        sent, age, stamps = memory.sent[p], memory.age[p], memory.stamps[0, p]
        push_row(rule.deviation, rule.heartbeat_steps, step, price, stamp, sent, age, stamps)
        return
    now = step % rows
    for f in range(rule.deviation.size):
        sent = memory.sent[p, f]
        memory.age[p, f] += 1
        moved = abs(price[f] - sent) >= rule.deviation[f] * sent
        if moved or memory.age[p, f] >= rule.heartbeat_steps[f]:
            memory.sent[p, f] = price[f]
            memory.age[p, f] = 0
        # No delay is longer than the ring.
        then = now - rule.delay_steps[f]
        if then < 0:
            then += rows
        memory.ring[now, p, f] = memory.sent[p, f]
        price[f] = memory.ring[then, p, f]
        memory.stamps[now, p, f] = step - memory.age[p, f]
        stamp[f] = memory.stamps[then, p, f]


@record_helper
def publish_path(
    rule: OracleRule, memory: OracleMemory, p: int, step: int, market: Floats, price: Floats
) -> None:
    """Write what path ``p`` sees at ``step`` into ``price`` (f,), given the market's (f,).

    Row p of memory.stamp, usable and width say the rest.
    """
    stamp, usable, width = memory.stamp[p], memory.usable[p], memory.width[p]
    if memory.fresh[p]:
        # Nothing that such a path remembers is ever looked at.
        for f in range(price.size):
            price[f], stamp[f], usable[f], width[f] = market[f], step, True, 0.0
        return
    copy_row(market, price)
    if rule.used[TWAP]:
        twap_path(rule.twap, memory.twap, p, step, price)
    if rule.used[MEDIAN]:
        median_path(rule.median, memory.median, p, step, price)
    push_path(rule.push, memory.push, p, step, price, stamp)
    if rule.used[PULL]:
        pull_path(rule.pull, memory.pull, p, step, price, stamp, usable)
    if rule.used[LANDING]:
        landing_path(rule.landing, memory.landing, p, step, price, stamp)
    if rule.used[CAPPED]:
        capped_path(rule.capped, memory.capped, p, step, price)
    if rule.used[AUCTION]:
        auction_path(rule.auction, memory.auction, p, step, price, stamp)
    if rule.used[CONFIDENCE]:
        confidence_path(rule.confidence, memory.confidence, p, market, width)
