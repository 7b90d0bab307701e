"""Concerted against independent behaviour: same chances, other company."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.mechanism.behaving import behaviours, in_concert, with_assumed
from seawall.mechanism.concert import concert


def crowd(slots: dict[str, Any], depth: float) -> Case:
    """Twenty longs at five times their equity."""
    traders = [Trader("perps", [Held("COIN-P", 10.0, 100.0)], {QUOTE: 200.0}) for _ in range(20)]
    rules = perpetuals_venue(mechanisms=slots)
    return tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0, depth)}
    )


STOPS = {"stops": {"share": 1.0, "median": 0.01, "log_sd": 0.5}}


def test_without_impact_concert_moves_no_mean_and_fattens_the_tail() -> None:
    # Each stop is met with the same chance either way, so what owners sell is equal in the mean;
    # in concert all sell or none: the worst paths sell more.
    case = crowd(STOPS, float("inf"))
    found = concert(case, horizon_seconds=3_600.0, paths=600)["numbers"]
    gap = found["sold_by_owners"]["difference"]
    assert gap["low"] < 0.0 < gap["high"]
    assert found["sold_by_owners"]["independent"]["value"] > 0.0
    assert found["sold_by_owners_tail"]["difference"]["low"] >= 0.0
    assert found["trough"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_with_impact_stops_in_concert_fall_further_in_the_tail() -> None:
    case = crowd(STOPS, 100_000.0)
    found = concert(case, horizon_seconds=3_600.0, paths=300)["numbers"]
    assert found["trough_tail"]["concerted"]["value"] > 0.0
    row = found["trough"]["difference"]
    assert row["low"] <= row["value"] <= row["high"]
    assert row["value"] != 0.0


def test_a_case_without_a_desk_has_the_dre_of_its_venues() -> None:
    # Forty times the volatility: longs who sit still leave bad debt, and no fund stands before it.
    case = crowd({"delever": {"trigger": 50.0, "target": 10.0, "probability": 0.0}}, 1e5)
    found = concert(case, horizon_seconds=3_600.0, paths=20, volatility=40.0)
    row = found["numbers"]["dre protocol"]
    debt = found["numbers"]["bad_debt"]
    assert "dre protocol_tail" not in found["numbers"]
    for way in ("independent", "concerted"):
        assert (row[way]["value"] > 0.0) == (debt[way]["value"] > 0.0)
    assert row["independent"]["value"] > 0.0


def test_assumed_behaviour_goes_where_there_is_room() -> None:
    case = with_assumed(sample_case(10), ["top_up", "delever", "stops", "run"])
    assert behaviours(case) == {
        "causeway": ("top_up", "run"),
        "meridian": ("top_up", "delever", "stops", "run"),
        "sextant": ("top_up", "delever", "stops"),
    }
    assert case.rulebooks["causeway"].mechanisms["run"]["rule"] == "pool"
    assert in_concert(case, 1.0).rulebooks["meridian"].mechanisms["stops"]["concert"] == 1.0
    own = {"top_up": {"trigger": 9.0, "restore": 9.0, "budget": 1.0}}
    rules = {"meridian": replace(case.rulebooks["meridian"], mechanisms=own)}
    kept = with_assumed(replace(case, rulebooks=rules), ["top_up"])
    assert kept.rulebooks["meridian"].mechanisms == own


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(InputError, match="how accounts behave"):
        concert(crowd({}, 1e5))
    with pytest.raises(InputError, match="'stop'"):
        with_assumed(sample_case(10), ["stop"])
    case = crowd(STOPS, 1e5)
    total = replace(case.market.scenario, label="total")
    with pytest.raises(InputError, match="labelled total"):
        concert(replace(case, market=replace(case.market, scenario=total)))
