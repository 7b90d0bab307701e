"""L1, L4, L6 and L7 with random fillings of the slots adl, socialise and fund."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cases import Recipe, build, laws, recipes
from test_l1_money import assert_conserved
from test_l6_same_tape import FILTER, assert_same
from test_l7_scale import assert_scaled, scaled

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape, join
from seawall.case import Case
from seawall.waterfall.adl_rules import ADL_RULES
from seawall.waterfall.socialise_rules import SOCIALISE_RULES

ONE_PAYER = "L4: each dollar of loss lands on exactly one payer, and nothing is paid twice"
ORDER_BOOK = [rule for rule in SOCIALISE_RULES if rule != "depositor_haircut"]
MONEY_KEYS = ("target", "cap", "pool")
WATERFALL = ("fund", "adl", "socialised")


@st.composite
def slots(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    """A filling of the three slots of an order book; each may be left out."""
    out: dict[str, dict[str, object]] = {}
    adl = draw(st.sampled_from([None, *ADL_RULES]))
    if adl is not None:
        out["adl"] = {"rule": adl}
        if adl == "pool_flag":
            pool = draw(st.sampled_from([1e2, 1e4, 1e6]))
            out["adl"] |= {"pool": pool, "max_factor": 0.3, "min_factor": 0.1}
    rule = draw(st.sampled_from([None, *ORDER_BOOK]))
    if rule is not None:
        out["socialise"] = {"rule": rule}
    if draw(st.booleans()):
        out["fund"] = {"fee_share": draw(st.sampled_from([0.0, 0.5])), "volume_share": 1e-3}
        if draw(st.booleans()):
            out["fund"]["target"] = draw(st.sampled_from([0.0, 1e2, 1e5]))
        if draw(st.booleans()):
            out["fund"]["cap"] = draw(st.sampled_from([1.0, 1e3]))
    return out


def filled(case: Case, chosen: dict[str, dict[str, object]]) -> Case:
    """The Case with these slots at its order book of perpetuals, and haircuts at its lender."""
    books = dict(case.rulebooks)
    fund = {"fund": chosen["fund"]} if "fund" in chosen else {}
    haircut = {"socialise": {"rule": "depositor_haircut"}}
    books["perps"] = replace(books["perps"], mechanisms=chosen, taker_fee=1e-3)
    books["lender"] = replace(books["lender"], mechanisms={**fund, **haircut})
    assets = {name: replace(asset, daily_volume=1e9) for name, asset in case.market.assets.items()}
    return replace(case, rulebooks=books, market=replace(case.market, assets=assets))


def drawn(recipe: Recipe, chosen: dict[str, dict[str, object]]) -> tuple[Case, np.ndarray]:
    case, exogenous = build(recipe)
    return filled(case, chosen), exogenous


full = recipes(layers=WATERFALL, paths=6)


def assert_paid_once(tape: Tape, state: State) -> None:
    """Who was closed and covered ends at zero: what was lacking was paid, and no more."""
    closed = (tape.kind == EventKind.COVER) | (tape.kind == EventKind.ADL_BANKRUPT)
    for name in ("fund", "adl", "socialised"):
        assert np.all(getattr(tape, name)[closed] >= 0.0), ONE_PAYER
    fund = state.accounts.assets["fund"]
    assert np.all(fund >= -1e-9 * (1.0 + np.abs(fund))), "L4: a fund below zero paid"


@laws
@given(full, slots())
def test_money_is_conserved_and_paid_once(
    recipe: Recipe, chosen: dict[str, dict[str, object]]
) -> None:
    case, exogenous = drawn(recipe, chosen)
    setup = prepare(case)
    journal = Journal(cells_of(setup.table))
    tape, state = run(setup, exogenous, journal=journal)
    assert_conserved(setup, exogenous, state)
    assert_paid_once(tape, state)
    assert settle(setup, state).imbalance == 0


@laws
@given(full, slots(), st.lists(st.integers(1, 5), max_size=2))
def test_filtered_and_cut_into_chunks_it_is_the_same_tape(
    recipe: Recipe, chosen: dict[str, dict[str, object]], cuts: list[int]
) -> None:
    case, exogenous = drawn(recipe, chosen)
    setup = prepare(case)
    whole, _ = run(setup, exogenous, draws=Draws(3, np.arange(6)))
    plain, _ = run(setup, exogenous, filtered=False, draws=Draws(3, np.arange(6)))
    assert_same(whole, plain, FILTER)
    parts = [
        run(setup, exogenous[a:b], draws=Draws(3, np.arange(a, b)))[0]
        for a, b in pairwise(sorted({0, 6, *cuts}))
    ]
    assert_same(join(parts), whole, "L6: any chunking of paths, same bits")


@laws
@given(full, slots(), st.sampled_from([2.0, 0.25, 1024.0]))
def test_scaled_by_a_power_of_two(
    recipe: Recipe, chosen: dict[str, dict[str, object]], c: float
) -> None:
    case, exogenous = drawn(recipe, chosen)
    larger = scaled(case, c)
    books = {
        name: replace(
            book,
            mechanisms={
                slot: {key: x * c if key in MONEY_KEYS else x for key, x in rule.items()}  # type: ignore[attr-defined]
                for slot, rule in case.rulebooks[name].mechanisms.items()
            },
        )
        for name, book in larger.rulebooks.items()
    }
    larger = replace(larger, rulebooks=books)
    one, _ = run(prepare(case), exogenous)
    other, _ = run(prepare(larger), exogenous)
    assert_scaled(one, other, c, exact=True)


@pytest.mark.parametrize("rule", [None, *ADL_RULES])
def test_every_rule_is_met_by_the_random_cases(rule: str | None) -> None:
    """The laws above see deleveraging, socialised losses and write-downs, rule by rule."""
    adl = {} if rule is None else {"adl": {"rule": rule}}
    if rule == "pool_flag":
        adl["adl"] |= {"pool": 1e4, "max_factor": 0.3, "min_factor": 0.1}
    seen = set()
    for seed in range(4):
        recipe = Recipe(
            seed, 6, 1, 3, 0, WATERFALL, 0.01, deep=False, lag=False, rates=True, healthy=True
        )
        case, exogenous = drawn(recipe, adl)
        tape, _ = run(prepare(case), exogenous)
        seen |= set(tape.kind.tolist())
    assert (EventKind.POOL_CUT if rule == "pool_flag" else EventKind.ADL_BANKRUPT) in seen
    assert EventKind.COVER in seen
