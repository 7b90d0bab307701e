"""Halving the time step moves DRE by less than its interval (DESIGN section 1, "Time step")."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.casefile import sample_case
from seawall.exposure.impairment import desk_impairment, desks
from seawall.exposure.proportion import wilson

STEP = "halving the step moves DRE by less than its interval"
HORIZON = 86_400.0


@pytest.mark.parametrize("crowd", [0, pytest.param(300, marks=pytest.mark.slow)])
def test_halving_the_step_moves_dre_by_less_than_its_interval(crowd: int) -> None:
    case = sample_case(crowd)
    paths = 1_000
    runs = Runs(np.arange(paths), np.zeros(paths, dtype=np.int64))
    found = []
    for step in (case.step_seconds, case.step_seconds / 2.0):
        setup = prepare(case, step_seconds=step)
        steps = round(HORIZON / step)
        tape = simulate(setup, (BASE,), runs, steps=steps, seed=4)
        impairment = desk_impairment(setup, tape, desks(setup)[0])
        found.append(int(np.count_nonzero(impairment.step <= steps)))
    assert found[0] >= 10, "too rare to tell"
    low, high = wilson(found[0], paths)
    moved = abs(found[1] - found[0]) / paths
    assert moved < high - low, f"{STEP}: {found[0]} and {found[1]} of {paths}, {low:.4f}-{high:.4f}"
