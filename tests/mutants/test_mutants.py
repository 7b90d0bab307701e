"""The list of mutants is whole: one per rule, and each can be applied."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from seawall.margin.frameworks import FRAMEWORKS

PLACE = Path(__file__).with_name("run.py")
SPEC = importlib.util.spec_from_file_location("mutant_run", PLACE)
assert SPEC is not None and SPEC.loader is not None
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)


def test_there_is_a_mutant_for_every_rule() -> None:
    mutants = run.listed()
    assert len(mutants) >= run.FEWEST
    assert {m["id"].rpartition("-")[0] for m in mutants} == set(FRAMEWORKS)
    assert max(Counter(m["id"] for m in mutants).values()) == 1


@pytest.mark.parametrize("mutant", run.listed(), ids=lambda mutant: mutant["id"])
def test_a_mutant_can_be_applied(mutant: dict[str, object]) -> None:
    assert run.problem(mutant) is None


@pytest.mark.slow
def test_every_mutant_is_killed() -> None:
    done = subprocess.run([sys.executable, str(PLACE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
