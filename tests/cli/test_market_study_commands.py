"""`seawall mechanism depth`, `hedging-gap` and `book` through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seawall.casefile import sample_case, save_case
from seawall.cli.app import app
from seawall.cli.depth import knee_sentence, table
from seawall.cli.hedging_gap import table as gap_table

RUN = CliRunner()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled case with a crowd of twenty."""
    folder = tmp_path_factory.mktemp("case") / "small"
    save_case(sample_case(crowd=20), folder)
    return folder


def test_depth_writes_json_and_a_table_of_the_same_numbers(small: Path) -> None:
    asked = ["mechanism", "depth", str(small), "--paths", "4", "--horizon", "1h"]
    answer = RUN.invoke(app, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    text = table(found)
    assert found["curve"][0]["depth"] == 1.0
    assert len(found["curve"]) == 11
    said = [line.split()[:2] for line in text.splitlines()]
    for row in found["curve"]:
        assert [f"{row['depth']:.0%}", f"{row['dre']['value']:.1%}"] in said


def test_a_knee_in_words() -> None:
    one = {"value": 0.5, "low": 0.4, "high": 0.6}
    names = ("knee", "shoulder", "per_halving_above", "per_halving_between", "per_halving_below")
    sentence = knee_sentence({"left": 0.125, **dict.fromkeys(names, one)})
    assert "Knee at 50% (40% to 60%) of depth" in sentence
    assert "12% of the error" in sentence
    assert knee_sentence(None).startswith("No knee")


def test_hedging_gap_prints_parts_that_add_up(small: Path) -> None:
    asked = ["mechanism", "hedging-gap", str(small), "--steps", "12", "--paths", "8"]
    found = json.loads(RUN.invoke(app, [*asked, "--cost", "0.001", "--json"]).output)
    total = sum(part["mean"]["value"] for part in found["parts"].values())
    assert found["gap"]["mean"]["value"] == pytest.approx(total, rel=1e-9)
    text = gap_table(found)
    for name in (*found["parts"], "gap", "closed forms"):
        assert name in text
    assert RUN.invoke(app, [*asked, "--notional", "0"]).exit_code != 0


def test_book_reads_a_recording_and_refuses_none(tmp_path: Path) -> None:
    file = tmp_path / "recording.txt"
    lines = []
    for second in range(40):
        sides = [
            [
                {"px": str(10_000 + sign * (1 + n)), "sz": str(1 + (n + second) % 3)}
                for n in range(30)
            ]
            for sign in (-1, 1)
        ]
        data = {"coin": "BTC", "time": 1000 * second, "levels": sides}
        lines.append(f"{second} {json.dumps({'channel': 'l2Book', 'data': data})}\n")
    file.write_text("".join(lines))
    asked = ["mechanism", "book", str(file), "--fit-seconds", "12", "--test-seconds", "12"]
    asked += ["--every", "1"]
    text = RUN.invoke(app, asked)
    assert text.exit_code == 0, text.output
    # Every book is one of three that take turns: what was is what comes.
    found = json.loads(RUN.invoke(app, [*asked, "--json"]).output)
    known = [one for one in found["errors"]["book_walk"]["both"] if one is not None]
    assert len(known) >= 4
    assert all(abs(one["error"]) < 0.01 for one in known)
    assert "within 10%, both sides together, book walk" in text.output
    assert RUN.invoke(app, ["mechanism", "book", str(tmp_path / "none")]).exit_code != 0
