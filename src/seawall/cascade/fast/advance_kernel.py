"""The quiet part of a step on one path: recovery, market price, volatility, oracle, clocks.

The same operations in the same order as `advance` of `seawall.cascade.reference`.
"""

from __future__ import annotations

from seawall.cascade.fast.layout_kernel import (
    Array,
    Awake,
    Course,
    Feeds,
    Fixed,
    Impact,
    Prices,
)
from seawall.cascade.fast.wake_kernel import tick
from seawall.foundation.compiled import record_helper
from seawall.impact.law_kernel import linear_displacement, root_displacement


@record_helper
def displaced(square_root: bool, strength: float, flow: float) -> float:
    """Factor on the exogenous price while ``flow`` is outstanding, by one of the two plain laws."""
    if flow == 0.0:
        return 1.0
    if square_root:
        return root_displacement(strength, flow)
    return linear_displacement(flow)


@record_helper
def move_market(
    rule: Impact, prices: Prices, trough: Array, peak: Array, p: int, exogenous: Array
) -> None:
    """Impact decays, the market moves with the path, volatility is felt; extremes are kept."""
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
        trough[p, k] = min(trough[p, k], market)
        peak[p, k] = max(peak[p, k], market)


@record_helper
def publish_feeds(
    rule: Feeds, prices: Prices, p: int, step: int, step_seconds: float, before: Array
) -> None:
    """Each feed sends when it has moved enough or is old; what it sent is seen after its delay."""
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
        prices.integral[p, f] = prices.integral[p, f] + seen * step_seconds


@record_helper
def advance(
    fixed: Fixed,
    prices: Prices,
    awake: Awake,
    course: Course,
    p: int,
    world: int,
    step: int,
    exogenous: Array,
    before: Array,
) -> None:
    """One step of prices on one path; ``before`` (f,) is working room for the feeds' old prices."""
    move_market(fixed.impact, prices, course.trough, course.peak, p, exogenous)
    publish_feeds(fixed.feeds, prices, p, step, fixed.step_seconds, before)
    after, integral = prices.feed[p], prices.integral[p]
    tick(fixed.wakes, awake, p, world, before, after, integral, step, True)
