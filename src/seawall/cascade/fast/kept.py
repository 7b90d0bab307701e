"""The large arrays of a run, which runs of one compiled Case use one after another.

What every path has of each row and margin account is most of the memory of a run, and most of its
start is to fill it: with what is held at the start, with nobody awake. A path on which nobody was
closed leaves it as it was, so the next run begins there; the rows of other paths are filled anew.

A path is as it was unless the plain loop had it or events stand in the log: compiled code changes
holdings only together with an event, and keeps a loan waiting only where keepers call.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Ints
from seawall.cascade.course import Course
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.glances import empty_lines
from seawall.cascade.fast.wake_kernel import BLOCK
from seawall.cascade.setup import Setup
from seawall.cascade.state import UnitMemory

# Rows of the log: several times what one round can write.
LOG_ROWS = 100_000


class Lists:
    """Lists of awake units of paths (p,): see `layout.Awake`; all are empty."""

    def __init__(self, paths: int, units: int) -> None:
        self.unit = np.empty((paths, units), dtype=np.int32)
        self.level = np.full((paths, -(-units // BLOCK) * BLOCK), np.inf, dtype=np.float32)
        self.place = np.zeros((paths, units), dtype=np.int32)

    def clear(self, number: Ints) -> None:
        """Let all units sleep again, ``number`` (n,) of which are awake on the first paths."""
        for p in np.flatnonzero(number):
            awake = self.unit[p, : number[p]]
            self.place[p, awake] = 0
            self.level[p, : awake.size] = np.inf


class Kept:
    """Memory for up to so many paths: one run at a time.

    start (p,) whose holdings stand in the rows of a path, where they are ``whole`` (p,).
    """

    def __init__(self, setup: Setup, fixed: layout.Fixed, paths: int) -> None:
        rows, units = setup.start_size.shape[1], setup.start_cash.shape[1]
        self._setup, self.paths = setup, paths
        self._start, self._whole = np.zeros(paths, dtype=np.int64), np.zeros(paths, dtype=bool)
        self._units = UnitMemory(
            size=np.empty((paths, rows)),
            cash=np.empty((paths, units)),
            ready=np.empty((paths, units), dtype=np.int32),
            tried=np.empty((paths, units), dtype=np.int32),
        )
        self.lists = Lists(paths, units)
        self._room, self._log = _room(fixed), _log(units)
        # Who may be kept waiting without an event: loans that no keeper wants.
        self._silent = fixed.venues.called[fixed.units.venue]

    def units(self, start: Ints) -> UnitMemory:
        """What paths (n,) that begin with holdings ``start`` (n,) of the setup have at first."""
        n, (size, cash, ready, tried) = start.size, self._units
        new = ~self._whole[:n] | (self._start[:n] != start)
        for p in np.flatnonzero(new):
            size[p], cash[p] = self._setup.start_size[start[p]], self._setup.start_cash[start[p]]
            ready[p] = tried[p] = 0
        self._start[:n], self._whole[:n] = start, False
        return UnitMemory(size[:n], cash[:n], ready[:n], tried[:n])

    def room(self, *, alike: bool) -> layout.Room:
        """Room of one path at a time; ``alike``: all paths of a world begin with the same holdings.

        Lines of what units held at the start of earlier runs hold: all begin at the Case's spot.
        """
        self._room.resting[0] = 0
        return self._room._replace(alike=alike)

    def log(self) -> layout.Log:
        """An empty log."""
        self._log.used[:] = 0
        return self._log

    def take_back(self, changed: Bools, number: Ints) -> None:
        """After a run of n paths: on which (n,) somebody's holdings may have changed, and how many
        units (n,) were awake at the end.
        """
        whole = ~changed
        for p in np.flatnonzero(number):
            whole[p] &= not self._silent[self.lists.unit[p, : number[p]]].any()
        self._whole[: changed.size] = whole
        self.lists.clear(number)


def begin_way(course: Course, paths: int, columns: int, feeds: int) -> layout.Course:
    """Every path at its start; prices of ``feeds`` feeds are written down at each step."""
    return layout.Course(
        step=np.ones(paths, dtype=np.int64),
        inside=np.zeros(paths, dtype=bool),
        rounds=np.zeros(paths, dtype=np.int64),
        status=np.zeros(paths, dtype=np.int64),
        equity=course.equity,
        trough=course.trough,
        peak=course.peak,
        seen=np.zeros((paths, columns, feeds)),
    )


def _room(fixed: layout.Fixed) -> layout.Room:
    units, feeds = fixed.units.venue.size, fixed.feeds.asset.size
    return layout.Room(
        # What a round needs of these it writes first.
        due=np.empty(units + BLOCK, dtype=np.int64),
        work=np.empty((4, units)),
        market=np.zeros((2, fixed.impact.depth.size)),
        before=np.zeros(feeds),
        lines=empty_lines(units),
        worth=np.zeros((fixed.glances.line.size, 2)),
        stamp=np.zeros(2, dtype=np.int64),
        resting=np.zeros(units + 1, dtype=np.int64),
        alike=False,
    )


def _log(units: int) -> layout.Log:
    # Rows are read only once they are written: nothing is filled with zeros.
    rows = LOG_ROWS + 4 * units
    return layout.Log(
        events=np.empty((rows, 4), dtype=np.int64),
        money=np.empty((rows, 5)),
        covers=np.empty((rows, 2), dtype=np.int64),
        used=np.zeros(2, dtype=np.int64),
    )
