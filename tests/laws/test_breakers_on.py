"""L1, L4, L6 and L7 with each breaker and each dynamic margin on, and with all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import test_l4_waterfall as l4
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import run_case

from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind, join
from seawall.case import Case

few = settings(laws, max_examples=max(3, EXAMPLES // 6))

TRADING: dict[str, Any] = {
    "price_band": {"width": 0.002, "reference": "index"},
    "velocity": {"move": 0.06, "window_seconds": 120.0, "halt_seconds": 150.0},
    "staleness": {"limit_seconds": 100.0},
    "liquidation_rate_limit": {
        "window_seconds": 120.0,
        "accounts": 2,
        "notional": 3e5,
        "order": "lowest_ratio",
    },
    "withdrawal_gate": {"bad_debt": 500.0, "outflow": 900.0, "closed_seconds": 240.0},
}
CAP = {"open_interest_cap": {"default": 4e4}}
VOLATILITY = {"rule": "volatility_scaled", "cap": 4.0, "smoothing_seconds": 90.0, "buffer": 0.25}
DEPTH = {"rule": "depth_scaled", "strength": 2.0, "cap": 5.0}
INTEREST = {
    "rule": "open_interest_scaled",
    "bounds": {name: {"lower": 1e4, "upper": 3e5} for name in ("BTC", "ETH", "SOL")},
    "cap": 4.0,
}
# By name: the perpetuals venue's slots. The lender and the options venue have those of TRADING.
SETS: dict[str, dict[str, Any]] = {
    **{slot: {slot: rule} for slot, rule in TRADING.items()},
    "average band": {"price_band": {"width": 0.002, "reference": "average"}},
    "oracle band": {"price_band": {"width": 0.002, "reference": "oracle"}},
    "open_interest_cap": CAP,
    "volatility_scaled": {"dynamic_margin": VOLATILITY},
    "depth_scaled": {"dynamic_margin": DEPTH},
    "open_interest_scaled": {"dynamic_margin": INTEREST},
    "all": {**TRADING, **CAP, "dynamic_margin": VOLATILITY},
}
HALTS = {
    "price_band": EventKind.BAND_HALT,
    "velocity": EventKind.VELOCITY_HALT,
    "staleness": EventKind.STALE_HALT,
    "liquidation_rate_limit": EventKind.RATE_HALT,
    "withdrawal_gate": EventKind.GATE_CLOSED,
}
MONEY = ("notional", "bad_debt", "outflow", "default", "lower", "upper")


def larger(value: Any, c: float, key: str = "") -> Any:
    """A mechanism's table with its amounts of money times c."""
    if isinstance(value, Mapping):
        return {name: larger(inner, c, name) for name, inner in value.items()}
    return value * c if key in MONEY else value


def with_slots(case: Case, slots: dict[str, Any], c: float = 1.0) -> Case:
    """The Case with these slots at its perpetuals venue, and those of trading everywhere."""
    rulebooks = {}
    for name, rules in case.rulebooks.items():
        options = rules.option_margin is not None
        mine = {
            slot: rule
            for slot, rule in slots.items()
            if name == "perps" or slot in TRADING or (options and slot == "dynamic_margin")
        }
        rulebooks[name] = replace(rules, mechanisms=larger(mine, c))
    return replace(case, rulebooks=rulebooks)


@pytest.mark.parametrize("name", SETS)
def test_laws_hold_with(name: str) -> None:
    seen = np.zeros(len(EventKind), dtype=np.int64)
    # Without impact no market leaves the rest of the world; without delays no price is old.
    lively = {"deep": False, "total": False} if "price_band" in SETS[name] else {}
    lively |= {"lag": True} if "staleness" in SETS[name] else {}

    @few
    @given(recipes(**lively))
    def check(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        case = with_slots(plain, SETS[name])
        with pytest.MonkeyPatch.context() as patch:
            if "withdrawal_gate" in SETS[name]:
                # Behind a closed gate a layer keeps its money: its order is the gate's business.
                patch.setattr(l4.Watch, "check_order", lambda *_: None)
                patch.setattr(l4.Watch, "adl", lambda _, adl, *a: adl(*a))
            with watched():
                setup, tape, state = run_case(case, exogenous)
        fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        _, unfiltered, _ = run_case(case, exogenous, filtered=False)
        assert_same(tape, unfiltered, FILTER)
        parts = [run(setup, exogenous[a:b])[0] for a, b in ((0, 1), (1, 4))]
        assert_same(join(parts), tape, CHUNKS)
        twice = with_slots(scaled(plain, 2.0), SETS[name], 2.0)
        _, other, _ = run_case(twice, exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        seen[:] += np.bincount(tape.kind, minlength=seen.size)

    check()
    for slot in SETS[name]:
        if slot in HALTS:
            assert seen[HALTS[slot]] > 0, f"{slot} never acted: the test tests nothing"


@few
@given(recipes())
def test_slots_that_never_act_change_no_bit(recipe: Recipe) -> None:
    """Bounds that nothing reaches: the tape of the Case without them."""
    never = {
        "price_band": {"width": 1.0, "reference": "index"},
        "velocity": {"move": 1.0, "window_seconds": 60.0, "halt_seconds": 60.0},
        "staleness": {"limit_seconds": 1e9},
        "liquidation_rate_limit": {"window_seconds": 60.0, "accounts": 10**6},
        "withdrawal_gate": {"bad_debt": 1e30},
        "open_interest_cap": {"default": 1e30},
        "dynamic_margin": {"rule": "volatility_scaled", "strength": 0.0},
    }
    case, exogenous = build(recipe)
    _, plain, _ = run_case(case, exogenous)
    rulebooks = {
        name: replace(
            rules,
            mechanisms={k: v for k, v in never.items() if name == "perps" or k in TRADING},
        )
        for name, rules in case.rulebooks.items()
    }
    _, tape, _ = run_case(replace(case, rulebooks=rulebooks), exogenous)
    if (exogenous.max(axis=1) <= 2.0 * exogenous.min(axis=1)).all():
        assert_same(tape, plain, FILTER)


@pytest.mark.parametrize("seed", [38, 44, 53])
def test_a_factor_that_turns_wakes_whom_prices_alone_would_let_sleep(seed: int) -> None:
    """Small moves, margin up to thirty times: without the turn in the clock the filter misses
    these accounts, which was tried."""
    recipe = Recipe(
        seed=seed,
        linear=6,
        inverse=0,
        borrowers=0,
        writers=0,
        layers=("fund", "socialised"),
        capital=0.1,
        deep=True,
        lag=False,
        rates=False,
        healthy=True,
    )
    plain, exogenous = build(recipe)
    calm = exogenous[:, :1] * np.exp(0.03 * np.log(exogenous / exogenous[:, :1]))
    rule = {"rule": "volatility_scaled", "strength": 3.0, "cap": 30.0}
    case = with_slots(plain, {"dynamic_margin": rule})
    _, tape, _ = run_case(case, calm)
    _, unfiltered, _ = run_case(case, calm, filtered=False)
    assert unfiltered.path.size > 0
    assert_same(tape, unfiltered, FILTER)
