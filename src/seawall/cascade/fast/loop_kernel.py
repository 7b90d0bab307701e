"""The compiled loop: path after path, step after step, until something needs the plain loop.

Quiet steps, looks at accounts, forced orders of plain order-book venues, takeovers by a solvent
vault and loans that no keeper wants are done here. ADL, keepers' calls, socialised losses, options
near their threshold, desks' own liquidations and expiries are handed over: the path stops at that
step, the plain loop does what is next on the same memory, and the path goes on. The tape is the
same bit for bit (law L6).
"""

from __future__ import annotations

from seawall.cascade.fast.advance_kernel import advance
from seawall.cascade.fast.assess_kernel import assess_unit, unit_equity
from seawall.cascade.fast.awake_kernel import end_rest, put_to_sleep, rest, take_out
from seawall.cascade.fast.call_kernel import nobody_calls
from seawall.cascade.fast.floor_kernel import TRUSTED, holds_options, option_floor
from seawall.cascade.fast.glance_kernel import forget, price_sizes, remember, take_up
from seawall.cascade.fast.layout_kernel import (
    VENUE,
    Array,
    Awake,
    Books,
    Course,
    Fixed,
    Log,
    Prices,
    Room,
    types_of,
)
from seawall.cascade.fast.sell_kernel import charge_fees, fill, plan_sales, trade
from seawall.cascade.fast.vault_kernel import cover, is_low, to_vault, vault_worth
from seawall.cascade.fast.wake_kernel import (
    find_due,
    keep_doubtful,
    sort_fallen,
    tick,
)
from seawall.foundation.compiled import record_helper, record_kernel

# Where a path stands when the loop returns.
DONE, ROUND, COVERS, EXPIRY, FULL = 0, 1, 2, 3, 4
REST, MOVED = 5, 6


@record_helper
def look(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    room: Room,
    p: int,
    step: int,
    due: Array,
    equity: Array,
    maintenance: Array,
    unwanted: Array,
) -> tuple[int, bool]:
    """Assess due units; those to close now come first in the arrays, in the order of their numbers.
    How many, and whether the plain loop must look instead. ``unwanted`` (u,) is room.
    """
    chosen, hand_over, left = 0, False, 0
    lowest, highest = fixed.venues.called.size, -1
    for n in range(due.size):
        u, venues = due[n], fixed.venues
        v = fixed.units.head[u, VENUE]
        elsewhere = not (venues.native[v] or venues.called[v])
        if elsewhere and awake.level[p, awake.place[p, u] - 1] < 0.0:
            hand_over = True
            continue
        if books.ready[p, u] > step and not fixed.units.has_options[u]:
            # Not to be closed in this step, so it may stay due.
            continue
        own, needed, exposure, held = assess_unit(fixed, books, prices, p, u)
        if fixed.units.has_options[u] and holds_options(fixed, books, p, u):
            floor = option_floor(fixed, books, prices, p, u, step)
            if not own + floor - needed > TRUSTED * (abs(own) + abs(floor) + needed):
                hand_over = True
            continue
        fallen = own < needed and held
        put_to_sleep(fixed.units.always, awake, p, u, own - needed, exposure, fallen)
        if fallen:
            forget(room.lines, u)
        else:
            remember(fixed, books, awake, room, p, u)
        if fallen and books.ready[p, u] <= step:
            if venues.called[v] and nobody_calls(fixed, books, prices, p, u):
                unwanted[left] = u
                left, highest = left + 1, max(highest, v)
                continue
            lowest = min(lowest, v)
            due[chosen], equity[chosen], maintenance[chosen] = u, own, needed
            chosen += 1
    sort_fallen(due, equity, maintenance, chosen)
    # Keepers judge loans after the sales of the venues before theirs.
    if hand_over or lowest < highest:
        return chosen, True
    for n in range(left):
        books.ready[p, int(unwanted[n])] = step + 1
    return chosen, False


@record_helper
def may_close(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    p: int,
    units: Array,
    equity: Array,
    maintenance: Array,
) -> bool:
    """Whether all these units are of one venue and go to its vault or are sold, not matched."""
    venues, v = fixed.venues, fixed.units.venue[units[0]]
    if not venues.native[v]:
        return False
    owed, low = 0.0, False
    for n in range(units.size):
        u = units[n]
        if fixed.units.head[u, VENUE] != v or fixed.units.is_desk[u] or fixed.units.has_options[u]:
            return False
        low = low or is_low(fixed, v, equity[n], maintenance[n])
        owed += max(-equity[n], 0.0)
    if low:
        worth, rounding = vault_worth(fixed, books, prices, p, v)
        if not abs(worth) > rounding:
            return False
    if venues.adl[v] and owed > 0.0:
        fund = max(books.fund[p, v, fixed.quote], 0.0) if venues.fund_before_adl[v] else 0.0
        return not owed > fund
    return True


