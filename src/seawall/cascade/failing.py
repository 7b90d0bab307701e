"""What a failure takes, from whom, and who waits for it to end; every taking has two sides (L1).

What is taken goes to the outside world. A desk's share is an event of its own; what all others at
the venue lose is one event of the account that the failure brings along.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.failures import Placed, pays_nothing_out, striking
from seawall.cascade.fills import (
    closing_lines,
    fill,
    line_asset,
    pay,
    settlement_price,
    trade_impact,
)
from seawall.cascade.losses import cover_deficits
from seawall.cascade.market_step import venue_market
from seawall.cascade.setup import Setup
from seawall.cascade.soft import write_down_bands
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.transfers import between, to_balance
from seawall.cascade.wakeup import wake_units
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import unit_equity
from seawall.margin.table.margin_table import RowKind
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.theft import AdminKey, FakeCollateral, taken
from seawall.scenario.failure.venue import VenueInsolvency, claims_lost

# Paths whose accounts are closed in one go: an insolvency touches every account of a venue.
TOGETHER = 50


def strike(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let the failures of this step take what they take; paths whose market they moved."""
    rules, memory = setup.failures, state.failures
    moved = np.zeros(0, dtype=np.int64)
    if rules is None or memory is None or not (memory.first == step).any():
        return moved
    robbed: list[tuple[int, Placed]] = []
    failed: list[tuple[int, Placed]] = []
    for i, one in enumerate(rules.placed):
        (failed if isinstance(one.failure, VenueInsolvency) else robbed).append((i, one))
    for i, one in robbed:
        path = striking(memory, i, step)
        if path.size:
            moved = np.union1d(moved, _rob(setup, state, step, path, one, tape))
    for i, one in failed:
        path = striking(memory, i, step)
        for first in range(0, path.size, TOGETHER):
            _fail(setup, state, step, path[first : first + TOGETHER], one, tape)
    return moved


def _rob(setup: Setup, state: State, step: int, path: Ints, one: Placed, tape: TapeWriter) -> Ints:
    """One theft; the paths whose market it moved. Nobody withdraws from a venue that is out.

    One that fails in this very step is robbed first.
    """
    failure, moved, rules = one.failure, path[:0], setup.failures
    if isinstance(failure, UnbackedMint) and failure.dump_share > 0:
        asset = np.full(path.size, one.assets[0])
        units = failure.minted * failure.dump_share
        trade_impact(setup, state, path, asset, -units * state.market[path, asset])
        moved = path
    if one.venue >= 0 and rules is not None and state.failures is not None:
        path = path[~pays_nothing_out(rules, state.failures, one.venue, step)[path]]
        if isinstance(failure, FakeCollateral):
            worth = np.full(path.size, failure.claimed)
            loot = taken(worth, failure.weight, failure.available)
            _take_out(setup, state, step, path, one, loot, tape)
        elif isinstance(failure, UnbackedMint):
            _borrow(setup, state, step, path, one, failure, tape)
        elif isinstance(failure, AdminKey):
            _take_share(setup, state, step, path, one, failure.share, tape)
    return moved


def _take_out(
    setup: Setup, state: State, step: int, path: Ints, one: Placed, loot: Floats, tape: TapeWriter
) -> None:
    """The thief's account takes ``loot`` (n,) quote: a debt at a lender, else cash below zero."""
    unit = np.full(path.size, one.unit)
    tape.write(step, EventKind.STOLEN, path, unit, notional=loot)
    if one.debt < 0:
        pay(setup, state, path, unit, -loot, "outside")
        cover_deficits(setup, state, step, path, unit, tape)
        return
    rows = setup.table.rows
    price = state.quotes.price[path, rows.feed[one.debt]] * rows.multiplier[one.debt]
    units, row = loot / price, np.full(path.size, one.debt)
    to_balance(setup, state, path, row, -units)
    between(state, one.venue, path, int(rows.asset[one.debt]), "pool", "outside", units)
    wake_units(setup.wake, state.wake, path, unit)


def _borrow(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    one: Placed,
    failure: UnbackedMint,
    tape: TapeWriter,
) -> None:
    """Deposit what is minted and not dumped, and borrow against it."""
    rows = setup.table.rows
    units = np.full(path.size, failure.minted * (1.0 - failure.dump_share))
    to_balance(setup, state, path, np.full(path.size, one.row), units)
    between(state, one.venue, path, int(rows.asset[one.row]), "outside", "pool", units)
    seen = state.quotes.price[path, rows.feed[one.row]] * rows.multiplier[one.row]
    own = 1.0 - float(rows.initial_shortfall[one.row])
    weight = own if failure.weight is None else failure.weight
    loot = taken(units * seen, weight, failure.available)
    _take_out(setup, state, step, path, one, loot, tape)


