"""The terminal page: answer first, never wider than asked, never None, never colour alone."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from fake_result import PATHS, breaking, fake_result, limit, without_desk

from seawall.report import numbers, terminal

WIDTHS = (20, 37, 60, 79, 80, 81, 95, 96, 100, 120, 200)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def cells(line: str) -> int:
    """Terminal cells by the Unicode standard, without the layout code's own table."""
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in line
    )


def odd_names() -> dict[str, Any]:
    result = fake_result()
    names = [
        "帳戶/主要戶口甲乙丙丁戊",
        "é" * 30,
        "<script>alert(1)</script>",
        "a\x1b[31mred\nnew line",
        "rtl\u202eevil",
        "0x" + "f" * 400,
        "[bold]not markup[/bold]",
        "",
    ]
    result["first_to_break"] = [
        breaking(name, name, "liquidation", "long", "帳", 5, 1e-9, -0.5, 2.0) for name in names
    ]
    for row, name in zip(result["concentration"], names, strict=False):
        row["account"] = row["instrument"] = name
    result["limits"][0]["name"] = names[0] * 5
    result["case"]["name"] = names[3]
    return result


def many_rows() -> dict[str, Any]:
    result = fake_result()
    result["first_to_break"] = [
        breaking(f"crowd/{n}", "SOL-PERP", "liquidation", "long", "SOL", 1, 104.0, -0.1, 2.0)
        for n in range(300)
    ]
    result["concentration"] *= 40
    result["warnings"] = [f"Warning number {n}." for n in range(40)]
    result["system"]["venues"] = {
        f"v{n}": result["system"]["venues"]["meridian"] for n in range(30)
    }
    return result


def all_null() -> dict[str, Any]:
    result = fake_result()
    for entry in result["dre"]["scopes"].values():
        for key in (
            "model_low",
            "model_high",
            "expected_loss",
            "expected_shortfall",
            "expected_shortfall_level",
            "parts",
        ):
            entry[key] = [None] * 4
    for row in result["concentration"]:
        row.update(
            dict.fromkeys(("open_interest_share", "depth_multiple", "days_to_exit", "exit_cost"))
        )
    for row in result["first_to_break"]:
        row.update(liquidation_price=None, distance=None)
    for row in result["limits"]:
        row.update(value=None, breached=False)
    system = result["system"]
    for venue in system["venues"].values():
        venue.update(dict.fromkeys(venue))
    for grid in system["amplification"].values():
        grid[0]["ratio"] = None
    result["remedy"].update(cost=None, deadline_seconds=None, low_after=None, high_after=None)
    return result


def extreme() -> dict[str, Any]:
    result = fake_result()
    result["concentration"][0].update(
        notional=3.3e21,
        days_to_exit=1e9,
        depth_multiple=1e8,
        exit_cost=1e-12,
        open_interest_share=400.0,
    )
    result["who_pays"]["account"] = 1e30
    result["who_pays_loss"] = 1e30
    result["limits"][0].update(value=1e9, limit=1e-9)
    result["first_to_break"][0]["liquidation_price"] = 4.2e-15
    result["remedy"]["amount"] = 1e25
    result["paths"] = 10**9
    return result


