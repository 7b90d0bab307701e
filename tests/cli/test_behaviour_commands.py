"""`seawall mechanism concert`, `deviate` and `cross`: tables, JSON, refusals in a sentence."""

from __future__ import annotations

import json

import pytest

from seawall.cli import concert, deviate
from seawall.cli.app import run

SHORT = ["--horizon", "30m", "--paths", "4", "--volatility", "3", "--crowd", "30"]


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["mechanism", *words]) == 0
    return capsys.readouterr().out


def test_concert(capsys: pytest.CaptureFixture[str]) -> None:
    given = ("concert", *SHORT, "--with", "top_up,delever,stops,run")
    found = json.loads(answer(capsys, *given, "--json"))
    text = concert.table(found)
    assert "meridian: top_up, delever, stops, run" in text
    assert "DRE desk:harbour" in text and "difference  interval" in text
    assert set(found["numbers"]["trough"]) == {"independent", "concerted", "difference"}
    assert found["paths"] == 4 and found["horizon_seconds"] == 1_800.0


def test_deviate(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(answer(capsys, "deviate", *SHORT, "--with", "delever", "--json"))
    rows = [line for line in deviate.table(found, 140).splitlines() if line.startswith("meridian")]
    assert [row.split()[2] for row in rows] == ["small", "median", "large"]
    assert {row["verdict"] for row in found["rules"]} <= {"under", "gains", "undecided"}


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--horizon", "inf", "--horizon: 'inf' is not a duration"),
        ("--horizon", "4001d", "--horizon: '4001d' is longer than ten years"),
        ("--volatility", "inf", "--volatility: 'inf' is too large"),
    ],
)
def test_numbers_beyond_any_sense_are_refused_by_their_option(
    option: str, given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("concert", "cross", "deviate"):
        assert run(["mechanism", command, *SHORT, option, given]) == 1
        assert said in capsys.readouterr().err


def test_cross(capsys: pytest.CaptureFixture[str]) -> None:
    text = answer(capsys, "cross", *SHORT)
    assert "cross margin saves 0 of" in text
    assert "loss of these accounts, quote" in text
    found = json.loads(answer(capsys, "cross", *SHORT, "--json"))
    assert found["margin"]["equity_saved"] > 0.0


@pytest.mark.parametrize("command", ["concert", "deviate"])
def test_without_behaviour_there_is_nothing_to_ask(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["mechanism", command, *SHORT]) == 1
    assert "--with" in capsys.readouterr().err
    assert run(["mechanism", command, *SHORT, "--with", "top_ups"]) == 1
    assert "top_up" in capsys.readouterr().err
