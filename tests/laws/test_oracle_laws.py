"""L1, L4, L6 and L7 with oracle mechanisms and chains at every venue, in any composition."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import oracle_cases
from random_cases import EXAMPLES, Recipe, build, recipes
from random_cases import laws as all_laws
from test_l1_money import assert_conserved
from test_l4_waterfall import fund_flows, watched
from test_l6_same_tape import CHUNKS, FILTER, WORLDS, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import Floats, run_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import EventKind, join, select
from seawall.case import Case

Made = tuple[Recipe, Case, Floats]
# Every Case here has many mechanisms at once, and costs more than others.
laws = settings(all_laws, max_examples=max(EXAMPLES // 2, 1))


@laws
@given(oracle_cases())
def test_money_and_payers(made: Made) -> None:
    _, case, exogenous = made
    with watched():
        setup, tape, state = run_case(case, exogenous)
    assert_conserved(setup, exogenous, state)
    fund_flows(setup, tape, state)


@laws
@given(oracle_cases())
def test_filtered_equals_unfiltered(made: Made) -> None:
    _, case, exogenous = made
    _, filtered, _ = run_case(case, exogenous)
    _, plain, _ = run_case(case, exogenous, filtered=False)
    assert_same(filtered, plain, FILTER)


@laws
@given(oracle_cases(paths=6), st.lists(st.integers(1, 5), max_size=3))
def test_chunks_of_paths(made: Made, cuts: list[int]) -> None:
    """A path's random numbers go by its own number, whatever runs beside it."""
    _, case, exogenous = made
    numbers = np.arange(6) + 40
    setup, whole, _ = run_case(case, exogenous, draws=Draws(7, numbers))
    edges = sorted({0, 6, *cuts})
    parts = [
        run(setup, exogenous[a:b], draws=Draws(7, numbers[a:b]))[0] for a, b in pairwise(edges)
    ]
    assert_same(join(parts), whole, CHUNKS)


@laws
@given(oracle_cases(paths=2, deep=True))
def test_a_fresh_path_is_a_path_without_mechanisms(made: Made) -> None:
    """Fresh worlds: the market price itself, nothing sent, whatever the rulebooks say."""
    _, case, exogenous = made
    setup = prepare(case)
    worlds = PathWorlds(np.zeros(2, dtype=np.int64), np.ones(2), np.array([True, False]))
    tape, _ = run(setup, exogenous, worlds=worlds)
    sent = (EventKind.SENT, EventKind.LAPSED, EventKind.VOID, EventKind.STALE_HALT)
    assert not np.isin(tape.kind[tape.path == 0], sent).any()
    rulebooks = {name: replace(rules, mechanisms={}) for name, rules in case.rulebooks.items()}
    bare, _ = run(prepare(replace(case, rulebooks=rulebooks)), exogenous, worlds=worlds)
    assert_same(select(tape, 0, 1), select(bare, 0, 1), WORLDS)


@laws
@given(oracle_cases(), st.sampled_from([2.0, 0.25, 1024.0]))
def test_powers_of_two_to_the_last_bit(made: Made, c: float) -> None:
    _, case, exogenous = made
    _, one, _ = run_case(case, exogenous)
    _, other, _ = run_case(scaled(case, c), exogenous)
    assert_scaled(one, other, c, exact=True)


@laws
@given(recipes(lag=True))
def test_a_stage_that_does_nothing_changes_nothing(recipe: Recipe) -> None:
    """An interval of no width: the same tape as the push feed alone, a staleness breaker included.

    What is seen passes through every stage, and its age is counted by stamps instead of rings.
    """
    case, exogenous = build(recipe)
    stale: dict[str, object] = {"staleness": {"limit_seconds": 180.0}}
    nothing = {"oracle_confidence": {"z": 0.0, "horizon_seconds": 60.0}}
    tapes = []
    for slots in (stale, {**stale, **nothing}):
        rulebooks = {n: replace(rules, mechanisms=slots) for n, rules in case.rulebooks.items()}
        tapes.append(run_case(replace(case, rulebooks=rulebooks), exogenous)[1])
    assert_same(tapes[0], tapes[1], FILTER)
