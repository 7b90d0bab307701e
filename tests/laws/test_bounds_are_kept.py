"""Compiled code reads and writes inside its arrays: tests of the engines, with bounds checked.

Compiled kernels check no bounds. What lies behind an array is nearly always the same, so an answer
that hangs on it is wrong once in some hundreds of runs, and no comparison of tapes is sure to see
it. Numba can compile the checks in; then such a read is an IndexError every time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FILES = (
    "laws/test_l6_compiled.py",
    "laws/test_l6_quiet.py",
    "laws/test_l6_at_home.py",
    "laws/test_every_rule_together.py",
    "cascade/test_glances.py",
    "cascade/test_market_kernel.py",
    "valuation/test_black_kernels.py",
    "valuation/test_coarse_screen.py",
    "valuation/test_worst_loss.py",
)
LAW_RUNS = "480"


@pytest.mark.slow  # compiles every kernel anew, in a folder of its own: some minutes
def test_no_kernel_leaves_its_arrays(tmp_path: Path) -> None:
    asked = {"NUMBA_BOUNDSCHECK": "1", "SEAWALL_CACHE": str(tmp_path), "SEAWALL_LAW_RUNS": LAW_RUNS}
    files = [str(TESTS / name) for name in FILES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *files],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.slow
def test_a_read_beyond_the_end_is_seen(tmp_path: Path) -> None:
    """With the mistake that this was written for: widths are read where there are none."""
    mistake = """
import test_every_rule_together as laws
import seawall.cascade.fast.compile as compiled
from combinations import case_of, combination
from seawall.cascade.engine import prepare
assert compiled.is_wide  # else the mistake is none
compiled.is_wide = lambda setup: True
trial = combination(501424)
case, exogenous = case_of(trial)
laws.run_fast(prepare(case), exogenous, draws=laws.draws(trial))
"""
    asked = {"NUMBA_BOUNDSCHECK": "1", "SEAWALL_CACHE": str(tmp_path)}
    path = [str(TESTS / "laws"), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", mistake],
        env=os.environ | asked | {"PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "IndexError" in done.stderr, done.stderr[-2000:]
