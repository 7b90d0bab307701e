"""L1, L4, L6 and L7 with depth by the clock; both engines; with every other slot of the market."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l6_compiled import assert_engines_agree
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from test_market_slots_on import slots, with_slots
from tiny_cases import run_case

from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.tape import join

few = settings(laws, max_examples=max(3, EXAMPLES // 6))
SCHEDULE = {
    "windows": [
        {"from_seconds": 120.0, "to_seconds": 480.0, "factor": 0.2},
        {"from_seconds": 240.0, "to_seconds": 360.0, "factor": 0.5, "assets": ["BTC"]},
    ]
}


def chosen(name: str, c: float = 1.0) -> dict[str, Any]:
    return {"depth_schedule": SCHEDULE, **(slots(name, c) if name else {})}


def test_laws_hold_with_a_schedule() -> None:
    thinner = 0

    @few
    @given(recipes(deep=False, healthy=False))
    def check(recipe: Recipe) -> None:
        nonlocal thinner
        plain, exogenous = build(recipe)
        for name in ("", "all"):
            case = with_slots(plain, chosen(name))
            with watched():
                setup, tape, state = run_case(case, exogenous)
            fund_flows(setup, tape, state)
            assert_conserved(setup, exogenous, state)
            _, unfiltered, _ = run_case(case, exogenous, filtered=False)
            assert_same(tape, unfiltered, FILTER)
            parts = [run(setup, exogenous[a:b])[0] for a, b in ((0, 1), (1, 4))]
            assert_same(join(parts), tape, CHUNKS)
            _, other, _ = run_case(with_slots(scaled(plain, 2.0), chosen(name, 2.0)), exogenous)
            assert_scaled(tape, other, 2.0, exact=True)
            without = with_slots(plain, slots(name) if name else {})
            thinner += not np.array_equal(run_case(without, exogenous)[1].trough, tape.trough)

    check()
    assert thinner > 0, "no order fell into a window: the test tests nothing"


def test_both_engines_write_one_tape() -> None:
    @few
    @given(recipes(deep=False, healthy=False))
    def check(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        assert_engines_agree(prepare(with_slots(plain, chosen("all"))), exogenous)

    check()
