"""The laws with parts of the holdings away on some paths: L1 money, L6 same tape."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_l1_money import QUANTITY, ZERO
from test_l6_compiled import COMPILED
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from tiny_cases import Floats

from seawall.cascade.absent import Absence, watching
from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.fast.simulation import simulate_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds, base_worlds, begin
from seawall.cascade.tape import join
from seawall.casefile import sample_case
from seawall.mechanism.fuzz.conserved import open_sizes, quantities

PATHS = 4
some = settings(laws, max_examples=max(4, EXAMPLES // 6))


def _absence(setup: Setup, seed: int, paths: int) -> Absence:
    """Legs of some units and all of others, dealt to six players that come and go."""
    rng = np.random.default_rng(seed)
    table = setup.table
    units = table.units.account.size
    whole = rng.random(units) < 0.3
    loan = np.array([r.liquidation.style == "keeper" for r in setup.rulebooks])[table.units.venue]
    unit = np.where(whole, rng.integers(0, 3, units), -1)
    leg = np.where(loan[table.rows.unit], table.rows.unit, np.arange(table.rows.unit.size))
    own = 3 + rng.integers(0, 3, max(units, leg.size) + 1)
    row = np.where(whole[table.rows.unit], -1, own[leg])
    options = table.options.unit
    option = np.where(whole[options], -1, 3 + rng.integers(0, 3, options.size))
    return Absence(unit, row, option, rng.random((paths, 6)) < 0.6)


def _worlds(absence: Absence) -> PathWorlds:
    return replace(base_worlds(absence.present.shape[0]), absence=absence)


def _everybody(setup: Setup) -> Setup:
    return watching(setup, np.ones(setup.table.units.account.size, dtype=bool))


@some
@given(recipes(paths=PATHS), st.integers(0, 10_000))
def test_money_and_sizes_are_conserved(recipe: Recipe, seed: int) -> None:
    case, exogenous = build(recipe)
    setup = _everybody(prepare(case))
    worlds = _worlds(_absence(setup, seed, PATHS))
    _, state = run(setup, exogenous, worlds=worlds)
    first = begin(setup, exogenous[:, 0], worlds=worlds)
    before, scale = quantities(setup, first.holdings, first.accounts)
    after, later = quantities(setup, state.holdings, state.accounts)
    worst = np.abs(after - before) / np.maximum(np.maximum(scale, later), 1e-12)
    assert worst.max() <= 1e-9, QUANTITY
    _, gross = open_sizes(setup, begin(setup, exogenous[:, 0]))
    net, _ = open_sizes(setup, first)
    assert (np.abs(net) <= 1e-9 * np.maximum(gross, 1e-300)).all(), f"{ZERO}, at the start too"
    net, later = open_sizes(setup, state)
    assert (np.abs(net) <= 1e-9 * np.maximum(np.maximum(gross, later), 1e-300)).all(), ZERO


@some
@given(recipes(paths=PATHS), st.integers(0, 10_000), st.lists(st.integers(1, 3), max_size=2))
def test_same_tape_filtered_chunked_and_compiled(
    recipe: Recipe, seed: int, cuts: list[int]
) -> None:
    case, exogenous = build(recipe)
    setup = _everybody(prepare(case))
    absence = _absence(setup, seed, PATHS)
    whole, _ = run(setup, exogenous, worlds=_worlds(absence))
    plain, _ = run(setup, exogenous, worlds=_worlds(absence), filtered=False)
    assert_same(whole, plain, FILTER)
    edges = sorted({0, PATHS, *cuts})
    parts = [
        run(setup, exogenous[a:b], worlds=_worlds(absence.part(a, b)))[0]
        for a, b in pairwise(edges)
    ]
    assert_same(join(parts), whole, CHUNKS)
    compiled, _ = run_fast(setup, exogenous, worlds=_worlds(absence))
    assert_same(compiled, whole, COMPILED)


@pytest.mark.slow
@laws
@given(recipes(paths=PATHS), st.integers(0, 10_000))
def test_units_that_are_away_need_no_watching(recipe: Recipe, seed: int) -> None:
    case, exogenous = build(recipe)
    setup = prepare(case)
    absence = _absence(setup, seed, PATHS)
    nobody = replace(absence, row=np.full_like(absence.row, -1), option=absence.option * 0 - 1)
    watched, _ = run(_everybody(setup), exogenous, worlds=_worlds(nobody))
    asleep, _ = run(setup, exogenous, worlds=_worlds(nobody))
    assert_same(asleep, watched, FILTER)


@pytest.mark.slow
def test_the_sample_in_a_storm() -> None:
    """Legs of the desk away, compiled and plain, with options and loans."""
    setup = _storm()
    runs = Runs(np.arange(60), np.zeros(60, dtype=np.int64))
    rows = setup.table.rows
    players: Floats = np.where(setup.is_desk[rows.unit], np.arange(rows.unit.size) % 4, -1)
    options = setup.table.options.unit
    option = np.where(setup.is_desk[options], np.arange(options.size) % 4, -1)
    none = np.full(setup.table.units.account.size, -1)
    present = np.random.default_rng(1).random((60, 4)) < 0.5
    runs = replace(runs, absence=Absence(none, players, option, present))
    plain = simulate(setup, (BASE,), runs, steps=288, seed=3)
    assert setup.is_desk[plain.unit].sum() > 5, "the storm must reach the desk"
    assert_same(simulate_fast(setup, (BASE,), runs, steps=288, seed=3), plain, COMPILED)


def _storm() -> Setup:
    case = sample_case(200)
    assets = {
        name: replace(state, volatility=4.0 * state.volatility)
        for name, state in case.market.assets.items()
    }
    setup = prepare(replace(case, market=replace(case.market, assets=assets)))
    return watching(setup, setup.is_desk)
