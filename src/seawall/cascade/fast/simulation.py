"""Runs of one compiled Case: each path by the quickest loop that gives its tape.

Crowds of isolated positions have a loop of their own, paths on which surely nobody is reached are
proven calm and not stepped, all others go to the general engine (`engine.py`). The tape is the same
bit for bit, whichever of them made it (law L6).
"""

from __future__ import annotations

from seawall.book.book import Floats, Ints
from seawall.cascade.draws import Draws, first_paths
from seawall.cascade.engine import Runs, World, chunk_of, draw, path_worlds
from seawall.cascade.fast.calm import compile_calm, run_calm
from seawall.cascade.fast.calm_kernel import prove_calm
from seawall.cascade.fast.engine import run_in_general
from seawall.cascade.fast.equity_kernel import equity_pairs
from seawall.cascade.fast.isolated import FIRST, compile_isolated, is_isolated, run_crowd
from seawall.cascade.fast.isolated_kernel import run_isolated
from seawall.cascade.fast.loop_kernel import run_paths
from seawall.cascade.fast.made_once import make_once
from seawall.cascade.fast.quiet_kernel import run_quietly
from seawall.cascade.fast.rest_kernel import rest_paths
from seawall.cascade.fast.slots import is_plain_market, is_quietly_native
from seawall.cascade.fast.wake_kernel import (
    begin_awake,
    due_on_paths,
    schedule_pairs,
    tick_paths,
    wake_pairs,
)
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import Tape, join
from seawall.cascade.watch import Watch


def simulate_fast(
    setup: Setup, worlds: tuple[World, ...], runs: Runs, *, steps: int, seed: int
) -> Tape:
    """As `seawall.cascade.engine.simulate`: same arguments, same tape."""
    return FastSimulation(setup, steps).tape(worlds, runs, seed)


class FastSimulation:
    """Runs of one Setup over so many steps: what all their paths share is made once."""

    def __init__(self, setup: Setup, steps: int) -> None:
        self.setup, self.steps = setup, steps
        self.chunk, self._shared = chunk_of(setup), make_once(setup, steps)
        fixed = None if self._shared is None else self._shared.fixed
        self.isolated = None if fixed is None else compile_isolated(setup, fixed, steps)
        general = fixed if self.isolated is None else None
        self.calm = None if general is None else compile_calm(setup, general, steps)
        self._tried, self._given_up = 0, 0

    def on(
        self,
        exogenous: Floats,
        draws: Draws | None = None,
        *,
        worlds: PathWorlds | None = None,
        watch: Watch | None = None,
    ) -> Tape:
        """As `run_fast` on exogenous paths (p, s + 1, k) of these steps: the tape."""

        def given_up(paths: Ints) -> Tape:
            self._given_up += paths.size
            if paths.size == exogenous.shape[0]:
                return self._in_general(exogenous, draws, worlds, watch)
            own = (first_paths(exogenous.shape[0]) if draws is None else draws).only(paths)
            some = None if worlds is None else worlds.only(paths)
            return self._in_general(exogenous[paths], own, some, watch)

        away = worlds is not None and worlds.absence is not None
        crowd = self.isolated
        if crowd is not None and not away:
            tape = run_crowd(crowd, exogenous, worlds, watch, given_up)
            # Chunks may be so small that none of them asks whether the rest is worth trying.
            self._tried += exogenous.shape[0]
            if self._tried >= FIRST and 3 * self._given_up > self._tried:
                self.isolated = None
            return tape
        if self.calm is not None and watch is None and not away:
            return run_calm(self.calm, exogenous, worlds, given_up)
        return self._in_general(exogenous, draws, worlds, watch)

    def _in_general(
        self,
        exogenous: Floats,
        draws: Draws | None,
        worlds: PathWorlds | None,
        watch: Watch | None,
    ) -> Tape:
        return run_in_general(self.setup, self._shared, exogenous, worlds, draws, watch)

    def tape(self, worlds: tuple[World, ...], runs: Runs, seed: int) -> Tape:
        """As `seawall.cascade.engine.simulate`."""

        def of(part: Runs) -> Tape:
            exogenous = draw(self.setup, worlds, part, self.steps, seed)
            own, draws = path_worlds(worlds, part), part.draws(seed)
            return self.on(exogenous, draws, worlds=own, watch=runs.watch)

        # Prices of a chunk are gone before those of the next are drawn.
        firsts = range(0, runs.number.size, self.chunk)
        return join([of(runs.part(first, first + self.chunk)) for first in firsts])


def fast_ready(setup: Setup) -> bool:
    """Whether :func:`run_fast` answers at once: what it calls for this Case is compiled."""
    kernels = [begin_awake, tick_paths, due_on_paths, schedule_pairs, wake_pairs]
    if is_plain_market(setup):
        kernels += [run_paths, equity_pairs, prove_calm]
        if is_isolated(setup):
            kernels.append(run_isolated)
    elif is_quietly_native(setup):
        kernels += [run_quietly, equity_pairs, prove_calm]
    else:
        kernels.append(rest_paths)
    return all(one.ready() for one in kernels)