@record_helper
def close_units(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    log: Log,
    room: Room,
    p: int,
    step: int,
    units: Array,
) -> bool:
    """Vault and forced orders for units (n,) with equity room.work[0]; False: deficits are left to
    the plain loop.

    room.work (4, u): equity, maintenance, shares, notionals; room.market (2, k): flow, execution.
    """
    work, market = room.work, room.market
    count = to_vault(fixed, books, prices, awake, log, p, step, units, work)
    if count == 0:
        return True
    units = units[:count]
    equity, share, gross = work[0, :count], work[2, :count], work[3, :count]
    flow, execution = market[0], market[1]
    plan_sales(fixed, books, prices, p, units, equity, share, gross, flow, execution)
    trade(fixed.impact, prices, course.trough, course.peak, p, flow, execution)
    closed = 0
    for n in range(count):
        u = units[n]
        fill(fixed, books, prices, p, u, share[n], execution, books.contracts[p], books.book[p])
        books.tried[p, u] += 1
        if share[n] < 1.0:
            books.ready[p, u] = step + fixed.venues.cooldown[fixed.units.head[u, VENUE]]
    charge_fees(fixed, books, prices, log, p, step, units, equity, share, gross)
    for n in range(count):
        if share[n] >= 1.0:
            # Nothing is left that a price can move.
            take_out(awake, p, units[n])
            units[closed] = units[n]
            closed += 1
        else:
            # What it holds now is at hand: the next look can be a glance.
            remember(fixed, books, awake, room, p, units[n])
            rest(awake, room.resting, p, units[n])
    return cover(fixed, books, prices, log, p, step, units[:closed])


@record_helper
def see_market(
    fixed: Fixed, books: Books, prices: Prices, awake: Awake, p: int, step: int, before: Array
) -> None:
    """Venues that margin at the market price see the new one at once; clocks go on."""
    feeds = fixed.feeds
    for f in range(before.size):
        before[f] = prices.feed[p, f]
        if feeds.direct[f] or prices.fresh[p]:
            prices.feed[p, f] = prices.market[p, feeds.asset[f]]
    after, integral, world = prices.feed[p], prices.integral[p], books.start[p]
    tick(fixed.wakes, awake, p, world, before, after, integral, step, False)


@record_helper
def one_round(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    log: Log,
    room: Room,
    p: int,
    step: int,
) -> int:
    """Look at who is due and close who fell: at rest, moved, or what the plain loop must do."""
    due, work = room.due, room.work
    count = find_due(awake, p, due)
    if count > 0:
        price_sizes(fixed, prices, awake, room.worth, p)
        count = keep_doubtful(awake, room, p, count)
    if count == 0:
        return REST
    if log.events.shape[0] - log.used[0] < 2 * count or log.covers.shape[0] - log.used[1] < count:
        return FULL
    chosen, hand_over = look(
        fixed, books, prices, awake, room, p, step, due[:count], work[0], work[1], work[2]
    )
    if hand_over:
        return ROUND
    if chosen == 0:
        return REST
    if not may_close(fixed, books, prices, p, due[:chosen], work[0], work[1]):
        return ROUND
    if not close_units(fixed, books, prices, awake, course, log, room, p, step, due[:chosen]):
        return COVERS
    see_market(fixed, books, prices, awake, p, step, room.before)
    return MOVED


@record_helper
def end_step(fixed: Fixed, books: Books, prices: Prices, course: Course, p: int, step: int) -> None:
    """Write down what the desk's units are worth without their options, and at which prices."""
    for d in range(fixed.desk.size):
        course.equity[p, step, d] = unit_equity(fixed, books, prices, p, fixed.desk[d])
    for f in range(course.seen.shape[2]):
        course.seen[p, step, f] = prices.feed[p, f]


@record_kernel(lambda: types_of(Fixed, Books, Prices, Awake, Course, Log, Room, "f3", "i1"))
def run_paths(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    course: Course,
    log: Log,
    room: Room,
    exogenous: Array,
    paths: Array,
) -> int:
    """Run paths (n,) on exogenous prices (p, s + 1, k) as far as they go; how many were begun.

    course.status says of each where it stands. Stops early, after a whole path, when the log is
    full: the rest of ``paths`` is then untouched.
    """
    before, work, last = room.before, room.market[0], exogenous.shape[1] - 1
    for n in range(paths.size):
        p = paths[n]
        status, step = DONE, course.step[p]
        take_up(room, books.start[p], step == 1 and not course.inside[p])
        while status == DONE and step <= last:
            if not course.inside[p]:
                world = books.start[p]
                end_rest(awake, room.resting, p)
                advance(
                    fixed, prices, awake, course, p, world, step, exogenous[p, step], before, work
                )
                course.rounds[p] = 0
            course.inside[p] = False
            code = MOVED
            while code == MOVED and course.rounds[p] < fixed.max_rounds:
                code = one_round(fixed, books, prices, awake, course, log, room, p, step)
                course.rounds[p] += 1
            if code == FULL:
                course.rounds[p] -= 1
            if code in (REST, MOVED):
                if fixed.expiry[step]:
                    status = EXPIRY
                else:
                    end_step(fixed, books, prices, course, p, step)
                    step += 1
            else:
                status = code
        end_rest(awake, room.resting, p)
        course.step[p], course.status[p] = step, status
        if status == FULL:
            course.inside[p] = True
            return n + 1
    return paths.size
