"""The plain loop, over all paths of a chunk at once: slow beside a kernel, obvious, exact.

Order of events within a step (part of the specification, docs/architecture.md):
exogenous price -> recovery of impact -> market price -> volatility and depth -> oracle ->
funding -> check -> rounds of (close: vault, ADL or forced orders; keepers; impact; settlement;
fund; ADL; socialised loss; direct prices; check) -> expiry of options -> log.
Rounds repeat within a step until nobody new is breached: venues that margin at the market price
react at once; oracle venues see the new price when their feed publishes it.

Only accounts that the prices can have reached are checked: see wakeup.py.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.closing import Breach, close_accounts
from seawall.cascade.draws import Draws
from seawall.cascade.expiry import settle_expired
from seawall.cascade.lending import liquidate_loans
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit, PathWorlds, State, begin
from seawall.cascade.tape import FORCED, NEVER, Tape, TapeWriter
from seawall.cascade.wakeup import due, schedule, tick
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact import linear, square_root
from seawall.liquidation.trigger import breached
from seawall.margin.table.assess import Worth, assess, option_quotes, unit_equity
from seawall.oracle.feed import publish

# A cascade within one step that has not come to rest after this many rounds goes on at the next.
MAX_ROUNDS = 200
# A closed account may end a last bit below zero; below this share of its start it owes nothing.
ROUNDING = 1e-9


def run(
    setup: Setup,
    exogenous: Floats,
    *,
    filtered: bool = True,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
    draws: Draws | None = None,
) -> tuple[Tape, State]:
    """Run the cascade on exogenous paths (p, s + 1, k); the first column is the start.

    ``filtered`` False checks every account at every step: same tape, for tests. ``draws`` feeds
    the mechanisms that draw random numbers; without it they draw those of seed 0.
    """
    paths, columns, _ = exogenous.shape
    state = begin(setup, exogenous[:, 0], deposit, worlds, draws, columns - 1)
    tape = TapeWriter()
    desk = setup.desk_units
    equity = np.zeros((paths, columns, desk.size))
    equity[:, 0] = _desk_equity(setup, state)
    trough, peak = state.market.copy(), state.market.copy()
    for step in range(1, columns):
        _advance(setup, state, exogenous[:, step], step)
        np.minimum(trough, state.market, out=trough)
        np.maximum(peak, state.market, out=peak)
        active = np.arange(paths)
        for _ in range(MAX_ROUNDS):
            active = _round(setup, state, step, active, tape, filtered)
            if active.size == 0:
                break
            np.minimum(trough, state.market, out=trough)
            np.maximum(peak, state.market, out=peak)
        settle_expired(setup, state, step, tape)
        equity[:, step] = _desk_equity(setup, state)
    negative = equity < -ROUNDING * np.abs(equity[:, :1])
    first = np.where(negative.any(axis=1), negative.argmax(axis=1), NEVER)
    events = tape.by_path()
    return (
        Tape(
            **events,
            paths=paths,
            desk_equity=equity,
            first_negative=first,
            trough=trough,
            peak=peak,
            final=state.market.copy(),
            open_deficit=_open_deficit(setup, state),
            closed_loss=_closed_loss(setup, state, events),
        ),
        state,
    )


def _displacement(setup: Setup, state: State) -> Floats:
    outstanding = state.temporary + state.permanent
    if setup.impact.square_root:
        return square_root.displacement(square_root.SquareRoot(setup.impact.strength), outstanding)
    return linear.displacement(outstanding)


def _advance(setup: Setup, state: State, exogenous: Floats, step: int) -> None:
    """One step of prices: recovery, market, volatility, oracle, funding, options, clock."""
    rule, before = setup.impact, state.market
    state.exogenous = exogenous
    state.temporary *= rule.decay
    state.market = exogenous * _displacement(setup, state)
    move = np.abs(state.market / before - 1.0) / rule.expected_move
    state.restlessness += rule.volatility_weight * (move - state.restlessness)
    seen = state.quotes.price
    market = state.market[:, setup.table.feed_asset]
    price = publish(setup.feed_rule, state.feeds, market)
    price = np.where(state.fresh[:, None], market, price)
    integral = state.quotes.integral + price * setup.step_seconds
    tick(setup.wake, state.wake, np.arange(price.shape[0]), seen, price, new_step=True)
    start = setup.spot[setup.table.feed_asset]
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    state.quotes = option_quotes(setup.table, price, start, years)
    state.quotes.integral = integral


def _round(
    setup: Setup, state: State, step: int, active: Ints, tape: TapeWriter, filtered: bool
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
    schedule(setup.wake, state.wake, path, unit, equity - maintenance, exposure, fallen)
    ready = fallen & (state.ready[path, unit] <= step)
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
    before = state.quotes.price.copy()
    moved: list[Ints] = []
    for v in np.unique(venue):
        mine = chosen[venue == v]
        breach = Breach(path[mine], unit[mine], equity[mine], maintenance[mine], leg[venue == v])
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
            acted = liquidate_loans(setup, state, step, int(v), breach, own, tape)
            # Nobody acts twice on a loan that no keeper wants within one step.
            state.ready[path[mine[~acted]], unit[mine[~acted]]] = step + 1
            moved.append(path[mine[acted]])
        else:
            close_accounts(setup, state, step, int(v), breach, tape)
            moved.append(path[mine])
    active = np.unique(np.concatenate(moved))
    if active.size:
        market = state.market[np.ix_(active, setup.table.feed_asset)]
        state.quotes.price[active] = np.where(
            setup.direct | state.fresh[active, None], market, before[active]
        )
        after = state.quotes.price[active]
        tick(setup.wake, state.wake, active, before[active], after, new_step=False)
        _requote_options(setup, state, active, step)
    return active


def _requote_options(setup: Setup, state: State, active: Ints, step: int) -> None:
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


def _desk_equity(setup: Setup, state: State) -> Floats:
    """Equity (p, d) of the desk's units, quote."""
    paths, desk = state.depth.size, setup.desk_units
    path, unit = np.divmod(np.arange(paths * desk.size), max(desk.size, 1))
    if desk.size == 0:
        return np.zeros((paths, 0))
    equity = unit_equity(setup.table, state.holdings, state.quotes, path, desk[unit])
    return equity.reshape(paths, desk.size)


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


def _closed_loss(setup: Setup, state: State, events: dict[str, np.ndarray]) -> Floats:
    """Fall in equity (p,), quote, of the accounts that were closed by force at least once."""
    forced = np.isin(events["kind"], FORCED)
    units = setup.table.units.account.size
    pairs = np.unique(events["path"][forced] * units + events["unit"][forced])
    path, unit = np.divmod(pairs, max(units, 1))
    equity = unit_equity(setup.table, state.holdings, state.quotes, path, unit)
    fall = setup.start_equity[state.start[path], unit] - equity
    return segment_sums(fall, path, state.depth.size)
