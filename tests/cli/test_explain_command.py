"""`seawall explain` and `seawall check --since`: pages, JSON, and sentences for what is wrong."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from seawall.cli.app import run

SHORT = ["--horizon", "2h", "--seed", "1"]


def test_a_word_that_names_no_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 1."""
    assert run(["explain", "--paths", "best", "--simulated", "2", "--horizon", "5m"]) == 1
    assert "names no path" in capsys.readouterr().err


def test_both_helps_say_which_option_is_the_number_of_paths(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--paths is a number in check and a choice in explain; each help points to the other."""
    said = {}
    for command in ("check", "explain"):
        assert run([command, "--help"]) == 0
        said[command] = " ".join(capsys.readouterr().out.split())
    assert "of explain: --simulated; its --paths chooses some" in said["check"]
    assert "How many are simulated: --simulated." in said["explain"]
    assert run(["explain", "--paths", "2", "--simulated", "2", "--horizon", "5m"]) == 1
    told = capsys.readouterr().err
    assert "a number from 0 to 1 (--simulated sets how many there are)" in told


@pytest.mark.slow
def test_page_and_json_of_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer stands first; the JSON holds the same loss, in parts that sum to it."""
    out = tmp_path / "why.json"
    more = ["--simulated", "20", "--paths", "worst", "--json", str(out)]
    assert run(["explain", *SHORT, *more]) == 0
    page = capsys.readouterr().out
    result = json.loads(out.read_text())
    one = result["explained"][0]
    assert page.startswith("Of ")
    assert f"Path {one['path']}, the worst" in page
    whole = math.fsum([one["standing"], *(row["loss"] for row in one["causes"])])
    assert whole == pytest.approx(one["loss"], rel=1e-9)


@pytest.mark.slow
def test_since_yesterday(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """BTC fell and its volatility rose within a day: three drivers, time, price and volatility."""
    assert run(["case", "new", str(tmp_path / "a")]) == 0
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for name in ("case.toml", "market.toml"):
        path = tmp_path / "b" / name
        text = path.read_text().replace("2026-01-30T16", "2026-01-31T16")
        path.write_text(text.replace("spot = 84_000.0", "spot = 79_500.0"))
    out = tmp_path / "out.json"
    more = ["--since", str(tmp_path / "a"), "--json", str(out), "--paths", "40"]
    assert run(["check", str(tmp_path / "b"), *SHORT, *more]) in (0, 2)
    assert "Since 2026-01-30 16:00 UTC" in capsys.readouterr().out
    block = json.loads(out.read_text())["since_last"]
    assert {"time", "spot:BTC"} <= {row["driver"] for row in block["drivers"]}
    whole = math.fsum(row["part"] for row in block["drivers"])
    assert whole == pytest.approx(block["change"]["part"], abs=1e-12)


def test_a_later_case_is_no_earlier_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 1."""
    assert run(["case", "new", str(tmp_path / "a")]) == 0
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for name in ("case.toml", "market.toml"):
        path = tmp_path / "b" / name
        path.write_text(path.read_text().replace("2026-01-30T16", "2026-01-31T16"))
    capsys.readouterr()
    more = ["--since", str(tmp_path / "b"), "--paths", "2", "--horizon", "5m"]
    assert run(["check", str(tmp_path / "a"), *more]) == 1
    assert "later than this one" in capsys.readouterr().err
