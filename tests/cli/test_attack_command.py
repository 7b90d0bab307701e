"""`seawall mechanism attack` on a small Case: the table, the JSON, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seawall.casefile import sample_case, save_case
from seawall.cli.mechanism import app
from seawall.foundation.errors import InputError

KEYS = set(
    "venue asset scheme direction move seen hold_seconds size capital cost gain net pays depth "
    "break_even_depth sources closed_by plan".split()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("attack") / "case"
    save_case(sample_case(30), where)
    return where


def test_the_json_has_its_keys_and_plans_that_a_case_can_hold(folder: Path) -> None:
    ended = CliRunner().invoke(app, ["attack", str(folder), "--json"])
    assert ended.exit_code == 0, ended.output
    found = json.loads(ended.stdout)
    assert found["schema"] == "seawall/attack/1"
    assert {key for row in found["rows"] for key in row} == KEYS
    for row in found["rows"]:
        assert row["net"] == pytest.approx(row["gain"] - row["cost"])
        assert row["pays"] == (row["net"] > 0.0) == (row["closed_by"] is not None)
        if row["plan"] is not None:
            assert row["plan"]["scheme"] == row["scheme"]


def test_the_table_says_how_many_pay(folder: Path) -> None:
    ended = CliRunner().invoke(app, ["attack", str(folder), "--capital", "1000"])
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.startswith("0 of ") and "none pays" in ended.stdout


def test_a_share_beyond_all_is_refused(folder: Path) -> None:
    ended = CliRunner().invoke(app, ["attack", str(folder), "--share", "2"])
    assert isinstance(ended.exception, InputError)
