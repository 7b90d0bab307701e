"""`check --reports` and `seawall alerts` along a day of checks of one tiny Case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seawall.casefile import new_case
from seawall.cli.app import run
from seawall.store.verify import verify_chain

pytestmark = pytest.mark.slow
LIMITS = """
[[limit]]
name = "size"
number = "concentration[harbour/perp-main, SOL-PERP].notional"
maximum = {limit}
hysteresis = 0.05
"""
# SOL at these prices, 142,000 held: the limit of 17.2M is 121.13 a coin, cleared at 115.07.
PRICES = [118.0, 122.0, 120.0, 123.0, 115.0, 122.0]
EXPECTED = [(2, "raised"), (5, "cleared"), (6, "raised")]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A folder of reports of one Case at six prices, five minutes apart; their exit codes."""
    place = tmp_path_factory.mktemp("day")
    case, reports = new_case(place / "case", crowd=0), place / "reports"
    market, top = (case / "market.toml").read_text(), (case / "case.toml").read_text()
    size = next(
        float(line.split(",")[2])
        for line in (case / "positions.csv").read_text().splitlines()
        if line.startswith("harbour/perp-main,SOL-PERP")
    )
    (case / "limits.toml").write_text(LIMITS.format(limit=abs(size) * 121.13))
    codes = []
    for k, price in enumerate(PRICES):
        (case / "case.toml").write_text(top.replace("T16:00", f"T16:{5 * k:02d}"))
        (case / "market.toml").write_text(priced(market, price))
        words = ["--horizon", "10m", "--paths", "2", "--reports", str(reports)]
        codes.append(run(["check", str(case), *words]))
    return reports, codes


def priced(market: str, price: float) -> str:
    """market.toml with another price of SOL."""
    lines, inside = [], False
    for line in market.splitlines():
        starts = line.startswith(("[assets.SOL]", "[instruments.SOL-PERP]"))
        inside = starts or (inside and not line.startswith("["))
        named = line.split("=")[0].strip()
        change = inside and named in ("spot", "index", "oracle", "mark")
        lines.append(f"{named} = {price}" if change else line)
    return "\n".join(lines)


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["alerts", *map(str, words), "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


def test_each_report_is_2_while_its_limit_is_breached(day):
    assert day[1] == [2 if price > 121.13 else 0 for price in PRICES]


def test_a_limit_rings_once_and_again_only_after_it_was_cleared(day, capsys):
    code, found = answer(capsys, day[0])
    assert [(x["report"], x["kind"]) for x in found["events"]] == EXPECTED
    assert [x["name"] for x in found["standing"]] == ["size"]
    assert "SOL-PERP" in found["events"][0]["breacher"]
    assert code == 2


def test_since_a_report_only_what_came_after_it(day, capsys):
    _, found = answer(capsys, day[0], "--since", "5")
    assert [(x["report"], x["kind"]) for x in found["events"]] == EXPECTED[2:]
    seal = sorted(day[0].glob("000005-*"))[0].name[7:]
    assert answer(capsys, day[0], "--since", seal)[1]["events"] == found["events"]
    assert run(["alerts", str(day[0]), "--since", "nothing"]) == 1


def test_the_reports_themselves_say_what_was_new(day):
    reports = sorted(day[0].glob("*/report.json"))
    new = [
        (k, kind)
        for k, path in enumerate(reports, start=1)
        for kind in ("raised", "cleared")
        if json.loads(path.read_text())["alerts"][kind]
    ]
    assert new == EXPECTED
    assert verify_chain(day[0]) == (len(PRICES), [], [])


def test_the_page_answers_in_its_first_line(day, capsys):
    capsys.readouterr()
    assert run(["alerts", str(day[0])]) == 2
    printed = capsys.readouterr().out
    assert printed.startswith("▲ STANDING   1 alert stands after 6 reports: size")
    assert "CLEARED" in printed
    assert run(["alerts", str(day[0].parent)]) == 1
