"""L1, L4, L5, L6 and L7 with each impact law, with depth that leaves, linked venues, and all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l5_zero_impact import ALONE, hold
from test_l6_same_tape import CHUNKS, FILTER, WORLDS, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import run_case

from seawall.cascade.engine import PRICE_ONLY, Runs, path_worlds, prepare
from seawall.cascade.reference import run
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import join, select
from seawall.case import Case

few = settings(laws, max_examples=max(3, EXAMPLES // 6))

LADDER = [
    {"distance": 0.0, "size": 0.002},
    {"distance": 0.004, "size": 0.01},
    {"distance": 0.03, "size": 0.1},
]
IMPACT: dict[str, dict[str, Any]] = {
    "book_walk": {"rule": "book_walk", "bids": LADDER, "asks": LADDER[:2], "half_spread": 0.001},
    "amm": {"rule": "amm", "fee": 0.003},
    "concentrated_amm": {"rule": "concentrated_amm", "range": 0.02, "outside": 0.2, "fee": 5e-4},
}
DEPTH = {"thinning": 0.5, "refill_seconds": 600.0, "floor": 0.05}


def links(c: float = 1.0, capital: float = 100.0) -> dict[str, Any]:
    """Makers at the perpetuals venue, a pool at the options venue; capital that often binds."""
    perps = {"share": 0.3, "half_spread": 0.001, "capital_per_second": capital * c}
    options = {"share": 0.05, "half_spread": 0.003, "capital_per_second": 20.0 * c}
    return {"venues": {"perps": perps, "options": {**options, "quotes": "stand"}}}


def slots(name: str, c: float = 1.0) -> dict[str, Any]:
    if name in IMPACT:
        return {"impact": IMPACT[name]}
    if name == "depth":
        return {"depth": DEPTH}
    if name == "links":
        return {"links": links(c)}
    return {"impact": IMPACT["amm"], "depth": DEPTH, "links": links(c)}


def with_slots(case: Case, chosen: dict[str, Any]) -> Case:
    """The Case with these slots in its market, and no older key that contradicts them."""
    scenario = case.market.scenario
    scenario = replace(
        scenario,
        impact="linear" if "impact" in chosen else scenario.impact,
        thinning=0.0 if "depth" in chosen else scenario.thinning,
    )
    return replace(case, market=replace(case.market, scenario=scenario, mechanisms=chosen))


@pytest.mark.parametrize("name", [*IMPACT, "depth", "links", "all"])
def test_laws_hold_with(name: str) -> None:
    seen = {"moved": 0, "arbitrage": 0, "thin": 0}

    @few
    @given(recipes(deep=False, healthy=False))
    def check(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        case = with_slots(plain, slots(name))
        with watched():
            setup, tape, state = run_case(case, exogenous)
        fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        _, unfiltered, _ = run_case(case, exogenous, filtered=False)
        assert_same(tape, unfiltered, FILTER)
        parts = [run(setup, exogenous[a:b])[0] for a, b in ((0, 1), (1, 4))]
        assert_same(join(parts), tape, CHUNKS)
        twice = with_slots(scaled(plain, 2.0), slots(name, 2.0))
        _, other, _ = run_case(twice, exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        memory = state.market_memory
        seen["moved"] += int((tape.trough < exogenous.min(axis=1)).sum())
        if memory.links is not None:
            seen["arbitrage"] += int(memory.links.traded.sum())
        if memory.depth is not None:
            seen["thin"] += int((memory.depth.share < 1.0).sum())

    check()
    acts = {"depth": ["thin"], "links": ["arbitrage"], "all": list(seen)}.get(name, ["moved"])
    for what in acts:
        assert seen[what] > 0, f"{name}: nothing {what}, the test tests nothing"


@few
@given(recipes(**ALONE))
def test_without_impact_the_slots_change_nothing(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    case = with_slots(plain, slots("all"))
    setup, tape, state = run_case(case, exogenous)
    hold(setup, tape, state, case, exogenous)


@few
@given(recipes(layers=("fund", "socialised"), capital=1e4, borrowers=0))
def test_the_price_only_world_has_one_price(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    case = with_slots(plain, slots("all"))
    runs = Runs(np.arange(recipe.paths), np.zeros(recipe.paths, dtype=np.int64))
    setup, tape, state = run_case(case, exogenous, worlds=path_worlds((PRICE_ONLY,), runs))
    hold(setup, tape, state, case, exogenous)


@few
@given(recipes(deep=False))
def test_worlds_side_by_side(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    setup = prepare(with_slots(plain, slots("all")))
    depth, start = np.array([0.3, 1.0, np.inf, 2.5]), np.zeros(4, dtype=np.int64)
    fresh = np.array([False, True, True, False])
    whole, _ = run(setup, exogenous, worlds=PathWorlds(start, depth, fresh))
    for n in range(4):
        alone = PathWorlds(start[:1], depth[n : n + 1], fresh[n : n + 1])
        tape, _ = run(setup, exogenous[n : n + 1], worlds=alone)
        assert_same(select(whole, n, n + 1), tape, WORLDS)


@few
@given(recipes(deep=False))
def test_slots_that_never_act_change_no_bit(recipe: Recipe) -> None:
    """Depth that would leave at an excess no path has, links that name no venue."""
    plain, exogenous = build(recipe)
    plain = with_slots(plain, {})
    scenario = replace(plain.market.scenario, thinning=0.0)
    plain = replace(plain, market=replace(plain.market, scenario=scenario))
    _, one, _ = run_case(plain, exogenous)
    idle = {"links": {"venues": {}}, "depth": {**DEPTH, "thinning": 1e-300, "floor": 1.0}}
    _, other, _ = run_case(with_slots(plain, idle), exogenous)
    assert_same(one, other, FILTER)
