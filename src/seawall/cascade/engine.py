"""From a Case to a tape: generate the crowd, compile, draw paths, run the loop chunk by chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.absent import Absence
from seawall.cascade.draws import Draws
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, compile_setup, with_starts
from seawall.cascade.state import PathWorlds
from seawall.cascade.switches import Switches
from seawall.cascade.tape import Tape, join
from seawall.cascade.thieves import with_newcomers
from seawall.cascade.watch import Watch
from seawall.case import Case
from seawall.crowd.generate import generate
from seawall.crowd.join import join as join_crowd
from seawall.foundation.errors import InputError
from seawall.margin.table.compile import compile_table
from seawall.scenario.paths import exogenous_paths
from seawall.scenario.tilt import Tilt

# Paths run together, and memory of them, bytes: bounds of what is held at once; change no bit.
CHUNK = 900
CHUNK_BYTES = 300e6
LEAST_CHUNK = 16
# Bytes of a path: by row its size; by unit cash, two counters, and what knows when to wake it.
ROW_BYTES, UNIT_BYTES = 8, 28


@dataclass(frozen=True)
class World:
    """What a run assumes beyond the Case: factors on volatility and depth, and the crowd's mix.

    ``fresh``: every feed shows the market price itself, without threshold or delay. ``failures``
    False: no venue, bridge, stablecoin, contract or oracle fails. ``trace`` and the rest switch a
    channel of loss off: see `seawall.cascade.switches`.
    """

    volatility: float = 1.0
    depth: float = 1.0
    leverage: str = "base"
    fresh: bool = False
    failures: bool = True
    trace: bool = True
    slippage: bool = True
    mutual: bool = True
    prompt: bool = False


BASE = World()
# Prices alone: nobody's orders move them (infinite depth), oracles are up to date, nothing waits to
# be settled, nobody pays for others, nothing fails.
PRICE_ONLY = World(
    depth=math.inf,
    fresh=True,
    failures=False,
    trace=False,
    slippage=False,
    mutual=False,
    prompt=True,
)


@dataclass(frozen=True)
class Runs:
    """Paths to run, (p,) each: the path's number and which of the worlds it lives in; and how they
    are tilted, if at all.

    still (p, k): assets whose exogenous price stays where it was at the start; absence: whose
    holdings are away. None: none. watch: which prices to note.
    """

    number: Ints
    world: Ints
    tilt: Tilt | None = None
    still: Bools | None = None
    absence: Absence | None = None
    watch: Watch | None = None

    def part(self, first: int, last: int) -> Runs:
        """Paths first to last - 1 of these."""
        return Runs(
            self.number[first:last],
            self.world[first:last],
            self.tilt,
            None if self.still is None else self.still[first:last],
            None if self.absence is None else self.absence.part(first, last),
            self.watch,
        )

    def draws(self, seed: int) -> Draws:
        """Random numbers of these paths' mechanisms; failures are hurried as the tilt says."""
        return Draws(seed, self.number, None if self.tilt is None else self.tilt.hurry(self.number))


def populated(case: Case, leverage: str = "base") -> Book:
    """The Case's book with its crowds generated under one leverage mix.

    Raises InputError when two crowds would both fill one instrument's open interest.
    """
    crowds, taken = [], set[str]()
    for spec in case.crowds:
        listed = set(spec.long_share or ())
        if spec.kind == "perpetuals" and (twice := listed & taken):
            raise InputError(
                f"two crowds trade {', '.join(sorted(twice))}, and the market has one open "
                "interest for it",
                file="crowd.toml",
                expected="instruments of their own for each venue's crowd",
            )
        taken |= listed
        mine = tuple(
            i for i in case.book.instruments if spec.long_share is None or i.name in listed
        )
        mix = leverage if leverage in spec.leverage else "base"
        rulebook = case.rulebooks[spec.venue]
        columns = generate(spec, case.market, rulebook, mine, mix, held_by_side(case, spec.venue))
        crowds.append((spec.venue, columns))
    return with_newcomers(case, join_crowd(case.book, crowds))


