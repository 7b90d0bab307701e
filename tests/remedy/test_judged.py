"""The judge on a few Cases: `judge.py --cases 200` is the whole of it (docs/decisions/024)."""

from __future__ import annotations

from typing import Any

import pytest
from judge import judged, summary
from remedy_cases import LEAST, MOST, sought


def test_a_random_case_is_over_its_limit_and_the_same_each_time() -> None:
    one = sought(1)
    limit = one.case.limits[0].maximum
    assert LEAST <= one.dre <= MOST
    assert limit < one.dre
    assert sought(1).dre == one.dre


@pytest.mark.slow
def test_remedies_of_five_cases_hold_on_fresh_paths_and_none_is_cheaper() -> None:
    rows: list[dict[str, Any]] = [judged(seed, 500, 2_000) for seed in range(1, 6)]
    sure = [row for row in rows if row.get("sure")]
    assert len(sure) >= 4
    # Of five at 97.5% each more than one failure has a chance of 0.6%.
    assert sum(row["after"] > row["limit"] for row in sure) <= 1
    for row in sure:
        if row.get("grid"):
            assert row["cost"] <= 1.05 * row["grid"]["cost"] or row["grid"]["cost"] == 0.0
    assert "sure and in time" in summary(rows, 2_000)
