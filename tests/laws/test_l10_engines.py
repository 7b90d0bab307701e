"""L10: same JSON, byte for byte, whatever computes it: engine, workers, cut into pieces, Ray.

The whole answer of the command is compared but its manifest, which says when it was written. The
Case is the bundled one with a small crowd and every volatility times eight, so that within two
hours accounts are liquidated on many of the paths.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.cascade.pieces import job
from seawall.cascade.pieces.job import Grain
from seawall.cascade.pieces.loops import Loop, has_fast
from seawall.casefile import sample_case, save_case
from seawall.cli.app import run
from seawall.report.jsonfile import dumps

SAME = "L10: same seed, same Case, same version: same JSON, byte for byte, on every engine"
HOW = ("--horizon", "2h", "--paths", "40", "--json")
# At most 37 paths of 24 steps a piece: that divides no number of paths here.
FINELY = Grain(1, 37 * 24, 1)
WHOLE = Grain(10**9, 10**9, 1)
ONE_EACH = Grain(1, 10**9, 1)
FRESH = f"""
import sys
from seawall.cascade.pieces import job
from seawall.cascade.pieces.loops import Loop
from seawall.cli.app import run
job.GRAINS = dict.fromkeys(Loop, job.{FINELY})
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = sample_case(80)
    assets = {
        name: replace(state, volatility=8.0 * state.volatility)
        for name, state in case.market.assets.items()
    }
    market = replace(case.market, assets=assets)
    return save_case(replace(case, market=market, limits=()), tmp_path_factory.mktemp("hard"))


def answer(folder: Path, *options: str) -> bytes:
    """What the command writes, computed in this process and its children."""
    target = folder.with_name("answer.json")
    assert run(["check", str(folder), *HOW, str(target), *options]) == 0
    return timeless(target.read_bytes())


def timeless(text: bytes) -> bytes:
    """The answer without its manifest; what it says of the question is the same for all."""
    result = json.loads(text)
    assert not {"engine", "threads", "ray_address"} & result.pop("manifest")["options"].keys()
    return dumps(result).encode()


@pytest.fixture(scope="module")
def plain(folder: Path) -> bytes:
    return answer(folder, "--engine", "plain", "--threads", "1")


def test_something_happens_on_these_paths(plain: bytes) -> None:
    result = json.loads(plain)
    assert result["system"]["liquidated_mean"] > 0.0, "else little is compared"
    assert result["dre"]["scopes"]["protocol"]["probability"][-1] > 0.0


@pytest.mark.parametrize(
    ("threads", "grain"),
    [("1", FINELY), ("2", WHOLE), ("2", ONE_EACH), ("3", FINELY)],
    ids=["1, odd", "2, whole", "2, one each", "3, odd"],
)
def test_workers_and_pieces(
    folder: Path, plain: bytes, threads: str, grain: Grain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "GRAINS", dict.fromkeys(Loop, grain))
    assert answer(folder, "--engine", "plain", "--threads", threads) == plain, SAME


def test_threads_instead_of_processes(
    folder: Path, plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "GRAINS", dict.fromkeys(Loop, FINELY))
    monkeypatch.setattr("seawall.cascade.pieces.run.can_fork", lambda: False)
    assert answer(folder, "--engine", "plain", "--threads", "2") == plain, SAME


def test_by_itself(folder: Path, plain: bytes) -> None:
    assert answer(folder) == plain, SAME


@pytest.mark.skipif(not has_fast(), reason="this version has no compiled engine")
@pytest.mark.parametrize(
    ("threads", "grain"),
    [("1", WHOLE), ("1", FINELY), ("2", ONE_EACH), ("3", FINELY)],
    ids=["1, whole", "1, odd", "2, one each", "3, odd"],
)
def test_compiled_engine(
    folder: Path, plain: bytes, threads: str, grain: Grain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "GRAINS", dict.fromkeys(Loop, grain))
    assert answer(folder, "--engine", "fast", "--threads", threads) == plain, SAME


def test_ray(folder: Path, plain: bytes) -> None:
    """A local Ray, in a process of its own: it starts, answers, says nothing and is gone."""
    pytest.importorskip("ray", reason="Ray is not installed; the development lock has it")
    options = ["check", str(folder), *HOW, "-", "--engine", "ray", "--threads", "2"]
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *options], env=environment, capture_output=True, check=False
    )
    assert done.stderr.decode() == "", "no engine adds a line"
    assert done.returncode == 0
    assert timeless(done.stdout) == plain, SAME
