"""L10 for `seawall margin` and `seawall whatif`: compiled code on disk changes no byte.

Accounts on both sides of the size from which on the compiled kernel prices options, each answered
by a fresh process that finds an empty cache folder and by one that finds it filled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.foundation.compiled import cache_root
from seawall.margin.portfolio import many_options

SAME = "L10: same Case, same version: same JSON, byte for byte, whatever is in the cache"
MADE_UP = Path(__file__).parents[2] / "benchmarks"  # time_whatif
# The command itself, on a Case that is made up instead of loaded: venues' presets lack fees.
FRESH = """
import sys
import seawall.casefile
from seawall.cli.app import run
from time_whatif import made_up_case
preset, legs, command, *rest = sys.argv[1:]
seawall.casefile.load_case = lambda folder: made_up_case(int(legs), preset)
sys.exit(run([command, "made-up", *rest]))
"""
SHOCK = ("--add", "+3 BTC-7D-48000-C-0", "--shock", "BTC=-12%,vol=+20%")


def answer(command: tuple[str, ...], preset: str, legs: int, cache: Path) -> bytes:
    """What a fresh process prints for a made-up desk of ``legs`` options under ``preset``."""
    done = subprocess.run(
        [sys.executable, "-c", FRESH, preset, str(legs), *command, "--json", "-"],
        env={**os.environ, "SEAWALL_CACHE": str(cache), "PYTHONPATH": str(MADE_UP)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def warm() -> Path:
    """The user's own cache folder, filled."""
    many_options.prepare()
    return cache_root()


@pytest.mark.parametrize("preset", ["derive_pmrm_v2", "paradex"])
@pytest.mark.parametrize("command", [("margin",), ("whatif", *SHOCK)], ids=["margin", "whatif"])
def test_below_the_size_nothing_is_compiled(preset, command, warm, tmp_path) -> None:
    cold = tmp_path / "cold"
    first = answer(command, preset, 100, cold)
    assert not list(cold.rglob("*.nbi")), "so small an account compiles nothing"
    assert answer(command, preset, 100, warm) == first, SAME


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["derive_pmrm_v1", "derive_pmrm_v2", "paradex"])
def test_from_the_size_on_the_kernel_answers(preset, tmp_path) -> None:
    cold, empty = tmp_path / "cold", tmp_path / "empty"
    first = answer(("margin",), preset, 500, cold)
    assert list(cold.rglob("*group_worth*.nbi")), "so large an account is priced by the kernel"
    assert answer(("margin",), preset, 500, cold) == first, SAME
    after = [answer(("whatif", *SHOCK), preset, 500, cache) for cache in (cold, empty)]
    assert after[0] == after[1], SAME


def test_the_size_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(many_options, "prepare", lambda: asked.append("compiled"))
    assert not many_options.use_compiled(many_options.WORTH_COMPILED - 1)
    assert asked == []
    assert many_options.use_compiled(many_options.WORTH_COMPILED)
    assert asked == ["compiled"]
