"""The plain loop, over all paths of a chunk at once: slow beside a kernel, obvious, exact.

Order of events within a step (part of the specification, in full in docs/architecture.md):
exogenous price -> recovery of impact -> market price, arbitrage -> volatility, depth -> oracle ->
funding -> dynamic margin -> clocks -> quotes of options -> breakers -> blocks -> who acts before
the check (before_check.py) -> rounds of (check; margin calls; settlement; breakers' say; close:
vault, ADL, forced orders, auction or keepers; impact; fees; fund and vault; socialised loss; direct
prices) -> pool cuts -> expiry of options and futures -> log.
Rounds repeat within a step until nobody new is breached: venues that margin at the market price
react at once; oracle venues see the new price when their feed publishes it.

Only accounts that the prices can have reached are checked: see wakeup.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.before_check import act_before_check
from seawall.cascade.breach import Breach
from seawall.cascade.breakers import (
    acted,
    may_trade,
    not_stale,
    not_wanted,
    recount,
    scale_margin,
    turned,
    watch,
)
from seawall.cascade.closing import close_accounts
from seawall.cascade.course import (
    Course,
    first_negative,
    refuse_elsewhere,
    refuse_runaway,
)
from seawall.cascade.draws import Draws
from seawall.cascade.expiry import settle_expired
from seawall.cascade.failed_prices import failed_prices
from seawall.cascade.failing import not_out
from seawall.cascade.failures import as_seen, begin_step
from seawall.cascade.fund import refill_all
from seawall.cascade.inclusion import Look, admitted, open_blocks, under_way
from seawall.cascade.journal import Journal
from seawall.cascade.lending import liquidate_loans
from seawall.cascade.market_step import EVERYONE, move_market, venue_markets
from seawall.cascade.oracles import show, widened
from seawall.cascade.own.stepping import own_sources
from seawall.cascade.pool_cuts import cut_pools
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit, PathWorlds, State, begin
from seawall.cascade.tape import FORCED, EventKind, Tape, TapeWriter
from seawall.cascade.waiting import Looked, may_be_closed
from seawall.cascade.wakeup import due, schedule, tick
from seawall.cascade.watch import Noted, Watch
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.liquidation.trigger import breached
from seawall.margin.table.assess import Worth, assess, option_quotes, unit_equity
from seawall.oracle.feed import publish

# A cascade within one step that has not come to rest after this many rounds goes on at the next.
MAX_ROUNDS = 200
EquityOf = Callable[[Ints, Ints], Floats]


def run(
    setup: Setup,
    exogenous: Floats,
    *,
    filtered: bool = True,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
    draws: Draws | None = None,
    journal: Journal | None = None,
    watch: Watch | None = None,
    observe: Callable[[int, State], None] | None = None,
) -> tuple[Tape, State]:
    """Run the cascade on exogenous paths (p, s + 1, k); the first column is the start.

    ``filtered`` False checks every account at every step: same tape, for tests. ``draws`` feeds
    the mechanisms that draw random numbers; without it they draw those of seed 0. ``journal``
    receives every transfer; ``watch`` says which prices to note; ``observe`` looks at the state
    after each step. Raises InputError for a price that is not above zero, and for a path that does
    not start at the Case's spot.
    """
    refuse_worthless(setup, exogenous)
    paths, columns, _ = exogenous.shape
    state = begin(setup, exogenous[:, 0], deposit, worlds, draws, columns - 1, journal)
    tape = TapeWriter()
    everyone = np.arange(paths)
    exogenous = failed_prices(setup.failures, state.failures, exogenous)
    course = begin_course(setup, state, columns)
    noted = Noted(watch, setup, exogenous)
    for step in range(1, columns):
        advance(setup, state, exogenous[:, step], step)
        moved = act_before_check(setup, state, step, tape)
        if moved.size:
            see_market(setup, state, step, moved)
        course.note_extremes(state, everyone)
        active = everyone
        for _ in range(MAX_ROUNDS):
            active = play_round(setup, state, step, active, tape, filtered=filtered)
            if active.size == 0:
                break
            course.note_extremes(state, active)
        cut_pools(setup, state, step, everyone, tape)
        settle_expired(setup, state, step, everyone, tape)
        course.equity[:, step] = desk_equity(setup, state, everyone)
        noted.at(step, state)
        if observe is not None:
            observe(step, state)
    return noted.on(finish(setup, state, course, tape)), state


def refuse_worthless(setup: Setup, exogenous: Floats) -> None:
    """Positions that pay 1 / price and every relative move need prices above zero.

    And all of it a start at the spot: see `refuse_elsewhere`.
    """
    refuse_elsewhere(setup, exogenous)
    if exogenous.size and not float(exogenous.min()) > 0.0:
        p, t, k = np.unravel_index(int(np.argmin(exogenous)), exogenous.shape)
        raise InputError(
            f"{setup.table.assets[k]} has a price of {exogenous[p, t, k]:g} at step {t} of path "
            f"{p}",
            expected="prices above zero: what is worth nothing is a tiny price, such as 1e-12",
        )


def begin_course(setup: Setup, state: State, columns: int) -> Course:
    """The course at its first column, the start."""
    paths = state.depth.size
    equity = np.zeros((paths, columns, setup.desk_units.size))
    equity[:, 0] = desk_equity(setup, state, np.arange(paths))
    return Course(equity, state.market.copy(), state.market.copy())


def finish(
    setup: Setup,
    state: State,
    course: Course,
    tape: TapeWriter,
    equity_of: EquityOf | None = None,
) -> Tape:
    """The tape of a run that has come to its end.

    equity_of: equity (n,) of pairs (path, unit) at the last prices; that of the margin table unless
    another engine has a quicker one.
    """

    def of_table(path: Ints, unit: Ints) -> Floats:
        return unit_equity(setup.table, state.holdings, state.quotes, path, unit)

    refuse_runaway(setup, course)
    refill_all(setup, state, course.equity.shape[1] - 1, tape)
    events = tape.by_path()
    return Tape(
        **events,
        paths=state.depth.size,
        desk_equity=course.equity,
        first_negative=first_negative(course.equity),
        trough=course.trough,
        peak=course.peak,
        final=state.market.copy(),
        open_deficit=_open_deficit(setup, state),
        closed_loss=_closed_loss(setup, state, events, equity_of or of_table),
    )


def advance(setup: Setup, state: State, exogenous: Floats, step: int) -> None:
    """One step of prices: recovery, market, volatility, oracle, funding, options, clock."""
    begin_step(setup.failures, state.failures, step)
    move_market(setup, state, exogenous, step)
    seen = state.quotes.price
    market = venue_markets(setup, state)
    if setup.oracles is None or state.oracle is None:
        price = publish(setup.feed_rule, state.feeds, market)
        price = np.where(state.fresh[:, None], market, price)
    else:
        source = own_sources(setup, state, step, market)
        price = show(setup.oracles, state.oracle, setup.feed_rule, state.feeds, step, source)
    price = as_seen(state.failures, EVERYONE, price, seen)
    integral = state.quotes.integral + price * setup.step_seconds
    everyone = np.arange(price.shape[0])
    turn = scale_margin(setup, state, price, step)
    turn = widened(state.oracle, turn, everyone, seen, price, new_step=True)
    tick(setup.wake, state.wake, everyone, seen, price, new_step=True, turn=turn)
    start = setup.spot[setup.table.feed_asset]
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    state.quotes = option_quotes(setup.table, price, start, years)
    state.quotes.integral = integral
    state.quotes.scale = None if state.scale is None else state.scale.factor
    state.quotes.width = None if state.oracle is None else state.oracle.width
    watch(setup, state, step)
    open_blocks(setup, state, step)


def play_round(
    setup: Setup,
    state: State,
    step: int,
    active: Ints,
    tape: TapeWriter,
    *,
    filtered: bool = True,
) -> Ints:
    """Check the accounts due on active paths and close what is breached; paths that moved."""
    if filtered:
        path, unit = due(setup.wake, state.wake, active)
    else:
        units = setup.table.units.account.size
        path, unit = np.divmod(np.arange(active.size * units), units)
        path = active[path]
    if path.size == 0:
        return path
    equity, maintenance, worth = assess(setup.table, state.holdings, state.quotes, path, unit)
    fallen = breached(equity, maintenance)
    fallen[fallen] = _closable(setup, state, worth, path, unit, np.flatnonzero(fallen))
    weighted = worth.exposure * setup.wake.weight[setup.table.rows.feed[worth.row]]
    exposure = segment_sums(weighted, worth.pair, unit.size)
    stay = fallen | under_way(state, path, unit)
    schedule(setup.wake, state.wake, path, unit, equity - maintenance, exposure, stay)
    looked = Looked(path, unit, equity, maintenance, fallen)
    may = may_be_closed(setup, state, step, looked, tape)
    may = not_out(setup, state, step, path, unit, may, tape)
    ready = may & (state.ready[path, unit] <= step)
    ready = admitted(setup, state, step, Look(path, unit, fallen, ready, worth), tape)
    chosen = np.flatnonzero(ready)
    if chosen.size == 0:
        return chosen
    return _close(setup, state, step, path, unit, equity, maintenance, worth, chosen, tape)


def _closable(
    setup: Setup, state: State, worth: Worth, path: Ints, unit: Ints, chosen: Ints
) -> Bools:
    """True where a chosen pair still holds or owes anything but cash."""
    options = setup.table.units.options
    held = np.bincount(worth.pair, worth.exposure > 0, unit.size)[chosen] > 0
    for n in np.flatnonzero(~held & (options[unit[chosen] + 1] > options[unit[chosen]])):
        p, u = path[chosen[n]], unit[chosen[n]]
        held[n] = bool(np.any(state.holdings.option_size[p, options[u] : options[u + 1]]))
    return held


def _close(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    maintenance: Floats,
    worth: Worth,
    chosen: Ints,
    tape: TapeWriter,
) -> Ints:
    """Close the chosen pairs venue by venue, then let direct prices see the new market."""
    venue = setup.table.units.venue[unit[chosen]]
    leg = _worst_leg(setup, state, path, unit, worth, chosen)
    moved: list[Ints] = []
    for v in np.unique(venue):
        mine = chosen[venue == v]
        breach = Breach(path[mine], unit[mine], equity[mine], maintenance[mine], leg[venue == v])
        free = not_stale(setup, state, step, breach.path, breach.unit, tape)
        if setup.rulebooks[v].liquidation.style == "keeper":
            free = may_trade(setup, state, step, int(v), breach, free, tape)
        mine, breach = mine[free], breach.only(free)
        if setup.rulebooks[v].liquidation.style == "keeper":
            number = np.full(unit.size, -1, dtype=np.int64)
            number[mine] = np.arange(mine.size)
            keep = number[worth.pair] >= 0
            own = Worth(
                number[worth.pair[keep]],
                worth.row[keep],
                worth.worth[keep],
                worth.maintenance[keep],
                worth.exposure[keep],
            )
            called = liquidate_loans(setup, state, step, int(v), breach, own, tape)
            # Nobody acts twice on a loan that no keeper wants within one step.
            left = breach.only(~called)
            state.ready[left.path, left.unit] = step + 1
            moved.append(not_wanted(setup, state, int(v), left.path, left.unit))
            moved.append(path[mine[called]])
        else:
            close_accounts(setup, state, step, int(v), breach, tape)
            moved.append(path[mine[acted(state, step, path[mine], unit[mine])]])
    active = np.unique(np.concatenate(moved))
    if active.size:
        recount(setup, state, active)
        see_market(setup, state, step, active)
    return active


def see_market(setup: Setup, state: State, step: int, active: Ints) -> None:
    """Venues that margin at the market price see the new one of active paths at once."""
    before = state.quotes.price[active]
    market = as_seen(state.failures, active, venue_markets(setup, state, active), before)
    after = np.where(setup.direct | state.fresh[active, None], market, before)
    state.quotes.price[active] = after
    turn = widened(state.oracle, turned(state, active), active, before, after, new_step=False)
    tick(setup.wake, state.wake, active, before, after, new_step=False, turn=turn)
    requote_options(setup, state, active, step)


def requote_options(setup: Setup, state: State, active: Ints, step: int) -> None:
    """Options of active paths at the feeds' present prices."""
    if setup.table.options.unit.size == 0:
        return
    start = setup.spot[setup.table.feed_asset]
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    fresh = option_quotes(setup.table, state.quotes.price[active], start, years)
    state.quotes.option_value[active] = fresh.option_value
    state.quotes.option_short[active] = fresh.option_short


