"""All paths in step, for markets with mechanisms that act in every step: the plain loop moves the
market, the compiled one says on which paths somebody has to be looked at more closely.

At rest are nearly all paths at nearly all steps: the plain loop's looks, its dearest part, are done
for the others only. The tape is that of the plain loop, bit for bit (law L6).
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.before_check import act_before_check
from seawall.cascade.expiry import settle_expired
from seawall.cascade.failed_prices import failed_prices
from seawall.cascade.fast.compile import compile_fixed
from seawall.cascade.fast.handover import Handover
from seawall.cascade.fast.kept import Lists
from seawall.cascade.fast.share import books_of, prices_of
from seawall.cascade.fast.waker import FastWaker
from seawall.cascade.pool_cuts import cut_pools
from seawall.cascade.reference import (
    MAX_ROUNDS,
    advance,
    begin_course,
    desk_equity,
    finish,
    play_round,
    see_market,
)
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape, TapeWriter
from seawall.cascade.watch import Noted, Watch


def run_in_step(setup: Setup, state: State, exogenous: Floats, watch: Watch | None = None) -> Tape:
    """The tape of a run begun at ``state`` on exogenous prices (p, s + 1, k)."""
    paths, columns, _ = exogenous.shape
    # Mechanisms move margin, so nobody is known by a liquidation price alone.
    units = setup.table.units.account.size
    nobody = np.zeros(units, dtype=bool)
    fixed = compile_fixed(setup, columns - 1, alone=nobody)
    waker = FastWaker(fixed, books_of(state), prices_of(state), Lists(paths, units), Handover())
    state.wake = waker
    tape, everyone = TapeWriter(), np.arange(paths)
    exogenous = failed_prices(setup.failures, state.failures, exogenous)
    course = begin_course(setup, state, columns)
    noted = Noted(watch, setup, exogenous)
    for step in range(1, columns):
        advance(setup, state, exogenous[:, step], step)
        moved = act_before_check(setup, state, step, tape)
        if moved.size:
            see_market(setup, state, step, moved)
        course.note_extremes(state, everyone)
        waker.at(step, prices_of(state))
        active = waker.restless(everyone)
        for _ in range(MAX_ROUNDS):
            if active.size == 0:
                break
            active = play_round(setup, state, step, active, tape)
            course.note_extremes(state, active)
        cut_pools(setup, state, step, everyone, tape)
        settle_expired(setup, state, step, everyone, tape)
        course.equity[:, step] = desk_equity(setup, state, everyone)
        noted.at(step, state)
    return noted.on(finish(setup, state, course, tape))
