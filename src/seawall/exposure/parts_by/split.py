"""`parts_by` of the result: DRE of the headline scope at the horizon, split over players.

Shapley values of the game "is the scope impaired within the horizon with only these players in"
(see :mod:`seawall.exposure.shapley` and `game.py`), path by path on the base's random numbers: all
coalitions for up to MOST_EXACT players, beyond that orders of each path's own. The parts of a path
sum to what it is with everybody in less with nobody, so the table adds up exactly. Intervals are
over paths, which also draw the orders: they hold the noise of both.
Wrong, in that it says little, where players hedge each other: parts are then large and of opposite
signs, and depend on who counts as a player.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.absent import watching
from seawall.cascade.engine import BASE
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import choose
from seawall.cascade.pieces.run import run_job
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.exposure.impairment import desk_columns, desk_impairment, venue_impairment
from seawall.exposure.parts_by.game import Game, game_by_asset, game_by_leg, game_by_venue
from seawall.exposure.proportion import wilson
from seawall.exposure.shapley import coalitions, exact, sampled
from seawall.exposure.signed_interval import mean_of, signed_interval
from seawall.foundation.errors import InputError

Progress = Callable[[float, str], None]

# All coalitions are run for up to so many players.
MOST_EXACT = 5
# Beyond that a path walks along as many orders as so many runs allow, two at least.
RUNS = 30
# Paths are cut to about so many path-steps over all coalitions, but never below LEAST_PATHS.
MOST_PATH_STEPS = 15_000_000
LEAST_PATHS = 100
# Held in memory at once.
BATCH_PATH_STEPS = 4_000_000


class By(StrEnum):
    """What DRE can be split by."""

    LEG = "leg"
    ASSET = "asset"
    VENUE = "venue"


@dataclass(frozen=True)
class Question:
    """Whose DRE is split: paths 0 to ``paths`` - 1 of a run of ``steps`` steps.

    owner of the desk, None for the protocol
    """

    setup: Setup
    owner: str | None
    paths: int
    steps: int
    seed: int
    compute: Compute


def split_up(
    setup: Setup,
    headline: str,
    wanted: tuple[str, ...],
    size: tuple[int, int, int],
    progress: Progress | None,
    compute: Compute | None,
) -> dict[str, Any]:
    """`parts_by` of the result for what was asked for; nothing where nothing was.

    headline: scope whose DRE is split; size: paths, steps and seed of the run
    """
    if not wanted:
        return {}
    owner = headline.removeprefix("desk:") if headline.startswith("desk:") else None
    question = Question(setup, owner, *size, Compute() if compute is None else compute)
    return {"parts_by": {by: parts_by(question, By(by), progress) for by in dict.fromkeys(wanted)}}


def parts_by(question: Question, by: By, progress: Progress | None = None) -> dict[str, Any]:
    """One entry of `parts_by`: see docs/json.md.

    Raises InputError for a split that the Case does not have.
    """
    game = _game(question, by)
    exactly = game.players <= MOST_EXACT
    pairs = 0 if exactly else max(1, RUNS // (2 * (game.players - 1)))
    runs = 2**game.players if exactly else 2 + 2 * pairs * (game.players - 1)
    most = max(LEAST_PATHS, MOST_PATH_STEPS // (runs * question.steps))
    numbers = np.arange(min(question.paths, most))
    setup = watching(question.setup, question.setup.is_desk)

    def value(members: Bools) -> Floats:
        return _impaired(question, setup, game, numbers, members, by, progress)

    if exactly:
        everyone = coalitions(game.players)[:, None, :]
        found = value(np.broadcast_to(everyone, (runs, numbers.size, game.players)))
        parts, none, total = exact(found), found[0], found[-1]
    else:
        ends: list[Floats] = []

        def noting(members: Bools) -> Floats:
            found = value(members)
            ends.extend((found[0], found[-1]))
            return found

        parts = sampled(game.players, numbers, pairs, question.seed, noting)
        none, total = ends
    return _block(question, game, parts, none, total, 2 * pairs, runs)


def _game(question: Question, by: By) -> Game:
    setup, owner = question.setup, question.owner
    if by is By.ASSET:
        return game_by_asset(setup, owner, question.steps, question.seed)
    if by is By.VENUE:
        return game_by_venue(setup, owner)
    if owner is None:
        raise InputError(
            "there is no desk whose legs could be told apart",
            file="--parts-by",
            expected="asset or venue",
        )
    return game_by_leg(setup, owner)


def _impaired(
    question: Question,
    setup: Setup,
    game: Game,
    numbers: Ints,
    members: Bools,
    by: By,
    progress: Progress | None,
) -> Floats:
    """1 where the scope is impaired with these members (c, p, n) in, else 0 (c, p)."""
    count, paths = members.shape[:2]
    together = max(1, BATCH_PATH_STEPS // (paths * question.steps))
    loop = choose(question.compute.engine, setup)
    out = np.empty((count, paths))
    for first in range(0, count, together):
        some = members[first : first + together]
        runs = game.runs(np.tile(numbers, some.shape[0]), some.reshape(-1, game.players))
        job = Job(setup, (BASE,), runs, question.steps, question.seed, loop, WHOLE)
        done = first * paths

        def report(more: int, done: int = done) -> None:
            if progress is not None:
                whole = count * paths
                progress((done + more) / whole, f"by {by}: {done + more:,} of {whole:,} paths")

        tape = run_job(job, question.compute, report)
        out[first : first + together] = _hit(question, setup, tape).reshape(-1, paths)
    return out


def _hit(question: Question, setup: Setup, tape: Tape) -> Bools:
    """True (p,) where the scope is impaired within the run."""
    if question.owner is None:
        found = venue_impairment(setup, tape, None)
    else:
        columns = desk_columns(setup, question.owner)
        equity = float(setup.desk_equity[columns].sum())
        found = desk_impairment(setup, tape, question.owner, equity=equity)
    hit: Bools = found.step <= question.steps
    return hit


def _block(
    question: Question,
    game: Game,
    parts: Floats,
    none: Floats,
    total: Floats,
    orders: int,
    runs: int,
) -> dict[str, Any]:
    """What the result holds of one split, largest part first."""
    paths = total.size
    rows = []
    for n in range(game.players):
        low, high = _interval(parts[n])
        rows.append(
            {
                "name": game.names[n],
                "account": game.accounts[n],
                "venue": game.venues[n],
                "part": float(parts[n].mean()),
                "low": low,
                "high": high,
            }
        )
    return {
        "scope": "protocol" if question.owner is None else f"desk:{question.owner}",
        "horizon_seconds": question.steps * question.setup.step_seconds,
        "paths": paths,
        "coalitions": runs,
        "orders": orders,
        "grouped": list(game.grouped),
        "none": _share(none),
        "parts": sorted(rows, key=lambda row: -float(str(row["part"]))),
        "total": _share(total),
    }


def _interval(part: Floats) -> tuple[float, float]:
    """95% of a part's mean over paths (p,), each in [-1, 1]."""
    mean = mean_of(part, np.zeros(part.size, dtype=np.int64), 1.0)
    low, high = signed_interval([] if mean is None else [mean])
    return max(low, -1.0), min(high, 1.0)


def _share(impaired: Floats) -> dict[str, float]:
    hits = int(impaired.sum())
    low, high = wilson(hits, impaired.size)
    return {"probability": hits / impaired.size, "low": low, "high": high}
