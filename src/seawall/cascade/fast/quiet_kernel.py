"""The compiled loop where mechanisms act in every step: quiet steps of one path, all in one go.

The operations and their order are those of `advance` of `seawall.cascade.reference`; each mechanism
has its own compiled step beside its plain one. A path stops inside the first step in which somebody
may have fallen or waits, a contract expires or a pool may be flagged; the plain loop does the rest
of that step on the same memory, and the path goes on.
"""

from __future__ import annotations

import numpy as np

from seawall.breaker.price_band_kernel import average_row, band_row
from seawall.breaker.staleness_kernel import staleness_row, staleness_row_by_stamp
from seawall.breaker.velocity_kernel import velocity_in_a_row, velocity_row
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
from seawall.cascade.fast.wake_kernel import tick_seen, tick_turning
from seawall.cascade.market_kernel import move_market
from seawall.foundation.compiled import record_helper, record_kernel, row_helper
from seawall.foundation.rows_kernel import (
    alike_in_a_row,
    copy_row,
    follow_each_other,
    gather_row,
    higher,
    lower,
)
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
    own = halted[p]
    if blocks:
        gather_flags(idle[p, step], venue, own)
    else:
        clear_flags(own)
    if velocity and count_later(until[p], step) > 0:
        for m in range(feed.size):
            if step < until[p, m]:
                own[feed[m]] = True


@row_helper
def gather_flags(values: Array, index: Array, out: Array) -> None:
    """Flags at ``index`` (f,) into ``out``."""
    for f in range(out.size):
        out[f] = values[index[f]]


@row_helper
def clear_flags(out: Array) -> None:
    """No flag (f,) is set."""
    for f in range(out.size):
        out[f] = False


@row_helper
def count_later(until: Array, step: int) -> int:
    """How many steps (m,) lie after this one."""
    count = np.int64(0)
    for m in range(until.size):
        count += np.int64(step < until[m])
    return int(count)


@row_helper
def note_extremes(market: Array, trough: Array, peak: Array) -> None:
    """Keep the lowest and the highest market prices (k,)."""
    for k in range(market.size):
        trough[k] = lower(trough[k], market[k])
        peak[k] = higher(peak[k], market[k])


@row_helper
def times_square(root: Array, seen: Array) -> None:
    """Prices (f,) of linked venues from the common ones and the roots of what they are apart."""
    for f in range(seen.size):
        seen[f] = seen[f] * (root[f] * root[f])


@record_helper
def before_stages(
    has: Has, root: Array, prices: Prices, awake: Awake, asset: Array, scratch: Scratch, p: int
) -> None:
    """Market prices at each feed's venue, of linked ones by root (p, f)."""
    gather_row(prices.market[p], asset, scratch.seen)
    if has.links:
        times_square(root[p], scratch.seen)
    # Who is asleep does not ask by how much a width changed.
    if has.width and awake.number[p] > 0:
        copy_row(prices.width[p], scratch.width)


@row_helper
def after_stages(
    step_seconds: float,
    funding: Array,
    shown: Array,
    low: Array,
    high: Array,
    feed: Array,
    before: Array,
    integral: Array,
) -> int:
    """Venues see what the oracle shows (f,); funding goes by it. With `count_beyond`."""
    count = np.int64(0)
    for f in range(shown.size):
        price = shown[f]
        before[f], feed[f] = feed[f], price
        total = integral[f] + price * step_seconds
        integral[f] = total
        funded = funding[f] * total
        count += np.int64((price - funded <= low[f]) | (price + funded >= high[f]))
    return int(count)


@record_helper
def show(
    funding: Array, prices: Prices, awake: Awake, shown: Array, before: Array, p: int, dt: float
) -> int:
    """`after_stages` of path ``p``."""
    low, high = awake.low[p], awake.high[p]
    return after_stages(dt, funding, shown, low, high, prices.feed[p], before, prices.integral[p])


@record_helper
def next_margin(
    has: Has, impact: Impact, prices: Prices, share: Array, margin: Margin, scratch: Scratch, p: int
) -> None:
    """Factors on margin follow the market; how far they stand from the start, (f,).

    share (p, k) of depth that is left, where the market has the slot.
    """
    thin, own, felt = scratch.thin, margin.memory, prices.restlessness[p]
    if has.thin:
        for k in range(thin.size):
            if has.depth:
                thin[k] = 1.0 / share[p, k]
            elif impact.square_root:
                thin[k] = 1.0
            else:
                thin[k] = 1.0 + impact.thinning * max(felt[k] - 1.0, 0.0)
    scale_row(margin.rule, own, p, felt, thin, prices.feed[p], scratch.away)


@row_helper
def widen_turn(
    width: Array, last: Array, price: Array, before: Array, turn: Array, out: Array
) -> None:
    """``turn`` (f,) of margin with what confidence intervals take of buffers in a step:
    `seawall.cascade.oracles.widened`.
    """
    for f in range(out.size):
        move = abs(price[f] / before[f] - 1.0)
        share = move + turn[f] * (1.0 + move)
        out[f] = turn[f] + share * width[f] + abs(width[f] - last[f])


