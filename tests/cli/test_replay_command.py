"""`seawall replay` as a user types it: list, page, JSON, refusals."""

from __future__ import annotations

import json

import pytest

from seawall.cli.app import run
from seawall.scenario.events import list_events


def test_the_list_names_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in list_events())


def test_page_and_json_of_one_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "2026-03-10-capo", "--paths", "2"]) == 0
    page = capsys.readouterr().out
    assert "liquidated accounts" in page and "34" in page
    assert run(["replay", "2026-03-10-capo", "--paths", "2", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "seawall/replay/1"
    assert found["paths"] == 2
    assert found["outcomes"][0]["measure"] == "liquidated_accounts"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay"], "no event was named"),
        (["replay", "2026-03-10-cap"], "2026-03-10-capo"),
        (["replay", "all", "somewhere"], "expected one event"),
        (["replay", "2026-03-10-capo", "--paths", "0"], "--paths"),
        (["replay", "2026-03-10-capo", "somewhere", "--crowds", "2"], "1 with a case"),
        (["replay", "2026-03-10-capo", "nowhere"], "nowhere"),
    ],
)
def test_refusals_are_sentences(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    assert said in capsys.readouterr().err
