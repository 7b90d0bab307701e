"""How many paths a run may have: what is kept of them must fit, whatever their length."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.exposure.impairment import Impairment
from seawall.exposure.runs import MOST_PATHS, MOST_TILTED_STEPS, plan, refuse_tilted
from seawall.foundation.errors import InputError


def test_paths_are_bounded_and_steps_are_not() -> None:
    assert plan([], MOST_PATHS, 1_000_000, 1).paths == MOST_PATHS
    with pytest.raises(InputError, match="100,001 paths; expected at most 100,000"):
        plan([], MOST_PATHS + 1, 1, 1)


def test_tilted_paths_have_a_weight_at_every_step() -> None:
    refuse_tilted(plan([], 100, MOST_TILTED_STEPS // 100, 1))
    with pytest.raises(InputError, match="with --rare; expected at most 20,833 paths"):
        refuse_tilted(plan([], 20_834, 1_440, 1))


def test_a_step_that_was_not_kept_is_named() -> None:
    none, loss = np.zeros(2, dtype=np.int64), np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]])
    found = Impairment(none, none, none, none, {}, loss).kept_by(np.array([1, 2]))
    assert found.loss_by(2).tolist() == [2.0, 4.0] and found.loss_by(1).tolist() == [1.0, 3.0]
    with pytest.raises(InputError, match="loss by step 0 was not kept; expected one of 1, 2"):
        found.loss_by(0)
