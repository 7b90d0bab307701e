"""All the paths behind one answer: the base world's, and fewer of each other world's.

Fewer still where there are very many accounts: what stands beside the headline then rests on the
first 100 or more paths, and the result says so (``side_paths``).

Worlds differ in volatility, depth, the crowd's leverage or the channels of loss that act, and share
random numbers, so a difference between two of them is known better than either. Paths are
independent: cascade/pieces/ runs them on as many workers as were asked for, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seawall.cascade.engine import BASE, Runs, World
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import choose
from seawall.cascade.pieces.run import run_job
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape, select
from seawall.cascade.watch import Watch
from seawall.exposure.summary import Summaries, Summary
from seawall.foundation.errors import InputError
from seawall.scenario.tilt import Tilt

# Other worlds get half of the base world's paths, and at least this many where there are as many.
LEAST_SIDE_PATHS = 200
# Beyond this many margin accounts x paths a world beside the base gets no more than those, and at
# least the next.
MOST_SIDE_ACCOUNTS = 12_500_000
FEWEST_SIDE_PATHS = 100
# About 3 GB of summaries while those of pieces are joined: some 7 kB a path of the base world, 1 kB
# of another, however long it is.
MOST_PATHS = 100_000
# Tilted paths have a weight at every step: about as much again.
MOST_TILTED_STEPS = 30_000_000
# Share of the progress bar that is the paths'; what follows is the remedy, and what is said of it.
PATHS_SHARE = 0.9


@dataclass(frozen=True)
class Plan:
    """Worlds (the base first), paths of the base and of each other world, steps, seed; the number
    of the first path, and how paths are tilted, if at all.

    side_paths: of each world beside the base, the first ones, on common random numbers
    parts  how many of the worlds, the last ones, are those of the parts; they have parts_paths each
    watch  which prices are noted on the way, if any
    kept   steps by which losses are kept, rising; the last step always is
    accounts  whether it is kept which accounts were closed, and what became of a desk's
    """

    worlds: tuple[World, ...]
    paths: int
    side_paths: int
    steps: int
    seed: int
    first: int = 0
    tilt: Tilt | None = None
    parts: int = 0
    parts_paths: int = 0
    watch: Watch | None = None
    kept: tuple[int, ...] = ()
    accounts: bool = False

    @property
    def keeper(self) -> Summaries:
        """What is kept of every path."""
        steps = np.array(sorted({*self.kept, self.steps}), dtype=np.int64)
        return Summaries(steps, self.watch, self.accounts)

    @property
    def remedy_paths(self) -> int:
        """Paths on which a remedy is sought: all, or those of other worlds where these are few."""
        return self.side_paths if 2 * self.side_paths < self.paths else self.paths

    @property
    def counts(self) -> list[int]:
        """Paths of each world."""
        others = len(self.worlds) - 1 - self.parts
        return [self.paths] + [self.side_paths] * others + [self.parts_paths] * self.parts

    @property
    def runs(self) -> Runs:
        """All paths, the base world's first."""
        number = np.concatenate([np.arange(count) for count in self.counts])
        world = np.repeat(np.arange(len(self.worlds)), self.counts)
        return Runs(self.first + number, world, self.tilt, watch=self.watch)


def side_of(paths: int, units: int) -> int:
    """Paths of each world beside a base of ``paths``, for a Case of so many margin accounts."""
    wanted = max(min(paths, LEAST_SIDE_PATHS), paths // 2)
    return min(wanted, max(FEWEST_SIDE_PATHS, MOST_SIDE_ACCOUNTS // max(units, 1)))


def plan(
    worlds: list[World],
    paths: int,
    steps: int,
    seed: int,
    units: int = 1,
    parts: tuple[World, ...] = (),
    parts_paths: int = 0,
) -> Plan:
    """The base world, these others for a Case of so many margin accounts, and last those of the
    parts, with fewer paths.

    Raises InputError above MOST_PATHS: the summaries of a run are held in memory.
    """
    if paths > MOST_PATHS:
        raise InputError(f"{paths:,} paths", expected=f"at most {MOST_PATHS:,}")
    every, side = (BASE, *worlds, *parts), side_of(paths, units)
    return Plan(every, paths, side, steps, seed, parts=len(parts), parts_paths=parts_paths)


def refuse_tilted(chosen: Plan) -> None:
    """Raises InputError where the weights of as many tilted paths would fill the memory."""
    if chosen.paths * chosen.steps > MOST_TILTED_STEPS:
        most = MOST_TILTED_STEPS // chosen.steps
        raise InputError(
            f"{chosen.paths:,} paths of {chosen.steps:,} steps with --rare",
            expected=f"at most {most:,} paths at this horizon and step",
        )


def run_plan(
    setup: Setup,
    chosen: Plan,
    progress: Callable[[float, str], None] | None = None,
    compute: Compute | None = None,
) -> list[Summary]:
    """One summary per world, in the plan's order; ``compute`` decides the speed and no bit.

    Raises InputError for an engine that is not there, and see `pieces.run.run_job`.
    """
    compute = Compute() if compute is None else compute
    loop = choose(compute.engine, setup)
    job = Job(setup, chosen.worlds, chosen.runs, chosen.steps, chosen.seed, loop, chosen.keeper)

    def report(done: int) -> None:
        if progress is not None:
            progress(PATHS_SHARE * done / job.paths, f"{done:,} of {job.paths:,} paths")

    report(0)
    whole = run_job(job, compute, report)
    ends = np.cumsum(chosen.counts)
    return [whole.part(int(e - n), int(e)) for e, n in zip(ends, chosen.counts, strict=True)]


def full_tapes(
    setup: Setup, chosen: Plan, paths: Sequence[int], compute: Compute | None = None
) -> list[Tape]:
    """The whole tape, every event, of each of some paths of the base world: run again, the same
    bits as when they were summed up.
    """
    if not paths:
        return []
    compute = Compute() if compute is None else compute
    number = chosen.first + np.asarray(paths, dtype=np.int64)
    runs = Runs(number, np.zeros_like(number), chosen.tilt, watch=chosen.watch)
    loop = choose(compute.engine, setup)
    tape = run_job(Job(setup, (BASE,), runs, chosen.steps, chosen.seed, loop, WHOLE), compute)
    return [select(tape, n, n + 1) for n in range(tape.paths)]
