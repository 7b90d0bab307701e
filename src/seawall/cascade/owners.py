"""Owners of margin accounts at every step: who adds margin, who sells to a target of leverage."""

from __future__ import annotations

import numpy as np

from seawall.agents.concert import in_concert
from seawall.agents.delever import room_to_trigger, share_to_sell
from seawall.agents.top_up import payment, short_of_trigger
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.account_memory import Decisions
from seawall.cascade.account_rules import OwnerRule
from seawall.cascade.account_watch import to_look_at
from seawall.cascade.fills import closing_lines
from seawall.cascade.owner_orders import give_orders
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import NEVER, EventKind, TapeWriter
from seawall.cascade.topup import top_up
from seawall.cascade.wakeup import schedule, wake_units
from seawall.foundation.arrays import segment_sums
from seawall.foundation.random import Stream
from seawall.margin.table.assess import Worth, assess
from seawall.margin.table.margin_table import RowKind

NOBODY = np.zeros(0, dtype=np.int64)
# Number of the decision to add margin, beside that to sell.
PAYS = 0


def act_owners(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let owners look at their accounts and act; paths whose market moved."""
    owners, rules = state.behaviour.owners, setup.account_rules
    if owners is None:
        return NOBODY
    path, unit = to_look_at(setup, state, owners.watch, tape)
    if path.size == 0:
        return NOBODY
    equity, maintenance, worth = assess(setup.table, state.holdings, state.quotes, path, unit)
    notional = _notional(setup, state, worth, path, unit)
    weighted = worth.exposure * owners.watch.rule.weight[setup.table.rows.feed[worth.row]]
    exposure = segment_sums(weighted, worth.pair, unit.size)
    near = np.full(unit.size, np.inf)
    paid = np.zeros(unit.size, dtype=bool)
    sells = np.zeros(unit.size, dtype=bool)
    if rules.top_up is not None and owners.top_up is not None:
        # Equity - T x maintenance moves by at most T x exposure: T >= 1.
        above = short_of_trigger(rules.top_up.trigger[unit], equity, maintenance)
        reach = rules.top_up.trigger[unit] * exposure
        near = _nearer(near, above, reach, rules.top_up.acts[unit])
        beyond = rules.top_up.acts[unit] & (above < 0.0)
        rule = rules.top_up
        acts = _decide(setup, state, step, rule, owners.top_up, PAYS, path, unit, beyond)
        paid = _pay_in(setup, state, step, path, unit, equity, maintenance, acts, tape)
    if rules.delever is not None and owners.delever is not None:
        trigger = rules.delever.trigger[unit]
        # Exposure is notional and more, so equity - notional / L moves by (1 + 1 / L) of it.
        room = room_to_trigger(trigger, equity, notional)
        near = _nearer(near, room, (1.0 + 1.0 / trigger) * exposure, rules.delever.acts[unit])
        beyond = rules.delever.acts[unit] & (room < 0.0)
        sells = _decide(setup, state, step, rules.delever, owners.delever, 1, path, unit, beyond)
        sells &= _may_sell(setup, state, owners.delever, path, unit, sells, step)
        # Who has just paid in looks again before selling.
        sells &= ~paid
    ones = np.ones(unit.size)
    schedule(owners.watch.rule, owners.watch.wake, path, unit, near, ones, paid | sells)
    return _sell(setup, state, step, path, unit, equity, notional, sells, tape)


def _nearer(near: Floats, room: Floats, reach: Floats, acts: Bools) -> Floats:
    """The smaller of ``near`` and the relative move (n,) that can bring a unit to its trigger."""
    ratio = np.full_like(near, np.inf)
    np.divide(room, reach, out=ratio, where=acts & (reach > 0))
    return np.minimum(near, ratio)


def _notional(setup: Setup, state: State, worth: Worth, path: Ints, unit: Ints) -> Floats:
    """Notional (n,) of the derivatives of each pair at margin prices, quote."""
    rows, row = setup.table.rows, worth.row
    p = path[worth.pair]
    price = state.quotes.price[p, rows.feed[row]] * rows.multiplier[row]
    settle = state.quotes.price[p, setup.table.units.settle[unit[worth.pair]]]
    inverse = rows.kind[row] == RowKind.INVERSE
    each = np.abs(state.holdings.size[p, row]) * np.where(inverse, 1.0, price * settle)
    traded = rows.kind[row] != RowKind.BALANCE
    return segment_sums(np.where(traded, each, 0.0), worth.pair, unit.size)


def _decide(
    setup: Setup,
    state: State,
    step: int,
    rule: OwnerRule,
    memory: Decisions,
    number: int,
    path: Ints,
    unit: Ints,
    beyond: Bools,
) -> Bools:
    """Who of the pairs (n,) acts now; who is newly beyond its trigger decides. ``number``: rule's.

    The k-th decision of a path's accounts has draws of its own, whenever each comes to it, and
    whoever else failures bring along.
    """
    new = beyond & ~memory.beyond[path, unit]
    memory.beyond[path, unit] = beyond
    p, u = path[new], unit[new]
    if p.size:
        number_of = setup.account_rules.unit_number
        units = int(number_of.max(initial=0)) + 1
        times = memory.times[p, u].astype(np.int64)
        memory.times[p, u] += 1
        first = (2 * times + number) * (units + 1)
        common = state.draws.at(Stream.OWNER, p, 0, first)
        own = state.draws.at(Stream.OWNER, p, 0, first + 1 + number_of[u])
        yes = in_concert(rule.concert[u], common, own) < rule.probability[u]
        # Money that is sent arrives at once where nothing waits for settlement.
        at_once = state.switches.prompt[p] & (number == PAYS)
        memory.act[p, u] = np.where(yes, step + np.where(at_once, 0, rule.delay[u]), NEVER)
    acts: Bools = beyond & (memory.act[path, unit] <= step)
    memory.act[path[acts], unit[acts]] = NEVER
    return acts


def _may_sell(
    setup: Setup,
    state: State,
    memory: Decisions,
    path: Ints,
    unit: Ints,
    sells: Bools,
    step: int,
) -> Bools:
    """True (n,) where the venue takes orders; who is to sell where it stands still waits for it."""
    if state.failures is None:
        return np.ones_like(sells)
    still = state.failures.out[path, setup.table.units.venue[unit]]
    waits = sells & still
    memory.act[path[waits], unit[waits]] = step
    return ~still


def _pay_in(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    maintenance: Floats,
    acts: Bools,
    tape: TapeWriter,
) -> Bools:
    """Owners pay what their budgets allow; True (n,) where one has."""
    rule, owners = setup.account_rules.top_up, state.behaviour.owners
    assert rule is not None and owners is not None
    budget = rule.budget[unit] * setup.start_equity[state.start[path], unit]
    left = budget - owners.paid[path, unit]
    amount = payment(rule.goal[unit], equity, maintenance, left)
    pays: Bools = acts & (amount > 0.0)
    if pays.any():
        p, u = path[pays], unit[pays]
        owners.paid[p, u] += top_up(setup, state, step, p, u, amount[pays], tape)
        if owners.top_up is not None:
            owners.top_up.beyond[p, u] = False  # what comes next is a new beginning
        wake_units(setup.wake, state.wake, p, u)
    return pays


def _sell(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    notional: Floats,
    sells: Bools,
    tape: TapeWriter,
) -> Ints:
    """Owners cut their positions; paths whose market moved."""
    rule, owners = setup.account_rules.delever, state.behaviour.owners
    if rule is None or owners is None or owners.delever is None or not sells.any():
        return NOBODY
    share = share_to_sell(rule.goal[unit], equity, notional)
    cut = sells & (share > 0.0)
    owners.delever.beyond[path[cut], unit[cut]] = False
    none = np.zeros(int(cut.sum()), dtype=bool)
    lines = closing_lines(setup, state, path[cut], unit[cut], share[cut], none)
    return give_orders(setup, state, step, lines, EventKind.DELEVERED, tape)
