"""`seawall remedy`: the list, the Case that it writes, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Limit
from seawall.casefile import load_case, save_case
from seawall.cli.app import run
from seawall.market import AssetState

# A file takes no infinite number.
DEEP = 1e15


def folder(place: Path, limit: float) -> Path:
    """A desk that is long 1 BTC with 6,000, and one limit on its DRE over a day."""
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 1.0, 100_000.0)], {QUOTE: 6_000.0}, "harbour")],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(taker_fee=5e-4)},
        {
            "BTC": coin(100_000.0, DEEP, daily_volume=DEEP),
            QUOTE: AssetState(1.0, 1.0, 1.0, 0.0, DEEP, DEEP),
        },
        step_seconds=3_600.0,
        limits=(Limit("day", "dre", "desk:harbour", limit, 86_400.0),),
    )
    return save_case(case, place / "case")


def test_it_writes_the_case_with_the_remedy_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = folder(tmp_path, 0.1)
    out, cured = tmp_path / "answer.json", tmp_path / "cured"
    command = ["remedy", str(case), "--paths", "100"]
    assert run([*command, "--json", str(out), "--write", str(cured)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("▲ BREACH    desk:harbour is over its limit")
    answer = json.loads(out.read_text())
    assert answer["schema"] == "seawall/remedy/1"
    first = answer["remedy"]
    before, after = load_case(case), load_case(cured)
    assert (first["action"], first["then"], first["sure"]) == ("add", None, True)
    gained = float(after.book.quantity.sum() - before.book.quantity.sum())
    assert gained == pytest.approx(first["amount"], rel=1e-9)
    assert run(["remedy", str(cured), "--paths", "100"]) == 0
    assert capsys.readouterr().out.startswith("■ WITHIN")


def test_without_a_remedy_the_page_is_printed_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = folder(tmp_path, 1.0)
    command = ["remedy", str(case), "--paths", "20"]
    assert run([*command, "--write", str(tmp_path / "cured")]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("■ WITHIN")
    assert "nothing was written: there is no remedy to do" in printed.err
    assert "--action" not in printed.err
    assert not (tmp_path / "cured").exists()


def test_an_action_that_is_not_listed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = folder(tmp_path, 0.1)
    command = ["remedy", str(case), "--paths", "100", "--action", "99"]
    assert run([*command, "--write", str(tmp_path / "cured")]) == 1
    assert "there is no remedy 99" in capsys.readouterr().err
    assert not (tmp_path / "cured").exists()
