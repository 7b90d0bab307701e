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
from seawall.cascade.fast import advance_kernel
from seawall.cascade.fast.layout_kernel import (
    Array,
    Awake,
    Books,
    Course,
    Fixed,
    Prices,
    Room,
    types_of,
)
from seawall.cascade.fast.loop_kernel import DONE, EXPIRY, ROUND, end_step
from seawall.cascade.fast.quiet_layout_kernel import Memory, Quiet, quiet_type
from seawall.cascade.fast.rest_kernel import is_restless
from seawall.cascade.fast.wake_kernel import tick, tick_turning
from seawall.cascade.market_kernel import move_market, venue_price
from seawall.foundation.compiled import record_helper, record_kernel
from seawall.margin.dynamic.scaling_kernel import scale_row
from seawall.oracle.publication_kernel import publish_path
from seawall.waterfall.pool_flag_kernel import flagged_row


@record_helper
def close_venues(quiet: Quiet, memory: Memory, p: int, step: int) -> None:
    """Where nobody can trade this step: no block has come, or the velocity breaker halted it."""
    halted, rule = memory.market.links.halted, quiet.velocity
    for f in range(quiet.venue.size):
        halted[p, f] = quiet.has.blocks and memory.idle[p, step, quiet.venue[f]]
    if quiet.has.velocity:
        for m in range(rule.feed.size):
            if step < memory.velocity.until[p, m]:
                halted[p, rule.feed[m]] = True


@record_helper
def next_market(
    fixed: Fixed,
    prices: Prices,
    course: Course,
    quiet: Quiet,
    memory: Memory,
    p: int,
    step: int,
    exogenous: Array,
) -> None:
    """The market's part of the step; extremes are kept."""
    trough, peak = course.trough, course.peak
    if not quiet.has.market:
        advance_kernel.move_market(fixed.impact, prices, trough, peak, p, exogenous)
        return
    if quiet.market.has_links:
        close_venues(quiet, memory, p, step)
    move_market(quiet.market, memory.market, p, exogenous)
    for k in range(exogenous.size):
        trough[p, k] = min(trough[p, k], prices.market[p, k])
        peak[p, k] = max(peak[p, k], prices.market[p, k])


@record_helper
def next_feeds(
    fixed: Fixed, prices: Prices, quiet: Quiet, memory: Memory, p: int, step: int, before: Array
) -> None:
    """What the venues see, and what their markets trade at where a breaker asks for it."""
    seen, shown = memory.seen, memory.shown
    if not quiet.has.stages:
        advance_kernel.publish_feeds(fixed.feeds, prices, p, step, fixed.step_seconds, before)
        if quiet.has.band or quiet.has.velocity:
            for f in range(seen.size):
                seen[f] = prices.market[p, fixed.feeds.asset[f]]
        return
    for f in range(seen.size):
        seen[f] = venue_price(quiet.market, memory.market, p, f)
        before[f] = prices.feed[p, f]
    if fixed.wide:
        for f in range(seen.size):
            memory.width[f] = prices.width[p, f]
    publish_path(quiet.oracle, memory.oracle, p, step, seen, shown)
    for f in range(seen.size):
        prices.feed[p, f] = shown[f]
        prices.integral[p, f] = prices.integral[p, f] + shown[f] * fixed.step_seconds


@record_helper
def next_margin(fixed: Fixed, prices: Prices, quiet: Quiet, memory: Memory, p: int) -> None:
    """Factors on margin follow the market; how far they turned, (f,), and stand from the start."""
    if not quiet.has.scale:
        for f in range(memory.turn.size):
            memory.turn[f], memory.away[f] = 0.0, 0.0
        return
    felt, thin, own = prices.restlessness[p], memory.thin, memory.scale
    if quiet.has.thin:
        for k in range(thin.size):
            if quiet.market.has_depth:
                thin[k] = 1.0 / memory.market.left.share[p, k]
            elif fixed.impact.square_root:
                thin[k] = 1.0
            else:
                thin[k] = 1.0 + fixed.impact.thinning * max(felt[k] - 1.0, 0.0)
    scale_row(quiet.scale, own, p, felt, thin, prices.feed[p])
    for f in range(memory.turn.size):
        memory.turn[f] = own.turn[p, f]
        memory.away[f] = abs(own.factor[p, f] - own.first[p, f])


