"""The two loops that can run a piece, the plain and the compiled: same tape, bit for bit."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.engine import Runs, World, simulate
from seawall.cascade.pieces.compute import Engine
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit, PathWorlds, State
from seawall.cascade.tape import Tape
from seawall.foundation.errors import InputError


class Loop(StrEnum):
    """Which code runs a piece."""

    PLAIN = "plain"  # NumPy over all paths of the piece; holds the interpreter's lock
    FAST = "fast"  # compiled; lets go of the lock


class Simulate(Protocol):
    """Run paths and return their tape."""

    def __call__(self, worlds: tuple[World, ...], runs: Runs, seed: int) -> Tape:
        """The tape of these runs, numbered from 0."""


class Run(Protocol):
    """Run exogenous paths (p, s + 1, k); the tape and the state at the end."""

    def __call__(
        self,
        setup: Setup,
        exogenous: Floats,
        *,
        deposit: Deposit | None = None,
        worlds: PathWorlds | None = None,
        draws: Draws | None = None,
    ) -> tuple[Tape, State]:
        """As `seawall.cascade.reference.run`."""


def choose(engine: Engine, setup: Setup) -> Loop:
    """The loop for a Case: the compiled one where asked for, or where it answers at once.

    Raises InputError where the compiled loop is asked for and there is none.
    """
    if engine is Engine.PLAIN:
        return Loop.PLAIN
    if engine is Engine.FAST:
        if not has_fast():
            raise InputError(
                "this version of Seawall has no compiled engine",
                file="--engine",
                expected="auto, plain or ray",
            )
        return Loop.FAST
    return Loop.FAST if has_fast() and _fast_ready(setup) else Loop.PLAIN


def simulation(loop: Loop, setup: Setup, steps: int) -> Simulate:
    """What runs pieces of a Setup over so many steps; what pieces share is made here, once."""
    if loop is Loop.FAST:
        from seawall.cascade.fast.simulation import FastSimulation

        return FastSimulation(setup, steps).tape

    def plain(worlds: tuple[World, ...], runs: Runs, seed: int) -> Tape:
        return simulate(setup, worlds, runs, steps=steps, seed=seed)

    return plain


def quickest(setup: Setup) -> Run:
    """The loop that answers first, for runs on paths of the caller's own."""
    if _fast_ready(setup):
        from seawall.cascade.fast.engine import run_fast

        return run_fast
    return run


def has_fast() -> bool:
    """Whether this version of Seawall has a compiled engine."""
    return True


def is_compiled() -> bool:
    """Whether all kernels of the compiled engine are in the cache or in this process."""
    from seawall.foundation.compiled import every_kernel

    return all(
        kernel.ready()
        for kernel in every_kernel()
        if kernel.name.startswith("seawall.cascade.fast.")
    )


def _fast_ready(setup: Setup) -> bool:
    from seawall.cascade.fast.simulation import fast_ready

    return fast_ready(setup)
