"""L1 and L6 with slots of every group at once: breakers, dynamic margin, liquidation, oracle,
chain, waterfall, market; each drawn in or out. A seed stands for one combination and one random
Case.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from liquidation_choices import BOOK, LENDER
from numpy.random import Generator
from oracle_cases import CAPS, CHAINS, CONFIDENCE, SOURCES
from random_cases import EXAMPLES, Recipe, build, laws
from test_breakers_on import CAP, DEPTH, INTEREST, TRADING, VOLATILITY
from test_l1_exact_ledger import EXACT
from test_l1_money import assert_conserved
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_market_slots_on import IMPACT, slots, with_slots
from tiny_cases import Floats, run_case

from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.tape import select
from seawall.case import Case
from seawall.waterfall.adl_rules import ADL_RULES

some = settings(laws, max_examples=max(4, EXAMPLES // 4))
LAYERS = (
    ("fund", "socialised"),
    ("fund", "adl", "socialised"),
    ("backstop", "fund", "adl", "socialised"),
)
ORACLE: dict[str, tuple[dict[str, Any], ...]] = {
    "oracle_source": SOURCES,
    "oracle_cap": CAPS,
    "oracle_confidence": (CONFIDENCE,),
    "settlement": CHAINS,
}


def combination(seed: int) -> tuple[Case, Floats]:
    """A random Case with some slots of every group, and its exogenous paths."""
    rng = np.random.default_rng(seed)
    layers = LAYERS[int(rng.integers(len(LAYERS)))]
    recipe = Recipe(
        seed=seed,
        linear=5,
        inverse=1,
        borrowers=2,
        writers=1,
        layers=layers,
        capital=float(rng.choice([0.01, 0.1])),
        deep=False,
        lag=bool(rng.random() < 0.6),
        rates=True,
        healthy=False,
    )
    case, exogenous = build(recipe)
    breakers = {slot: rule for slot, rule in {**TRADING, **CAP}.items() if rng.random() < 0.5}
    if rng.random() < 0.7:
        breakers["dynamic_margin"] = (VOLATILITY, DEPTH, INTEREST)[int(rng.integers(3))]
    oracle = {slot: _one(rng, rules) for slot, rules in ORACLE.items() if rng.random() < 0.3}
    book, lender = dict(_one(rng, tuple(BOOK.values()))), dict(_one(rng, tuple(LENDER.values())))
    if "backstop" not in layers:
        book.pop("backstop", None)
    elsewhere = {slot: rule for slot, rule in breakers.items() if slot in TRADING}
    payers = _waterfall(rng, layers)
    haircut = {"socialise": {"rule": "depositor_haircut"}} if rng.random() < 0.5 else {}
    own = {
        "perps": {**breakers, **oracle, **book, **payers},
        "lender": {**elsewhere, **oracle, **lender, **haircut},
        "options": elsewhere,
    }
    rulebooks = {
        name: replace(rules, mechanisms=own[name]) for name, rules in case.rulebooks.items()
    }
    case = replace(case, rulebooks=rulebooks)
    if rng.random() < 0.5:
        case = with_slots(case, slots(_one(rng, (*IMPACT, "depth", "links", "all"))))
    return case, exogenous


def _waterfall(rng: Generator, layers: tuple[str, ...]) -> dict[str, Any]:
    """Rules of ADL, socialised loss and fund, each drawn in or out."""
    out: dict[str, Any] = {}
    if "adl" in layers and rng.random() < 0.7:
        out["adl"] = {"rule": _one(rng, tuple(ADL_RULES))}
        if out["adl"]["rule"] == "pool_flag":
            out["adl"] |= {"pool": 1e4, "max_factor": 0.3, "min_factor": 0.1}
    if rng.random() < 0.5:
        shared = ("equity_pro_rata", "funding_index", "cash_haircut")
        out["socialise"] = {"rule": _one(rng, shared)}
    if rng.random() < 0.5:
        out["fund"] = {"target": 1e4, "cap": float(_one(rng, (1e2, 1e4)))}
    return out


def _one(rng: Generator, of: tuple[Any, ...]) -> Any:
    return of[int(rng.integers(len(of)))]


@some
@given(st.integers(0, 2**31))
def test_money_and_the_same_tape_with_slots_of_every_group(seed: int) -> None:
    case, exogenous = combination(seed)
    setup = prepare(case)
    tape, state = run(setup, exogenous, journal=Journal(cells_of(setup.table)))
    assert_conserved(setup, exogenous, state)
    assert settle(setup, state).imbalance == 0, EXACT
    _, unfiltered, _ = run_case(case, exogenous, filtered=False)
    assert_same(tape, unfiltered, FILTER)
    # Random numbers go by path: the first paths of a run are a run of their own.
    first, _ = run(setup, exogenous[:2])
    assert_same(select(tape, 0, 2), first, CHUNKS)
