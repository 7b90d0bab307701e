"""The paths behind one answer as a job, and its cut into pieces of paths that workers take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic

import numpy as np

from seawall.cascade.engine import CHUNK, Runs, World, chunk_of
from seawall.cascade.pieces.keep import Keeper, Kept
from seawall.cascade.pieces.loops import Loop, simulation
from seawall.cascade.setup import Setup

# Paths first to last - 1 of a job.
Piece = tuple[int, int]


@dataclass(frozen=True)
class Grain:
    """How finely a loop's work is cut, in path-steps a piece: a choice of speed, no bit of results.

    least        below it a piece costs more to hand out than to run: about 0.2 s
    most         above it a worker is not heard of for too long (the progress bar, Ctrl-C)
    per_worker   pieces for each worker where there is work for as many: with more of them nobody
                 waits long for the last one, with fewer the plain loop's steps are shared by more
                 paths
    """

    least: int
    most: int
    per_worker: int


GRAINS = {Loop.PLAIN: Grain(10_000, 2_000_000, 1), Loop.FAST: Grain(400_000, 2_000_000, 4)}


@dataclass(frozen=True)
class Job(Generic[Kept]):
    """A compiled Case, the paths to run on it, the loop that runs them, and what is kept of them.

    runs, steps and seed as `cascade.engine.simulate` takes them.
    """

    setup: Setup
    worlds: tuple[World, ...]
    runs: Runs
    steps: int
    seed: int
    loop: Loop
    keeper: Keeper[Kept]

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.runs.number.size)

    def runner(self) -> Callable[[Piece], Kept]:
        """What runs a piece and says what is kept of it, its paths numbered from 0; make it once
        for many.
        """
        simulate = simulation(self.loop, self.setup, self.steps)

        def kept(piece: Piece) -> Kept:
            part = self.runs.part(*piece)
            return self.keeper.of(self.setup, part, simulate(self.worlds, part, self.seed))

        return kept

    def pieces(self, workers: int) -> list[Piece]:
        """Pieces of about equal size for this many workers, in order; none empty."""
        return cut(self.paths, self.steps, workers, GRAINS[self.loop], chunk_of(self.setup))


def cut(paths: int, steps: int, workers: int, grain: Grain, chunk: int = CHUNK) -> list[Piece]:
    """Ranges of paths of about equal size, in order: see Grain; none is larger than a chunk."""
    work = paths * max(steps, 1)
    needed = max(-(-paths // chunk), -(-work // grain.most))
    worth = max(1, work // grain.least)
    count = max(needed, min(workers * grain.per_worker, worth))
    if count > workers:  # an equal share for each
        count = workers * -(-count // workers)
    cuts = np.linspace(0, paths, count + 1).astype(int)
    return [(int(a), int(b)) for a, b in pairwise(cuts) if b > a]
