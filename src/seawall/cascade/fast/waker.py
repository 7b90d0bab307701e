"""Who is awake, for the plain loop while it finishes a step of the compiled one."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.handover import Handover
from seawall.cascade.fast.kept import Lists
from seawall.cascade.fast.rest_kernel import rest_paths
from seawall.cascade.fast.wake_kernel import (
    begin_awake,
    due_on_paths,
    schedule_pairs,
    tick_paths,
    wake_pairs,
)
from seawall.cascade.wakeup import Turn


class FastWaker:
    """The compiled loop's list of awake units, with the functions that the plain loop asks for."""

    def __init__(
        self,
        fixed: layout.Fixed,
        books: layout.Books,
        prices: layout.Prices,
        lists: Lists,
        call: Handover,
    ) -> None:
        """``lists``: empty ones, of these paths or more, which are this waker's now."""
        paths, units = books.cash.shape
        feeds = prices.feed.shape[1]
        self.fixed, self.books, self._call = fixed, books, call
        self.awake = layout.Awake(
            fall_next=np.zeros((paths, feeds), dtype=np.int64),
            rise_next=np.zeros((paths, feeds), dtype=np.int64),
            far_next=np.zeros((paths, feeds + 1), dtype=np.int64),
            reached=np.zeros((paths, feeds + 1)),
            origin=np.zeros((paths, feeds)),
            clock=np.ones(paths),
            unit=lists.unit[:paths],
            level=lists.level[:paths],
            place=lists.place[:paths],
            number=np.zeros(paths, dtype=np.int64),
            low=np.zeros((paths, feeds)),
            high=np.zeros((paths, feeds)),
            until=np.zeros(paths, dtype=np.int64),
        )
        self._prices, self._step = prices, 0
        self._room = np.zeros(units, dtype=np.int64)
        call(begin_awake, fixed, self.awake, books, prices)

    def at(self, step: int, prices: layout.Prices) -> None:
        """The plain loop goes on with this step, on these arrays."""
        self._step, self._prices = step, prices

    def tick(
        self, path: Ints, before: Floats, after: Floats, new_step: bool, turn: Turn | None
    ) -> None:
        """Let the clocks see prices (n, f) that moved, and factors on margin that turned."""
        self._step += int(new_step)
        none = np.zeros((0, 0))
        arrays = (before, after) + ((none, none) if turn is None else (turn.step, turn.start))
        self._call(
            tick_paths,
            self.fixed,
            self.awake,
            self.books,
            self._prices,
            np.ascontiguousarray(path, dtype=np.int64),
            *(np.ascontiguousarray(array, dtype=np.float64) for array in arrays),
            self._step,
            new_step,
            turn is not None,
        )

    def restless(self, paths: Ints) -> Ints:
        """Those of paths (n,) on which the plain loop has something to do at this step."""
        out = np.zeros(paths.size, dtype=bool)
        self._call(
            rest_paths,
            self.fixed,
            self.books,
            self._prices,
            self.awake,
            self._room,
            np.ascontiguousarray(paths, dtype=np.int64),
            self._step,
            out,
        )
        return paths[out]

    def wake_units(self, path: Ints, unit: Ints) -> None:
        """These pairs must be checked at the next look."""
        self._call(
            wake_pairs,
            self.awake,
            np.ascontiguousarray(path, dtype=np.int64),
            np.ascontiguousarray(unit, dtype=np.int64),
        )

    def due(self, active: Ints) -> tuple[Ints, Ints]:
        """Pairs to check on active paths, in path order, then unit order."""
        active = np.ascontiguousarray(active, dtype=np.int64)
        count = int(self.awake.number[active].sum())
        if count == 0:
            return active[:0], active[:0]
        out = np.empty(count, dtype=np.int64)
        ends = np.zeros(active.size, dtype=np.int64)
        self._call(due_on_paths, self.awake, active, out, ends)
        return np.repeat(active, np.diff(ends, prepend=0)), out[: int(ends[-1])]

    def schedule(
        self, path: Ints, unit: Ints, buffer: Floats, exposure: Floats, stay: Bools
    ) -> None:
        """Let checked pairs sleep as long as their buffers allow."""
        self._call(
            schedule_pairs,
            self.fixed,
            self.awake,
            np.ascontiguousarray(path, dtype=np.int64),
            np.ascontiguousarray(unit, dtype=np.int64),
            np.ascontiguousarray(buffer, dtype=np.float64),
            np.ascontiguousarray(exposure, dtype=np.float64),
            np.ascontiguousarray(stay, dtype=bool),
        )
