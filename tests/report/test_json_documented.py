"""docs/json.md names every key of the result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fake_result import fake_result

from seawall.casefile import sample_case
from seawall.exposure import check

# Names that a Case or a machine chooses, not the schema.
CHOSEN = {
    *("scopes", "files", "rulebooks", "versions", "venues", "amplification"),
    "assets",
    *("texts", "sections", "options"),
}


def keys(value: Any, inside: str = "") -> set[str]:
    if isinstance(value, list):
        return set().union(*(keys(item, inside) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    own = set() if inside in CHOSEN else set(value)
    return own.union(*(keys(item, "" if inside in CHOSEN else key) for key, item in value.items()))


def documented() -> set[str]:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    return {part for code in re.findall(r"`([^`\n]+)`", text) for part in re.split(r"\W+", code)}


def test_every_key_that_check_writes_is_documented() -> None:
    found = keys(check(sample_case(crowd=30), paths=4, horizon_seconds=86_400.0))
    assert {"crowd_leverage", "owner", "files", "median_leverage", "amplification"} <= found
    assert found - documented() == set()


def test_every_key_of_the_result_is_documented() -> None:
    named = documented()
    found = keys(fake_result())
    assert {"probability", "daily_sigmas", "fund", "liquidated_mean", "source"} <= found
    assert found - named == set()