CASES = {
    "usual": fake_result,
    "no desk": without_desk,
    "odd names": odd_names,
    "many rows": many_rows,
    "nulls": all_null,
    "extreme": extreme,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_asked(name: str, width: int) -> None:
    for render in (terminal.render, terminal.render_whole):
        for line in render(CASES[name](), width).splitlines():
            assert cells(line) <= width, line


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [80, 100])
def test_no_null_and_no_control_sign_is_printed(name: str, width: int) -> None:
    text = terminal.render(CASES[name](), width) + terminal.render_whole(CASES[name](), width)
    assert not re.search(r"\b(None|nan|inf)\b", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert text.endswith("\n")


@pytest.mark.parametrize("name", CASES)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    plain = terminal.render(CASES[name](), 100, colour=False)
    coloured = terminal.render(CASES[name](), 100, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured) == plain


def test_the_first_three_lines_hold_the_answer() -> None:
    lines = terminal.render(fake_result(), 100).splitlines()
    assert lines[0].startswith("▲ BREACH    desk:harbour is over its limit: DRE 24 h 3.10%, limit")
    assert "1 of 7 limits, exit 2" in lines[0]
    assert "model 95% 1.7 to 5.3%" in lines[1]
    assert "simulation 95% 2.78 to 3.46%" in lines[1]
    assert "harbour/perp-main, by its SOL-PERP long: 104.31 is -11.9%, 2.7 daily" in lines[2]


def test_sections_come_in_the_agreed_order() -> None:
    text = terminal.render(fake_result(), 100)
    order = [
        "BREACH",
        "DRE 24 h",
        "First ",
        "Case ",
        "── First to break",
        "── DRE by horizon",
        "Parts of DRE",
        "crowd leverage light / base / heavy",
        "── Limits",
        "── Remedies",
        "── Who pays",
        "meridian: bad debt",
        "── Liquidation map of SOL",
        "── Concentration",
        "Any number: seawall define NAME",
        "Left out: ",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_who_pays_is_printed_as_a_sum_that_holds() -> None:
    text = terminal.render(fake_result(), 100)
    line = next(x for x in text.splitlines() if "= loss" in x)
    assert line.strip() == (
        "desk 1.84 + fund 0.29 + backstop 0.21 + ADL 0.06 + socialised 0.02 - keepers 0.11"
        " = loss 2.31"
    )


def test_few_paths_are_said_and_not_estimated() -> None:
    text = terminal.render(fake_result(), 100)
    row = next(x for x in text.splitlines() if x.startswith("  1 h "))
    assert "12 paths" in row
    nothing = terminal.render(without_desk(), 100)
    assert "DRE 24 h  <0.04%" in nothing
    assert "nothing breaks within 24 h on any of 10,000 paths" in nothing
    assert "0.00%  " not in nothing


def test_verdict_names_another_breach_when_the_headline_is_within() -> None:
    result = fake_result()
    result["limits"] = [
        limit("DRE", "dre", "desk:harbour", 86400, 0.031, 0.05),
        limit("Ruin", "fund_ruin", "venue:meridian", 86400, 0.0070, 0.005),
    ]
    first = terminal.render(result, 100).splitlines()[0]
    assert first.startswith("▲ BREACH    venue:meridian is over its limit: fund ruin 24 h 0.70%")
    result["limits"].pop()
    result["limits"][0]["limit"] = 0.06  # above the model interval's end, 5.30%
    first = terminal.render(result, 100).splitlines()[0]
    assert first.startswith(
        "✓ WITHIN    desk:harbour is within its limits: DRE 24 h 3.10%, limit 6"
    )
    assert first.endswith("1 limit, exit 0")


def test_a_limit_without_a_value_is_not_called_kept() -> None:
    first = terminal.render(all_null(), 100).splitlines()[0]
    assert first.startswith("? NOT KNOWN")
    assert "WITHIN" not in first


def test_a_severity_without_paths_enough_does_not_hide_the_verdict() -> None:
    result = fake_result()
    scope = result["dre"]["scopes"]["desk:harbour"]
    at = result["dre"]["horizons_seconds"].index(86400)
    scope["impaired_paths"][at] = 8
    result["limits"] = [
        limit("DRE", "dre", "desk:harbour", 86400, 0.031, 0.05),
        limit("ES", "expected_shortfall", "desk:harbour", 86400, None, 6.5e6),
    ]
    text = terminal.render(result, 100)
    first = " ".join(text.splitlines()[:2])
    assert first.startswith("✓ WITHIN")
    assert "1 of 2 limits held, 1 without a value, exit 0" in first
    line = text.split("── Limits")[1].splitlines()[1]  # no value stands before what is within
    assert "8 paths" in line
    assert "? no value" in line


def test_a_model_interval_without_a_case_is_not_printed_as_certainty() -> None:
    assert numbers.model_interval(0.0, 0.0, 0.0096) == "0 to <1%"
    assert numbers.model_interval(0.0, 0.02, 0.0095) == "0 to 2.0%"
    assert numbers.model_interval(None, None, 0.0095) == "-"


def test_repaying_is_said_as_repaying() -> None:
    result = fake_result()
    result["remedy"] |= {"action": "repay", "amount": 620_000.0, "asset": "USDC"}
    text = terminal.render(result, 100)
    assert "repay 620,000 USDC in" in text
    assert result["remedy"]["account"] in text


def test_a_total_alone_is_no_table_of_parts() -> None:
    result = fake_result()
    for scope in result["dre"]["scopes"].values():
        scope["parts"] = [{"total": 0.031}] * len(result["dre"]["horizons_seconds"])
    assert "Parts of DRE" not in terminal.render(result, 100)


def test_long_lists_end_in_a_count_and_every_breached_limit_is_shown() -> None:
    text = terminal.render_whole(many_rows(), 100)
    assert "and 292 more, 2.92% together" in text
    assert "and 32 more in the JSON" in text
    assert "v0, v1, v2, v3 and 26 more: bad debt" in text
    short = terminal.render(many_rows(), 100)
    assert "and 295 more, 2.95% together" in short
    assert "and 35 more in the JSON" in short
    result = fake_result()
    result["limits"] = [limit(f"L{n}", "dre", "desk:harbour", 86400, 1.0, 0.5) for n in range(50)]
    assert terminal.render(result, 100).count("▲ BREACHED") == 50


def test_warnings_and_the_note_without_a_remedy_are_printed() -> None:
    result = fake_result()
    result["remedy"] = None
    result["remedy_note"] = "No single action was found."
    text = terminal.render(result, 100)
    assert "! 2 open-interest figures are older" in text
    assert "No single action was found." in text


def test_a_row_that_never_broke_first_says_so() -> None:
    result = fake_result()
    result["first_to_break"][0].update(paths=0, probability=0.0)
    line = terminal.render(result, 100).split("── First to break")[1].splitlines()[2]
    assert "liquidation 0 paths " in line
    assert PATHS == 10_000


def test_within_but_not_proven_when_the_interval_reaches_beyond_the_limit() -> None:
    """1 path of 1: DRE 0, but its interval ends at 79%; a green tick would prove nothing."""
    result = fake_result()
    scope = result["dre"]["scopes"]["desk:harbour"]
    at = result["dre"]["horizons_seconds"].index(86400)
    scope["probability"][at], scope["low"][at], scope["high"][at] = 0.0, 0.0, 0.79
    scope["impaired_paths"][at] = 0
    result["limits"] = [limit("DRE", "dre", "desk:harbour", 86400, 0.0, 0.02)]
    first = " ".join(terminal.render(result, 100).splitlines()[:3])
    assert "NOT PROVEN" in first
    assert "interval reaches 79.00%" in first


@pytest.mark.parametrize("width", [60, 80, 90, 100])
def test_the_strike_of_an_option_that_breaks_first_is_not_cut(width: int) -> None:
    """Two strikes of one expiry, cut in the middle, would be the same leg."""
    result = fake_result()
    result["first_to_break"][0].update(paths=0, probability=0.0)
    part = terminal.render(result, width).split("── First to break")[1].split("\n──")[0]
    assert "BTC-27FEB26-76000-P" in part


def test_what_breaks_first_without_a_leg_is_the_account_alone() -> None:
    result = fake_result()
    result["first_to_break"] = [breaking("harbour/perp-main", "", "claims_lost", "", "", 9)]
    line = next(x for x in terminal.render(result, 100).splitlines() if "First " in x)
    assert "harbour/perp-main: claims lost" in line and "by its" not in line
