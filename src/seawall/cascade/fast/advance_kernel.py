"""The quiet part of a step on one path: recovery, market price, volatility, oracle, clocks.

The same operations in the same order as `advance` of `seawall.cascade.reference`, row by row: each
loop over coins or feeds becomes vector code.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.layout_kernel import (
    Array,
    Awake,
    Course,
    Feeds,
    Fixed,
    Impact,
    Prices,
    Wakes,
)
from seawall.cascade.fast.reach_kernel import count_beyond
from seawall.cascade.fast.wake_kernel import tick_seen
from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import choose, higher, lower, to_float
from seawall.impact.law_kernel import linear_displacement, root_displacement


@record_helper
def displaced(square_root: bool, strength: float, flow: float) -> float:
    """Factor on the exogenous price while ``flow`` is outstanding, by one of the two plain laws."""
    if flow == 0.0:
        return 1.0
    if square_root:
        return root_displacement(strength, flow)
    return linear_displacement(flow)


@row_helper
def recover(decay: float, temporary: Array, permanent: Array, out: Array) -> int:
    """Impact decays; flow outstanding into ``out`` (k,), and of how many coins there is any."""
    count = np.int64(0)
    for k in range(out.size):
        left = temporary[k] * decay
        temporary[k] = left
        flow = left + permanent[k]
        out[k] = flow
        count += np.int64(flow != 0.0)
    return int(count)


@row_helper
def price_linear(exogenous: Array, out: Array) -> None:
    """Market prices for the flows in ``out`` (k,) by the linear law."""
    for k in range(out.size):
        out[k] = exogenous[k] * linear_displacement(out[k])


@row_helper
def price_root(strength: Array, exogenous: Array, out: Array) -> None:
    """The same by the square-root law."""
    for k in range(out.size):
        out[k] = exogenous[k] * root_displacement(strength[k], out[k])


@row_helper
def follow(
    weight: float,
    expected: Array,
    exogenous: Array,
    price: Array,
    own: Array,
    market: Array,
    felt: Array,
    trough: Array,
    peak: Array,
) -> None:
    """The market (k,) goes to ``price``, volatility is felt, extremes are kept."""
    for k in range(price.size):
        own[k] = exogenous[k]
        new, before, was = price[k], market[k], felt[k]
        market[k] = new
        move = abs(new / before - 1.0) / expected[k]
        move = move if new != before else 0.0
        felt[k] = was + weight * (move - was)
        trough[k] = lower(trough[k], new)
        peak[k] = higher(peak[k], new)


@record_helper
def move_market(
    rule: Impact,
    prices: Prices,
    trough: Array,
    peak: Array,
    p: int,
    exogenous: Array,
    work: Array,
) -> None:
    """Impact decays, the market moves with the path, volatility is felt; ``work`` (k,) is room."""
    price = exogenous
    if recover(rule.decay, prices.temporary[p], prices.permanent[p], work) > 0:
        price = work
        if rule.square_root:
            price_root(rule.strength, exogenous, work)
        else:
            price_linear(exogenous, work)
    follow(
        rule.volatility_weight,
        rule.expected_move,
        exogenous,
        price,
        prices.exogenous[p],
        prices.market[p],
        prices.restlessness[p],
        trough[p],
        peak[p],
    )


@row_helper
def send(
    rule_asset: Array,
    deviation: Array,
    heartbeat: Array,
    funding: Array,
    step_seconds: float,
    fresh: bool,
    market: Array,
    low: Array,
    high: Array,
    sent: Array,
    age: Array,
    feed: Array,
    before: Array,
    integral: Array,
) -> int:
    """Feeds (f,) of market prices (k,) show what they last sent; there are no delays.

    All in one loop, with `count_beyond`, whose count it returns.
    """
    count = np.int64(0)
    for f in range(feed.size):
        before[f] = feed[f]
        price, shown, steps = market[rule_asset[f]], sent[f], age[f] + 1
        now = (abs(price - shown) >= deviation[f] * shown) | (to_float(steps) >= heartbeat[f])
        shown = choose(now, price, shown)
        sent[f] = shown
        age[f] = 0 if now else steps
        shown = choose(fresh, price, shown)
        feed[f] = shown
        total = integral[f] + shown * step_seconds
        integral[f] = total
        funded = funding[f] * total
        count += np.int64((shown - funded <= low[f]) | (shown + funded >= high[f]))
    return int(count)


@record_helper
def send_late(
    rule: Feeds, prices: Prices, p: int, step: int, step_seconds: float, before: Array
) -> None:
    """The same where what a feed sent is seen after its delay."""
    rows = prices.ring.shape[0]
    row = step % rows
    for f in range(rule.delay.size):
        before[f] = prices.feed[p, f]
        market, sent = prices.market[p, rule.asset[f]], prices.sent[p, f]
        age = prices.age[p, f] + 1
        if abs(market - sent) >= rule.deviation[f] * sent or age >= rule.heartbeat[f]:
            sent, age = market, 0
            prices.sent[p, f] = sent
        prices.age[p, f] = age
        prices.ring[row, p, f] = sent
        # No delay is longer than the ring.
        then = row - rule.delay[f]
        then = then + rows if then < 0 else then
        seen = market if prices.fresh[p] else prices.ring[then, p, f]
        prices.feed[p, f] = seen
        prices.integral[p, f] = prices.integral[p, f] + seen * step_seconds


@record_helper
def publish_feeds(
    rule: Feeds,
    wakes: Wakes,
    prices: Prices,
    awake: Awake,
    p: int,
    step: int,
    step_seconds: float,
    before: Array,
) -> int:
    """Each feed sends when it has moved enough or is old; what it sent is seen after its delay.

    How many feeds stand where somebody who sleeps may wake; ``before`` (f,) is what they showed.
    """
    feed, integral = prices.feed[p], prices.integral[p]
    if prices.ring.shape[0] > 1:
        send_late(rule, prices, p, step, step_seconds, before)
        return count_beyond(feed, integral, wakes.funding, awake.low[p], awake.high[p])
    return send(
        rule.asset,
        rule.deviation,
        rule.heartbeat,
        wakes.funding,
        step_seconds,
        prices.fresh[p],
        prices.market[p],
        awake.low[p],
        awake.high[p],
        prices.sent[p],
        prices.age[p],
        feed,
        before,
        integral,
    )


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
    work: Array,
) -> None:
    """One step of prices on one path; ``before`` (f,) and ``work`` (k,) are working room."""
    move_market(fixed.impact, prices, course.trough, course.peak, p, exogenous, work)
    wakes, after, integral = fixed.wakes, prices.feed[p], prices.integral[p]
    beyond = publish_feeds(fixed.feeds, wakes, prices, awake, p, step, fixed.step_seconds, before)
    tick_seen(wakes, awake, p, world, before, after, integral, step, True, beyond)
