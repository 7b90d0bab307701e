"""L6: the fast loop equals the plain one, same tape; any chunking of paths, same bits."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cases import Recipe, build, laws, recipes
from tiny_cases import run_case

from seawall.cascade import engine
from seawall.cascade.engine import Runs, World, prepare, simulate
from seawall.cascade.reference import run
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import Tape, join, select
from seawall.casefile import sample_case

FILTER = "L6: the filtered loop writes the tape of the unfiltered one"
CHUNKS = "L6: any chunking of paths gives the same bits"
WORLDS = "L6: a path's tape does not depend on the worlds beside it"


def assert_same(one: Tape, other: Tape, law: str) -> None:
    for name in (field.name for field in fields(Tape)):
        left, right = getattr(one, name), getattr(other, name)
        assert np.array_equal(left, right), f"{law}: {name} differs"


@laws
@given(recipes())
def test_filtered_equals_unfiltered(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    _, filtered, _ = run_case(case, exogenous)
    _, plain, _ = run_case(case, exogenous, filtered=False)
    assert_same(filtered, plain, FILTER)


@laws
@given(recipes(paths=6), st.lists(st.integers(1, 5), max_size=3))
def test_chunks_of_paths(recipe: Recipe, cuts: list[int]) -> None:
    case, exogenous = build(recipe)
    setup, whole, _ = run_case(case, exogenous)
    edges = sorted({0, 6, *cuts})
    parts = [run(setup, exogenous[a:b])[0] for a, b in pairwise(edges)]
    assert_same(join(parts), whole, CHUNKS)
    for (a, b), part in zip(pairwise(edges), parts, strict=True):
        assert_same(select(whole, a, b), part, CHUNKS)


@laws
@given(recipes(paths=4, deep=False), st.permutations([0.3, 1.0, 1.0, 2.5]))
def test_worlds_side_by_side(recipe: Recipe, depth: list[float]) -> None:
    """A path with its depth and its feeds is the same alone and beside paths with others."""
    case, exogenous = build(recipe)
    setup = prepare(case)
    start, fresh = np.zeros(4, dtype=np.int64), np.array([False, True, False, True])
    whole, _ = run(setup, exogenous, worlds=PathWorlds(start, np.array(depth), fresh))
    for n in range(4):
        alone = PathWorlds(start[:1], np.array(depth[n : n + 1]), fresh[n : n + 1])
        assert_same(
            select(whole, n, n + 1), run(setup, exogenous[n : n + 1], worlds=alone)[0], WORLDS
        )


STORMS = (World(volatility=5.0), World(volatility=5.0, depth=0.4), World(5.0, 1.0, "heavy"))


def test_the_sample_in_a_storm_filtered_or_not() -> None:
    """Three worlds of the sample at five times its volatility."""
    setup = prepare(sample_case(200), STORMS)
    runs = Runs(np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4))
    exogenous = engine.draw(setup, STORMS, runs, 144, 7)
    worlds = engine.path_worlds(STORMS, runs)
    filtered, _ = run(setup, exogenous, worlds=worlds)
    plain, _ = run(setup, exogenous, worlds=worlds, filtered=False)
    assert filtered.path.size > 100, "the storm must sink somebody"
    assert_same(filtered, plain, FILTER)


@pytest.mark.parametrize("chunk", [1, 5, 7])
def test_the_sample_in_chunks_of_paths_and_worlds(chunk: int) -> None:
    setup = prepare(sample_case(100), STORMS)
    runs = Runs(np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4))
    whole = simulate(setup, STORMS, runs, steps=48, seed=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "CHUNK", chunk)
        parts = simulate(setup, STORMS, runs, steps=48, seed=7)
    assert whole.path.size > 0
    assert_same(parts, whole, CHUNKS)
    # Each world alone draws and does what it does beside the others.
    for n, world in enumerate(STORMS):
        single = prepare(sample_case(100), (world,)) if world.leverage == "base" else setup
        mine = Runs(np.arange(4), np.zeros(4, dtype=np.int64))
        chosen = (world,) if world.leverage == "base" else (STORMS[0], world)
        if len(chosen) == 2:
            mine = Runs(np.arange(4), np.ones(4, dtype=np.int64))
        alone = simulate(single, chosen, mine, steps=48, seed=7)
        assert_same(select(whole, 4 * n, 4 * n + 4), alone, WORLDS)
