"""The page of one screen: short, in the order of a morning; nothing that decides is left out."""

from __future__ import annotations

from typing import Any

import pytest
from fake_result import fake_result, limit, without_desk
from test_narrow_terminal import with_tail

from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.report import findings, page, terminal
from seawall.report.model_reach import model_reach
from seawall.report.terminal_blocks import BLOCKS
from seawall.report.verdict import verdict

# The invented result has one remedy more than the sample, and two lines about limits.
MOST = 78
MOST_OF_THE_SAMPLE = 75


def last(result: dict[str, Any], width: int = 200) -> str:
    return terminal.render(result, width).splitlines()[-1]


def held(bound: float, model_high: float) -> dict[str, Any]:
    """DRE 24 h 3.10%, simulation interval to 3.46%, held to ``bound``."""
    result = fake_result()
    entry = result["dre"]["scopes"]["desk:harbour"]
    at = result["dre"]["horizons_seconds"].index(86400)
    entry["model_high"][at] = model_high
    result["limits"] = [limit("DRE 24 h", "dre", "desk:harbour", 86400, 0.031, bound)]
    return result


def test_one_screen_has_no_more_lines_than_one_reads_at_seven() -> None:
    assert len(terminal.render(fake_result(), 100).splitlines()) <= MOST
    assert len(terminal.render(with_tail(), 100).splitlines()) <= MOST
    whole = terminal.render_whole(with_tail(), 100)
    assert len(whole.splitlines()) > MOST


@pytest.mark.slow
def test_the_sample_fits_one_screen() -> None:
    text = terminal.render(check(sample_case()), 100)
    assert len(text.splitlines()) <= MOST_OF_THE_SAMPLE
    # What decides is on the first half of it.
    for title in ("── Limits", "── Remedies"):
        assert len(text[: text.index(title)].splitlines()) <= MOST_OF_THE_SAMPLE * 0.6


def test_the_last_line_names_what_is_left_out_and_where_it_stands() -> None:
    said = last(with_tail())
    for name in ("tail", "P&L grid", "price fan", "amplification"):
        assert name in said.split(": ")[1]
    assert said.endswith("--full or --html FILE")
    assert "Left out" not in terminal.render_whole(with_tail(), 200)
    # How a number was made is told behind --full.
    assert "not interpolated" in terminal.render_whole(with_tail(), 200)
    assert "not interpolated" not in terminal.render(with_tail(), 200)
    # What has nothing to say is not called left out.
    assert "P&L grid" not in last(without_desk())


def test_every_section_is_on_the_whole_page() -> None:
    whole = terminal.render_whole(with_tail(), 100)
    for title in ("── Tail:", "── P&L of desk:harbour", "── Price of SOL", "── Amplification of"):
        assert title in whole
        assert title not in terminal.render(with_tail(), 100)


@pytest.mark.parametrize(
    ("measure", "number", "title"),
    [
        ("var_99", None, "── Tail:"),
        ("number", "tail.desks[harbour].exit.exit_cost", "── Tail:"),
        ("number", "pnl_grid.desks[harbour].change", "── P&L of desk:harbour"),
        ("number", "system.amplification.SOL[-0.10]", "── Amplification of"),
        ("number", "fan.assets.SOL.lowest_low", "── Price of SOL"),
    ],
)
def test_a_section_with_a_limit_of_its_own_stays(
    measure: str, number: str | None, title: str
) -> None:
    result = with_tail()
    assert title not in terminal.render(result, 100)
    mine = limit("mine", measure, "desk:harbour", 86400, 1.0, 2.0) | {"number": number}
    result["limits"].append(mine)
    assert title in terminal.render(result, 100)


def test_a_protocol_keeps_what_it_came_for() -> None:
    result = without_desk()
    for one in (result["system"], *result["system"]["venues"].values()):
        for key in ("value_at_risk", "liquidations_at_risk"):
            one[f"{key}_low"], one[f"{key}_high"] = 0.9 * one[key], 1.1 * one[key]
    assert "── Protocol at risk" in terminal.render(result, 100)
    with_desk = fake_result()
    with_desk["system"] = result["system"]
    assert "── Protocol at risk" not in terminal.render(with_desk, 100)
    assert "liquidations at risk 148M" in terminal.render(with_desk, 100)


def test_counterparties_stay_where_one_may_fail_or_was_asked_to() -> None:
    block = next(block for block in BLOCKS if block.name == "counterparties")
    result = fake_result()
    for found, stays in (
        (None, False),
        ({"expected_loss": None, "remove_one": None}, False),
        ({"expected_loss": 12.0, "remove_one": None}, True),
        ({"expected_loss": None, "remove_one": [{"venue": "meridian"}]}, True),
    ):
        assert block.on_short(result | {"counterparty": found}) is stays


def test_a_remedy_takes_two_lines_and_says_the_same_as_before() -> None:
    text = terminal.render(fake_result(), 100).split("── Remedies")[1].splitlines()
    first = next(n for n, line in enumerate(text) if line.startswith("  1 "))
    assert text[first] == "  1 add 620,000 USDC to harbour/perp-main"
    assert text[first + 1].startswith("    DRE 1.92%")
    assert "by 20:19 UTC" in text[first + 1]
    assert text[first + 2].startswith("  2 ")


def test_within_though_the_model_interval_reaches_over_the_limit() -> None:
    said = verdict(held(0.05, 0.053))
    assert (said.word, said.exit_code) == ("WITHIN", 0)
    assert said.sentence == (
        "desk:harbour: DRE 24 h 3.10%, limit 5.00%, but the model interval reaches over the limit"
    )
    text = terminal.render(held(0.05, 0.053), 100)
    assert "within *" in text
    assert "* within by the estimate; the model interval reaches over the limit" in text
    html = page.render(held(0.05, 0.053))
    assert "But the model interval reaches over the limit." in html
    assert "the model interval reaches 5.30%" in html


def test_within_with_the_model_interval_too_says_nothing_of_it() -> None:
    said = verdict(held(0.05, 0.049))
    assert said.sentence.startswith("desk:harbour is within its limits: DRE 24 h 3.10%")
    assert said.reach == ""
    assert " *" not in terminal.render(held(0.05, 0.049), 100).split("── Limits")[1].split("──")[0]


def test_the_model_interval_of_another_limit_is_named() -> None:
    result = held(0.08, 0.053)
    entry = result["dre"]["scopes"]["venue:meridian"]
    entry["model_high"] = [None, None, 0.0061, None]
    ruin = limit("Fund ruin", "fund_ruin", "venue:meridian", 86400, 0.0024, 0.005)
    result["limits"].append(ruin)
    assert model_reach(result, ruin) == 0.0061
    assert verdict(result).reach == "the model interval of Fund ruin reaches over its limit"


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({}, 0.053),
        ({"breached": True}, None),
        ({"value": None}, None),
        ({"measure": "model_high"}, None),
        ({"end": "high"}, None),
        ({"horizon_seconds": 1.0}, None),
        ({"scope": "desk:nobody"}, None),
        ({"limit": 0.06}, None),
        # 1.7 to 5.3%, held to be at least 2%.
        ({"bound": "minimum", "limit": 0.02}, 0.017),
    ],
)
def test_whose_model_interval_reaches_over(change: dict[str, Any], end: float | None) -> None:
    row = held(0.05, 0.053)["limits"][0] | change
    assert model_reach(held(0.05, 0.053), row) == end
    assert findings.limit_state(row) in ("within", "near", "breached", "no value")
