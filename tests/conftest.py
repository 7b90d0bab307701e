"""Tests that call compiled code come last, so that nothing is compiled twice.

Kernels take minutes to compile. The project's checks fill their cache beside the first tests; a
test that called one before that would compile it once more, in every process that runs tests.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

LAWS = Path(__file__).with_name("laws")
COMPILED = re.compile(r"kernel|\bfast\b|\.compile\(\)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _calls_compiled_code(item.path))


@cache
def _calls_compiled_code(file: Path) -> bool:
    return LAWS in file.parents or COMPILED.search(file.read_text("utf-8")) is not None
