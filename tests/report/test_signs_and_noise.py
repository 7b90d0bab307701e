"""Signs and small amounts on the pages: rounding noise, gains, distances up, labels, sections."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_result import fake_result

from seawall.report import (
    charts,
    collateral_page,
    drawing,
    explain_page,
    findings,
    front_facts,
    loss_words,
    numbers,
    pageparts,
    pagesections,
    pagetables,
    pays_section,
    sections,
    since_section,
    tail_words,
)
from seawall.report.columns import Line
from seawall.report.fan_chart import fan_chart
from seawall.report.page import framed
from seawall.report.public import public_result
from seawall.report.remedy_part import remedy_part
from seawall.report.verdict import verdict


def told(lines: list[Line]) -> str:
    """The text of lines, spaces made plain."""
    text = " ".join("".join(span.text for span in line) for line in lines)
    return " ".join(text.replace("\xa0", " ").split())


def facts(result: dict[str, Any]) -> dict[str, front_facts.Fact]:
    """The facts by heading."""
    return {fact.heading: fact for fact in front_facts.facts(result)}


def paying(account: float, **more: float) -> dict[str, Any]:
    """The fake result with these payers."""
    result = fake_result()
    result["who_pays"] = dict.fromkeys(result["who_pays"], 0.0) | {"account": account} | more
    result["who_pays_loss"] = sum(result["who_pays"].values())
    result["who_pays_unconditional"] = result["who_pays"]
    return result


def test_rounding_noise_pays_nothing() -> None:
    """2.7e-12 beside 1.84M is none: not in the facts, not in the legend; 192 is 0.00M."""
    result = paying(1.84e6, fund=2.7e-12, backstop=-192.0)
    fact = facts(result)["Who pays"]
    assert fact.text == "Nobody else pays or gains of 1.84M."
    assert fact.big == "100% the desk"
    legend = told(pays_section.who_pays(result, 100)).partition("loss 1.84")[2]
    assert "fund" not in legend.partition("mean over")[0]
    rows = {row["name"]: row for row in pagetables.pays(result)["rows"]}
    assert not rows["Insurance fund"]["drawn"]
    small = findings.payer_amounts({"account": 3.0, "fund": 2.7e-12, "adl": 0.02}, "desk")
    assert [amount for _, _, amount in small] == [3.0, 0.0, 0.02]
    assert "Backstop vault earns 192k" in facts(paying(1.84e6, backstop=-192e3))["Who pays"].text


def test_a_negative_mean_loss_is_a_gain() -> None:
    """The tile, both tables, and why that can be."""
    result = fake_result()
    assert "Loss if it happens" in facts(result)
    assert not pageparts.survive(result)["why_gain"]
    result["dre"]["scopes"]["desk:harbour"]["expected_loss"][2] = -724e3
    fact = facts(result)["Gain if it happens"]
    assert fact.big == "724k"
    assert fact.text.endswith(loss_words.WHY_GAIN)
    assert pageparts.survive(result)["rows"][2]["loss"] == "gain 724k"
    text = told(sections.horizons(result, 100))
    assert "gain 724k" in text
    assert loss_words.WHY_GAIN in text


def test_a_sum_over_payers_that_is_a_gain_says_so() -> None:
    """Paid 0, gained 82.9k; and drawings have a true minus."""
    assert loss_words.balance(-82.9e3, 0.0, 82.9e3) == "gain 82.9k = gained 82.9k − paid 0"
    assert loss_words.balance(1e6, 3e6, 2e6) == "loss 1M = paid 3M − gained 2M"
    assert loss_words.balance(1e6, 1e6, 0.0) == "loss 1M"
    gains = paying(-82.9e3)
    assert "= -82.90, a gain" in told(pays_section.who_pays(gains, 100))
    assert "gain 82.9k = gained" in charts.stacked(
        [charts.Slice("desk", -82.9e3, "ink", None)], -82.9e3
    )
    assert pagetables.pays(gains)["unconditional"] == "gain 82.9k"
    assert ">−5%<" in drawing.lettering(1, 1, "-5%")


def test_what_is_not_proven_is_not_titled_as_proven() -> None:
    """The interval of one limit reaches over it."""
    result = fake_result()
    result["limits"] = result["limits"][1:2]
    result["limits"][0]["limit"] = 0.18  # DRE 7 d: model interval to 17.6%
    assert pageparts.survive(result)["finding"] == "DRE stays under its limits"
    result["limits"][0] |= {"state": "not resolved", "high": 0.19}
    assert verdict(result).word == "NOT PROVEN"
    assert pageparts.survive(result)["finding"].endswith("not proven")


def test_the_public_page_does_not_offer_to_verify_itself() -> None:
    """Who holds the full report can."""
    result = fake_result()
    result["manifest"]["seal"] = "ab" * 32
    (whole, public) = (framed(r, "", "") for r in (result, public_result(result)))  # type: ignore[arg-type]
    assert "recomputes it" in whole
    assert "recomputes it" not in public
    assert "Whoever holds the full report can verify it." in public


def test_a_published_row_without_a_number_says_so_once() -> None:
    """Its note is left out."""
    rows = [{"method": "historical", "note": "not known"}, {"method": "normal", "note": "no"}]
    said = tail_words.not_known({"rows": rows})
    assert said == ["historical: not known", "normal, a comparison: not known, no"]


def test_two_cases_of_one_moment_are_held_against_each_other_by_name() -> None:
    """No "since" the same moment."""
    one = {"name": "harbour", "as_of": "2026-01-29T16:00:00Z"}
    later, other = one | {"as_of": "2026-01-30T16:00:00Z"}, one | {"name": "lighter"}

    def said(before: dict[str, str], after: dict[str, str]) -> str:
        return since_section.since({"before": before, "after": after})

    assert said(one, later) == "Since 2026-01-29 16:00 UTC"
    assert said(other, one) == "Against lighter"
    assert said(one, one) == "Against the earlier Case of the same moment"


def test_another_day_has_its_date() -> None:
    """Not "+1d", which reads as a day more than 24 h."""
    assert explain_page._clock("2026-01-30T16:00:00Z", 3600.0) == "17:00"
    assert explain_page._clock("2026-01-30T16:00:00Z", 80_400.0) == "31 Jan 14:20"


def test_sentences_and_signs() -> None:
    """A finding begins with a capital; a distance up has its sign."""
    assert numbers.signed_percent(0.073, 1) == "+7.3%"
    assert numbers.signed_percent(-0.073, 1) == "-7.3%"
    assert numbers.signed_percent(None) == numbers.UNKNOWN
    assert collateral_page._gap({"cost": {"total": 5.0}, "gap": 0.0}).startswith("no other mix is")
    result = fake_result() | {"remedies": [], "remedy": None, "remedy_note": "no action helps"}
    html = remedy_part(result, lambda text, _: text, lambda *_: "")  # type: ignore[arg-type,return-value]
    assert "No action helps" in html
    assert pagesections.SECTIONS[4].question == "What would help?"


@pytest.mark.parametrize("price", [131.5, 104.31])
def test_the_deadline_s_label_keeps_away_from_the_liquidation_price(price: float) -> None:
    """A short's line runs along the top of the fan."""
    fan = fake_result()["fan"]
    one = fan["assets"]["SOL"]
    one["liquidation"]["price"] = price
    svg = fan_chart("SOL", fan, one, 15_000.0)
    due, own = (
        float(re.search(rf'y="([\d.]+)"[^>]*>[^<]*{word}', svg)[1])  # type: ignore[index]
        for word in ("remedy due", "liquidated at")
    )
    assert abs(due - own) >= 20


def test_a_short_is_told_of_a_rise() -> None:
    """The liquidation map's shock nearest to +10%; without one the fall."""
    result = fake_result()
    assert "A 10% fall of SOL becomes 13.4%" in facts(result)["Beyond price alone"].text
    result["first_to_break"][0] |= {
        "side": "short",
        "distance": {"fraction": 0.1, "daily_sigmas": 2},
    }
    assert "A 10% fall of SOL" in facts(result)["Beyond price alone"].text
    shocks = result["liquidation_map"]["assets"]["SOL"]["shocks"]
    shocks += [{"shock": 0.05, "ratio": 1.1}, {"shock": 0.1, "ratio": 1.5}]
    assert "A 10% rise of SOL becomes 15.0% (1.50x)" in facts(result)["Beyond price alone"].text