def _take_share(
    setup: Setup, state: State, step: int, path: Ints, one: Placed, share: float, tape: TapeWriter
) -> None:
    """A share of all claims at a venue, of its fund's and of its vault's money."""
    v = one.venue
    for first in range(0, path.size, TOGETHER):
        part = path[first : first + TOGETHER]
        where, unit = _accounts(setup, part, v)
        before = unit_equity(setup.table, state.holdings, state.quotes, where, unit)
        if setup.rulebooks[v].liquidation.style == "keeper":
            _take_deposits(setup, state, v, part, share)
        else:
            pay(setup, state, where, unit, -share * np.maximum(before, 0.0), "outside")
        after = unit_equity(setup.table, state.holdings, state.quotes, where, unit)
        wake_units(setup.wake, state.wake, where, unit)
        _note_claims(setup, step, where, unit, before - after, one, tape)
    loot = {}
    for layer in ("fund", "backstop"):
        held = np.maximum(state.accounts.assets[layer][path, v, setup.quote], 0.0)
        loot[layer] = share * held
        between(state, v, path, setup.quote, layer, "outside", loot[layer])
    tape.write(step, EventKind.STOLEN, path, np.full(path.size, one.unit), **loot)


def _take_deposits(setup: Setup, state: State, v: int, paths: Ints, share: float) -> None:
    """The same share of every deposit at a lender."""
    rows = setup.table.rows
    held = np.flatnonzero(
        (setup.table.units.venue[rows.unit] == v) & (rows.kind == RowKind.BALANCE)
    )
    size = np.maximum(state.holdings.size[np.ix_(paths, held)], 0.0)
    where, which = np.nonzero(size > 0)
    path, row = paths[where], held[which]
    units = share * size[where, which]
    to_balance(setup, state, path, row, -units)
    between(state, v, path, rows.asset[row], "pool", "outside", units)
    for p in np.unique(path):
        mine = row[path == p]
        write_down_bands(state, v, int(p), mine, np.full(mine.size, share))


def _fail(
    setup: Setup, state: State, step: int, paths: Ints, one: Placed, tape: TapeWriter
) -> None:
    """Close a venue's accounts at the market price and leave them the recovery of their equity."""
    assert isinstance(one.failure, VenueInsolvency)
    path, unit = _accounts(setup, paths, one.venue)
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    every = np.ones(path.size, dtype=bool)
    lines = closing_lines(setup, state, path, unit, np.ones(path.size), every)
    spot = venue_market(setup, state, lines.path, lines.unit, line_asset(setup, lines))
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, years), "book")
    settle = setup.table.feed_asset[setup.table.units.settle[unit]]
    claim = state.holdings.cash[path, unit] * state.market[path, settle]
    lost = claims_lost(one.failure.recovery, claim)
    debt = np.maximum(-claim, 0.0)
    pay(setup, state, path, unit, debt - lost, "outside")
    if one.venue in state.closing.soft:
        state.closing.soft[one.venue].inside[paths] = False
    wake_units(setup.wake, state.wake, path, unit)
    owed = debt > 0
    tape.write(step, EventKind.COVER, path[owed], unit[owed], socialised=debt[owed])
    _note_claims(setup, step, path, unit, lost, one, tape)


def _accounts(setup: Setup, paths: Ints, v: int) -> tuple[Ints, Ints]:
    """Pairs of these paths and all units of a venue, in path order."""
    mine = np.flatnonzero(setup.table.units.venue == v)
    return np.repeat(paths, mine.size), np.tile(mine, paths.size)


def _note_claims(
    setup: Setup, step: int, path: Ints, unit: Ints, lost: Floats, one: Placed, tape: TapeWriter
) -> None:
    """Claims lost (n,) by pairs in path order: each desk account's, and all others' in one row."""
    desk = setup.is_desk[unit] & (lost > 0)
    tape.write(step, EventKind.CLAIMS_LOST, path[desk], unit[desk], notional=lost[desk])
    distinct, which = np.unique(path, return_inverse=True)
    others = segment_sums(np.where(desk, 0.0, lost), which, distinct.size)
    hit = others > 0
    estate = np.full(int(hit.sum()), one.unit)
    tape.write(step, EventKind.CLAIMS_LOST, distinct[hit], estate, notional=others[hit])


def not_out(
    setup: Setup, state: State, step: int, path: Ints, unit: Ints, may: Bools, tape: TapeWriter
) -> Bools:
    """Pairs (n,), in path order, of those that may be closed whose venue does not stand still."""
    memory = state.failures
    if memory is None or not memory.out.any():
        return may
    venue = setup.table.units.venue[unit]
    held = may & memory.out[path, venue]
    for v in np.unique(venue[held]):
        p, first = np.unique(path[held & (venue == v)], return_index=True)
        new = memory.waited[p, v] < step - 1
        memory.waited[p, v] = step
        waits = unit[held & (venue == v)][first]
        tape.write(step, EventKind.OUTAGE_HALT, p[new], waits[new])
    return may & ~held
