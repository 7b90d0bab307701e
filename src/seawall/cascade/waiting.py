"""Which breached accounts may be closed at this look: clocks, margin calls, bands.

Breached accounts are looked at in every step, so nothing here has to wake them. Where no venue has
a mechanism that waits, there is no memory and nothing is done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.closing_memory import Waiting
from seawall.cascade.setup import Setup
from seawall.cascade.soft import sheltered
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.topup import top_up
from seawall.foundation.random import Stream
from seawall.liquidation.margin_call import (
    NEVER,
    MarginCall,
    grace_steps,
    may_close,
    payment,
    steps_to_cure,
)


@dataclass(frozen=True)
class Looked:
    """Pairs (n,) that were just checked, quote; ``fallen``: in breach and something to close."""

    path: Ints
    unit: Ints
    equity: Floats
    maintenance: Floats
    fallen: Bools


def may_be_closed(setup: Setup, state: State, step: int, looked: Looked, tape: TapeWriter) -> Bools:
    """Keep the clocks of checked pairs; True (n,) where the venue may close one now.

    Owners who pay do so here, and loans leave their bands here; both are looked at again in the
    next step.
    """
    may, memory = looked.fallen, state.closing.waiting
    if memory is not None:
        may = _clocks(setup, state, step, memory, looked, tape)
    if state.closing.soft:
        may = may & ~sheltered(setup, state, looked.path, looked.unit, may)
    if memory is not None:
        before = memory.open[looked.path, looked.unit]
        began = np.where(before < 0, step, before)
        memory.open[looked.path, looked.unit] = np.where(may, began, -1)
    return may


def _clocks(
    setup: Setup, state: State, step: int, memory: Waiting, looked: Looked, tape: TapeWriter
) -> Bools:
    path, unit, fallen = looked.path, looked.unit, looked.fallen
    before = memory.since[path, unit].astype(np.int64)
    memory.since[path, unit] = np.where(fallen, np.where(before < 0, step, before), -1)
    memory.reserved[path[~fallen], unit[~fallen]] = 0.0
    may = fallen.copy()
    venue = setup.table.units.venue[unit]
    for v, mechanisms in enumerate(setup.mechanisms):
        rule = chosen(mechanisms, "margin_call", MarginCall)
        mine = np.flatnonzero(fallen & (venue == v)) if rule is not None else before[:0]
        if rule is not None and mine.size:
            may[mine] = _call(setup, state, step, rule, memory, looked, mine, before < 0, tape)
    return may


def _call(
    setup: Setup,
    state: State,
    step: int,
    rule: MarginCall,
    memory: Waiting,
    looked: Looked,
    mine: Ints,
    fresh: Bools,
    tape: TapeWriter,
) -> Bools:
    """Call who is newly below, take what owners pay now; who of ``mine`` may be closed (m,)."""
    path, unit = looked.path[mine], looked.unit[mine]
    equity, maintenance = looked.equity[mine], looked.maintenance[mine]
    steps = grace_steps(rule, setup.step_seconds)
    waited = step - memory.since[path, unit].astype(np.int64)
    may = may_close(rule, waited, steps, equity, maintenance)
    new = fresh[mine] & ~may
    draw = state.draws.at(Stream.MARGIN_CALL, path[new], step, unit[new])
    after = steps_to_cure(rule, draw, steps)
    memory.cure[path[new], unit[new]] = np.where(after == NEVER, NEVER, step + after)
    # Nobody asks the owner of an account that may be closed.
    memory.cure[path[may], unit[may]] = NEVER
    tape.write(step, EventKind.MARGIN_CALL, path[new], unit[new])
    pays = ~may & (memory.cure[path, unit] <= step)
    if pays.any():
        amount = payment(rule, equity[pays], maintenance[pays])
        top_up(setup, state, step, path[pays], unit[pays], amount, tape)
        memory.cure[path[pays], unit[pays]] = NEVER
    return may


def waited_seconds(setup: Setup, state: State, step: int, path: Ints, unit: Ints) -> Floats:
    """Seconds (n,) since the venue could first close breached accounts: after any grace, once too
    far below to wait, outside their bands.
    """
    memory = state.closing.waiting
    if memory is None:
        return np.zeros(path.size)
    steps = step - memory.open[path, unit]
    return np.asarray(steps, dtype=np.float64) * setup.step_seconds
