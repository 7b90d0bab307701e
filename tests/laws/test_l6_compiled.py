"""L6: the compiled engine writes the tape of the plain loop, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l6_same_tape import STORMS, assert_same
from test_slots_together import combination
from tiny_cases import Floats

from seawall.cascade.engine import Runs, prepare, simulate
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.fast.simulation import simulate_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds, State
from seawall.casefile import sample_case

COMPILED = "L6: the compiled engine writes the tape of the plain loop"
some = settings(laws, max_examples=max(4, EXAMPLES // 4))


def assert_engines_agree(setup: Setup, exogenous: Floats, worlds: PathWorlds | None = None) -> None:
    plain, plain_end = run(setup, exogenous, worlds=worlds)
    compiled, compiled_end = run_fast(setup, exogenous, worlds=worlds)
    assert_same(compiled, plain, COMPILED)
    for name, array in holdings(plain_end).items():
        assert np.array_equal(holdings(compiled_end)[name], array), f"{COMPILED}: {name}"


def holdings(state: State) -> dict[str, Floats]:
    """Who holds what at the end: traders and the system's accounts."""
    held, accounts = state.holdings, state.accounts
    return {
        "size": held.size,
        "option_size": held.option_size,
        "cash": held.cash,
        "book_contracts": accounts.book_contracts,
        "vault_contracts": accounts.vault_contracts,
        "market": state.market,
        "feeds": state.quotes.price,
        **accounts.assets,
    }


@laws
@given(recipes(paths=3))
def test_random_cases(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    assert_engines_agree(prepare(case), exogenous)


@laws
@given(recipes(paths=4, deep=False), st.permutations([0.3, 1.0, 1.0, 2.5]))
def test_paths_with_depths_and_fresh_feeds_of_their_own(recipe: Recipe, depth: list[float]) -> None:
    case, exogenous = build(recipe)
    start, fresh = np.zeros(4, dtype=np.int64), np.array([False, True, False, True])
    assert_engines_agree(prepare(case), exogenous, PathWorlds(start, np.array(depth), fresh))


@some
@given(st.integers(0, 10_000))
def test_slots_of_every_group_at_once(seed: int) -> None:
    case, exogenous = combination(seed)
    assert_engines_agree(prepare(case), exogenous)


def test_the_sample_in_a_storm() -> None:
    """Three worlds of the sample at five times its volatility: perpetuals, loans, options."""
    setup = prepare(sample_case(200), STORMS)
    runs = Runs(np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4))
    plain = simulate(setup, STORMS, runs, steps=144, seed=7)
    assert plain.path.size > 100, "the storm must sink somebody"
    assert_same(simulate_fast(setup, STORMS, runs, steps=144, seed=7), plain, COMPILED)


@pytest.mark.parametrize("chunk", [1, 5])
def test_chunks_of_paths(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = prepare(sample_case(100), STORMS)
    runs = Runs(np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4))
    whole = simulate(setup, STORMS, runs, steps=48, seed=7)
    monkeypatch.setattr("seawall.cascade.engine.CHUNK", chunk)
    assert_same(simulate_fast(setup, STORMS, runs, steps=48, seed=7), whole, COMPILED)
