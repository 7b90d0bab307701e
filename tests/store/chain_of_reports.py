"""A chain of reports for tests: one real answer of a small Case, its limits moved day by day."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from seawall.casefile.sample_case import sample_case, sample_files
from seawall.exposure import check
from seawall.report import page
from seawall.store.keep import Question, keep

INPUTS = sample_files(0)


@cache
def _answer() -> dict[str, Any]:
    return check(sample_case(0), horizon_seconds=14_400.0, paths=8, seed=1)


def answer(day: int = 0, value: float = 0.01) -> dict[str, Any]:
    """The answer as of a day of February 2026, with another value of its first limit."""
    result = copy.deepcopy(_answer())
    result["case"]["as_of"] = f"2026-02-{day + 1:02d}T16:00:00Z"
    row = result["limits"][0]
    row["value"], row["breached"] = value, value > row["limit"]
    return result


def kept(folder: Path, day: int = 0, value: float = 0.01, *, html: bool = True) -> Path:
    """Keep the answer of a day as the next report of a chain; its folder."""
    question = Question({"paths": 8}, f"2026-02-{day + 1:02d}T16:01:00Z", INPUTS)
    return keep(folder, answer(day, value), question, page.render if html else None)[1]


def chain(folder: Path, days: int = 3) -> list[Path]:
    """A chain of so many reports, the folders of its reports."""
    return [kept(folder, day, 0.01 + day / 1000) for day in range(days)]
