"""The strategic attacker in the loop: its orders, its position, what it takes out and its profit.

It trades in the common market with the order book of its venue's system accounts; what it owns is
held by the outside world. A position and a loan are those of an account of the loop, which is
empty before the attack, so that what is left behind is closed and paid for as any other.
"""

from __future__ import annotations

import numpy as np

from seawall.agents.attacker import BORROW, WITHDRAW, Timetable, share_pushed, timetable
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.attack_rules import AttackMemory, AttackRule
from seawall.cascade.failures import stands_still
from seawall.cascade.fills import Lines, fill, pay, settlement_price, trade_impact
from seawall.cascade.market_step import thinness
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.transfers import between, to_balance
from seawall.cascade.wakeup import wake_units
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact import law
from seawall.margin.table.assess import unit_equity

# Orders into which a step's trade is cut: the more, the nearer to trading without a break.
ORDERS = 8
NOBODY: Ints = np.zeros(0, dtype=np.int64)
POOLS = (law.AMM, law.CONCENTRATED_AMM)


def act_attacker(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """One step of the plan; the paths whose market moved."""
    rule, memory = setup.attack, state.attack
    if rule is None or memory is None:
        return NOBODY
    when = timetable(rule.rule, setup.step_seconds)
    if not when.first <= step <= when.out:
        return NOBODY
    path = np.flatnonzero(memory.acts)
    if path.size == 0:
        return NOBODY
    if step == when.first:
        _prepare(setup, state, step, rule, memory, path, tape)
    moved = NOBODY
    if step <= when.take:
        moved = _push(setup, state, step, rule, memory, when, path, tape)
    if step == when.take:
        _take(setup, state, step, rule, memory, path, tape)
    if step >= when.take:
        share = 1.0 / (when.out - step + 1)
        moved = np.union1d(moved, _leave(setup, state, step, rule, memory, share, path, tape))
    return moved


def profit(state: State) -> Floats:
    """Profit of each path (p,), quote: cash and units at the price without impact."""
    memory = state.attack
    if memory is None:
        return np.zeros(state.depth.size)
    worth: Floats = memory.cash + memory.units * state.exogenous[:, memory.asset]
    return worth


def _prepare(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    tape: TapeWriter,
) -> None:
    """The quiet part, at the price without impact: units, or a position and its margin.

    A venue that stands still sells nobody a position.
    """
    rule = at.rule
    if rule.scheme == WITHDRAW:
        path = path[~stands_still(state.failures, state.depth.size, at.venue)[path]]
    if rule.size == 0.0 or path.size == 0:
        return
    price = state.exogenous[path, at.asset]
    if rule.scheme == BORROW:
        _book(
            setup,
            state,
            step,
            at,
            memory,
            path,
            rule.size / price,
            np.full(path.size, rule.size),
            tape,
        )
    elif rule.scheme == WITHDRAW:
        unit, row = np.full(path.size, at.unit), np.full(path.size, at.row)
        margin = np.full(path.size, at.initial * rule.size)
        _cash_out(setup, state, step, at, memory, path, -margin, tape)
        pay(setup, state, path, unit, margin, "outside")
        size = np.sign(rule.move) * rule.size / (price * setup.table.rows.multiplier[at.row])
        lines = Lines(path, unit, row, size, np.zeros(path.size, dtype=bool))
        years = step * setup.step_seconds / SECONDS_PER_YEAR
        fill(setup, state, lines, settlement_price(setup, state, lines, price, years), "book")
        wake_units(setup.wake, state.wake, path, unit)


def _push(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    when: Timetable,
    path: Ints,
    tape: TapeWriter,
) -> Ints:
    """Trade until outstanding flow is where the plan wants it, in one direction only."""
    way = np.sign(at.rule.move)
    goal = at.flow * share_pushed(when, step)
    now = state.temporary[path, at.asset] + state.permanent[path, at.asset]
    missing = np.where(way * (goal - now) > 0.0, goal - now, 0.0)
    # A path on which nothing is to be traded must not notice the others (law L6).
    trades = (missing != 0.0) & state.switches.trace[path]
    path, missing = path[trades], missing[trades]
    if path.size == 0:
        return NOBODY
    for _ in range(ORDERS):
        _trade(setup, state, step, at, memory, path, missing / ORDERS, tape)
    return path


def _leave(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    share: float,
    path: Ints,
    tape: TapeWriter,
) -> Ints:
    """Sell a share of the units (buy back, where they were sold), in small orders."""
    path = path[memory.units[path] != 0.0]
    goal = memory.units[path] * (1.0 - share)
    if path.size == 0:
        return NOBODY
    for left in range(ORDERS, 1, -1):
        units = (goal - memory.units[path]) / left
        _trade(setup, state, step, at, memory, path, _flow_of(setup, state, at, path, units), tape)
    # The last order is given in units, so that none is left.
    _trade_units(setup, state, step, at, memory, path, goal - memory.units[path], tape)
    return path


def _flow_of(setup: Setup, state: State, at: AttackRule, path: Ints, units: Floats) -> Floats:
    """Flow (n,), in depths, of an order that comes to about ``units`` (n,)."""
    now = state.temporary[path, at.asset] + state.permanent[path, at.asset]
    first = units * _flow_price(setup, state, at, path) / _depth(setup, state, at, path)
    law_, strength = setup.market_rules.law, setup.impact.strength[at.asset]
    change = law.average(law_, strength, now, now + first) / law.displacement(law_, strength, now)
    flow: Floats = np.where(_by_units(setup, state, at, path), first, first * change)
    return flow


def _depth(setup: Setup, state: State, at: AttackRule, path: Ints) -> Floats:
    """Depth (n,) that an order meets now, quote."""
    thin = thinness(setup, state, path, np.full(path.size, at.asset))
    depth: Floats = setup.impact.depth[at.asset] * state.depth[path] / thin
    return depth


def _by_units(setup: Setup, state: State, at: AttackRule, path: Ints) -> Bools:
    """Where (n,) flow is counted in the units paid in: in a pool below its price."""
    pool = setup.market_rules.law.code in POOLS
    below: Bools = state.market[path, at.asset] < state.exogenous[path, at.asset]
    return below & pool


def _flow_price(setup: Setup, state: State, at: AttackRule, path: Ints) -> Floats:
    """Quote per unit (n,) in which the flow of a small order is counted."""
    market, base = state.market[path, at.asset], state.exogenous[path, at.asset]
    price: Floats = np.where(_by_units(setup, state, at, path), base, market)
    return price


def _trade(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    flow: Floats,
    tape: TapeWriter,
) -> None:
    """One order for ``flow`` (n,) depths of quote, filled at the mean price of its walk."""
    quote = flow * _depth(setup, state, at, path)
    counted, base = _by_units(setup, state, at, path), state.exogenous[path, at.asset]
    price, _ = trade_impact(setup, state, path, np.full(path.size, at.asset), quote)
    units = quote / np.where(counted, base, price)
    _settle(setup, state, step, at, memory, path, units, price, tape)


def _trade_units(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    units: Floats,
    tape: TapeWriter,
) -> None:
    """One order of ``units`` (n,), counted at the price before it as all orders of the loop."""
    quote = units * _flow_price(setup, state, at, path)
    price, _ = trade_impact(setup, state, path, np.full(path.size, at.asset), quote)
    _settle(setup, state, step, at, memory, path, units, price, tape)


def _settle(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    units: Floats,
    price: Floats,
    tape: TapeWriter,
) -> None:
    """Pay for units (n,) bought at a price (n,), and the fee beside it."""
    paid = units * price + at.rule.fee * np.abs(units * price)
    _book(setup, state, step, at, memory, path, units, paid, tape)


def _book(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    units: Floats,
    paid: Floats,
    tape: TapeWriter,
) -> None:
    """Units from the book to the outside world, which holds what the attacker owns, for quote."""
    between(state, at.venue, path, at.asset, "book", "outside", units)
    between(state, at.venue, path, setup.quote, "outside", "book", paid)
    memory.units[path] += units
    _cash_out(setup, state, step, at, memory, path, -paid, tape)


def _cash_out(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    received: Floats,
    tape: TapeWriter,
) -> None:
    """Quote (n,) that reaches the attacker on paths (n,); the tape has its opposite as the fee."""
    memory.cash[path] += received
    unit = np.full(path.size, at.unit)
    tape.write(step, EventKind.ATTACK, path, unit, notional=np.abs(received), fee=-received)


def _take(
    setup: Setup,
    state: State,
    step: int,
    at: AttackRule,
    memory: AttackMemory,
    path: Ints,
    tape: TapeWriter,
) -> None:
    """What the wrong price unlocks is taken out; nobody takes anything from a venue that is out."""
    path = path[~stands_still(state.failures, state.depth.size, at.venue)[path]]
    if path.size == 0:
        return
    unit = np.full(path.size, at.unit)
    bound = np.inf if at.rule.available is None else at.rule.available
    rows = setup.table.rows
    if at.rule.scheme == WITHDRAW:
        equity = unit_equity(setup.table, state.holdings, state.quotes, path, unit)
        seen = state.quotes.price[path, rows.feed[at.row]] * rows.multiplier[at.row]
        kept = at.initial * np.abs(state.holdings.size[path, at.row]) * seen
        loot = np.clip(equity - kept, 0.0, bound)
        pay(setup, state, path, unit, -loot, "outside")
    elif at.rule.scheme == BORROW:
        units = np.maximum(memory.units[path], 0.0)
        seen = state.quotes.price[path, rows.feed[at.row]] * rows.multiplier[at.row]
        each = (1.0 - rows.initial_shortfall[at.row]) * seen
        # No more is left behind than is needed for what there is to take.
        units = np.minimum(units, bound / each)
        to_balance(setup, state, path, np.full(path.size, at.row), units)
        between(state, at.venue, path, at.asset, "outside", "pool", units)
        memory.units[path] -= units
        loot = units * each
        price = state.quotes.price[path, rows.feed[at.debt]] * rows.multiplier[at.debt]
        to_balance(setup, state, path, np.full(path.size, at.debt), -loot / price)
        between(state, at.venue, path, int(rows.asset[at.debt]), "pool", "outside", loot / price)
    else:
        return
    _cash_out(setup, state, step, at, memory, path, loot, tape)
    wake_units(setup.wake, state.wake, path, unit)