def held_by_side(case: Case, venue: str) -> dict[str, tuple[float, float]]:
    """Long and short size, both >= 0, by instrument, of the accounts a Case names at a venue."""
    book = case.book
    traders = (AccountKind.DESK, AccountKind.CROWD)
    out: dict[str, tuple[float, float]] = {}
    for n, account in enumerate(book.position_account):
        if book.account_venue[account] == venue and book.account_kind[account] in traders:
            name, size = book.instruments[book.position_instrument[n]].name, float(book.size[n])
            long, short = out.get(name, (0.0, 0.0))
            out[name] = (long + max(size, 0.0), short + max(-size, 0.0))
    return out


def prepare(
    case: Case, worlds: tuple[World, ...] = (BASE,), step_seconds: float | None = None
) -> Setup:
    """Compile a Case for some worlds; the first one is the base.

    Raises InputError or MissingRule for what cannot be run.
    """
    setup = compile_setup(case, populated(case), step_seconds)
    mixes = dict.fromkeys(world.leverage for world in worlds if world.leverage != "base")
    tables = [
        compile_table(populated(case, mix), case.market, case.rulebooks, case.quote, case.as_of)
        for mix in mixes
    ]
    return with_starts(setup, tables) if tables else setup


def chunk_of(setup: Setup) -> int:
    """How many paths of a Case run together: fewer of one with many accounts."""
    units, rows = setup.table.units.account.size, setup.table.rows.unit.size
    each = ROW_BYTES * rows + UNIT_BYTES * units
    return min(CHUNK, max(LEAST_CHUNK, int(CHUNK_BYTES / max(each, 1))))


def draw(setup: Setup, worlds: tuple[World, ...], runs: Runs, steps: int, seed: int) -> Floats:
    """Exogenous paths (p, s + 1, k); worlds share random numbers path by path."""
    paths = exogenous_paths(
        setup.case.market,
        setup.table.assets,
        step_seconds=setup.step_seconds,
        steps=steps,
        paths=runs.number,
        seed=seed,
        volatility_scale=np.array([world.volatility for world in worlds])[runs.world],
        tilt=runs.tilt,
    )
    if runs.still is None:
        return paths
    return np.where(runs.still[:, None, :], paths[:, :1], paths)


def path_worlds(worlds: tuple[World, ...], runs: Runs) -> PathWorlds:
    """Start, depth, freshness and switches of each path."""
    mixes = ["base", *dict.fromkeys(w.leverage for w in worlds if w.leverage != "base")]
    start = np.array([mixes.index(world.leverage) for world in worlds], dtype=np.int64)
    depth = np.array([world.depth for world in worlds])
    fresh = np.array([world.fresh for world in worlds])
    safe = np.array([not world.failures for world in worlds])
    own = runs.world
    switches = Switches(
        trace=np.array([world.trace for world in worlds])[own],
        slippage=np.array([world.slippage for world in worlds])[own],
        mutual=np.array([world.mutual for world in worlds])[own],
        prompt=np.array([world.prompt for world in worlds])[own],
    )
    return PathWorlds(start[own], depth[own], fresh[own], safe[own], runs.absence, switches)


def simulate(setup: Setup, worlds: tuple[World, ...], runs: Runs, *, steps: int, seed: int) -> Tape:
    """Run paths and return their tape; any chunking gives the same bits."""
    tapes, chunk = [], chunk_of(setup)
    for first in range(0, runs.number.size, chunk):
        part = runs.part(first, first + chunk)
        exogenous = draw(setup, worlds, part, steps, seed)
        draws = part.draws(seed)
        own = path_worlds(worlds, part)
        tape, _ = run(setup, exogenous, worlds=own, draws=draws, watch=part.watch)
        tapes.append(tape)
    return join(tapes)
