"""`seawall margin`: exit codes, one sentence for what cannot be answered, whole files or none."""

from __future__ import annotations

import json

import pytest

from seawall.cli.app import run


def test_without_a_case_the_bundled_one_answers(capsys) -> None:
    assert run(["margin"]) == 0
    printed = capsys.readouterr()
    assert "harbour/perp-main" in printed.out
    assert printed.err == ""


def test_json_goes_to_stdout_alone_or_to_a_whole_file(tmp_path, capsys) -> None:
    assert run(["margin", "--json", "-"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "seawall/margin/1"
    target = tmp_path / "m.json"
    assert run(["margin", "--desk", "harbour", "--json", str(target)]) == 0
    assert json.loads(target.read_text())["accounts"] == answer["accounts"]
    assert list(tmp_path.iterdir()) == [target]


def test_the_same_question_gives_the_same_bytes(capsys) -> None:
    texts = []
    for _ in range(2):
        assert run(["margin", "--account", "harbour/options", "--explain", "--json", "-"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--account", "harbour/option"],
            "no account 'harbour/option'; expected 'harbour/options'",
        ),
        (["--desk", "harbor"], "no desk 'harbor'; expected 'harbour'"),
        (["--account", "harbour/loan", "--desk", "quay"], "belongs to 'harbour'"),
        (["--venues", "deribut"], "no preset 'deribut'"),
        (["--venues", ","], "names no venue"),
        (["--exact"], "does not count in whole units"),
        (["--json", "no-such-folder/a.json"], "no-such-folder does not exist"),
        (["no-such-case"], "no-such-case"),
    ],
)
def test_what_cannot_be_answered_is_1_and_one_sentence(
    arguments, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["margin", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("instruments.csv", "2026-02-27", "2026-01-30", "2026-01-30T08:00:00+00:00 is not after"),
        ("market.toml", "implied_volatility = 0.", "implied_volatility = 0.0 #", "implied"),
        ("rulebooks/meridian.toml", 'preset = "hyperliquid"', 'preset = "hyperliquit"', "preset"),
        (
            "rulebooks/meridian.toml",
            'preset = "hyperliquid"',
            'preset = "hyperliquid"\nframework = "tired"',
            "tired",
        ),
    ],
    ids=["expiry in the past", "zero volatility", "unknown preset", "unknown framework"],
)
def test_bad_input_is_a_sentence_and_nothing_is_written(
    file, old, new, words, tmp_path, capsys
) -> None:
    folder, target = tmp_path / "case", tmp_path / "m.json"
    assert run(["case", "new", str(folder)]) == 0
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    capsys.readouterr()
    assert run(["margin", str(folder), "--json", str(target)]) == 1
    printed = capsys.readouterr()
    assert words in printed.err and printed.err.count("\n") == 1
    assert printed.out == "" and not target.exists()
    assert "failed in a way it should not" not in printed.err


def test_a_case_under_portfolio_margin_is_answered(tmp_path, capsys) -> None:
    folder = tmp_path / "case"
    assert run(["case", "new", str(folder)]) == 0
    path = folder / "rulebooks" / "sextant.toml"
    feed = "\n[feed]\ndeviation = 0.0\nheartbeat_seconds = 0\ndelay_seconds = 0\n"
    path.write_text(path.read_text().replace('"deribit"', '"derive_pmrm_v2"') + feed)
    capsys.readouterr()
    assert run(["margin", str(folder), "--account", "harbour/options", "--explain"]) == 0
    text = capsys.readouterr().out
    assert "23. spot x 0.82, volatility up" in text
    assert "Liquidation surface" in text