@row_helper
def widen_away(width: Array, price: Array, origin: Array, away: Array, out: Array) -> None:
    """The same from the start."""
    for f in range(out.size):
        move = abs(price[f] / origin[f] - 1.0)
        share = move + away[f] * (1.0 + move)
        out[f] = away[f] + share * width[f] + width[f]


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
    beyond: int,
) -> None:
    """Margin follows the market, and the clocks see what moved since feeds showed ``before``."""
    after, integral = prices.feed[p], prices.integral[p]
    if not (has.scale or has.width):
        tick_seen(wakes, awake, p, world, before, after, integral, step, True, beyond)
        return
    # Zeros where margin is not dynamic.
    turn, away = scratch.turn, scratch.away
    if has.scale:
        next_margin(has, impact, prices, share, margin, scratch, p)
        turn = margin.memory.turn[p]
    if has.width:
        width = prices.width[p]
        widen_away(width, after, awake.origin[p], away, scratch.gone)
        away = scratch.gone
        if awake.number[p] > 0:
            widen_turn(width, scratch.width, after, before, turn, scratch.turned)
            turn = scratch.turned
    tick_turning(wakes, awake, p, world, before, after, turn, away, step)


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
    plain: bool,
) -> None:
    """What breakers do in every step: `watch` of `seawall.cascade.breakers`.

    ``plain``: they watch rows of the common market prices.
    """
    rule, fast = breakers.band, breakers.velocity
    if plain:
        market = prices.market[p]
        if has.band:
            first = asset[rule.feed[0]]
            own = market[first : first + rule.feed.size]
            average_row(rule.weight, own, breakers.band_memory.average[p])
        if has.velocity:
            first = asset[fast.feed[0]]
            own = market[first : first + fast.feed.size]
            velocity_in_a_row(fast, breakers.velocity_memory, p, own, step)
    elif has.band or has.velocity:
        if not has.stages:
            gather_row(prices.market[p], asset, seen)
        if has.band:
            band_row(rule, breakers.band_memory, p, seen)
        if has.velocity:
            velocity_row(fast, breakers.velocity_memory, p, seen, step)
    if has.staleness:
        late, memory = breakers.staleness, breakers.staleness_memory
        if has.stamps:
            staleness_row_by_stamp(late, memory, p, stamps[p], step)
        else:
            staleness_row(late, memory, p, prices.age[p], prices.fresh[p], step)


@record_helper
def is_plain(has: Has, breakers: Breakers, asset: Array) -> bool:
    """Whether price band and velocity watch rows of the common market prices, one window each."""
    if has.stages:
        return False
    plain = True
    if has.band:
        plain = follow_each_other(asset, breakers.band.feed)
    if has.velocity:
        fast = breakers.velocity
        plain = plain and alike_in_a_row(fast.feed, fast.samples)
        plain = plain and follow_each_other(asset, fast.feed)
    return plain


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
    last, old, trough, peak = exogenous.shape[1] - 1, room.before, course.trough, course.peak
    impact, feeds, wakes, expiry = fixed.impact, fixed.feeds, fixed.wakes, fixed.expiry
    work, plain = room.market[0], is_plain(has, breakers, fixed.feeds.asset)
    # Whole records are dear to compile at each use: their parts are taken once.
    rule, own, venue, idle = market.rule, market.state, market.venue, market.idle
    stages, memory, seen, shown = oracle.rule, oracle.memory, scratch.seen, scratch.shown
    left, stamps, halted, root = own.left.share, memory.stamp, own.links.halted, own.links.root
    halts, until, dt = breakers.velocity.feed, breakers.velocity_memory.until, fixed.step_seconds
    for n in range(paths.size):
        p = paths[n]
        status, step, world, course.rounds[p] = DONE, course.step[p], books.start[p], 1
        take_up(room, world, step == 1)
        while status == DONE and step <= last:
            if has.links:
                close_venues(has.blocks, has.velocity, halted, venue, idle, halts, until, p, step)
            if has.market:
                move_market(rule, own, p, exogenous[p, step])
                note_extremes(prices.market[p], trough[p], peak[p])
            else:
                move_plain(impact, prices, trough, peak, p, exogenous[p, step], work)
            if has.stages:
                before_stages(has, root, prices, awake, feeds.asset, scratch, p)
                publish_path(stages, memory, p, step, seen, shown)
                far = show(wakes.funding, prices, awake, shown, old, p, dt)
            else:
                far = publish_feeds(feeds, wakes, prices, awake, p, step, dt, old)
            next_clocks(
                has, impact, wakes, prices, left, margin, scratch, awake, p, step, world, old, far
            )
            watch(has, prices, breakers, stamps, feeds.asset, seen, p, step, plain)
            if is_restless_at_a_glance(fixed, books, prices, awake, room, p, step):
                status = ROUND
            elif expiry[step] or may_cut(has.pools, pools, p, prices.feed[p]):
                status = EXPIRY
            else:
                end_step(fixed, books, prices, course, p, step)
                step += 1
        course.step[p], course.status[p] = step, status
    return paths.size
