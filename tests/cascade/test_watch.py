"""Prices noted on the way: the same from both engines and in any chunks, and no bit of the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from random_cases import EXAMPLES, Recipe, build, laws, recipes
from test_failures_on import failures
from test_l6_same_tape import assert_same
from tiny_cases import Floats

from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape, join, select
from seawall.cascade.watch import Watch

few = settings(laws, max_examples=max(4, EXAMPLES // 3))
LAYERS = ("fund", "adl", "socialised")
SMALL = Recipe(
    seed=5, linear=4, inverse=1, borrowers=2, writers=1, layers=LAYERS, capital=0.1,
    deep=False, lag=True, rates=True, healthy=True,
)  # fmt: skip
NOTED = "noted prices are those that feeds show at the end of the step"


def everything(setup: Setup, steps: int) -> Watch:
    """Every feed at every second step, the start included."""
    return Watch(np.arange(setup.table.feed_asset.size), np.arange(0, steps + 1, 2))


def noted_by_hand(setup: Setup, exogenous: Floats, watch: Watch) -> tuple[Tape, Floats]:
    """What an observer of the plain loop sees at every step; the start from the path itself."""
    seen = [exogenous[:, 0][:, setup.table.feed_asset]]

    def look(_: int, state: State) -> None:
        seen.append(state.quotes.price.copy())

    tape, _ = run(setup, exogenous, observe=look)
    return tape, np.stack(seen, axis=1)[:, watch.step][:, :, watch.feed]


@few
@given(recipes(paths=3))
def test_both_engines_note_what_an_observer_sees(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup = prepare(case)
    watch = everything(setup, exogenous.shape[1] - 1)
    bare, seen = noted_by_hand(setup, exogenous, watch)
    untouched = exogenous[:, watch.step][:, :, setup.table.feed_asset]
    for engine in (run, run_fast):
        tape, _ = engine(setup, exogenous, watch=watch)
        assert np.array_equal(tape.seen, seen), NOTED
        assert np.array_equal(tape.untouched, untouched)
        assert_same(replace(tape, seen=bare.seen, untouched=bare.untouched), bare, NOTED)
    unfiltered, _ = run(setup, exogenous, watch=watch, filtered=False)
    assert np.array_equal(unfiltered.seen, seen), NOTED


def test_failures_change_the_price_that_nobody_moved() -> None:
    """A stablecoin that fails loses its price in both, with every engine."""
    case, exogenous = build(SMALL)
    every = failures("stablecoin_depeg", case)
    setup = prepare(with_failures(case, every))
    watch = everything(setup, exogenous.shape[1] - 1)
    plain, _ = run(setup, exogenous, watch=watch)
    fast, _ = run_fast(setup, exogenous, watch=watch)
    raw = exogenous[:, watch.step][:, :, setup.table.feed_asset]
    assert not np.array_equal(plain.untouched, raw)
    assert np.array_equal(plain.untouched, fast.untouched)
    assert np.array_equal(plain.seen, fast.seen)


def test_chunks_of_paths_note_the_same() -> None:
    case, _ = build(SMALL)
    setup = prepare(case)
    watch = everything(setup, 12)
    runs = Runs(np.arange(6), np.zeros(6, dtype=np.int64), watch=watch)
    whole = simulate(setup, (BASE,), runs, steps=12, seed=3)
    parts = [
        simulate(setup, (BASE,), runs.part(a, b), steps=12, seed=3) for a, b in [(0, 2), (2, 6)]
    ]
    assert whole.seen.shape == (6, 7, setup.table.feed_asset.size)
    assert np.array_equal(join(parts).seen, whole.seen)
    assert np.array_equal(select(whole, 2, 6).untouched, parts[1].untouched)
