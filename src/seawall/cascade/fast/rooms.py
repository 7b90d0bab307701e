"""Working room of the compiled loop for one run of some paths."""

from __future__ import annotations

import numpy as np

from seawall.cascade.course import Course
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.glances import empty_lines
from seawall.cascade.fast.wake_kernel import BLOCK

# Rows of the log: several times what one round can write.
LOG_ROWS = 100_000


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


def begin_room(fixed: layout.Fixed, *, alike: bool) -> layout.Room:
    """Room of one path at a time; ``alike``: all paths of a world begin with the same holdings."""
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
        alike=alike,
    )


def begin_log(units: int) -> layout.Log:
    """An empty log. Rows are read only once they are written: nothing is filled with zeros."""
    rows = LOG_ROWS + 4 * units
    return layout.Log(
        events=np.empty((rows, 4), dtype=np.int64),
        money=np.empty((rows, 5)),
        covers=np.empty((rows, 2), dtype=np.int64),
        used=np.zeros(2, dtype=np.int64),
    )
