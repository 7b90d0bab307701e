"""L1, L4, L5, L6, L7 and L10 with accounts' behaviour: owners, stops, runs, and all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_exact_ledger import EXACT
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l6_compiled import assert_engines_agree
from test_l6_same_tape import CHUNKS, FILTER, WORLDS, assert_same
from test_l7_scale import assert_scaled, scaled
from test_slots_together import combination
from tiny_cases import Floats, run_case

from seawall.book.book import Ints
from seawall.cascade import losses, owner_orders, owners
from seawall.cascade.account_watch import Watch
from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds, State
from seawall.cascade.tape import EventKind, Tape, TapeWriter, join, select
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.report.jsonfile import dumps

few = settings(laws, max_examples=max(4, EXAMPLES // 4))
BACKSTOP = ("backstop", "fund", "adl", "socialised")
OWNERS = {
    "top_up": {
        "trigger": 4.0, "restore": 6.0, "budget": 0.5, "delay_seconds": 60.0,
        "probability": 0.7, "concert": 0.4,
    },
    "delever": {"trigger": 6.0, "target": 4.0, "probability": 0.7, "concert": 1.0},
}  # fmt: skip
STOPS = {"stops": {"share": 0.7, "median": 0.08, "herd": 0.5, "concert": 0.5}}
HAZARD = {"base": 200.0, "on_loss": 5e3, "on_fall": 2e3, "on_withdrawn": 500.0, "depositors": 7}
VAULT = {"run": {"rule": "vault", **HAZARD, "lock_seconds": 120.0, "concert": 0.3}}
POOL = {
    "run": {
        "rule": "pool", **HAZARD, "utilisation": 0.8, "on_utilisation": 20.0, "rate_at_full": 50.0
    }
}  # fmt: skip
CHOICES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "owners": {"perps": OWNERS, "lender": {"top_up": OWNERS["top_up"]}, "options": OWNERS},
    "stops": {"perps": STOPS, "options": STOPS},
    "runs": {"perps": VAULT, "lender": POOL},
    "all": {
        "perps": {**OWNERS, **STOPS, **VAULT},
        "lender": {"top_up": OWNERS["top_up"], **POOL},
        "options": {**OWNERS, **STOPS},
    },
}
ACTS = {
    "owners": (EventKind.TOP_UP, EventKind.DELEVERED),
    "stops": (EventKind.STOP,),
    "runs": (EventKind.WITHDRAWN,),
    "all": (EventKind.TOP_UP, EventKind.DELEVERED, EventKind.STOP, EventKind.WITHDRAWN),
}


def behaving(case: Case, name: str) -> Case:
    """The Case with the behaviour of that name."""
    rules = {
        venue: replace(rulebook, mechanisms=CHOICES[name].get(venue, {}))
        for venue, rulebook in case.rulebooks.items()
    }
    return replace(case, rulebooks=rules)


def everybody_looks(
    setup: Setup, state: State, watch: Watch, tape: TapeWriter
) -> tuple[Ints, Ints]:
    """Every owner looks at every step: what the watch must be equal to."""
    units = np.flatnonzero(watch.acts)
    paths = np.arange(state.depth.size)
    return np.repeat(paths, units.size), np.tile(units, paths.size)


def unfiltered(case: Case, exogenous: Floats) -> Tape:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owners, "to_look_at", everybody_looks)
        _, tape, _ = run_case(case, exogenous, filtered=False)
    return tape


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "all" else pytest.mark.slow) for name in CHOICES],
)
def test_laws_hold_with(name: str) -> None:
    seen = dict.fromkeys(ACTS[name], 0)

    @few
    @given(recipes(deep=False, layers=BACKSTOP))
    def one(recipe: Recipe) -> None:
        plain, exogenous = build(recipe)
        case = behaving(plain, name)
        with watched() as watch, pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                owner_orders, "cover_deficits", lambda *a: watch.cover(losses.cover_deficits, *a)
            )
            setup, tape, state = run_case(case, exogenous)
        fund_flows(setup, tape, state)
        assert_conserved(setup, exogenous, state)
        assert_same(tape, unfiltered(case, exogenous), FILTER)
        numbers = Draws(0, np.arange(4))
        parts = [
            run(setup, exogenous[a:b], draws=Draws(0, numbers.paths[a:b]))[0]
            for a, b in ((0, 1), (1, 4))
        ]
        assert_same(join(parts), tape, CHUNKS)
        _, other, _ = run_case(behaving(scaled(plain, 2.0), name), exogenous)
        assert_scaled(tape, other, 2.0, exact=True)
        for kind in seen:
            seen[kind] += int(np.count_nonzero(tape.kind == kind))

    one()
    assert all(seen.values()), f"{name}: {seen}, the test tests nothing"


@few
@given(recipes(layers=BACKSTOP))
def test_every_transfer_is_in_the_exact_ledger(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup = prepare(behaving(case, "all"))
    _, state = run(setup, exogenous, journal=Journal(cells_of(setup.table)))
    assert settle(setup, state).imbalance == 0, EXACT


@few
@given(recipes(deep=False, layers=BACKSTOP))
def test_compiled_looks_give_the_same_tape(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    assert_engines_agree(prepare(behaving(case, "all")), exogenous)


@few
@given(st.integers(0, 2**31))
def test_laws_hold_beside_slots_of_every_group(seed: int) -> None:
    """Breakers, dynamic margin, oracles, settlement, liquidation, waterfall, market: in or out."""
    case, exogenous = combination(seed)
    chosen = CHOICES["all"]
    backstop = "backstop" in case.rulebooks["perps"].waterfall.layers
    rulebooks = {}
    for venue, rules in case.rulebooks.items():
        slots = {
            s: t for s, t in chosen[venue].items() if s != "run" or venue != "perps" or backstop
        }
        rulebooks[venue] = replace(rules, mechanisms={**rules.mechanisms, **slots})
    case = replace(case, rulebooks=rulebooks)
    setup, tape, state = run_case(case, exogenous)
    assert_conserved(setup, exogenous, state)
    assert_same(tape, unfiltered(case, exogenous), FILTER)


@pytest.mark.slow
@few
@given(recipes(deep=False, layers=BACKSTOP))
def test_worlds_side_by_side(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup = prepare(behaving(case, "all"))
    depth, start = np.array([0.3, 1.0, np.inf, 2.5]), np.zeros(4, dtype=np.int64)
    fresh = np.array([False, True, True, False])
    whole, _ = run(setup, exogenous, worlds=PathWorlds(start, depth, fresh))
    alone, _ = run(setup, exogenous[:1], worlds=PathWorlds(start[:1], depth[:1], fresh[:1]))
    assert_same(select(whole, 0, 1), alone, WORLDS)


@few
@given(recipes(deep=False, layers=BACKSTOP))
def test_behaviour_without_reason_to_act_changes_no_bit(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    idle = {
        "perps": {
            "top_up": {"trigger": 1.0, "restore": 1.0, "budget": 0.0},
            "delever": {"trigger": 1e3, "target": 1e3, "probability": 0.0},
            "stops": {"share": 0.0, "median": 0.1},
            "run": {"rule": "vault", "base": 1e-9},
        },
        "lender": {"run": {"rule": "pool", "base": 1e-9, "utilisation": 0.01}},
    }
    rules = {
        venue: replace(rulebook, mechanisms=idle.get(venue, {}))
        for venue, rulebook in case.rulebooks.items()
    }
    _, plain, _ = run_case(case, exogenous)
    _, other, _ = run_case(replace(case, rulebooks=rules), exogenous)
    assert_same(plain, other, FILTER)


@pytest.mark.slow
def test_the_same_json_twice() -> None:
    case = sample_case(60)
    rules = {
        "meridian": {**OWNERS, **STOPS, **VAULT},
        "causeway": {"top_up": OWNERS["top_up"], **POOL},
    }
    rulebooks = {
        venue: replace(rulebook, mechanisms=rules.get(venue, {}))
        for venue, rulebook in case.rulebooks.items()
    }
    case = replace(case, rulebooks=rulebooks)
    texts = []
    for _ in range(2):
        found = check(case, paths=20, horizon_seconds=7_200.0, seed=3)
        found.pop("manifest"), found.pop("since_last")
        texts.append(dumps(found))
    assert texts[0] == texts[1]
