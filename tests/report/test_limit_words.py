"""What the verdict says of limits: minima, breachers, what is not resolved, any number."""

from __future__ import annotations

from typing import Any

import pytest
from fake_result import fake_result

from seawall.report import findings, page, terminal
from seawall.report.verdict import verdict


def with_limits(*rows: dict[str, Any]) -> dict[str, Any]:
    usual = {
        "name": "mine",
        "measure": "dre",
        "number": None,
        "scope": "desk:harbour",
        "horizon_seconds": 86_400.0,
        "end": None,
        "value": 0.031,
        "low": None,
        "high": None,
        "limit": 0.05,
        "bound": "maximum",
        "unit": "fraction",
        "hysteresis": 0.1,
        "after": 1,
        "breached": False,
        "state": "within",
        "breacher": None,
    }
    result = fake_result()
    result["limits"] = [usual | row for row in rows]
    return result


COST = {
    "name": "Cost of leaving",
    "measure": "number",
    "number": "tail.desks[harbour].exit.exit_cost",
    "horizon_seconds": None,
    "value": 322e3,
    "limit": 300e3,
    "unit": "quote",
    "breached": True,
    "state": "breached",
}


def test_a_limit_on_a_number_is_called_by_its_name() -> None:
    said = verdict(with_limits(COST))
    assert said.sentence == "desk:harbour is over its limit: Cost of leaving 322k, limit 300k"
    assert said.exit_code == 2


def test_who_drives_a_breach_is_on_the_verdict_line() -> None:
    row = COST | {"breacher": "harbour/perp-main (HYPE-PERP long)"}
    result = with_limits(row)
    assert "driven by harbour/perp-main (HYPE-PERP long)" in terminal.render(result, 200)
    itself = with_limits(COST | {"breacher": "harbour"})
    assert "driven" not in verdict(itself).sentence


def test_a_minimum_is_fallen_below() -> None:
    row = COST | {"bound": "minimum", "value": 90.0, "limit": 100.0}
    result = with_limits(row)
    assert verdict(result).sentence.startswith("desk:harbour is below its limit")
    assert "is below its limit" in page.render(result)
    # 100 asked for, 90 there: 111% of the limit is used.
    assert findings.used(result["limits"][0]) == pytest.approx(100 / 90)
    assert "min" in terminal.render(result, 100)


def test_another_limit_that_is_not_resolved_leaves_the_verdict_not_proven() -> None:
    own = {"value": 0.031, "low": 0.0278, "high": 0.0346}
    loose = {
        "name": "Fund ruin",
        "measure": "fund_ruin",
        "scope": "venue:meridian",
        "value": 0.0,
        "low": 0.0,
        "high": 0.0088,
        "limit": 0.005,
        "state": "not resolved",
    }
    result = with_limits(own, loose)
    said = verdict(result)
    assert (said.word, said.exit_code) == ("NOT PROVEN", 0)
    assert "Fund ruin is 0.00%, its simulation interval reaches 0.88%" in said.sentence
    assert said.note == "1 of 2 limits not resolved, exit 0"
    assert "? not resolved" in terminal.render(result, 100)
    html = page.render(result)
    assert "Within limits, not proven" in html
    assert "one is not resolved" in html
    assert verdict(with_limits(own)).word == "WITHIN"


def test_the_heading_of_the_curve_names_no_victory_beside_a_breach() -> None:
    html = page.render(with_limits({}, COST))
    assert "DRE stays under its own limits; another limit is breached" in html
    reaches = page.render(with_limits({}))  # to 5.30%, over 5%
    assert "Within its limits by the estimate; the model interval reaches over one" in reaches
    assert "DRE stays under its limits" in page.render(with_limits({"limit": 0.06}))


def test_alerts_are_one_line_each() -> None:
    result = with_limits(COST)
    row = {key: result["limits"][0][key] for key in ("name", "measure", "value", "limit", "unit")}
    told = row | {"breacher": "harbour/loan", "since": "2026-01-30T16:00:00Z"}
    result["alerts"] = {"raised": [told], "cleared": [], "withdrawn": [], "standing": [told, told]}
    text = terminal.render(result, 100)
    assert text.count("▲ RAISED") == 1
    assert "Cost of leaving: 322k, limit 300k, driven by harbour/loan" in text
    assert "1 raised earlier still stands" in text
    html = page.render(result)
    assert "1 alert is new since the report before" in html
    assert "▲ raised</span> Cost of leaving: 322k, limit 300k, driven by harbour/loan" in html
    assert "1 raised earlier still stands." in html
    result["alerts"] = {key: [] for key in ("raised", "cleared", "withdrawn", "standing")}
    assert "none is new" in terminal.render(result, 100)
    assert "since the report before" not in page.render(result)


def test_an_alert_from_a_case_is_escaped_on_the_page() -> None:
    result = with_limits(COST | {"name": "<b>cost</b>"})
    row = result["limits"][0]
    result["alerts"] = {"raised": [], "cleared": [row], "withdrawn": [], "standing": []}
    html = page.render(result)
    assert "✓ cleared</span> &lt;b&gt;cost" in html
    assert "<b>cost" not in html


@pytest.mark.parametrize("width", [20, 40, 80, 100])
def test_no_line_of_the_alerts_is_too_wide(width: int) -> None:
    result = with_limits(COST | {"name": "a limit of a very long name " * 4})
    row = result["limits"][0] | {"since": "2026-01-30T16:00:00Z"}
    result["alerts"] = {"raised": [row], "cleared": [row], "withdrawn": [row], "standing": [row]}
    assert max(map(len, terminal.render(result, width).splitlines())) <= width
