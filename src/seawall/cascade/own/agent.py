"""An agent of a user's own: owners who sell, pay in or take out before their accounts are checked.

Sales go into the order book with the impact of everybody's orders of the step in one batch; money
comes from and goes to the outside world. Nothing is taken out where withdrawals are stopped, and
nothing is sold at a venue that stands still.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.breakers import withdrawals_stopped
from seawall.cascade.custom import AgentView, Wishes
from seawall.cascade.failures import stands_still
from seawall.cascade.fills import (
    Lines,
    fill,
    line_asset,
    line_flow,
    pay,
    settlement_price,
    trade_impact,
)
from seawall.cascade.matching import line_notional, margin_price
from seawall.cascade.own.ask import at_most, numbers, still
from seawall.cascade.own.code import Own, OwnMechanismError
from seawall.cascade.own.stepping import answer, drawn, rules
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import assess
from seawall.margin.table.margin_table import RowKind


def own_agents(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let own agents act on all paths; paths whose market they moved."""
    moved = np.zeros(0, dtype=np.int64)
    for v, own in rules(setup, "agent"):
        moved = np.union1d(moved, _act(setup, state, step, v, own, tape))
    return moved


def _act(setup: Setup, state: State, step: int, v: int, own: Own, tape: TapeWriter) -> Ints:
    table, paths = setup.table, state.depth.size
    unit = np.flatnonzero(table.units.venue == v)
    traded = table.rows.kind != RowKind.BALANCE
    row = np.flatnonzero(traded & (table.units.venue[table.rows.unit] == v))
    view = _view(setup, state, step, own, v, unit, row)
    wishes = answer(state, v, own, view)
    if not isinstance(wishes, Wishes):
        raise OwnMechanismError(
            f"{own.file.name}: the step answered {type(wishes).__name__}, expected Wishes.", "O1"
        )
    close = numbers(own, wishes.close, (paths, row.size), 0.0, 1.0, "O4")
    pay_in = numbers(own, wishes.pay_in, (paths, unit.size), -np.inf, np.inf)
    free = np.maximum(view.equity - view.maintenance, 0.0)
    taken = at_most(own, np.maximum(-pay_in, 0.0), free, "quote that the account can spare", "O4")
    taken[withdrawals_stopped(setup, state, step, v)] = 0.0
    _move(setup, state, step, unit, np.maximum(pay_in, 0.0), EventKind.TOP_UP, tape)
    _move(setup, state, step, unit, -taken, EventKind.OWN_WITHDRAWAL, tape)
    return _sell(setup, state, step, v, row, close, tape)


def _view(
    setup: Setup, state: State, step: int, own: Own, v: int, unit: Ints, row: Ints
) -> AgentView:
    table, paths = setup.table, state.depth.size
    everyone, which = np.divmod(np.arange(paths * unit.size), max(unit.size, 1))
    equity, maintenance, _ = assess(table, state.holdings, state.quotes, everyone, unit[which])
    at, r = np.divmod(np.arange(paths * row.size), max(row.size, 1))
    size = state.holdings.size[:, row]
    price = margin_price(setup, state, at, row[r])
    lines = Lines(at, table.rows.unit[row[r]], row[r], size.ravel(), np.zeros(at.size, dtype=bool))
    start = setup.spot[table.feed_asset[table.rows.feed[row]]] * table.rows.multiplier[row]
    return AgentView(
        step=step,
        seconds=setup.step_seconds,
        equity=still(equity.reshape(paths, unit.size)),
        maintenance=still(maintenance.reshape(paths, unit.size)),
        desk=still(setup.is_desk[unit]),
        size=still(size),
        notional=still(line_notional(setup, state, lines, price).reshape(size.shape)),
        price=still(price.reshape(size.shape)),
        start=still(start),
        account=still(np.searchsorted(unit, table.rows.unit[row])),
        numbers=drawn(setup, state, step, v, own),
    )


def _move(
    setup: Setup,
    state: State,
    step: int,
    unit: Ints,
    amount: np.ndarray,
    kind: EventKind,
    tape: TapeWriter,
) -> None:
    """Money (p, u) from the outside world into accounts; below 0 out of them."""
    path, which = np.nonzero(amount)
    if path.size == 0:
        return
    moved = amount[path, which]
    pay(setup, state, path, unit[which], moved, "outside")
    wake_units(setup.wake, state.wake, path, unit[which])
    tape.write(step, kind, path, unit[which], notional=np.abs(moved))


def _sell(
    setup: Setup, state: State, step: int, v: int, row: Ints, close: np.ndarray, tape: TapeWriter
) -> Ints:
    """Close fractions (p, r) of positions; paths on which anything was sold."""
    change = -state.holdings.size[:, row] * close
    change[stands_still(state.failures, state.depth.size, v)] = 0.0
    path, which = np.nonzero(change)
    if path.size == 0:
        return path
    rows, years = row[which], step * setup.step_seconds / SECONDS_PER_YEAR
    unit = setup.table.rows.unit[rows]
    lines = Lines(path, unit, rows, change[path, which], np.zeros(path.size, dtype=bool))
    flow = line_flow(setup, state, lines, years)
    venue = np.full(path.size, v)
    spot, _ = trade_impact(setup, state, path, line_asset(setup, lines), flow, venue)
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, years), "book")
    wake_units(setup.wake, state.wake, path, unit)
    tape.write(step, EventKind.OWN_CLOSE, path, unit, notional=np.abs(flow))
    return np.unique(path)
