"""L1, L4, L5, L6 and L7 with hedgers, with makers, with both, and beside links and a book walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from random_cases import Recipe, build, recipes
from test_l1_exact_ledger import EXACT, settled
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l5_zero_impact import ALONE, hold
from test_l6_compiled import assert_engines_agree
from test_l6_same_tape import CHUNKS, FILTER, WORLDS, assert_same
from test_l7_scale import assert_scaled, scaled
from test_market_slots_on import IMPACT, few, links, with_slots
from tiny_cases import run_case

from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import join, select
from seawall.case import Case
from seawall.market.state import InstrumentState

POCKETS = [("BTC", -2e3, 0.3), ("ETH", 1e3, None), ("BTC", 5e2, 0.05)]
OPTIONS = [("BTC", 88_000.0, -1.0, 2.0), ("BTC", 95_000.0, 0.4, 30.0), ("SOL", 150.0, -50.0, 0.001)]


def profile(c: float) -> dict[str, Any]:
    pockets = [
        {"asset": asset, "gamma_per_percent": gamma * c, **({"width": width} if width else {})}
        for asset, gamma, width in POCKETS
    ]
    trading = {"cost": 5e-4, "band": 20.0 * c, "participation": 0.5}
    return {"rule": "profile", "venue": "perps", "pockets": pockets, **trading}


def strikes(c: float) -> dict[str, Any]:
    listed = [
        {"asset": asset, "strike": strike, "size": size * c, "days": days, "volatility": 0.6}
        for asset, strike, size, days in OPTIONS
    ]
    trading = {"cost": 1e-3, "risk_aversion": 1e-3 / c, "latency_seconds": 90.0}
    return {"rule": "strikes", "venue": "options", "strikes": listed, **trading}


def open_interest(c: float) -> dict[str, Any]:
    return {"rule": "open_interest", "venue": "perps", "calls": 0.5, "puts": -1.0}


def makers(c: float) -> dict[str, Any]:
    firms = [(0.5, 3e3, 2.0, 0.05), (0.2, 1e4, 1.0, 0.3), (0.1, 1e3, 5.0, 0.01)]
    names = ("share", "capital", "inventory_limit", "loss_limit")
    listed = [dict(zip(names, (s, k * c, i, lo), strict=True)) for s, k, i, lo in firms]
    clocks = {"refill_seconds": 300.0, "rest_seconds": 120.0, "unload_seconds": 600.0}
    return {"makers": listed, "thinning": 0.3, **clocks}


def slots(name: str, c: float = 1.0) -> dict[str, Any]:
    chosen: Mapping[str, dict[str, Any]] = {
        "profile": {"hedgers": profile(c)},
        "strikes": {"hedgers": strikes(c)},
        "open_interest": {"hedgers": open_interest(c)},
        "makers": {"makers": makers(c)},
        "both": {"hedgers": profile(c), "makers": makers(c)},
        "all": {
            "hedgers": strikes(c),
            "makers": makers(c),
            "links": links(c),
            "impact": IMPACT["book_walk"],
        },
    }
    return chosen[name]


def with_agents(case: Case, chosen: dict[str, Any], c: float = 1.0) -> Case:
    """The Case with these slots, an open interest for its options, nothing that contradicts."""
    scenario = case.market.scenario
    if "makers" in chosen:
        scenario = replace(scenario, thinning=0.0)
    states: dict[str, InstrumentState] = {
        name: replace(state, open_interest=c if name.startswith("BTC-") else None)
        for name, state in case.market.instruments.items()
    }
    market = replace(case.market, scenario=scenario, instruments=states)
    return with_slots(replace(case, market=market), chosen)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("strikes", "open_interest", "both")]


@pytest.mark.parametrize("name", ["profile", "makers", "all", *SLOW])
def test_laws_hold_with(name: str) -> None:
    seen = {"hedged": 0.0, "thin": 0, "away": 0}

    @few
    @given(recipes(deep=False, healthy=False))
    def check(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        case = with_agents(plain, slots(name))
        with watched():
            setup, tape, state = run_case(case, exogenous)
        fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        found = settled(setup, exogenous)
        assert found.imbalance == 0, EXACT
        assert found.gap <= found.bound
        _, unfiltered, _ = run_case(case, exogenous, filtered=False)
        assert_same(tape, unfiltered, FILTER)
        parts = [run(setup, exogenous[a:b])[0] for a, b in ((0, 1), (1, 4))]
        assert_same(join(parts), tape, CHUNKS)
        _, other, _ = run_case(with_agents(scaled(plain, 2.0), slots(name, 2.0), 2.0), exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        hedgers, firms = state.market_agents.hedgers, state.market_agents.makers
        if hedgers is not None:
            seen["hedged"] += float(hedgers.traded.sum())
        if firms is not None:
            seen["thin"] += int((firms.total < 1.0).sum())
            seen["away"] += int((firms.back > 0).sum())

    check()
    acts = ["thin", "away"] if name == "makers" else ["hedged"]
    for what in [*acts, *(["thin", "away"] if name in ("both", "all") else [])]:
        assert seen[what] > 0, f"{name}: nothing {what}, the test tests nothing"


@few
@given(recipes(**ALONE))
def test_without_impact_they_change_nothing(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    case = with_agents(plain, slots("both"))
    setup, tape, state = run_case(case, exogenous)
    hold(setup, tape, state, case, exogenous)


@few
@given(recipes(deep=False))
def test_worlds_side_by_side(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    setup = prepare(with_agents(plain, slots("all")))
    depth, start = np.array([0.3, 1.0, np.inf, 2.5]), np.zeros(4, dtype=np.int64)
    fresh = np.array([False, True, True, False])
    whole, _ = run(setup, exogenous, worlds=PathWorlds(start, depth, fresh))
    for n in range(4):
        alone = PathWorlds(start[:1], depth[n : n + 1], fresh[n : n + 1])
        tape, _ = run(setup, exogenous[n : n + 1], worlds=alone)
        assert_same(select(whole, n, n + 1), tape, WORLDS)


@pytest.mark.parametrize("name", ["all", pytest.param("both", marks=pytest.mark.slow)])
def test_compiled_looks_give_the_same_tape(name: str) -> None:
    @few
    @given(recipes(deep=False, healthy=False))
    def check(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        assert_engines_agree(prepare(with_agents(plain, slots(name))), exogenous)

    check()


@few
@given(recipes(deep=False))
def test_agents_without_reason_to_act_change_no_bit(recipe: Recipe) -> None:
    """Hedgers without gamma; makers that no loss, inventory or volatility moves."""
    plain, exogenous = build(recipe)
    scenario = replace(plain.market.scenario, thinning=0.0)
    plain = replace(plain, market=replace(plain.market, scenario=scenario))
    _, one, _ = run_case(plain, exogenous)
    nothing = {"rule": "profile", "venue": "perps"}
    pocket = [{"asset": "BTC", "gamma_per_percent": 0.0}]
    firm = {"share": 1.0, "capital": 1e30, "inventory_limit": 1e3, "loss_limit": 1.0}
    clocks = {"refill_seconds": 1.0, "rest_seconds": 0.0, "unload_seconds": 1.0}
    chosen = {"hedgers": {**nothing, "pockets": pocket}, "makers": {"makers": [firm], **clocks}}
    _, other, _ = run_case(with_agents(plain, chosen), exogenous)
    assert_same(one, other, FILTER)
