"""Elasticities of a crowd's numbers: signs and sizes that are known, and what has none."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.foundation.errors import InputError
from seawall.market.state import InstrumentState
from seawall.mechanism.crowd_sensitivity import changes, sensitivities
from seawall.mechanism.paired_runs import Plan
from seawall.venues import Tier

PLAN = Plan(paths=60, steps=48, seed=2)


def crowded(depth: float = float("inf"), desk: bool = False) -> Case:
    mix = LeverageMix(10.0, 0.6)
    spec = CrowdSpec("v", 100, 5, {"base": mix}, long_share={"X-PERP": 0.5}, size_log_sd=1.0)
    traders = [Trader("v", [Held("X-PERP", 1.0, 1.0)], {"USD": 0.2}, owner="d")] if desk else []
    return tiny_case(
        traders,
        [perpetual("X-PERP", "X")],
        {"v": perpetuals_venue(("fund",), fund=1e12, tiers=(Tier(0.0, 50.0, 0.01),))},
        {"X": coin(1.0, depth, volatility=2.0)},
        states={"X-PERP": InstrumentState(open_interest=1e6)},
        step_seconds=900.0,
        crowds=(spec,),
    )


def test_liquidations_are_proportional_to_open_interest_where_nothing_moves_the_price() -> None:
    """Infinite depth: everybody's size doubles and nobody's liquidation price moves."""
    found = sensitivities(crowded(), PLAN)
    rows = {row["number"]: row["elasticity"] for row in found["rows"]}
    interest = rows["open interest (all, x)"]["liquidated"]
    assert interest["value"] == pytest.approx(1.0, abs=1e-9)
    assert interest["high"] - interest["low"] < 1e-6
    # More leverage, more liquidations, on every resample.
    assert rows["median leverage"]["liquidated"]["low"] > 0.0
    assert found["base"]["liquidated"] > 0.0


def test_a_share_that_meets_its_bound_is_divided_by_what_it_moved() -> None:
    """0.95 x 1.15 is 1.09, and 0.99 the most: the factors are 0.99 / 0.95 and 1 / 1.15."""
    case = crowded()
    steep = replace(case, crowds=(replace(case.crowds[0], long_share={"X-PERP": 0.95}),))
    (change,) = [one for one in changes(steep) if one.number == "long share (mean)"]
    assert change.reached(1.15) == pytest.approx(0.99 / 0.95)
    assert change.reached(1.0 / 1.15) == pytest.approx(1.0 / 1.15)
    scaled = change.scaled(1.15).crowds[0].long_share
    assert scaled == {"X-PERP": 0.99}
    assert all(one.reached(1.15) == 1.15 for one in changes(case))


def test_what_never_happens_has_no_elasticity() -> None:
    calm = crowded()
    still = replace(
        calm,
        market=replace(calm.market, assets={**calm.market.assets, "X": coin(1.0, volatility=0.01)}),
    )
    found = sensitivities(still, PLAN)
    assert found["base"] == {"dre": 0.0, "bad_debt": 0.0, "liquidated": 0.0}
    assert all(v is None for row in found["rows"] for v in row["elasticity"].values())


def test_the_same_plan_gives_the_same_numbers_and_feedback_raises_the_desks_risk() -> None:
    case, plan = crowded(depth=2e6, desk=True), Plan(paths=30, steps=24, seed=2)
    told: list[float] = []
    found = sensitivities(case, plan)
    assert found == sensitivities(case, plan, progress=lambda share, text: told.append(share))
    assert told == sorted(told) and told[0] == 0.0 and len(told) == 1 + len(found["rows"])
    rows = {row["number"]: row["elasticity"] for row in found["rows"]}
    assert rows["open interest (all, x)"]["dre"]["high"] >= 0.0
    assert found["base"]["dre"] > 0.0


def test_every_number_is_moved_alone() -> None:
    case = crowded()
    (spec,) = case.crowds
    for change in changes(case):
        (other,) = change.scaled(2.0).crowds
        differs = sum(
            getattr(spec, name) != getattr(other, name)
            for name in ("leverage", "size_log_sd", "long_share", "total_debt")
        )
        states = change.scaled(2.0).market.instruments
        differs += states["X-PERP"].open_interest != 1e6
        assert differs == 1, change.number
        assert change.scaled(1.0).crowds == case.crowds


def test_a_case_without_a_crowd_and_a_step_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="has no generated crowd"):
        sensitivities(replace(crowded(), crowds=()), PLAN)
    with pytest.raises(InputError, match="a step of 0"):
        sensitivities(crowded(), PLAN, 0.0)


def test_every_change_is_of_its_own_crowd() -> None:
    case = crowded()
    first = case.crowds[0]
    both = replace(
        case, crowds=(first, replace(first, venue="w", leverage={"base": LeverageMix(3.0, 0.4)}))
    )
    # All at once, as the study asks for them: a change must not follow the walk to the last crowd.
    found = [one for one in list(changes(both)) if one.number == "median leverage"]
    for place, change in enumerate(found):
        scaled = change.scaled(2.0).crowds
        medians = [spec.leverage["base"].median for spec in scaled]
        assert medians == [20.0 if place == 0 else 10.0, 6.0 if place == 1 else 3.0]
        assert [spec.venue for spec in scaled] == ["v", "w"]
