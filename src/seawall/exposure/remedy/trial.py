"""The paths of the answer once more with other starts: on which of them does the desk still break?

Common random numbers: the same exogenous paths, the same draws of the mechanisms. Only paths that
an action can help are run again. Until the first break the same things happen with more money in an
account that was not touched, so a path on which another account is the first to break stays broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, draw
from seawall.cascade.pieces.blocks import in_blocks
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds
from seawall.exposure.impairment import desk_columns, desk_impairment
from seawall.exposure.remedy.edit import Edit, with_edits

# Starts held at once, and cells of paths run at once (paths x steps x assets): bounds of memory.
MOST_STARTS = 64
MOST_CELLS = 40_000_000


@dataclass(frozen=True)
class Known:
    """Of one edit: which paths (n,) were run with it, and which of them break."""

    run: Bools
    breaks: Bools


@dataclass(frozen=True)
class Trial:
    """Where a remedy is tried: n paths of a setup up to a step, seed, and on how many workers.

    first, unit (n,): step at which the desk first breaks without any action (large: never) and the
    margin account that does; lowest (n, d) least equity by then of the desk's margin accounts
    known: what was run before, by edit: no path is run twice with the same one
    """

    setup: Setup
    owner: str
    step: int
    seed: int
    workers: int
    first: Ints
    unit: Ints
    lowest: Floats
    known: dict[tuple[object, ...], Known] = field(default_factory=dict, repr=False, compare=False)

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.first.size)

    @property
    def impaired(self) -> Ints:
        """Paths on which the desk breaks within the step."""
        return np.flatnonzero(self.first <= self.step)

    def nearest(self, units: Sequence[int], count: int) -> Ints:
        """The ``count`` unimpaired paths on which these margin accounts have least equity left."""
        columns = desk_columns(self.setup, self.owner)
        at = columns[np.isin(self.setup.desk_units[columns], units)]
        safe = np.flatnonzero(self.first > self.step)
        if at.size == 0 or count == 0:
            return safe[:0]
        start = np.maximum(self.setup.desk_equity[at], 1e-9)
        left = (self.lowest[safe][:, np.searchsorted(columns, at)] / start).min(axis=1)
        return np.sort(safe[np.argsort(left, kind="stable")[:count]])

    def broken(self, tries: Sequence[tuple[Edit, Ints]]) -> list[Bools]:
        """For each edit and its paths, on which of those the desk breaks within the step."""
        known = [self._known(edit) for edit, _ in tries]
        new: list[tuple[Edit, Ints]] = []
        of_new: list[Known] = []
        for (edit, paths), of in zip(tries, known, strict=True):
            for some in self._portions(paths[~of.run[paths]]):
                new.append((edit, some))
                of_new.append(of)
        groups: dict[tuple[tuple[int, float], ...], list[int]] = {}
        for n, (edit, _) in enumerate(new):
            groups.setdefault(tuple(sorted(edit.options.items())), []).append(n)
        for members in groups.values():
            for part in self._batches(members, new):
                found = self._run([new[n] for n in part])
                for n, broken in zip(part, found, strict=True):
                    of_new[n].run[new[n][1]] = True
                    of_new[n].breaks[new[n][1]] = broken
        return [of.breaks[paths] for (_, paths), of in zip(tries, known, strict=True)]

    def _known(self, edit: Edit) -> Known:
        key = tuple(tuple(sorted(of.items())) for of in (edit.cash, edit.rows, edit.options))
        none = np.zeros(self.paths, dtype=bool)
        return self.known.setdefault(key, Known(none, none.copy()))

    @property
    def _cells(self) -> int:
        """Prices of one path."""
        return (self.step + 1) * len(self.setup.table.assets)

    def _portions(self, paths: Ints) -> list[Ints]:
        """Paths, cut where their prices would not be held at once; none where there are none."""
        most = max(1, MOST_CELLS // self._cells)
        return [paths[n : n + most] for n in range(0, paths.size, most)]

    def _batches(self, members: list[int], tries: Sequence[tuple[Edit, Ints]]) -> list[list[int]]:
        cells = self._cells
        batches: list[list[int]] = [[]]
        size = 0
        for n in members:
            size += int(tries[n][1].size) * cells
            if batches[-1] and (size > MOST_CELLS or len(batches[-1]) == MOST_STARTS):
                batches.append([])
                size = int(tries[n][1].size) * cells
            batches[-1].append(n)
        return batches

    def _run(self, tries: Sequence[tuple[Edit, Ints]]) -> list[Bools]:
        """Edits that change options alike, in one run."""
        setup = with_edits(self.setup, [edit for edit, _ in tries])
        path = np.concatenate([paths for _, paths in tries])
        start = np.repeat(np.arange(len(tries)), [paths.size for _, paths in tries])
        known, where = np.unique(path, return_inverse=True)
        runs = Runs(known, np.zeros_like(known))
        exogenous = draw(setup, (BASE,), runs, self.step, self.seed)

        def breaks(some: Ints) -> Bools:
            ones = np.ones(some.size)
            worlds = PathWorlds(start[some], ones, ones < 0)
            draws = Draws(self.seed, path[some])
            tape, _ = quickest(setup)(setup, exogenous[where[some]], worlds=worlds, draws=draws)
            return np.asarray(desk_impairment(setup, tape, self.owner).step <= self.step)

        broken = in_blocks(setup, path.size, self.step + 1, self.workers, breaks)
        return np.split(broken, np.cumsum([paths.size for _, paths in tries])[:-1])
