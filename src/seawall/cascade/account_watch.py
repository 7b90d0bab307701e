"""Whose owner must look at its account: only those that a trigger can have come within reach of.

Owners' triggers lie above the venue's, so the loop's own filter (wakeup.py) does not know them.
The same clocks serve once more, with the owners' triggers for thresholds: nobody is missed, and a
test holds the result equal to looking at everybody. Whose holdings something else has changed since
the last look is found by comparing: each such change moves a system account of the path, or leaves
an event on its tape, so only such paths are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.tape import TapeWriter
from seawall.cascade.wakeup import WakeRule, WakeState, begin_wake, due, tick, wake_rule, wake_units
from seawall.margin.table.assess import Holdings

if TYPE_CHECKING:
    from seawall.cascade.state import Accounts, State


@dataclass
class Watch:
    """Clocks of owners' triggers, and what was there at the last look.

    acts (u,); price (p, f); holdings; system: accounts' arrays; read: chunks of the tape so far
    """

    rule: WakeRule
    wake: WakeState
    acts: Bools
    price: Floats
    holdings: Holdings
    system: list[Floats]
    read: int


def begin_watch(
    setup: Setup, acts: Bools, holdings: Holdings, accounts: Accounts, price: Floats
) -> Watch:
    """A watch of the units that ``acts`` (u,) names; all of them are looked at once."""
    loop = setup.wake
    # A factor that turns, or an interval that widens, moves margin without any price.
    moved = setup.scaling is not None or setup.oracles is not None
    always = acts & (loop.always | moved)
    threshold = np.where(acts, 0.0, np.inf)
    rule = wake_rule(loop.weight, loop.drift, loop.clock, always, threshold)
    kept = Holdings(holdings.size.copy(), holdings.option_size.copy(), holdings.cash.copy())
    return Watch(
        rule=rule,
        wake=begin_wake(rule, price),
        acts=acts,
        price=price.copy(),
        holdings=kept,
        system=[held.copy() for held in _system(accounts)],
        read=0,
    )


def _system(accounts: Accounts) -> list[Floats]:
    return [*accounts.assets.values(), accounts.book_contracts, accounts.vault_contracts]


def to_look_at(setup: Setup, state: State, watch: Watch, tape: TapeWriter) -> tuple[Ints, Ints]:
    """Pairs (path, unit) whose owners look at this step, in path order, then unit order."""
    everyone = np.arange(state.depth.size)
    price = state.quotes.price
    tick(watch.rule, watch.wake, everyone, watch.price, price, new_step=True)
    watch.price = price.copy()
    path, unit = _changed(setup, state, watch, tape)
    wake_units(watch.rule, watch.wake, path, unit)
    path, unit = due(watch.rule, watch.wake, everyone)
    mine = watch.acts[unit]
    return path[mine], unit[mine]


def _changed(setup: Setup, state: State, watch: Watch, tape: TapeWriter) -> tuple[Ints, Ints]:
    """Acting pairs whose holdings have changed since the last look; they are noted anew."""
    stirred = np.zeros(state.depth.size, dtype=bool)
    for chunk in tape.chunks[watch.read :]:
        stirred[chunk["path"]] = True
    watch.read = len(tape.chunks)
    for now, before in zip(_system(state.accounts), watch.system, strict=True):
        moved = (now != before).reshape(stirred.size, -1).any(axis=1)
        stirred |= moved
        before[moved] = now[moved]
    paths = np.flatnonzero(stirred)
    units = setup.table.units.account.size
    hit = np.zeros((paths.size, units), dtype=bool)
    held, kept = state.holdings, watch.holdings
    for now, before, owner in (
        (held.cash, kept.cash, None),
        (held.size, kept.size, setup.table.rows.unit),
        (held.option_size, kept.option_size, setup.table.options.unit),
    ):
        fresh = now[paths]
        where, column = np.nonzero(fresh != before[paths])
        hit[where, column if owner is None else owner[column]] = True
        before[paths] = fresh
    where, unit = np.nonzero(hit & watch.acts)
    return paths[where], unit
