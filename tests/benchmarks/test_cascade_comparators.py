"""What the cascade is timed against gives the engine's answers: closes, fund and last prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import cascade_brute
import cascade_numpy
from cascade_books import (
    QUOTE,
    Impact,
    cross_case,
    cross_crowd,
    isolated_case,
    isolated_crowd,
)
from cascade_numpy import Outcome, coins_of
from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind
from seawall.case import Case

# Volatile enough that a few hundred accounts show every branch; funds large enough not to run dry.
ISOLATED = replace(isolated_crowd(300), depth=2e6, volatility=2.0)
CALM = replace(cross_crowd(300), volatility=2.5 * cross_crowd(300).volatility)
STRESSED = replace(
    cross_crowd(300, stressed=True), depth=cross_crowd(300).depth, impact=Impact(thinning=2.0)
)


def compare(case: Case, theirs: Callable[[np.ndarray], Outcome], steps: int) -> int:
    """Hold them equal on some paths; how many forced closes there were."""
    setup = prepare(case)
    paths = np.arange(6)
    exogenous = draw(setup, (BASE,), Runs(paths, np.zeros_like(paths)), steps, seed=7)
    tape, state = run(setup, exogenous)
    coins = coins_of(exogenous, setup.table.assets, QUOTE)
    last = coins_of(tape.final[:, None], setup.table.assets, QUOTE)[:, 0]
    total = 0
    for p in paths.tolist():
        out = theirs(coins[p])
        mine = (tape.path == p) & (tape.kind == EventKind.LIQUIDATION)
        assert out.liquidations == int(mine.sum())
        assert out.fund == pytest.approx(state.accounts.assets["fund"][p, 0, setup.quote], rel=1e-9)
        assert out.prices == pytest.approx(last[p], rel=1e-9)
        total += out.liquidations
    return total


def test_isolated_in_numpy() -> None:
    case = isolated_case(ISOLATED)
    closed = compare(case, lambda path: cascade_numpy.isolated(ISOLATED, path[:, 0]), 700)
    assert closed > 300


@pytest.mark.parametrize("crowd", [CALM, STRESSED], ids=["calm", "stressed"])
@pytest.mark.parametrize("theirs", [cascade_numpy.cross, cascade_brute.cross])
def test_cross_margin(crowd, theirs) -> None:  # type: ignore[no-untyped-def]
    closed = compare(cross_case(crowd), lambda path: theirs(crowd, path), 300)
    assert closed > (1000 if crowd is STRESSED else 5)
