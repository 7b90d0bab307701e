"""What a replay notes of each step beside the tape: the vaults' equity, and who was deleveraged.

The tape names deleveraged winners of desks only. Here every account's sizes are compared from step
to step: who has less of a contract at a step at which a bankrupt account of the path was
deleveraged, without having been closed by force, was reduced by ADL. Wrong for accounts that sell
of their own accord in just that step: their sales are counted too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.margin.table.margin_table import RowKind


@dataclass(frozen=True)
class Reduced:
    """Reductions (n,) of winners: path, step, unit; notional at the margin price, quote."""

    path: Ints
    step: Ints
    unit: Ints
    notional: Floats

    def only(self, keep: np.ndarray) -> Reduced:
        """The chosen ones."""
        return Reduced(self.path[keep], self.step[keep], self.unit[keep], self.notional[keep])


@dataclass
class Watch:
    """start (v,) vaults' capital; worst (p, v) their lowest equity less that, quote <= 0; size
    (p, r) of contracts at the step before; found: reductions of each step.
    """

    setup: Setup
    start: Floats
    worst: Floats
    size: Floats
    rows: Ints
    found: list[Reduced] = field(default_factory=list)

    def __call__(self, step: int, state: State) -> None:
        """Look at the end of a step."""
        everyone = np.arange(state.depth.size)
        for v in range(self.start.size):
            now = vault_equity(self.setup, state, everyone, v)
            self.worst[:, v] = np.minimum(self.worst[:, v], now - self.start[v])
        size = state.holdings.size[:, self.rows]
        less = np.abs(self.size) - np.abs(size)
        path, place = np.nonzero(less > 0)
        if path.size:
            table, row = self.setup.table, self.rows[place]
            price = state.quotes.price[path, table.rows.feed[row]] * table.rows.multiplier[row]
            notional = less[path, place] * price
            when = np.full(path.size, step)
            self.found.append(Reduced(path, when, table.rows.unit[row], notional))
        self.size = size


def begin_watch(setup: Setup, paths: int) -> Watch:
    """A watch over ``paths`` paths, all in the setup's first start."""
    start = np.array([r.waterfall.backstop for r in setup.rulebooks])
    rows = np.flatnonzero(setup.table.rows.kind != RowKind.BALANCE)
    size = np.tile(setup.start_size[0][rows], (paths, 1))
    return Watch(setup, start, np.zeros((paths, start.size)), size, rows)


def winners(watch: Watch, tape: Tape) -> Reduced:
    """Reductions of accounts not closed by force, at steps at which somebody was deleveraged."""
    nothing = np.zeros(0, dtype=np.int64)
    parts = [Reduced(nothing, nothing, nothing, np.zeros(0)), *watch.found]
    columns = {n: np.concatenate([getattr(p, n) for p in parts]) for n in ("path", "step", "unit")}
    found = Reduced(**columns, notional=np.concatenate([p.notional for p in parts]))
    forced = np.isin(tape.kind, FORCED)
    units, steps = watch.setup.table.units.account.size, tape.desk_equity.shape[1]

    def cell(path: Ints, step: Ints, unit: Ints) -> Ints:
        where: Ints = (path * steps + step) * units + unit
        return where

    closed = cell(tape.path[forced], tape.step[forced], tape.unit[forced])
    bankrupt = tape.kind == EventKind.ADL_BANKRUPT
    when = tape.path[bankrupt] * steps + tape.step[bankrupt]
    during = np.isin(found.path * steps + found.step, when)
    return found.only(during & ~np.isin(cell(found.path, found.step, found.unit), closed))
