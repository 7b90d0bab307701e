"""The cascade: the compiled engine against NumPy, brute force and itself with more to do.

Exogenous paths are drawn beforehand and given to both sides. Growth curves are in `growth.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np

import cascade_brute
import cascade_numpy
from cascade_books import (
    QUOTE,
    CrossCrowd,
    Floats,
    cross_case,
    cross_crowd,
    isolated_case,
    isolated_crowd,
)
from cascade_numpy import coins_of
from cascade_quiet import MARKET, VENUE, quiet_case, quiet_crowd
from measure import Benchmark
from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.fast.simulation import FastSimulation
from seawall.cascade.setup import Setup
from seawall.cascade.tape import INTS, MONEY
from seawall.case import Case
from seawall.scenario.paths import exogenous_paths

ACCOUNTS = 10_000
STEPS = 1_440
SEED = 7
Call = Callable[[], object]


def drawn(setup: Setup, paths: int, steps: int = STEPS) -> Floats:
    """Exogenous paths of a Case."""
    numbers = np.arange(paths)
    return draw(setup, (BASE,), Runs(numbers, np.zeros_like(numbers)), steps, SEED)


def ours(case: Case, paths: int) -> Call:
    """The compiled engine on the Case's first paths; what all paths share is made beforehand, as a
    run of `check` makes it once for all of its pieces.
    """

    @cache
    def data() -> tuple[FastSimulation, Floats]:
        setup = prepare(case)
        return FastSimulation(setup, STEPS), drawn(setup, paths)

    def run() -> object:
        simulation, exogenous = data()
        return simulation.on(exogenous)

    return run


def every_column(one: Benchmark, key: str) -> Benchmark:
    """The same comparison, with every column of the tape's events read: some are made then."""

    def run() -> object:
        tape = one.ours()
        return [getattr(tape, name) for name in (*INTS, *MONEY)]

    what = "the same, and every column of the tape's events is read"
    return replace(one, key=key, ours=run, what=what)


def theirs(case: Case, path_by_path: Callable[[Floats], object], sample: int) -> Call:
    """A comparator on some of the same paths, spread over them evenly, one after the other."""

    @cache
    def data() -> Floats:
        setup = prepare(case)
        return coins_of(drawn(setup, sample), setup.table.assets, QUOTE)

    return lambda: [path_by_path(path) for path in data()]


def against(
    key: str,
    goal: float,
    case: Case,
    path_by_path: Callable[[Floats], object],
    what: str,
    *,
    paths: int,
    sample: int,
) -> Benchmark:
    """The compiled engine on ``paths``, the comparator on the first ``sample`` of them."""
    return Benchmark(
        key=key,
        goal=goal,
        ours=ours(case, paths),
        theirs=theirs(case, path_by_path, sample),
        scale=paths / sample,
        what=what,
    )


def quiet(slot: str, goal: float, slots: frozenset[str]) -> Benchmark:
    """The engine with mechanisms against the engine without, where nothing happens."""
    crowd = quiet_crowd(ACCOUNTS)
    return Benchmark(
        key=f"quiet_{slot}_vs_without",
        goal=goal,
        ours=ours(quiet_case(crowd, slots), 4),
        theirs=ours(quiet_case(crowd, frozenset()), 4),
    )


def two_threads() -> Benchmark:
    """Two threads on half of the paths each, against the halves one after the other."""
    case = cross_case(cross_crowd(ACCOUNTS))

    @cache
    def halves() -> list[tuple[Setup, Floats, Draws]]:
        setup = prepare(case)
        exogenous, numbers = drawn(setup, 64), np.arange(64)
        parts = (slice(0, 32), slice(32, 64))
        return [(setup, exogenous[part], Draws(0, numbers[part])) for part in parts]

    def run(half: tuple[Setup, Floats, Draws]) -> object:
        setup, exogenous, draws = half
        return run_fast(setup, exogenous, draws=draws)

    def together() -> object:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run, halves()))

    return Benchmark(
        key="two_threads",
        goal=1.7,
        ours=together,
        theirs=lambda: [run(half) for half in halves()],
        what="two threads, half of 64 paths of the cross crowd each; by the wall clock",
        clock=time.perf_counter,
    )


def million() -> Benchmark:
    """A million cross-margin accounts; made when first asked for, as it takes seconds."""

    @cache
    def crowd() -> CrossCrowd:
        return cross_crowd(1_000_000)

    @cache
    def data() -> tuple[Setup, Floats]:
        setup = prepare(cross_case(crowd()))
        return setup, drawn(setup, 2)

    def brute() -> object:
        setup, exogenous = data()
        return cascade_brute.cross(crowd(), coins_of(exogenous[:1], setup.table.assets, QUOTE)[0])

    return Benchmark(
        key="cross_1m_vs_brute",
        goal=5.0,
        ours=lambda: run_fast(*data()),
        theirs=brute,
        scale=2.0,
        what="1,000,000 cross-margin accounts, two paths",
    )


def prices() -> Benchmark:
    """Exogenous prices of twenty correlated coins: compiled against the plain twin."""
    market = cross_case(cross_crowd(1)).market
    coins = tuple(name for name in market.assets if name != QUOTE)

    def of(paths: int) -> object:
        return exogenous_paths(
            market, coins, step_seconds=60.0, steps=STEPS, paths=np.arange(paths), seed=SEED
        )

    def compiled() -> object:
        from seawall.scenario import paths_kernel

        paths_kernel.draw.compile()
        return of(120)

    return Benchmark(
        key="paths_vs_plain",
        goal=4.0,
        ours=compiled,
        theirs=lambda: of(30),  # so few that the compiled code is not used
        scale=4.0,
        what="prices of 20 correlated coins with jumps; the goal is 250 ns per path and step",
        steps=120.0 * STEPS,
    )


ISOLATED, CROSS = isolated_crowd(ACCOUNTS), cross_crowd(ACCOUNTS)
STRESSED = cross_crowd(ACCOUNTS, stressed=True)

ISOLATED_VS_NUMPY = against(
    "isolated_vs_numpy",
    300.0,
    isolated_case(ISOLATED),
    lambda path: cascade_numpy.isolated(ISOLATED, path[:, 0]),
    "10,000 isolated positions on one coin, 1,440 steps; a tape whose columns are made when read",
    paths=64,
    sample=8,
)

BENCHMARKS = [
    ISOLATED_VS_NUMPY,
    every_column(ISOLATED_VS_NUMPY, "isolated_with_columns"),
    against(
        "cross_vs_brute",
        20.0,
        cross_case(CROSS),
        lambda path: cascade_brute.cross(CROSS, path),
        "10,000 cross-margin accounts, 5 positions each in 20 coins, against Numba",
        paths=32,
        sample=4,
    ),
    against(
        "cross_vs_numpy",
        30.0,
        cross_case(CROSS),
        lambda path: cascade_numpy.cross(CROSS, path),
        "the same against NumPy",
        paths=32,
        sample=4,
    ),
    against(
        "cross_stressed_vs_brute",
        4.0,
        cross_case(STRESSED),
        lambda path: cascade_brute.cross(STRESSED, path),
        "leverage 5 to 20, volatility x 3, depth / 10: most accounts are closed",
        paths=4,
        sample=4,
    ),
    million(),
    two_threads(),
    prices(),
    *(quiet(slot, 1.0 / 1.1, frozenset([slot])) for slot in (*VENUE, *MARKET)),
    quiet("all", 0.5, frozenset([*VENUE, *MARKET])),
]
