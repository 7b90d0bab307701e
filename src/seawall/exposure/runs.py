"""All the paths behind one answer: the base world's, and fewer of each other world's.

Worlds differ in volatility, depth or the crowd's leverage and share random numbers, so a difference
between two of them is known better than either. Paths are independent, so they go to two processes
where the system can fork one; the results are the same bits either way.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seawall.cascade.engine import BASE, CHUNK, Runs, World, simulate
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape, join, select
from seawall.foundation.errors import InputError

# Below this many path-steps a second process costs more than it gains.
WORTH_FORKING = 20_000
# Other worlds get half of the base world's paths, and at least this many where there are as many.
LEAST_SIDE_PATHS = 200
# About 3 GB of tapes for a desk of a few accounts.
MOST_PATH_STEPS = 30_000_000


@dataclass(frozen=True)
class Plan:
    """Worlds (the base first), paths of the base and of each other world, steps and seed."""

    worlds: tuple[World, ...]
    paths: int
    steps: int
    seed: int

    @property
    def side_paths(self) -> int:
        """Paths of each world beside the base: the first ones, on common random numbers."""
        return max(self.paths // 2, min(self.paths, LEAST_SIDE_PATHS))

    @property
    def runs(self) -> Runs:
        """All paths, the base world's first."""
        side = self.side_paths
        others = len(self.worlds) - 1
        number = [np.arange(self.paths), *[np.arange(side)] * others]
        world = np.repeat(np.arange(others + 1), [self.paths] + [side] * others)
        return Runs(np.concatenate(number), world)


def plan(worlds: list[World], paths: int, steps: int, seed: int) -> Plan:
    """The base world and these others.

    Raises InputError above MOST_PATH_STEPS: the tapes of a run are held in memory.
    """
    if paths * steps > MOST_PATH_STEPS:
        raise InputError(
            f"{paths:,} paths of {steps:,} steps",
            expected=f"at most {MOST_PATH_STEPS // steps:,} paths at this horizon and step",
        )
    return Plan((BASE, *worlds), paths, steps, seed)


def run_plan(
    setup: Setup, chosen: Plan, progress: Callable[[float, str], None] | None = None
) -> list[Tape]:
    """One tape per world, in the plan's order."""
    runs = chosen.runs
    pieces = _pieces(runs.number.size)
    tapes: list[Tape] = []

    def report(done: int) -> None:
        if progress is not None:
            paths = pieces[done][0] if done < len(pieces) else runs.number.size
            progress(0.9 * done / len(pieces), f"{paths:,} of {runs.number.size:,} paths")

    report(0)
    if _forks() and runs.number.size * chosen.steps >= WORTH_FORKING:
        tapes = _forked(setup, chosen, pieces, report)
    else:
        for piece in pieces:
            tapes.append(_run_piece(setup, chosen, piece))
            report(len(tapes))
    whole = join(tapes)
    sizes = [chosen.paths] + [chosen.side_paths] * (len(chosen.worlds) - 1)
    ends = np.cumsum(sizes)
    return [select(whole, int(e - n), int(e)) for e, n in zip(ends, sizes, strict=True)]


def _pieces(paths: int) -> list[tuple[int, int]]:
    """Ranges of paths of about equal size, an even number of them, none above a chunk."""
    count = max(2, 2 * -(-paths // (2 * CHUNK)))
    cuts = np.linspace(0, paths, count + 1).astype(int)
    return [(int(a), int(b)) for a, b in pairwise(cuts) if b > a]


def _run_piece(setup: Setup, chosen: Plan, piece: tuple[int, int]) -> Tape:
    part = chosen.runs.part(*piece)
    return simulate(setup, chosen.worlds, part, steps=chosen.steps, seed=chosen.seed)


def _forks() -> bool:
    """True where child processes start from this one's memory, and there is a core to gain."""
    methods = multiprocessing.get_all_start_methods()
    return sys.platform.startswith("linux") and (os.cpu_count() or 1) > 1 and "fork" in methods


_inherited: tuple[Setup, Plan] | None = None


def _child(piece: tuple[int, int]) -> Tape:
    assert _inherited is not None
    return _run_piece(*_inherited, piece)


def _forked(
    setup: Setup,
    chosen: Plan,
    pieces: list[tuple[int, int]],
    report: Callable[[int], None],
) -> list[Tape]:
    """The pieces run by this process and one child; each takes the next piece when it is free."""
    global _inherited
    _inherited = (setup, chosen)
    done: dict[int, Tape] = {}
    try:
        with warnings.catch_warnings():
            # The progress bar's thread holds no lock that a child uses.
            warnings.simplefilter("ignore", DeprecationWarning)
            context = multiprocessing.get_context("fork")
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                waiting = {n: pool.submit(_child, piece) for n, piece in enumerate(pieces)}
                try:
                    _work_through(setup, chosen, pieces, waiting, done, report)
                except BaseException:
                    # Ctrl-C: a child in the middle of a piece would keep us waiting for it.
                    for child in multiprocessing.active_children():
                        child.terminate()
                    raise
    finally:
        _inherited = None
    return [done[n] for n in range(len(pieces))]


def _work_through(
    setup: Setup,
    chosen: Plan,
    pieces: list[tuple[int, int]],
    waiting: dict[int, Future[Tape]],
    done: dict[int, Tape],
    report: Callable[[int], None],
) -> None:
    """Take pieces from the end that the child has not begun, then collect the child's."""
    for n in reversed(range(len(pieces))):
        if waiting[n].cancel():
            done[n] = _run_piece(setup, chosen, pieces[n])
            report(len(done))
    for n, future in waiting.items():
        if n not in done:
            done[n] = future.result()
            report(len(done))
