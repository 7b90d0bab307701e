"""Hopeless debt is written off: the reserve pays the pool what it has, lenders lose the rest."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.breach import Breach
from seawall.cascade.breakers import count_losses, shut
from seawall.cascade.fund import from_fund, note_empty
from seawall.cascade.setup import Setup
from seawall.cascade.soft import write_down_bands
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.margin.table.assess import Worth
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall.depositor_haircut import DepositorHaircut, charge


def write_off(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    worth: Worth,
    hopeless: np.ndarray,
    tape: TapeWriter,
) -> None:
    """Strike out the debts of hopeless pairs (n,) of a venue and write down who bears them.

    With the rule ``depositor_haircut`` the deposits that the book knows bear their part of what the
    lenders lose; without it they are spared.
    """
    if not hopeless.any():
        return
    rows = setup.table.rows
    mine = hopeless[worth.pair] & (worth.worth < 0)
    pair, row = worth.pair[mine], worth.row[mine]
    path = breach.path[pair]
    owed = -state.holdings.size[path, row]
    np.add.at(state.holdings.size, (path, row), owed)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[row]), -owed)
    count = breach.path.size
    loss = np.bincount(pair, -worth.worth[mine], count)
    left, where, unit = loss[hopeless], breach.path[hopeless], breach.unit[hopeless]
    paid = np.zeros_like(left)
    venue, quote = np.full(where.size, v), np.full(where.size, setup.quote)
    if "fund" in setup.rulebooks[v].waterfall.layers:
        asked = np.where(shut(setup, state, step, v, where), 0.0, left)
        paid = from_fund(setup, state, step, v, where, asked, tape)
        np.add.at(state.accounts.assets["fund"], (where, venue, quote), -paid)
        np.add.at(state.accounts.assets["pool"], (where, venue, quote), paid)
        note_empty(setup, state, step, v, where, unit, paid, tape)
    if state.journal is not None:
        cells = state.journal.cells
        book = cells.contract("book", rows.contract[row])
        state.journal.move(path, book, cells.row(row), owed)
        pool = cells.system("pool", venue, quote)
        state.journal.move(where, cells.system("fund", venue, quote), pool, paid)
    if isinstance(setup.mechanisms[v].get("socialise"), DepositorHaircut):
        share = np.zeros(count)
        share[hopeless] = np.divide(left - paid, left, out=np.zeros_like(left), where=left > 0)
        own = state.switches.mutual[path]
        borne = (owed * share[pair])[own]
        _write_down(setup, state, step, v, path[own], row[own], owed[own], borne, tape)
    tape.write(step, EventKind.COVER, where, unit, fund=paid, socialised=left - paid)
    count_losses(setup, state, step, v, where, unit, paid, left - paid, tape)


def _write_down(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    row: Ints,
    struck: Floats,
    loss: Floats,
    tape: TapeWriter,
) -> None:
    """Take losses (n,), units of the assets of debt rows, from deposits of the same assets.

    struck (n,) the whole debts just struck out, which were lent until now.
    """
    rows = setup.table.rows
    count = len(setup.table.contracts)
    key = path * count + rows.contract[row]
    for cell in np.unique(key):
        p, contract = divmod(int(cell), count)
        same = key == cell
        holders = np.flatnonzero((rows.contract == contract) & (rows.kind == RowKind.BALANCE))
        size = state.holdings.size[p, holders]
        lent = float(np.cumsum(np.maximum(-size, 0.0))[-1]) + float(np.cumsum(struck[same])[-1])
        owed = float(np.cumsum(loss[same])[-1])
        taken = charge(owed, np.maximum(size, 0.0), lent)
        hit = taken > 0
        where, owner = np.full(int(hit.sum()), p), rows.unit[holders[hit]]
        write_down_bands(state, v, p, holders[hit], taken[hit] / size[hit])
        state.holdings.size[p, holders[hit]] -= taken[hit]
        state.accounts.book_contracts[p, contract] += float(np.cumsum(taken)[-1])
        wake_units(setup.wake, state.wake, where, owner)
        if state.journal is not None:
            cells = state.journal.cells
            book = cells.contract("book", np.full(where.size, contract))
            state.journal.move(where, cells.row(holders[hit]), book, taken[hit])
        price = state.quotes.price[p, rows.feed[holders[hit]]] * rows.multiplier[holders[hit]]
        desk = setup.is_desk[owner]
        tape.write(
            step,
            EventKind.SOCIALISED,
            where[desk],
            owner[desk],
            leg=holders[hit][desk],
            notional=(taken[hit] * price)[desk],
        )
