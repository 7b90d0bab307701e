"""The compiled loop where mechanisms act in every step: quiet steps of one path, all in one go.

The operations and their order are those of `advance` of `seawall.cascade.reference`; each mechanism
has its own compiled step beside its plain one. A path stops inside the first step in which somebody
may have fallen or waits, a contract expires or a pool may be flagged; the plain loop does the rest
of that step on the same memory, and the path goes on.
"""

from __future__ import annotations

from seawall.breaker.price_band_kernel import band_row
from seawall.breaker.staleness_kernel import staleness_row, staleness_row_by_stamp
from seawall.breaker.velocity_kernel import velocity_row
from seawall.cascade.fast.advance_kernel import move_market as move_plain
from seawall.cascade.fast.advance_kernel import publish_feeds
from seawall.cascade.fast.glance_kernel import take_up
from seawall.cascade.fast.layout_kernel import (
    Array,
    Awake,
    Books,
    Course,
    Fixed,
    Impact,
    Prices,
    Room,
    Wakes,
    types_of,
)
from seawall.cascade.fast.loop_kernel import DONE, EXPIRY, ROUND, end_step
from seawall.cascade.fast.quiet_layout_kernel import (
    Breakers,
    Has,
    Margin,
    Market,
    Oracle,
    Pools,
    Scratch,
    quiet_types,
)
from seawall.cascade.fast.rest_kernel import is_restless_at_a_glance
from seawall.cascade.fast.wake_kernel import tick, tick_turning
from seawall.cascade.market_kernel import move_market
from seawall.foundation.compiled import record_helper, record_kernel
from seawall.margin.dynamic.scaling_kernel import scale_row
from seawall.oracle.publication_kernel import publish_path
from seawall.waterfall.pool_flag_kernel import flagged_row


@record_helper
def close_venues(
    blocks: bool,
    velocity: bool,
    halted: Array,
    venue: Array,
    idle: Array,
    feed: Array,
    until: Array,
    p: int,
    step: int,
) -> None:
    """Where nobody can trade this step: no block has come, or the velocity breaker halted it."""
    for f in range(venue.size):
        halted[p, f] = blocks and idle[p, step, venue[f]]
    if velocity:
        for m in range(feed.size):
            if step < until[p, m]:
                halted[p, feed[m]] = True


@record_helper
def note_extremes(market: Array, trough: Array, peak: Array, p: int) -> None:
    """Keep the lowest and the highest market prices (p, k)."""
    for k in range(market.shape[1]):
        trough[p, k] = min(trough[p, k], market[p, k])
        peak[p, k] = max(peak[p, k], market[p, k])


@record_helper
def common_prices(market: Array, asset: Array, seen: Array, p: int) -> None:
    """What each feed's asset trades at (f,) where there is one price for all venues."""
    for f in range(seen.size):
        seen[f] = market[p, asset[f]]


@record_helper
def before_stages(
    has: Has, root: Array, prices: Prices, asset: Array, scratch: Scratch, p: int, before: Array
) -> None:
    """Market prices at each feed's venue, of linked ones by root (p, f); what feeds showed last."""
    common_prices(prices.market, asset, scratch.seen, p)
    for f in range(before.size):
        if has.links:
            scratch.seen[f] = scratch.seen[f] * (root[p, f] * root[p, f])
        if has.width:
            scratch.width[f] = prices.width[p, f]
        before[f] = prices.feed[p, f]


@record_helper
def after_stages(prices: Prices, shown: Array, p: int, step_seconds: float) -> None:
    """Venues see what the oracle shows; funding goes by it."""
    for f in range(shown.size):
        prices.feed[p, f] = shown[f]
        prices.integral[p, f] = prices.integral[p, f] + shown[f] * step_seconds


@record_helper
def next_margin(
    has: Has, impact: Impact, prices: Prices, share: Array, margin: Margin, scratch: Scratch, p: int
) -> None:
    """Factors on margin follow the market; how far they turned, (f,), and stand from the start.

    share (p, k) of depth that is left, where the market has the slot.
    """
    turn, away, thin, own = scratch.turn, scratch.away, scratch.thin, margin.memory
    if not has.scale:
        for f in range(turn.size):
            turn[f], away[f] = 0.0, 0.0
        return
    felt = prices.restlessness[p]
    if has.thin:
        for k in range(thin.size):
            if has.depth:
                thin[k] = 1.0 / share[p, k]
            elif impact.square_root:
                thin[k] = 1.0
            else:
                thin[k] = 1.0 + impact.thinning * max(felt[k] - 1.0, 0.0)
    scale_row(margin.rule, own, p, felt, thin, prices.feed[p])
    for f in range(turn.size):
        turn[f] = own.turn[p, f]
        away[f] = abs(own.factor[p, f] - own.first[p, f])


