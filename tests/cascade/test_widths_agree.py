"""Compiled looks read widths of prices exactly where the plain loop has them.

Elsewhere the array is empty and compiled code, which checks no bounds, would read what lies behind.
"""

from __future__ import annotations

import numpy as np
import pytest
from combinations import case_of, combination

from seawall.cascade.engine import prepare
from seawall.cascade.fast.compile import compile_fixed
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.mechanism.fuzz.trial import Trial


def has_confidence(trial: Trial) -> bool:
    """Whether some venue's rulebook names a confidence interval."""
    return any(place.endswith("/oracle_confidence") for place in trial.values)


def is_wide(setup: Setup) -> bool:
    """What the compiled looks are told."""
    nobody = np.zeros(setup.table.units.account.size, dtype=bool)
    return bool(compile_fixed(setup, 3, alone=nobody).wide)


def test_a_confidence_interval_without_feeds_has_no_widths() -> None:
    trial = combination(501424)  # its options venue has the interval and no option anybody holds
    assert has_confidence(trial)
    assert not is_wide(prepare(case_of(trial)[0]))


@pytest.mark.parametrize("block", range(4))
def test_random_cases(block: int) -> None:
    seen = set()
    for number in range(50 * block, 50 * block + 50):
        trial = combination(number)
        case, exogenous = case_of(trial)
        setup = prepare(case)
        _, state = run(setup, exogenous[:, :2])
        assert is_wide(setup) == (state.quotes.width is not None), number
        seen.add(is_wide(setup))
    assert seen == {True, False}