def _worst_leg(
    setup: Setup, state: State, path: Ints, unit: Ints, worth: Worth, chosen: Ints
) -> Ints:
    """Row (or rows + option) of each chosen desk pair that has lost most since the start."""
    leg = np.full(chosen.size, -1, dtype=np.int64)
    options = setup.table.units.options
    for n in np.flatnonzero(setup.is_desk[unit[chosen]]):
        pair = chosen[n]
        mine = worth.pair == pair
        rows = worth.row[mine]
        change = worth.worth[mine] - setup.row_start[rows]
        o = np.arange(options[unit[pair]], options[unit[pair] + 1])
        p = path[pair]
        value = state.holdings.option_size[p, o] * state.quotes.option_value[p, o]
        both = np.concatenate([change, value - setup.option_start[o]])
        names = np.concatenate([rows, setup.table.rows.unit.size + o])
        if both.size:
            leg[n] = names[np.argmin(both)]
    return leg


def desk_equity(setup: Setup, state: State, paths: Ints) -> Floats:
    """Equity (n, d) of the desk's units on chosen paths (n,), quote."""
    desk = setup.desk_units
    if desk.size == 0:
        return np.zeros((paths.size, 0))
    where, unit = np.divmod(np.arange(paths.size * desk.size), desk.size)
    equity = unit_equity(setup.table, state.holdings, state.quotes, paths[where], desk[unit])
    return equity.reshape(paths.size, desk.size)


