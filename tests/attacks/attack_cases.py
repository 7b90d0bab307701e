"""What every attack must leave behind: money conserved, to the last unit, and nothing undefined."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from test_l1_money import assert_conserved
from tiny_cases import Floats

from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.case import Case


def attacked(case: Case, exogenous: Floats, *, exact: bool = True) -> tuple[Setup, Tape, State]:
    """Run the Case; assert that nothing was lost and that every number is a number.

    ``exact`` settles it in whole units too; amounts beyond 64 bits have no exact form.
    """
    setup = prepare(case)
    journal = Journal(cells_of(setup.table)) if exact else None
    with np.errstate(invalid="raise", divide="ignore", over="ignore"):
        tape, state = run(setup, exogenous, journal=journal)
    assert_conserved(setup, exogenous, state)
    if exact:
        assert settle(setup, state).imbalance == 0
    for field in fields(tape):
        value = getattr(tape, field.name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert np.all(np.isfinite(value)), field.name
    assert np.all(np.isfinite(state.holdings.cash)) and np.all(np.isfinite(state.holdings.size))
    return setup, tape, state
