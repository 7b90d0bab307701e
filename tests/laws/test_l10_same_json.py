"""L10: same seed, same Case, same version: same JSON, byte for byte, but for its `manifest` and
`since_last` sections. In this process and in a fresh one; engines, threads and the cut into pieces
are in test_l10_engines.py.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.report.jsonfile import dumps

SAME = "L10: same seed, same Case, same version: same JSON, byte for byte"
HOW: dict[str, Any] = {"horizon_seconds": 7_200.0, "paths": 40, "seed": 11}
FRESH = """
import sys
from dataclasses import replace
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.report.jsonfile import dumps
case = replace(sample_case(80), limits=())
result = check(case, horizon_seconds=7200.0, paths=40, seed=11)
result.pop("manifest"), result.pop("since_last")
sys.stdout.buffer.write(dumps(result).encode())
"""


def text(seed: int = 11) -> str:
    result = check(replace(sample_case(80), limits=()), **{**HOW, "seed": seed})
    for section in ("manifest", "since_last"):
        result.pop(section)
    return dumps(result)


@pytest.fixture(scope="module")
def first() -> str:
    return text()


def test_twice_in_one_process(first: str) -> None:
    assert text() == first, SAME


def test_in_a_fresh_process(first: str) -> None:
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, check=True)
    assert done.stdout.decode() == first, SAME


def test_another_seed_is_another_answer(first: str) -> None:
    assert text(12) != first.replace('"seed": 11', '"seed": 12'), "the seed must matter"
