"""Does a shock impair? The loop says so: the shock at once, then prices stand still for an hour.

Every shock is one path of one run: its prices move at the first step and stay, depth is thinner,
feeds later, options dearer; nothing fails, and all paths draw the same random numbers, so that
nothing differs between two shocks but the shocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from seawall.book import Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.pieces.loops import Run
from seawall.cascade.setup import Setup, compile_setup
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import NEVER, Tape
from seawall.case import Case
from seawall.exposure.impairment import Impairment
from seawall.exposure.reverse.measure import (
    Shocks,
    Units,
    depth_factor,
    latency_steps,
    moves,
    volatility_factor,
)
from seawall.venues import Feed, Rulebook

# A price is shocked to 2% of itself at most: beyond that lies no shock that is asked about.
LEAST_PRICE = 0.02
# Paths of one run.
TOGETHER = 256
Scope = Callable[[Setup, Tape], Impairment]


@dataclass
class Trial:
    """One Case whose scope is tried; ``setups`` by added steps of latency; ``tried`` so far."""

    case: Case
    book: Book
    units: Units
    scope: Scope
    steps: int
    run: Run
    setups: dict[int, Setup]
    tried: int = 0
    known: dict[bytes, bool] = field(default_factory=dict)

    @property
    def setup(self) -> Setup:
        """The Case as it is."""
        return self.setups[0]


def within_reach(trial: Trial, shocks: Shocks) -> Bools:
    """Which shocks (n,) leave every price at 2% of itself at least."""
    lowest = moves(trial.units, shocks.spot).min(axis=1, initial=0.0)
    found: Bools = 1.0 + lowest >= LEAST_PRICE
    return found


def impaired(trial: Trial, shocks: Shocks) -> Bools:
    """Whether each shock (n,) impairs the scope; what was tried before is not run again."""
    keys = [row.tobytes() for row in _rounded(shocks)]
    new = {key: n for n, key in enumerate(keys) if key not in trial.known}
    rows = np.array(list(new.values()), dtype=np.int64)
    names, fresh = list(new), shocks.take(rows)
    for part in _groups(trial, fresh):
        found = _run(trial, fresh.take(part))[0].step < NEVER
        for n, hit in zip(part.tolist(), found.tolist(), strict=True):
            trial.known[names[n]] = bool(hit)
    trial.tried += rows.size
    return np.array([trial.known[key] for key in keys], dtype=bool)


def impairment_of(trial: Trial, shocks: Shocks) -> tuple[Impairment, Tape, Setup]:
    """Of one shock: what is impaired, with the tape and the compiled Case it ran on."""
    return _run(trial, shocks)


def _rounded(shocks: Shocks) -> Floats:
    columns = [shocks.spot, shocks.volatility[:, None], shocks.depth[:, None]]
    # Adding 0 makes one zero of two.
    return np.ascontiguousarray(
        np.round(np.concatenate([*columns, shocks.latency[:, None]], axis=1), 9) + 0.0
    )


def _groups(trial: Trial, shocks: Shocks) -> list[Ints]:
    """Rows of shocks that can run together: of one latency and one volatility."""
    later = latency_steps(trial.units, shocks.latency)
    levels = np.round(shocks.volatility, 9)
    out = []
    for steps in np.unique(later).tolist():
        for level in np.unique(levels[later == steps]).tolist():
            rows = np.flatnonzero((later == steps) & (levels == level))
            out += [rows[n : n + TOGETHER] for n in range(0, rows.size, TOGETHER)]
    return out


def _run(trial: Trial, shocks: Shocks) -> tuple[Impairment, Tape, Setup]:
    """Run shocks that have one latency and one volatility."""
    units, count = trial.units, shocks.size
    setup = _with_volatility(
        _with_latency(trial, int(latency_steps(units, shocks.latency[:1])[0])),
        float(volatility_factor(units, shocks.volatility[:1])[0]),
    )
    prices = np.tile(setup.spot, (count, trial.steps + 2, 1))
    prices[:, 1:, units.assets] *= 1.0 + moves(units, shocks.spot)[:, None, :]
    zeros = np.zeros(count, dtype=np.int64)
    worlds = PathWorlds(
        zeros, depth_factor(units, shocks.depth), zeros > 0, np.ones(count, dtype=bool)
    )
    tape, _ = trial.run(setup, prices, worlds=worlds, draws=Draws(0, zeros))
    # What was lost is lost against the equity before the shock, volatility included.
    equity = tape.desk_equity.copy()
    equity[:, 0] = trial.setup.desk_equity
    tape = replace(tape, desk_equity=equity)
    return trial.scope(setup, tape), tape, setup


def _with_volatility(setup: Setup, factor: float) -> Setup:
    """Options quoted at a factor on their implied volatility, impact of the square-root law too."""
    if factor == 1.0:
        return setup
    options = setup.table.options
    table = replace(setup.table, options=replace(options, volatility=options.volatility * factor))
    impact = replace(setup.impact, strength=setup.impact.strength * factor)
    return replace(setup, table=table, impact=impact)


def _with_latency(trial: Trial, steps: int) -> Setup:
    """The Case with every oracle feed so many steps later, compiled once for each number."""
    if steps not in trial.setups:
        seconds = steps * trial.units.step_seconds
        rulebooks = {name: later(book, seconds) for name, book in trial.case.rulebooks.items()}
        case = replace(trial.case, rulebooks=rulebooks)
        trial.setups[steps] = compile_setup(case, trial.book, trial.units.step_seconds)
    return trial.setups[steps]


def later(rulebook: Rulebook, seconds: float) -> Rulebook:
    """A rulebook whose oracle feeds are seen later; a feed that is the market itself stays."""
    return replace(
        rulebook,
        feed=_later(rulebook.feed, seconds),
        feeds={asset: _later(feed, seconds) for asset, feed in rulebook.feeds.items()},
    )


def _later(feed: Feed, seconds: float) -> Feed:
    if feed == Feed():
        return feed
    return replace(feed, delay_seconds=feed.delay_seconds + seconds)
