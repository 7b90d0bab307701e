"""`seawall greeks` from the command line: pages, files, exit codes, sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.casefile import new_case
from seawall.cli.app import run

Captured = pytest.CaptureFixture[str]


def test_the_bundled_case_is_the_default(capsys: Captured) -> None:
    assert run(["greeks"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("Greeks  harbour, 2026-01-30 16:00 UTC, money in USDC")
    assert "sticky strike" in page
    assert max(map(len, page.splitlines())) <= 100


def test_json_to_a_file_beside_the_page_and_to_stdout(capsys: Captured, tmp_path: Path) -> None:
    folder, target = new_case(tmp_path / "case"), tmp_path / "greeks.json"
    assert run(["greeks", str(folder), "--json", str(target), "--account", "harbour/options"]) == 0
    assert "Account harbour/options" in capsys.readouterr().out
    assert run(["greeks", str(folder), "--json", "-", "--account", "harbour/options"]) == 0
    assert capsys.readouterr().out == target.read_text()
    found = json.loads(target.read_text())
    assert [scope["scope"] for scope in found["scopes"]] == ["account:harbour/options"]


def test_the_smile_rule_changes_delta_and_is_printed(capsys: Captured) -> None:
    deltas = {}
    for rule in ("sticky_strike", "sticky_delta", "skew_stickiness"):
        assert run(["greeks", "--smile", rule, "--json", "-"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["smile"]["rule"] == rule
        deltas[rule] = found["scopes"][0]["total"]["delta_cash"]
    assert len(set(deltas.values())) == 3
    assert run(["greeks", "--smile", "skew_stickiness", "--ratio", "1", "--json", "-"]) == 0
    one = json.loads(capsys.readouterr().out)["scopes"][0]["total"]["delta_cash"]
    assert one == pytest.approx(deltas["sticky_strike"], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--smile", "sticky_stirke"], "no smile rule is called 'sticky_stirke'; expected 'stick"),
        (["--account", "a", "--desk", "harbour"], "account a and desk harbour are both given"),
        (["--desk", "harbor"], "no desk is called 'harbor'; expected 'harbour'"),
        (["--ratio", "1.5"], "a skew-stickiness ratio of 1.5 is given with the rule sticky_strike"),
        (
            ["--smile", "skew_stickiness", "--ratio", "1e300"],
            "the skew-stickiness ratio is 1e+300; expected a number from -100 to 100",
        ),
        (["--json", "no/such/folder/x.json"], "the folder no/such/folder does not exist"),
        (["no-such-case"], "there is no such folder"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    capsys: Captured, arguments: list[str], sentence: str
) -> None:
    assert run(["greeks", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


def test_a_case_without_a_desk_asks_for_an_account(capsys: Captured, tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case")
    place = folder / "accounts.csv"
    place.write_text(place.read_text().replace("harbour,desk", "harbour,crowd"))
    (folder / "limits.toml").unlink()
    assert run(["greeks", str(folder)]) == 1
    assert "the case has no desk" in capsys.readouterr().err
    assert run(["greeks", str(folder), "--account", "harbour/loan"]) == 0
