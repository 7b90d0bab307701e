"""What a desk's options are worth at steps that the compiled loop has passed: priced afterwards.

The compiled loop writes equity without options. They are not touched while it runs, so their value
is a function of the feed prices that it wrote down, and many steps are priced at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import option_quotes

# Steps priced together: bounds memory, changes no bit.
BLOCK = 16_384


@dataclass(frozen=True)
class _Passed:
    """Steps first to end - 1 (n,) of paths (n,) with the sizes (n, o) held then."""

    path: Ints
    first: Ints
    end: Ints
    size: Floats


class DeskOptions:
    """Collects what was passed; nothing where no desk unit holds options."""

    def __init__(self, setup: Setup, columns: int) -> None:
        units, options = setup.table.units, setup.table.options
        self._setup, self.needed = setup, False
        self._passed: list[_Passed] = []
        if options.unit.size == 0:
            return
        ranges = [np.arange(units.options[u], units.options[u + 1]) for u in setup.desk_units]
        self._option = np.concatenate([*ranges, np.zeros(0, dtype=np.int64)])
        self._column = np.repeat(np.arange(len(ranges)), [r.size for r in ranges])
        self.needed = self._option.size > 0
        if self.needed:
            mine = {f.name: getattr(options, f.name)[self._option] for f in fields(options)}
            self._table = replace(setup.table, options=replace(options, **mine))

    def passed(self, state: State, paths: Ints, first: Ints, end: Ints) -> None:
        """The compiled loop has done steps first to end - 1 (n,) of paths (n,)."""
        if self.needed:
            size = state.holdings.option_size[np.ix_(paths, self._option)]
            self._passed.append(_Passed(paths, first, end, size))

    def add_to(self, course: layout.Course) -> None:
        """Add the options to the equity (p, s + 1, d) of the steps passed."""
        if not self._passed:
            return
        path, first, end, size = (
            np.concatenate([getattr(one, name) for one in self._passed])
            for name in ("path", "first", "end", "size")
        )
        which, step = expand_ranges(first, end - first)
        for begin in range(0, which.size, BLOCK):
            own, when = which[begin : begin + BLOCK], step[begin : begin + BLOCK]
            course.equity[path[own], when] += self._worth(course, path[own], when, size[own])

    def _worth(self, course: layout.Course, path: Ints, step: Ints, size: Floats) -> Floats:
        """Worth (n, d) of options of these sizes (n, o) at the prices of steps (n,) of paths."""
        start = self._setup.spot[self._setup.table.feed_asset]
        years = np.asarray(step * self._setup.step_seconds / SECONDS_PER_YEAR, dtype=np.float64)
        quotes = option_quotes(self._table, course.seen[path, step], start, years[:, None])
        return segment_sums(size * quotes.option_value, self._column, course.equity.shape[2])