@record_helper
def widen(prices: Prices, awake: Awake, memory: Memory, p: int, before: Array) -> None:
    """What confidence intervals take of buffers, as a turn: `seawall.cascade.oracles.widened`."""
    turn, away = memory.turn, memory.away
    for f in range(before.size):
        width, price = prices.width[p, f], prices.feed[p, f]
        move = abs(price / before[f] - 1.0)
        share = move + turn[f] * (1.0 + move)
        turn[f] = turn[f] + share * width + abs(width - memory.width[f])
        move = abs(price / awake.origin[p, f] - 1.0)
        share = move + away[f] * (1.0 + move)
        away[f] = away[f] + share * width + width


@record_helper
def watch(prices: Prices, quiet: Quiet, memory: Memory, p: int, step: int) -> None:
    """What breakers do in every step: `watch` of `seawall.cascade.breakers`."""
    if quiet.has.band:
        band_row(quiet.band, memory.band, p, memory.seen)
    if quiet.has.velocity:
        velocity_row(quiet.velocity, memory.velocity, p, memory.seen, step)
    if quiet.has.staleness:
        if quiet.has.stamps:
            stamp = memory.oracle.stamp[p]
            staleness_row_by_stamp(quiet.staleness, memory.staleness, p, stamp, step)
        else:
            age, fresh = prices.age[p], prices.fresh[p]
            staleness_row(quiet.staleness, memory.staleness, p, age, fresh, step)


@record_helper
def next_step(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    quiet: Quiet,
    memory: Memory,
    p: int,
    step: int,
    exogenous: Array,
    before: Array,
) -> None:
    """One step of one path up to the check: market, oracle, margin, clocks, breakers."""
    next_market(fixed, prices, course, quiet, memory, p, step, exogenous)
    next_feeds(fixed, prices, quiet, memory, p, step, before)
    after = prices.feed[p]
    if fixed.scaled or fixed.wide:
        next_margin(fixed, prices, quiet, memory, p)
        if fixed.wide:
            widen(prices, awake, memory, p, before)
        tick_turning(fixed.wakes, awake, p, before, after, memory.turn, memory.away, step)
    else:
        world, integral = books.start[p], prices.integral[p]
        tick(fixed.wakes, awake, p, world, before, after, integral, step, True)
    watch(prices, quiet, memory, p, step)


@record_helper
def may_cut(prices: Prices, quiet: Quiet, memory: Memory, p: int) -> bool:
    """Whether the plain loop must look at the pools."""
    if not quiet.has.pools:
        return False
    if memory.pools.stale[p]:
        return True
    return flagged_row(quiet.pools, memory.pools, p, prices.feed[p])


@record_kernel(
    lambda: (
        *types_of(Fixed, Books, Prices, Awake, Course, Room),
        *(quiet_type(Quiet), quiet_type(Memory)),
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
    quiet: Quiet,
    memory: Memory,
    exogenous: Array,
    paths: Array,
) -> int:
    """Run paths (n,) on exogenous prices (p, s + 1, k) as far as they are quiet; how many.

    course.status says of each where it stands: EXPIRY where only the end of the step is left.
    """
    last = exogenous.shape[1] - 1
    for n in range(paths.size):
        p = paths[n]
        status, step = DONE, course.step[p]
        while status == DONE and step <= last:
            next_step(
                fixed,
                books,
                prices,
                awake,
                course,
                quiet,
                memory,
                p,
                step,
                exogenous[p, step],
                room.before,
            )
            course.rounds[p] = 1
            if is_restless(fixed, books, prices, awake, room.due, p, step):
                status = ROUND
            elif fixed.expiry[step] or may_cut(prices, quiet, memory, p):
                status = EXPIRY
            else:
                end_step(fixed, books, prices, course, p, step)
                step += 1
        course.step[p], course.status[p] = step, status
    return paths.size
