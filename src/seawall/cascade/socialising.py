"""A socialised loss in the loop: what no layer covered is taken from the venue's accounts.

The outside world advanced it; what the accounts cannot bear stays there. Who bears how much is the
rule of the slot ``socialise``; without it all share by equity, because a unit's cash holds the cost
of its positions: a short's is large and a long's negative.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import pay
from seawall.cascade.own.closing import own_shares
from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.margin.table.assess import assess
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall import cash_haircut, funding_index
from seawall.waterfall.cash_haircut import CashHaircut
from seawall.waterfall.funding_index import FundingIndex
from seawall.waterfall.socialise import haircut

SLOT = "socialise"
# A share of a socialised loss below this is rounding.
DUST = 1e-12


def socialise(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    unit: Ints,
    loss: Floats,
    tape: TapeWriter,
) -> None:
    """Take losses (n,) > 0 that units left from the venue's accounts, path by path."""
    table = setup.table
    members = np.flatnonzero(table.units.venue == v)
    for p in np.unique(path):
        total = float(np.sum(loss[path == p]))
        mine = path == p
        taken = _shares(setup, state, v, int(p), members, unit[mine], loss[mine], total)
        # Cents of cents that rounding left on closed accounts are not anybody's share.
        hit = taken > DUST * total
        units, where = members[hit], np.full(int(hit.sum()), p)
        pay(setup, state, where, units, -taken[hit], "outside")
        wake_units(setup.wake, state.wake, where, units)
        desk = setup.is_desk[units]
        tape.write(step, EventKind.SOCIALISED, where[desk], units[desk], notional=taken[hit][desk])


def _shares(
    setup: Setup,
    state: State,
    v: int,
    p: int,
    members: Ints,
    unit: Ints,
    loss: Floats,
    total: float,
) -> Floats:
    """Amount (m,) that each member bears, quote."""
    rule = setup.mechanisms[v].get(SLOT)
    if isinstance(rule, CashHaircut):
        return cash_haircut.charge(total, _cash(setup, state, p, members))
    at = np.full(members.size, p)
    equity, _, worth = assess(setup.table, state.holdings, state.quotes, at, members)
    if isinstance(rule, Own):
        traded = setup.table.rows.kind[worth.row] != RowKind.BALANCE
        notional = segment_sums(np.abs(worth.worth) * traded, worth.pair, members.size)
        return own_shares(rule, total, equity, notional)
    if isinstance(rule, FundingIndex):
        owed = _by_position(setup, state, p, members, unit, loss)
        return np.minimum(owed, np.maximum(equity, 0.0))
    return haircut(total, equity)


def _cash(setup: Setup, state: State, p: int, members: Ints) -> Floats:
    """Cash balances (m,), quote, at the market price: without the cost of open positions.

    A unit's cash has the entries of its positions folded in; they are taken out again.
    """
    table, rows = setup.table, setup.table.rows
    pair, row = expand_ranges(
        table.units.rows[members], table.units.rows[members + 1] - table.units.rows[members]
    )
    size, entry, kind = state.holdings.size[p, row], rows.entry[row], rows.kind[row]
    inverse, traded = kind == RowKind.INVERSE, kind != RowKind.BALANCE
    cost = np.divide(-size, entry, out=size * entry, where=inverse)
    folded = segment_sums(np.where(traded, cost, 0.0), pair, members.size)
    settle = table.feed_asset[table.units.settle[members]]
    cash: Floats = (state.holdings.cash[p, members] + folded) * state.market[p, settle]
    return cash


def _by_position(
    setup: Setup, state: State, p: int, members: Ints, unit: Ints, loss: Floats
) -> Floats:
    """What members (m,) owe for the losses (n,) of units, by their positions in those markets.

    A unit's loss is split over its markets by what it has lost in each since the start, or by what
    it then held where it has lost in none. Positions in it that were isolated are other units.
    """
    rows, table = setup.table.rows, setup.table
    pair, row = expand_ranges(table.units.rows[unit], np.diff(table.units.rows)[unit])
    traded = rows.kind[row] != RowKind.BALANCE
    pair, row = pair[traded], row[traded]
    size = setup.start_size[state.start[p], row]
    inverse = rows.kind[row] == RowKind.INVERSE
    mark = state.quotes.price[p, rows.feed[row]] * rows.multiplier[row]
    settle = state.quotes.price[p, table.units.settle[rows.unit[row]]]
    entry = rows.entry[row]
    held = np.abs(size) * np.where(inverse, 1.0 / mark, mark) * settle
    gain = np.where(inverse, 1.0 / np.where(inverse, entry, 1.0) - 1.0 / mark, mark - entry)
    lost = np.maximum(-size * gain * settle, 0.0)
    some = segment_sums(lost, pair, unit.size)[pair] > 0
    weight = np.where(some, lost, held)
    whole = segment_sums(weight, pair, unit.size)[pair]
    part = np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0) * loss[pair]
    count = len(table.contracts)
    by_market = segment_sums(part, rows.contract[row], count)
    number = np.full(table.units.account.size, -1, dtype=np.int64)
    number[members] = np.arange(members.size)
    own = np.flatnonzero((number[rows.unit] >= 0) & (rows.kind != RowKind.BALANCE))
    paid = funding_index.charge(by_market, state.holdings.size[p, own], rows.contract[own])
    return segment_sums(paid, number[rows.unit[own]], members.size)
