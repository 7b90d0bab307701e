"""L1 and L6 with every kind of failure and an attacker beside the slots of the covering set.

Every third row of the 67 that hold every two choices of any two slots (test_l6_pairwise).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_failures_on import failures
from test_l1_money import assert_conserved
from test_l6_pairwise import ROWS, case_of, small
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from tiny_cases import run_case

from seawall.cascade.draws import Draws
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind, join

ATTACKS: tuple[dict[str, Any], ...] = (
    {"scheme": "withdraw", "venue": "perps", "move": 0.2, "size": 1e5},
    {"scheme": "borrow", "venue": "lender", "move": 0.3, "borrow": "USD", "available": 1e5},
    {"scheme": "sell", "venue": "options", "move": -0.1, "push_seconds": 120.0},
)


def play(number: int) -> int:
    """Run a row with all failures and one attack; how many events of theirs there were."""
    plain, exogenous = case_of(ROWS[number], small(300 + number))
    plan = {"asset": "ETH", "at_seconds": 120.0, "hold_seconds": 60.0, "exit_seconds": 120.0}
    slots = {**plain.market.mechanisms, "attacker": {**plan, **ATTACKS[number % 3]}}
    case = replace(plain, market=replace(plain.market, mechanisms=slots))
    case = with_failures(case, failures("all", plain))
    setup, tape, state = run_case(case, exogenous)
    assert_conserved(setup, exogenous, state)
    _, unfiltered, _ = run_case(case, exogenous, filtered=False)
    assert_same(tape, unfiltered, FILTER)
    fast, _ = run_fast(setup, exogenous)
    assert_same(tape, fast, "L6: compiled looks = plain loop")
    parts = [
        run(setup, exogenous[a:b], draws=Draws(0, np.arange(a, b)))[0] for a, b in ((0, 1), (1, 4))
    ]
    assert_same(join(parts), tape, CHUNKS)
    own = (EventKind.CLAIMS_LOST, EventKind.STOLEN, EventKind.ATTACK, EventKind.OUTAGE_HALT)
    return int(np.isin(tape.kind, own).sum())


@pytest.mark.parametrize("number", [0, 33])
def test_two_rows(number: int) -> None:
    assert play(number) > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, len(ROWS), 3))
def test_every_third_row(number: int) -> None:
    assert play(number) > 0
