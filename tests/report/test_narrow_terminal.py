"""The terminal page at 80 columns: the answer in three lines, no strike cut, no level left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_result import breaking, fake_result, scope, without_desk

from seawall.report import page, pagetables, terminal


def with_tail() -> dict[str, Any]:
    """The invented result with a tail of six numbers a method, each with its interval."""
    result = fake_result()

    def row(method: str, base: float) -> dict[str, Any]:
        values = [base * x for x in (1.0, 1.3, 1.9)]
        low, high = [x * 0.8 for x in values], [x * 1.2 for x in values]
        kinds = ("value_at_risk", "expected_shortfall")
        ends = {f"{kind}_low": low for kind in kinds} | {f"{kind}_high": high for kind in kinds}
        counts = {"observations": 10_000, "beyond": [500.0, 250.0, 100.0], "note": None}
        return {"method": method, **counts, **dict.fromkeys(kinds, values), **ends}

    result["tail"] = {
        "levels": [0.95, 0.975, 0.99],
        "horizon_seconds": 86400.0,
        "judged_periods": 250,
        "history": None,
        "desks": [
            {
                "owner": "harbour",
                "windows": None,
                "rows": [row("monte_carlo", 1.36e6), row("filtered_historical", 1.03e6)],
                "by_horizon": [],
                "exit": {
                    "assets": [], "exit_cost": None, "spread_cost": 50.6e3, "spread_unknown": [],
                },
            }
        ],
    }  # fmt: skip
    return result


@pytest.mark.parametrize("width", [80, 100])
def test_the_answer_is_in_the_first_three_lines(width: int) -> None:
    lines = terminal.render(fake_result(), width).splitlines()
    assert lines[0].startswith(
        "▲ BREACH    desk:harbour is over its limit: DRE 24 h 3.10%, limit 2"
    )
    assert lines[1].startswith("  DRE 24 h  3.10%   model 95% 1.7 to 5.3%")
    assert lines[2].startswith(
        "  First     harbour/perp-main, by its SOL-PERP long: 104.31 is -11.9%"
    )
    assert lines[3].startswith("  Case ")
    head = "\n".join(lines[:6])
    assert "1 of 7 limits, exit 2" in head


@pytest.mark.parametrize("width", [80, 90, 100])
def test_every_level_of_the_tail_is_printed(width: int) -> None:
    text = terminal.render_whole(with_tail(), width)
    for level in ("95%", "97.5%", "99%"):
        assert f"VaR {level}" in text
        assert f"ES {level}" in text
    assert text.count("1.09 to 1.63") == 2


@pytest.mark.parametrize("width", [80, 100])
def test_no_strike_is_cut(width: int) -> None:
    result = fake_result()
    result["concentration"][0].update(instrument="BTC-27FEB26-76000-P", side="short")
    result["concentration"][1].update(account="harbour/another-account")
    text = terminal.render(result, width)
    block = text.split("── Concentration")[1].split("\n\n")[0]
    assert "BTC-27FEB26-76000-P" in block
    first = text.split("── First to break")[1].split("\n\n")[0]
    assert "76000" in first


def test_few_paths_are_counted_and_not_called_percent() -> None:
    result = fake_result()
    one = breaking("a", "SOL-PERP", "liquidation", "long", "SOL", 2)
    two = breaking("b", "ETH-PERP", "liquidation", "long", "ETH", 1)
    for rows, words in (
        ([one], "a breaks first on both impaired paths"),
        ([two], "b breaks first on the one impaired path"),
        ([one, two], "a breaks first on 2 of 3 impaired paths"),
    ):
        result["first_to_break"] = rows
        assert pagetables.first(result)["finding"] == words
        assert words in page.render(result)
    result["first_to_break"] = fake_result()["first_to_break"]
    assert re.search(r"breaks first in 7\d% of the cases", pagetables.first(result)["finding"])


def test_a_protocol_without_a_desk_names_the_venue_that_breaks_and_not_nothing() -> None:
    """No desk, so no account is named; but 1.5% is not "nothing breaks"."""
    result = without_desk()
    result["dre"]["scopes"] = {
        "venue:meridian": scope([0, 0, 150, 300], "bad debt above the fund"),
        "venue:causeway": scope([0, 0, 0, 10], "bad debt above the reserve"),
        "protocol": scope([0, 0, 150, 310], "bad debt above the insurance layer"),
    }
    line = terminal.render(result, 100).splitlines()[2]
    assert line.startswith("  First     venue:meridian breaks most often: 1.50% within 24 h")
    html = page.render(result)
    assert "<b>venue:meridian</b> breaks most often" in html
    assert "Nothing breaks" not in html


def test_one_path_is_one_path() -> None:
    result = without_desk()
    result["paths"] = 1
    assert "1 paths" not in terminal.render(result, 100)
    text = re.sub(r"<[^>]*>", "", page.render(result).split("</style>")[1])
    assert "1 paths" not in text.split("Assumptions")[0]


def test_the_flag_counts_the_limits_that_have_no_value() -> None:
    result = fake_result()
    for row in result["limits"][:5]:
        row.update(value=None, breached=False)
    flag = page.render(result).split('<p class="state')[1].split("</p>")[0]
    assert "A limit has no value</b>5 of 7 limits" in flag


def test_dre_that_no_path_reached_stays_below_its_bound() -> None:
    assert "DRE stays below 0.04% up to 7 d" in page.render(without_desk())


def test_who_drives_a_breach_does_not_push_the_answer_down() -> None:
    result = fake_result()
    for row in result["limits"]:
        row["breacher"] = "harbour/perp-main (HYPE-PERP long)"
    wide = terminal.render(result, 200).splitlines()
    assert "driven by harbour/perp-main (HYPE-PERP long)" in wide[0]
    lines = terminal.render(result, 100).splitlines()
    assert lines[1].startswith("  DRE 24 h  3.10%")
    assert lines[2].startswith("  First ")
    assert "driven by harbour/perp-main (HYPE-PERP long)" in " ".join(lines[3:6])
