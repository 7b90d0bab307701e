"""Terminal and page name the mechanisms in force, and the JSON holds them."""

from __future__ import annotations

from dataclasses import replace

from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.report import page, terminal


def test_mechanisms_in_force_are_named() -> None:
    case = sample_case(50)
    venue = next(iter(case.rulebooks))
    own = {"velocity": {"move": 0.06, "window_seconds": 600.0, "halt_seconds": 600.0}}
    rulebooks = {**case.rulebooks, venue: replace(case.rulebooks[venue], mechanisms=own)}
    impact = {"impact": {"rule": "amm", "fee": 0.003}}
    case = replace(case, rulebooks=rulebooks, market=replace(case.market, mechanisms=impact))
    result = check(case, horizon_seconds=3_600.0, paths=20)
    named = {venue: {"velocity": "velocity"}, "market": {"impact": "amm"}}
    assert result["case"]["mechanisms"] == named
    sentence = f"Mechanisms: {venue} velocity; market impact amm."
    shown = " ".join(terminal.render(result, width=100, colour=False).split())
    assert sentence in shown
    assert sentence in page.render(result)


def test_without_any_nothing_is_said() -> None:
    result = check(sample_case(50), horizon_seconds=3_600.0, paths=20)
    assert result["case"]["mechanisms"] == {}
    assert "Mechanisms:" not in terminal.render(result, width=100, colour=False)
