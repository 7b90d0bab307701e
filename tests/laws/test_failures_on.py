"""L1, L4, L6, L7 and L10 with failures on: each kind alone, and all of them with common shocks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_exact_ledger import settled
from test_l1_money import assert_conserved
from test_l4_waterfall import close_to, fund_flows, watched
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import run_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import PRICE_ONLY, Runs, path_worlds
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind, Tape, join
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure.check import check

few = settings(laws, max_examples=max(2, EXAMPLES // 8))
# Within ten steps of a minute: one in five minutes, so that paths differ.
OFTEN = {"rate_per_year": 1e5}
SHOCK = {"name": "war", "at_seconds": 150.0}


def failures(kind: str, case: Case, c: float = 1.0) -> dict[str, list[dict[str, Any]]]:
    """One failure of a kind, or all, at venues and assets of random Cases; amounts times ``c``."""
    gross = c * float(np.abs(case.book.size).max(initial=1.0)) * 100.0
    every: dict[str, list[dict[str, Any]]] = {
        "venue_outage": [
            {"venue": "perps", "duration_seconds": 180.0, "at_seconds": 120.0},
            {"venue": "lender", "duration_seconds": 120.0, **OFTEN},
        ],
        "venue_insolvency": [{"venue": "perps", "recovery": 0.3, **OFTEN}],
        "fake_collateral": [
            {"venue": "perps", "asset": "USD", "claimed": gross, "weight": 0.5, **OFTEN},
            {"venue": "lender", "asset": "ETH", "claimed": gross, "weight": 0.8, **OFTEN},
        ],
        "admin_key": [
            {"venue": "lender", "share": 0.2, "shock": "war", "shock_probability": 0.5},
            {"venue": "perps", "share": 0.1, **OFTEN},
        ],
        "unbacked_mint": [
            {
                "asset": "SOL",
                "minted": gross / 1e3,
                "supply": gross / 1e2,
                "known_after_seconds": 120.0,
                "dump_share": 0.2,
                "venue": "lender",
                "borrow": "USD",
                "shock": "war",
            }
        ],
        "bridge": [{"assets": ["SOL"], "recovery": 0.6, **OFTEN}],
        "stablecoin_depeg": [
            {
                "asset": "ETH",
                "depth": 0.3,
                "half_life_seconds": 90.0,
                "fall_seconds": 120.0,
                **OFTEN,
            }
        ],
        "oracle_manipulation": [
            {"venue": "lender", "asset": "ETH", "factor": 0.5, "duration_seconds": 120.0, **OFTEN},
            {"venue": "perps", "asset": "BTC", "factor": 1.4, "duration_seconds": 60.0, **OFTEN},
        ],
    }
    chosen = every if kind == "all" else {kind: every[kind]}
    return {"shock": [SHOCK], **chosen}


KINDS = tuple(k for k in failures("all", sample_case(30)) if k != "shock")
# Kinds that leave an event of their own; the others show in prices and in who is closed.
MARKS = {
    "venue_insolvency": EventKind.CLAIMS_LOST,
    "fake_collateral": EventKind.STOLEN,
    "admin_key": EventKind.CLAIMS_LOST,
    "unbacked_mint": EventKind.STOLEN,
    "all": EventKind.STOLEN,
}


def loot_is_paid_once(setup: Setup, tape: Tape) -> None:
    """L4: what fake collateral takes from an order-book venue lands on the layers, once."""
    names = setup.book.account_names
    mine = [n for n, name in enumerate(names) if name == "attacker/FakeCollateral/0"]
    unit = np.flatnonzero(np.isin(setup.table.units.account, mine))
    own = np.isin(tape.unit, unit)
    for p in range(tape.paths):
        here = own & (tape.path == p)
        stolen = tape.notional[here & (tape.kind == EventKind.STOLEN)].sum()
        cover = here & (tape.kind == EventKind.COVER)
        paid = sum(getattr(tape, x)[cover].sum() for x in ("fund", "backstop", "adl", "socialised"))
        assert close_to(np.array([paid]), np.array([stolen]))


# Each kind is run by hand in tests/scenario/failure, with L1 and L6: the others can wait.
QUICK = ("venue_insolvency", "unbacked_mint")


@pytest.mark.parametrize(
    "kind",
    [
        *(kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS),
        "all",
    ],
)
def test_laws_hold_with(kind: str) -> None:
    seen = {"changed": 0, "marks": 0}

    @few
    @given(recipes(healthy=False, borrowers=2))
    def hold(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        case = with_failures(plain, failures(kind, plain))
        with watched():
            setup, tape, state = run_case(case, exogenous)
        if kind not in ("admin_key", "all"):
            fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        _, unfiltered, _ = run_case(case, exogenous, filtered=False)
        assert_same(tape, unfiltered, FILTER)
        fast, _ = run_fast(setup, exogenous)
        assert_same(tape, fast, "L6: compiled looks = plain loop")
        parts = [
            run(setup, exogenous[a:b], draws=Draws(0, np.arange(a, b)))[0]
            for a, b in ((0, 1), (1, 4))
        ]
        assert_same(join(parts), tape, CHUNKS)
        twice = with_failures(scaled(plain, 2.0), failures(kind, plain, 2.0))
        _, other, _ = run_case(twice, exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        if kind in ("fake_collateral", "all"):
            loot_is_paid_once(setup, tape)
        _, quiet, _ = run_case(plain, exogenous)
        looks = [
            tuple(getattr(t, x) for x in ("kind", "trough", "desk_equity")) for t in (quiet, tape)
        ]
        seen["changed"] += int(not all(map(np.array_equal, *looks)))
        seen["marks"] += int((tape.kind == MARKS.get(kind, -1)).sum())

    hold()
    assert seen["changed"] > 0, f"{kind}: nothing changed, the test tests nothing"
    assert kind not in MARKS or seen["marks"] > 0, f"{kind}: left no mark"


@few
@given(recipes(layers=("fund", "socialised")))
def test_the_price_only_world_knows_no_failure(recipe: Recipe) -> None:
    plain, exogenous = build(recipe)
    case = with_failures(plain, failures("all", plain))
    runs = Runs(np.arange(recipe.paths), np.zeros(recipe.paths, dtype=np.int64))
    how = {"worlds": path_worlds((PRICE_ONLY,), runs)}
    _, tape, _ = run_case(case, exogenous, **how)
    _, quiet, _ = run_case(plain, exogenous, **how)
    for name in ("kind", "step", "path", "notional", "fund", "socialised"):
        assert np.array_equal(getattr(tape, name), getattr(quiet, name))
    assert np.array_equal(tape.desk_equity, quiet.desk_equity)


def test_the_exact_ledger_settles_failures() -> None:
    """L1 in whole units: every taking is in the journal with its two sides."""
    recipe = Recipe(
        seed=7,
        linear=5,
        inverse=1,
        borrowers=3,
        writers=1,
        layers=("fund", "socialised"),
        capital=0.1,
        deep=True,
        lag=False,
        rates=False,
        healthy=True,
    )
    plain, exogenous = build(recipe)
    case = with_failures(plain, failures("all", plain))
    setup, _, _ = run_case(case, exogenous)
    found = settled(setup, exogenous)
    assert found.imbalance == 0 and found.gap <= found.bound


def test_same_json_and_worlds_on_the_sample() -> None:
    """L10; and failures stand in the part that prices alone do not explain."""
    case = sample_case(60)
    venue = next(iter(case.rulebooks))
    fails = {"venue_insolvency": [{"venue": venue, "recovery": 0.2, "rate_per_year": 300.0}]}
    case = replace(with_failures(case, fails), limits=())
    how: dict[str, Any] = {"horizon_seconds": 14_400.0, "paths": 40, "seed": 2}
    one, other = check(case, **how), check(case, **how)
    for found in (one, other):
        del found["manifest"]
    assert json.dumps(one) == json.dumps(other)
    scope = one["dre"]["scopes"][f"venue:{venue}"]
    # P(T <= 4 h) = 1 - exp(-300 x 4 / 8760) = 12.8%; four standard errors of 40 paths are 21%.
    assert 0.0 < scope["kinds"]["claims_lost"][-1] < 0.34
    assert scope["parts"][-1]["price"] < scope["parts"][-1]["total"]
