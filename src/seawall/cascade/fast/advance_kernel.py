"""The quiet part of a step on one path: recovery, market price, volatility, oracle, clocks.

The same operations in the same order as `advance` of `seawall.cascade.reference`.
"""

from __future__ import annotations

import math

from seawall.cascade.fast.layout_kernel import Array, Awake, Books, Course, Fixed, Prices
from seawall.cascade.fast.wake_kernel import tick
from seawall.foundation.compiled import merged

LOWEST = 0.01


@merged
def displaced(square_root: bool, strength: float, flow: float) -> float:
    """Factor on the exogenous price while ``flow`` is outstanding: impact/linear, square_root."""
    if flow == 0.0:
        return 1.0
    x = abs(flow)
    if square_root:
        move = strength * math.sqrt(x)
        return max(1.0 - move if flow < 0.0 else 1.0 + move, LOWEST)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return 1.0 / power if flow < 0.0 else power


@merged
def move_market(fixed: Fixed, prices: Prices, course: Course, p: int, exogenous: Array) -> None:
    """Impact decays, the market moves with the path, volatility is felt."""
    rule = fixed.impact
    for k in range(exogenous.size):
        base = exogenous[k]
        prices.exogenous[p, k] = base
        temporary = prices.temporary[p, k] * rule.decay
        prices.temporary[p, k] = temporary
        outstanding = temporary + prices.permanent[p, k]
        before = prices.market[p, k]
        market = base * displaced(rule.square_root, rule.strength[k], outstanding)
        prices.market[p, k] = market
        felt = prices.restlessness[p, k]
        move = 0.0
        if market != before:
            move = abs(market / before - 1.0) / rule.expected_move[k]
        prices.restlessness[p, k] = felt + rule.volatility_weight * (move - felt)
        note_extremes(prices, course, p, k)


@merged
def note_extremes(prices: Prices, course: Course, p: int, k: int) -> None:
    """Keep the lowest and the highest market price of an asset."""
    market = prices.market[p, k]
    course.trough[p, k] = min(course.trough[p, k], market)
    course.peak[p, k] = max(course.peak[p, k], market)


@merged
def publish_feeds(fixed: Fixed, prices: Prices, p: int, step: int, before: Array) -> None:
    """Each feed sends when it has moved enough or is old; what it sent is seen after its delay."""
    rule = fixed.feeds
    ring_rows = prices.ring.shape[0]
    for f in range(before.size):
        market = prices.market[p, rule.asset[f]]
        before[f] = prices.feed[p, f]
        sent = prices.sent[p, f]
        age = prices.age[p, f] + 1
        if abs(market - sent) >= rule.deviation[f] * sent or age >= rule.heartbeat[f]:
            sent, age = market, 0
            prices.sent[p, f] = sent
        prices.age[p, f] = age
        seen = sent
        if ring_rows > 1:
            prices.ring[step % ring_rows, p, f] = sent
            seen = prices.ring[(step - rule.delay[f]) % ring_rows, p, f]
        if prices.fresh[p]:
            seen = market
        prices.feed[p, f] = seen
        prices.integral[p, f] = prices.integral[p, f] + seen * fixed.step_seconds


@merged
def advance(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    p: int,
    step: int,
    exogenous: Array,
    before: Array,
) -> None:
    """One step of prices on one path; ``before`` (f,) is working room for the feeds' old prices."""
    move_market(fixed, prices, course, p, exogenous)
    publish_feeds(fixed, prices, p, step, before)
    tick(fixed, books, prices, awake, p, before, prices.feed[p], step, True)
    if course.seen.shape[2] > 0:
        for f in range(before.size):
            course.seen[p, step, f] = prices.feed[p, f]
