"""L6 where mechanisms act in every step and the compiled loop does their part of quiet steps.

Longer runs than the pairwise set, of slots that the compiled loop knows, so that paths go to and
fro between the two loops many times and what mechanisms remember is handed over each time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_l6_compiled import assert_engines_agree
from test_l6_pairwise import FACTORS, MARKET, Row, case_of, small
from tiny_cases import Floats

from seawall.cascade.engine import prepare
from seawall.cascade.fast import engine
from seawall.cascade.fast.slots import QUIET, QUIET_MARKET, is_plain_market, is_quietly_native
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds

STEPS = 60


def quiet_row(seed: int) -> Row:
    """A choice of every slot that the compiled loop knows; about a third are left out."""
    rng = np.random.default_rng(seed)
    row = {
        slot: int(rng.integers(len(FACTORS[slot]))) * int(rng.random() < 0.8)
        for slot in (*QUIET, *QUIET_MARKET, "adl", "fund")
    }
    return {"depth": 1} if not any(row.values()) else row


def quiet_case(seed: int) -> tuple[Setup, Floats]:
    """Odd seeds: small moves, accounts that begin healthy, no options: long quiet stretches."""
    recipe = replace(small(seed), steps=STEPS)
    if seed % 2:
        recipe = replace(recipe, healthy=True, writers=0)
    case, exogenous = case_of(quiet_row(seed), recipe)
    if seed % 2:
        exogenous = exogenous[:, :1] * (exogenous / exogenous[:, :1]) ** 0.1
    return prepare(case), exogenous


@pytest.mark.parametrize("seed", range(24))
def test_both_engines_write_one_tape(seed: int) -> None:
    setup, exogenous = quiet_case(seed)
    assert is_quietly_native(setup), "the compiled loop must be asked"
    fresh = np.array([False, True, False, False])
    worlds = PathWorlds(np.zeros(4, dtype=np.int64), np.array([1.0, 0.5, 2.0, np.inf]), fresh)
    assert_engines_agree(setup, exogenous, worlds)


def test_the_compiled_loop_does_most_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths that are handed over in each step would agree too, and say nothing."""
    handed: list[int] = []
    rounds = engine.play_round

    def counted(*args: object, **more: object) -> object:
        handed.append(np.size(args[3]))
        return rounds(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "play_round", counted)
    total = 0
    for seed in range(1, 24, 2):
        setup, exogenous = quiet_case(seed)
        total += exogenous.shape[0] * STEPS
        engine.run_fast(setup, exogenous)
    assert 0 < sum(handed) < total / 2, f"{sum(handed)} of {total} steps were handed over"


def test_slots_that_are_not_named_keep_paths_in_step() -> None:
    row = dict.fromkeys(FACTORS, 0) | {"depth_schedule": 1}
    assert "depth_schedule" in MARKET
    case, _ = case_of(row, small(1))
    setup = prepare(case)
    assert not is_quietly_native(setup) and not is_plain_market(setup)
