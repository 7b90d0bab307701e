"""`seawall whatif`: exit codes, refusals in one sentence, JSON as documented."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seawall.cli.app import run

ASKED = ["--add", "-10 BTC-PERP", "--shock", "BTC=-12%,vol=+20%"]
DOCS = Path(__file__).parents[2] / "docs" / "json.md"


def test_the_command_of_the_issue(capsys) -> None:
    assert run(["whatif", *ASKED]) == 0
    printed = capsys.readouterr()
    assert "▲ BELOW     after both: below maintenance margin: harbour/options" in printed.out
    assert printed.err == ""


def test_several_trades_are_done_in_order(capsys) -> None:
    arguments = ["--add", "-10 BTC-PERP", "--add", "10 BTC-PERP", "--json", "-"]
    assert run(["whatif", *arguments]) == 0
    answer = json.loads(capsys.readouterr().out)
    before, after = answer["states"]
    assert [t["size"] for t in answer["trades"]] == [-10.0, 10.0]
    for one, two in zip(before["accounts"], after["accounts"], strict=True):
        assert one["equity"] == pytest.approx(two["equity"], rel=1e-12)
        assert one["maintenance"] == pytest.approx(two["maintenance"], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "neither a trade nor a shock"),
        (["--add", "-10 BTC-PRP"], "no instrument 'BTC-PRP' in this Case; expected 'BTC-PERP'"),
        (["--add", "BTC-PERP"], "not a trade"),
        (["--shock", "BTC=-12"], "not a move"),
        (["--shock", "BTX=-12%"], "no asset 'BTX'"),
        (["--shock", "BTC=-12%", "--account", "nobody"], "no account 'nobody'"),
        (["--shock", "BTC=-12%", "--desk", "nobody"], "no desk 'nobody'"),
        (["--add", "1 BTC-PERP", "--account", "harbour/loan"], "which lends"),
        (["--shock", "BTC=-12%", "--json", "no-such-folder/a"], "no-such-folder does not exist"),
    ],
)
def test_what_cannot_be_answered_is_1_and_one_sentence(
    arguments, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["whatif", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_shocks_given_apart_are_one_shock(capsys) -> None:
    answers = []
    for moves in (["BTC=-5%,ETH=-6%"], ["BTC=-5%", "ETH=-6%"]):
        arguments = [word for move in moves for word in ("--shock", move)]
        assert run(["whatif", *arguments, "--json", "-"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert run(["whatif", "--shock", "BTC=-5%", "--shock", "BTC=-6%"]) == 1
    assert "BTC is given twice" in capsys.readouterr().err


def test_every_key_of_both_answers_is_documented(capsys) -> None:
    answers = []
    for arguments in (
        ["whatif", *ASKED],
        ["margin", "--account", "harbour/perp-main", "--explain", "--venues", "dydx_v4", "--exact"],
        ["margin", "--account", "harbour/options"],
    ):
        assert run([*arguments, "--json", "-"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    codes = re.findall(r"`([^`\n]+)`", DOCS.read_text("utf-8"))
    named = {part for code in codes for part in re.split(r"\W+", code)}

    def keys(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*(keys(item) for item in value)) if value else set()
        if not isinstance(value, dict):
            return set()
        own = set(value) - {"BTC"}  # an asset's name, chosen by the Case
        return own.union(*(keys(item) for item in value.values()))

    found = set().union(*(keys(answer) for answer in answers))
    assert {"threats", "below", "working", "rounded", "theta", "saved_maintenance"} <= found
    assert found - named == set()
