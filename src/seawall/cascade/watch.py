"""Prices noted on the way: what a venue sees at some steps, beside the price that nobody moved.

A tape keeps no price but the extremes and the last one: 1,440 steps of many feeds on many paths are
gigabytes. A chart needs some sixty of them, of the few feeds that it draws. Noting them reads the
prices that the loop has anyway, so it changes no bit of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape


@dataclass(frozen=True)
class Watch:
    """Which prices to note: feeds (w,) and steps (n,), rising, 0 is the start."""

    feed: Ints
    step: Ints


class Noted:
    """The prices noted during one run of p paths; nothing where nothing is watched."""

    def __init__(self, watch: Watch | None, setup: Setup, exogenous: Floats) -> None:
        """exogenous: (p, s + 1, k) as the run sees it, failures included."""
        self._watch = watch
        if watch is None:
            return
        asset = setup.table.feed_asset[watch.feed]
        self._untouched = exogenous[:, watch.step][:, :, asset]
        self._seen = self._untouched.copy()
        self._column = {int(step): n for n, step in enumerate(watch.step)}

    def at(self, step: int, state: State) -> None:
        """Note the prices of all paths at the end of a step."""
        if self._watch is not None and step in self._column:
            self._seen[:, self._column[step]] = state.quotes.price[:, self._watch.feed]

    def all_of(self, seen: Floats) -> None:
        """Note prices (p, s + 1, f) that were written down at every step but the start."""
        if self._watch is not None:
            later = self._watch.step > 0
            self._seen[:, later] = seen[:, self._watch.step[later]][:, :, self._watch.feed]

    def on(self, tape: Tape) -> Tape:
        """The tape with what was noted."""
        if self._watch is None:
            return tape
        return replace(tape, seen=self._seen, untouched=self._untouched)