def _open_deficit(setup: Setup, state: State) -> Floats:
    """Negative equity (p, v) of accounts still open at the end, quote: insolvent, not closed."""
    out = np.zeros((state.depth.size, len(setup.table.venues)))
    # Whoever can be below zero is due for a check.
    path, unit = due(setup.wake, state.wake, np.arange(state.depth.size))
    if path.size:
        equity, _, worth = assess(setup.table, state.holdings, state.quotes, path, unit)
        held = _closable(setup, state, worth, path, unit, np.arange(unit.size))
        owed = np.where(held, np.maximum(-equity, 0.0), 0.0)
        np.add.at(out, (path, setup.table.units.venue[unit]), owed)
    return out


def _closed_loss(
    setup: Setup, state: State, events: dict[str, np.ndarray], equity_of: EquityOf
) -> Floats:
    """Fall in equity (p,), quote, of the accounts that were closed by force at least once.

    What their owners paid in on the way has fallen with it, what they took out has not.
    """
    paths, units = state.ready.shape
    kind = events["kind"]
    if kind.size == 0:
        return np.zeros(paths)
    forced = np.zeros(kind.size, dtype=bool)
    for one in FORCED:
        forced |= kind == int(one)
    if not forced.any():
        return np.zeros(paths)
    closed = np.zeros((paths, units), dtype=bool)
    closed.reshape(-1)[events["path"][forced] * units + events["unit"][forced]] = True
    path, unit = np.divmod(np.flatnonzero(closed), units)
    equity = equity_of(path, unit)
    fall = setup.start_equity[state.start[path], unit] - equity
    loss = segment_sums(fall, path, state.depth.size)
    for what, sign in ((EventKind.TOP_UP, 1.0), (EventKind.OWN_WITHDRAWAL, -1.0)):
        own = np.flatnonzero(kind == what)
        own = own[closed[events["path"][own], events["unit"][own]]]
        if own.size:
            paid = sign * events["notional"][own]
            loss += segment_sums(paid, events["path"][own], state.depth.size)
    return loss
