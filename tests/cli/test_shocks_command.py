"""`seawall shocks`: against what-if shocks one by one, exit codes, the page and the same bytes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.cli.app import run

DOCS = Path(__file__).parents[2] / "docs" / "json.md"


def answer(capsys, *arguments: str) -> dict:
    assert run(["shocks", *arguments, "--json", "-"]) == 0
    return json.loads(capsys.readouterr().out)


def equities(capsys, account: str, shock: str) -> tuple[float, float]:
    """Equity of all margin accounts of an account before and after a shock, by `whatif`."""
    assert run(["whatif", "--account", account, "--shock", shock, "--json", "-"]) == 0
    before, after = json.loads(capsys.readouterr().out)["states"]
    mine = [[a for a in s["accounts"] if a["account"] == account] for s in (before, after)]
    assert mine[0]
    first, last = (sum(a["equity"] for a in accounts) for accounts in mine)
    return first, last


@pytest.mark.parametrize("account", ["harbour/perp-main", "harbour/options"])
def test_every_shock_is_what_whatif_says(account, capsys) -> None:
    found = answer(capsys, "--account", account, "--spot=-20%:30%:2", "--volatility=-25%:50%:2")
    row = found["accounts"][0]
    seen = []
    for v, volatility in enumerate(("-25%", "+50%")):
        for p, price in enumerate(("-20%", "+30%")):
            before, after = equities(capsys, account, f"all={price},vol={volatility}")
            change = found["grid"]["change"][v][p]
            assert row["equity"] == pytest.approx(before, rel=1e-9)
            assert change == pytest.approx(after - before, rel=1e-9, abs=1e-6)
            seen.append((change, found["spot"][p], found["volatility"][v]))
    worst = min(seen)
    assert row["change"] == worst[0] < 0.0
    assert row["after"] == row["equity"] + row["change"]
    assert row["worst"]["spot"] == worst[1]
    assert row["worst"]["volatility"] in (None, worst[2])
    assert (row["worst"]["volatility"] is None) == (account == "harbour/perp-main")


def test_the_crowd_is_solvent_now_and_each_of_its_worst_shocks_is_the_smallest(capsys) -> None:
    found = answer(capsys, "--crowd", "--spot=-30%:30%:3")
    assert len(found["crowd"]) == 5_500
    assert min(row["equity"] for row in found["crowd"]) > 0.0
    assert {row["worst"]["spot"] for row in found["crowd"] if row["worst"]} == {-0.3, 0.3}
    alone = answer(capsys, "--spot=-30%:30%:3")
    assert alone["accounts"] == found["accounts"]
    assert alone["crowd"] == []


def test_one_asset_alone(capsys) -> None:
    found = answer(capsys, "--asset", "SOL")
    assert found["assets"] == ["SOL"]
    options = next(r for r in found["accounts"] if r["account"] == "harbour/options")
    assert options["worst"] is None or options["worst"]["volatility"] is not None


@pytest.mark.parametrize("extra", [[], ["--account", "harbour/options", "--spot=-50%:50%:41"]])
def test_the_page_keeps_to_its_width(extra, capsys) -> None:
    assert run(["shocks", "--crowd", *extra]) == 0
    printed = capsys.readouterr()
    assert "Worst shock" in printed.out
    assert "of 5,500 accounts of the crowd end below 0" in printed.out
    assert max(map(len, printed.out.splitlines())) <= 100
    assert printed.err == ""


def test_the_same_bytes_whatever_is_compiled(tmp_path) -> None:
    asked = ["shocks", "--account", "harbour/options", "--crowd", "--json", "-"]
    texts = set()
    for cache in ({"SEAWALL_CACHE": str(tmp_path)}, {}):
        done = subprocess.run(
            [sys.executable, "-m", "seawall", *asked],
            env={**os.environ, **cache},
            capture_output=True,
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--spot", "5%"], "'5%' is not a range of moves"),
        (["--spot=30%:-30%:7"], "not a range that can be made"),
        (["--spot=-100%:30%:7"], "not a range that can be made"),
        (["--volatility=-10%:10%:1"], "2 to 101 moves"),
        (["--asset", "BTX"], "no asset 'BTX' that can move"),
        (["--asset", "USDC"], "no asset 'USDC' that can move"),
        (["--account", "nobody"], "no account 'nobody'"),
        (["--json", "no-such-folder/a.json"], "no-such-folder does not exist"),
    ],
)
def test_what_cannot_be_answered_is_1_and_one_sentence(
    arguments, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["shocks", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_every_key_is_documented(capsys) -> None:
    codes = re.findall(r"`([^`\n]+)`", DOCS.read_text("utf-8"))
    named = {part for code in codes for part in re.split(r"\W+", code)}

    def keys(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value)) if value else set()
        if not isinstance(value, dict):
            return set()
        return set(value).union(*map(keys, value.values()))

    found = keys(answer(capsys, "--account", "harbour/options"))
    assert {"grid", "change", "worst", "after"} <= found
    assert found - named == set()
