"""From a Case to a tape: generate the crowd, compile, draw paths, run the loop chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Floats
from seawall.case import Case
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, compile_setup
from seawall.cascade.tape import Tape, join
from seawall.crowd.generate import generate
from seawall.crowd.join import join as join_crowd
from seawall.scenario.paths import exogenous_paths

# Paths run together: bounds memory (about 0.2 MB per path and 10,000 accounts), changes no bit.
CHUNK = 500


@dataclass(frozen=True)
class World:
    """What one run assumes beyond the Case: factors on volatility and depth, n, and the crowd."""

    volatility: float = 1.0
    depth: float = 1.0
    branching_ratio: float | None = None
    leverage: str = "base"


BASE = World()


def populated(case: Case, leverage: str = "base") -> Book:
    """The Case's book with its crowds generated under one leverage mix."""
    crowds = {}
    for spec in case.crowds:
        held: dict[str, float] = {}
        for n, account in enumerate(case.book.position_account):
            if case.book.account_venue[account] == spec.venue and case.book.account_kind[
                account
            ] in (AccountKind.DESK, AccountKind.CROWD):
                name = case.book.instruments[case.book.position_instrument[n]].name
                held[name] = held.get(name, 0.0) + float(case.book.size[n])
        mix = leverage if leverage in spec.leverage else "base"
        crowds[spec.venue] = generate(
            spec, case.market, case.rulebooks[spec.venue], case.book.instruments, mix, held
        )
    return join_crowd(case.book, crowds)


def prepare(case: Case, world: World = BASE, step_seconds: float | None = None) -> Setup:
    """Compile a Case for one world."""
    return scaled(compile_setup(case, populated(case, world.leverage), step_seconds), world)


def scaled(setup: Setup, world: World) -> Setup:
    """The same setup under a world's depth."""
    from dataclasses import replace

    if world.depth == 1.0:
        return setup
    return replace(setup, impact=replace(setup.impact, depth=setup.impact.depth * world.depth))


def draw(setup: Setup, world: World, steps: int, paths: np.ndarray, seed: int) -> Floats:
    """Exogenous paths (p, s + 1, k) of chosen path numbers."""
    return exogenous_paths(
        setup.case.market,
        setup.table.assets,
        step_seconds=setup.step_seconds,
        steps=steps,
        paths=paths,
        seed=seed,
        volatility_scale=world.volatility,
        branching_ratio=world.branching_ratio,
    )


def simulate(
    setup: Setup,
    world: World,
    *,
    steps: int,
    paths: np.ndarray,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Tape:
    """Run chosen path numbers (p,) and return their tape; any chunking gives the same bits."""
    tapes = []
    for first in range(0, paths.size, CHUNK):
        part = paths[first : first + CHUNK]
        tape, _ = run(setup, draw(setup, world, steps, part, seed))
        tapes.append(tape)
        if progress is not None:
            progress(min(first + CHUNK, paths.size) / paths.size)
    return join(tapes)