@record_helper
def widen(prices: Prices, origin: Array, scratch: Scratch, p: int, before: Array) -> None:
    """What confidence intervals take of buffers, as a turn: `seawall.cascade.oracles.widened`."""
    turn, away, last = scratch.turn, scratch.away, scratch.width
    for f in range(before.size):
        width, price = prices.width[p, f], prices.feed[p, f]
        move = abs(price / before[f] - 1.0)
        share = move + turn[f] * (1.0 + move)
        turn[f] = turn[f] + share * width + abs(width - last[f])
        move = abs(price / origin[p, f] - 1.0)
        share = move + away[f] * (1.0 + move)
        away[f] = away[f] + share * width + width


@record_helper
def next_clocks(
    has: Has,
    impact: Impact,
    wakes: Wakes,
    prices: Prices,
    share: Array,
    margin: Margin,
    scratch: Scratch,
    awake: Awake,
    p: int,
    step: int,
    world: int,
    before: Array,
) -> None:
    """Margin follows the market, and the clocks see what moved since feeds showed ``before``."""
    after, integral = prices.feed[p], prices.integral[p]
    if has.scale or has.width:
        next_margin(has, impact, prices, share, margin, scratch, p)
        if has.width:
            widen(prices, awake.origin, scratch, p, before)
        tick_turning(wakes, awake, p, before, after, scratch.turn, scratch.away, step)
    else:
        tick(wakes, awake, p, world, before, after, integral, step, True)


@record_helper
def watch(
    has: Has,
    prices: Prices,
    breakers: Breakers,
    stamps: Array,
    asset: Array,
    seen: Array,
    p: int,
    step: int,
) -> None:
    """What breakers do in every step: `watch` of `seawall.cascade.breakers`."""
    if not has.stages and (has.band or has.velocity):
        common_prices(prices.market, asset, seen, p)
    if has.band:
        band_row(breakers.band, breakers.band_memory, p, seen)
    if has.velocity:
        velocity_row(breakers.velocity, breakers.velocity_memory, p, seen, step)
    if has.staleness:
        rule, memory = breakers.staleness, breakers.staleness_memory
        if has.stamps:
            staleness_row_by_stamp(rule, memory, p, stamps[p], step)
        else:
            staleness_row(rule, memory, p, prices.age[p], prices.fresh[p], step)


@record_helper
def may_cut(has: bool, pools: Pools, p: int, price: Array) -> bool:
    """Whether the plain loop must look at the pools at feed prices (f,)."""
    if not has:
        return False
    return pools.memory.stale[p] or flagged_row(pools.sides, pools.memory, p, price)


@record_kernel(
    lambda: (
        *types_of(Fixed, Books, Prices, Awake, Course, Room),
        *quiet_types(),
        *types_of("f3", "i1"),
    )
)
def run_quietly(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    room: Room,
    has: Has,
    market: Market,
    oracle: Oracle,
    breakers: Breakers,
    margin: Margin,
    pools: Pools,
    scratch: Scratch,
    exogenous: Array,
    paths: Array,
) -> int:
    """Run paths (n,) on exogenous prices (p, s + 1, k) as far as they are quiet; how many.

    course.status says of each where it stands: EXPIRY where only the end of the step is left.
    """
    last, before, trough, peak = exogenous.shape[1] - 1, room.before, course.trough, course.peak
    impact, feeds, wakes, expiry = fixed.impact, fixed.feeds, fixed.wakes, fixed.expiry
    # Whole records are dear to compile at each use: their parts are taken once.
    rule, own, venue, idle = market.rule, market.state, market.venue, market.idle
    stages, memory, seen, shown = oracle.rule, oracle.memory, scratch.seen, scratch.shown
    share, stamps, halted, root = own.left.share, memory.stamp, own.links.halted, own.links.root
    halts, until, dt = breakers.velocity.feed, breakers.velocity_memory.until, fixed.step_seconds
    for n in range(paths.size):
        p = paths[n]
        status, step, world = DONE, course.step[p], books.start[p]
        course.rounds[p] = 1
        take_up(room, world, step == 1)
        while status == DONE and step <= last:
            if has.links:
                close_venues(has.blocks, has.velocity, halted, venue, idle, halts, until, p, step)
            if has.market:
                move_market(rule, own, p, exogenous[p, step])
                note_extremes(prices.market, trough, peak, p)
            else:
                move_plain(impact, prices, trough, peak, p, exogenous[p, step])
            if has.stages:
                before_stages(has, root, prices, feeds.asset, scratch, p, before)
                publish_path(stages, memory, p, step, seen, shown)
                after_stages(prices, shown, p, dt)
            else:
                publish_feeds(feeds, prices, p, step, dt, before)
            next_clocks(
                has, impact, wakes, prices, share, margin, scratch, awake, p, step, world, before
            )
            watch(has, prices, breakers, stamps, feeds.asset, seen, p, step)
            if is_restless_at_a_glance(fixed, books, prices, awake, room, p, step):
                status = ROUND
            elif expiry[step] or may_cut(has.pools, pools, p, prices.feed[p]):
                status = EXPIRY
            else:
                end_step(fixed, books, prices, course, p, step)
                step += 1
        course.step[p], course.status[p] = step, status
    return paths.size
