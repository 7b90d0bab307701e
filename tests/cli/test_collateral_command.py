"""`seawall collateral`: the first lines of its page, refusals, JSON, the written Case."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seawall.cli.app import run
from seawall.report import collateral_page
from seawall.report.columns import width_of

DOCS = Path(__file__).parents[2] / "docs" / "json.md"


def test_the_answer_stands_in_the_first_lines(capsys) -> None:
    assert run(["collateral"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith("▲ SHORT     desk:harbour: harbour/options lacks 1.2M")
    assert any(line.startswith("  Cheapest  costs 100k over 30 days, now 82.9k") for line in lines)
    assert max(width_of(line) for line in lines) <= 100


def test_a_written_case_holds_and_the_json_is_documented(tmp_path, capsys) -> None:
    folder = str(tmp_path / "mix")
    assert run(["collateral", "--write", folder, "--json", "-"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["schema"] == "seawall/collateral/1"
    assert run(["collateral", folder]) == 0
    assert capsys.readouterr().out.startswith("■ OK")
    text = DOCS.read_text("utf-8").split("# The JSON of `seawall collateral`")[1].split("\n# ")[0]
    named = {p for code in re.findall(r"`([^`\n]+)`", text) for p in re.split(r"\W+", code)}

    def keys(value) -> set[str]:
        if isinstance(value, list):
            return set().union(*(keys(v) for v in value))
        if not isinstance(value, dict):
            return set()
        return set(value).union(*(keys(v) for v in value.values()))

    assert keys(first) - named == set()


@pytest.mark.parametrize(
    ("concave", "words"),
    [(True, "counts for less the more there is of it"), (False, "nor bends one way")],
)
def test_a_credit_that_is_no_line_is_said_as_it_was_counted(concave, words, capsys) -> None:
    assert run(["collateral", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    found["bent"] = [{"account": "harbour/loan", "asset": "SOL", "concave": concave}]
    assert words in " ".join(collateral_page.render(found).split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--account", "nobody"], "no account 'nobody'"),
        (["--desk", "nobody"], "no desk 'nobody'"),
        (["--shock", "BTX=-12%"], "no asset 'BTX'"),
        (["--shock", "BTC=-12"], "not a move"),
        (["--days", "0"], "0 days"),
        (["--terms", "absent.toml"], "absent.toml cannot be read"),
        (["--json", "no-such-folder/a"], "no-such-folder does not exist"),
    ],
)
def test_what_cannot_be_answered_is_1_and_one_sentence(
    arguments, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["collateral", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_terms_move_the_answer(tmp_path, capsys) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text("[assets.USDC]\nwallet = 5_000_000\n")
    assert run(["collateral", "--terms", str(terms), "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mix"]["cost"]["new_money"] == 0.0
    assert {o["asset"] for o in found["outside"]} == {"BTC", "USDC"}
    assert {m["from"] for m in found["moves"]} <= {
        "outside",
        "harbour/options",
        "harbour/perp-main",
    }
