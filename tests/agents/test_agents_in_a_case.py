"""Hedgers and makers written in market.toml: saved, loaded, refused by line; L10 through check."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.case import Case
from seawall.casefile import load_case, sample_case, save_case
from seawall.exposure import check
from seawall.foundation.errors import InputError

HEDGERS = {
    "rule": "profile",
    "venue": "meridian",
    "pockets": [{"asset": "BTC", "gamma_per_percent": -4e7, "width": 0.2}],
    "cost": 0.0004,
    "latency_seconds": 300.0,
}
MAKERS = {
    "makers": [
        {"share": 0.6, "capital": 2e7, "inventory_limit": 3.0, "loss_limit": 0.1},
        {"share": 0.3, "capital": 5e7, "inventory_limit": 2.0, "loss_limit": 0.2},
    ],
    "refill_seconds": 1800.0,
    "rest_seconds": 3600.0,
    "unload_seconds": 7200.0,
    "thinning": 0.4,
}


def behaved(crowd: int = 60) -> Case:
    case = sample_case(crowd=crowd)
    scenario = replace(case.market.scenario, thinning=0.0)
    slots = {"hedgers": HEDGERS, "makers": MAKERS}
    return replace(case, market=replace(case.market, scenario=scenario, mechanisms=slots))


def test_a_case_keeps_its_slots_on_disk(tmp_path: Path) -> None:
    save_case(behaved(), tmp_path / "case")
    again = load_case(tmp_path / "case")
    assert again.market.mechanisms == {"hedgers": HEDGERS, "makers": MAKERS}


def test_the_same_json_twice_and_the_slots_are_named() -> None:
    """L10: same seed, Case and version: the same JSON but for `manifest` and `since_last`."""

    def answer() -> dict[str, object]:
        result = check(behaved(), horizon_seconds=3_600.0, paths=3, seed=3)
        return {
            key: value for key, value in result.items() if key not in ("manifest", "since_last")
        }

    first = answer()
    assert json.dumps(first) == json.dumps(answer())
    assert "hedgers" in json.dumps(first["case"])


def test_a_wrong_key_is_refused_with_its_line(tmp_path: Path) -> None:
    save_case(behaved(), tmp_path / "case")
    file = tmp_path / "case" / "market.toml"
    text = file.read_text("utf-8")
    assert "gamma_per_percent" in text
    file.write_text(text.replace("gamma_per_percent", "gamma"), "utf-8")
    with pytest.raises(InputError, match="gamma"):
        load_case(tmp_path / "case")
