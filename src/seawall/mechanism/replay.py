"""Replay of a real event: the Case at its start, market paths through its knots, what came of it.

With the event's own Case, simulated outcomes stand beside the published ranges: the exogenous path
is the one whose market meets the knots (`mechanism/steer.py`). With a Case of the user's, the
event's relative moves, depth and failures pass over the user's book as a `total` path: forced
orders pay their impact and leave no trace in prices, which contain what everybody did. So nobody's
feedback is counted twice. What has no counterpart in the Case is named.

Source: the files of `scenario/events`. Wrong where an event's assumptions are: each is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import seawall
from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.impairment import desk_impairment, desks
from seawall.exposure.payers import PAYERS
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.mechanism.event_case import event_case
from seawall.mechanism.knots import target_paths
from seawall.mechanism.outcomes import Course, first_times, measured
from seawall.mechanism.steer import Steered, steer
from seawall.mechanism.watching import Watch, begin_watch, winners
from seawall.scenario.events import Event, Outcome

SCHEMA = "seawall/replay/1"
SEEDS = 20
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Replay:
    """A replay of ``paths`` draws of the noise between knots; left_out: what the Case has not."""

    event: Event
    case: Case
    setup: Setup
    steered: Steered
    course: Course
    paths: int
    seed: int
    left_out: tuple[str, ...]


def replay(event: Event, case: Case | None = None, *, paths: int = SEEDS, seed: int = 1) -> Replay:
    """Run an event, in its own Case or in ``case``.

    Raises InputError for a Case that holds none of the event's assets.
    """
    if paths < 1:
        raise InputError(f"{paths} paths", expected="one path at least")
    own, left_out = event_case(event), tuple[str, ...]()
    if case is not None:
        own, left_out = under_event(event, case)
    setup = prepare(own)
    draws = Draws(seed, np.arange(paths))
    target = target_paths(
        event.knots,
        {name: asset.volatility for name, asset in event.assets.items()},
        event.venue_type.makers.common,
        setup.table.assets,
        setup.spot,
        step_seconds=event.step_seconds,
        steps=event.steps,
        paths=paths,
        seed=seed,
    )
    watches: list[Watch] = []

    def watch() -> Watch:
        watches[:] = [begin_watch(setup, paths)]
        return watches[0]

    found = steer(setup, target, draws, watch=watch)
    seen = watches[0]
    course = Course(setup, found.tape, seen.worst, winners(seen, found.tape))
    return Replay(event, own, setup, found, course, paths, seed, left_out)


def under_event(event: Event, case: Case) -> tuple[Case, tuple[str, ...]]:
    """The user's Case with the event's step, depth and failures, and what had to be left out."""
    shared = [name for name in event.assets if name in case.market.assets]
    if not shared:
        raise InputError(
            f"the case holds none of the assets of {event.name}",
            expected=f"one of {', '.join(event.assets)}",
        )
    left = [
        f"{name} moves in the event; the case does not have it"
        for name in event.assets
        if name not in shared
    ]
    still = [
        name
        for name, state in case.market.assets.items()
        if name not in shared and state.volatility > 0
    ]
    left += [f"{name} is not in the event; its price stands still" for name in still]
    mechanisms = dict(case.market.mechanisms)
    for slot, tables in event.mechanisms.items():
        if slot == "depth_schedule" and slot not in mechanisms:
            windows = [_of_assets(w, shared) for w in tables["windows"]]  # type: ignore[index]
            mechanisms[slot] = {"windows": [w for w in windows if w is not None]}
        else:
            left.append(f"the event's {slot} is not applied to the case")
    failures, missing = _failures(event, case)
    left += missing
    if failures and "failures" not in mechanisms:
        mechanisms["failures"] = failures
    elif failures:
        left.append("the case has failures of its own; the event's are not added")
    # History contains what the crowd did: its paths are total, and forced orders leave no trace.
    scenario = replace(case.market.scenario, label="total")
    market = replace(case.market, mechanisms=mechanisms, scenario=scenario)
    return replace(case, market=market, step_seconds=event.step_seconds), tuple(left)


def _of_assets(window: Mapping[str, Any], shared: list[str]) -> dict[str, Any] | None:
    """A window of depth for the assets that the Case has; None where none is left."""
    if not window.get("assets"):
        return dict(window)
    mine = [name for name in window["assets"] if name in shared]
    return {**window, "assets": mine} if mine else None


def _failures(event: Event, case: Case) -> tuple[dict[str, Any], list[str]]:
    """The event's failures whose targets the Case has, and sentences on the others."""
    kept: dict[str, Any] = {}
    missing = []
    known: dict[str, Any] = {"venue": case.rulebooks, "asset": case.market.assets}
    for kind, entries in event.failures.items():
        for entry in entries:  # type: ignore[attr-defined]
            gone = [entry[key] for key in known if key in entry and entry[key] not in known[key]]
            gone += [a for a in entry.get("assets", ()) if a not in case.market.assets]
            if gone:
                missing.append(f"the event's {kind} hits {gone[0]}, which the case does not have")
            else:
                kept.setdefault(kind, []).append(entry)
    return kept, missing


def result(done: Replay, *, own_book: bool) -> dict[str, Any]:
    """The dict of docs/json.md, schema seawall/replay/1; ``own_book``: the Case was the user's."""
    event, course = done.event, done.course
    out: dict[str, Any] = {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "event": event.name,
        "title": event.title,
        "what": event.what,
        "start": event.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "venue_type": event.venue_type.name,
        "role": event.role,
        "case": done.case.name if own_book else None,
        "quote": done.case.quote,
        "seed": done.seed,
        "paths": done.paths,
        "steps": event.steps,
        "step_seconds": event.step_seconds,
        "accounts": len(course.setup.book.account_names),
        "knots": _knots(done),
        "outcomes": [] if own_book else [_outcome(course, o) for o in event.outcomes],
        "first": _first(done),
        "who_pays": _who_pays(course),
        "bad_debt": _levels(measured(course, "bad_debt")),
        "liquidated": _levels(measured(course, "liquidated")),
        "trough": _extremes(done, "trough"),
        "peak": _extremes(done, "peak"),
        "desks": _desks(done) if own_book else [],
        "left_out": list(done.left_out),
        "assumptions": list(event.assumptions),
        "sources": [{"name": s.name, "says": s.says} for s in event.sources],
    }
    return out


def _knots(done: Replay) -> dict[str, Any]:
    found = done.steered
    return {
        "met": found.knots,
        "largest_miss": float(found.miss.max(initial=0.0)),
        "passed_within_a_step": found.passed,
        "sweeps": found.sweeps,
        "assumed": sorted(n for n, k in done.event.knots.items() if k.assumed),
    }


def _levels(values: Floats) -> dict[str, float | None]:
    """5%, 50% and 95% over the paths on which a number is defined; None without any."""
    known = values[np.isfinite(values)]
    found = np.quantile(known, LEVELS) if known.size else [None] * len(LEVELS)
    return {
        name: None if x is None else float(x)
        for name, x in zip(("low", "median", "high"), found, strict=True)
    }


def _outcome(course: Course, outcome: Outcome) -> dict[str, Any]:
    values = measured(course, outcome.measure, outcome.asset, outcome.venue)
    simulated = _levels(values)
    median = simulated["median"]
    return {
        "measure": outcome.measure,
        "asset": outcome.asset or None,
        "venue": outcome.venue or None,
        "unit": outcome.unit,
        "published": list(outcome.published),
        "rounded": outcome.rounded,
        "source": outcome.source,
        "simulated": simulated,
        "defined": int(np.isfinite(values).sum()),
        "hit": _inside(median, outcome.published),
        "predicted": None if outcome.predicted is None else list(outcome.predicted),
        "predicted_hit": None if outcome.predicted is None else _inside(median, outcome.predicted),
    }


def _inside(value: float | None, low_high: tuple[float, ...]) -> bool:
    return value is not None and low_high[0] <= value <= low_high[1]


def _first(done: Replay) -> dict[str, dict[str, float | None]]:
    """Seconds from the event's start to the first liquidation and ADL, over paths that had one."""
    steps = first_times(done.course)
    seconds = done.event.step_seconds
    return {
        name: {**_levels(np.where(at > 0, at * seconds, np.nan)), "share": float(np.mean(at > 0))}
        for name, at in steps.items()
    }


def _who_pays(course: Course) -> dict[str, float]:
    """Means over paths, quote, loss > 0: what the closed accounts lost, and what others bore."""
    tape = course.tape
    borne = {name: float(_per_path(course, getattr(tape, name)).mean()) for name in PAYERS[1:]}
    return {"account": float(tape.closed_loss.mean()), **borne}


def _per_path(course: Course, amount: Floats) -> Floats:
    return segment_sums(amount, course.tape.path, course.tape.paths)


def _extremes(done: Replay, which: str) -> dict[str, dict[str, float | None]]:
    """Lowest or highest market price of each asset of the event that the Case has."""
    known = done.setup.table.assets
    return {
        name: _levels(measured(done.course, which, name))
        for name in done.event.assets
        if name in known
    }


def _desks(done: Replay) -> list[dict[str, Any]]:
    """How often each desk is impaired, and what it has lost at the end."""
    out = []
    for owner in desks(done.setup):
        found = desk_impairment(done.setup, done.course.tape, owner)
        impaired = found.step < found.loss.shape[1]
        loss = found.loss[:, -1]
        out.append(
            {
                "owner": owner,
                "impaired_share": float(np.mean(impaired)),
                "first_seconds": _levels(
                    np.where(impaired, found.step * done.event.step_seconds, np.nan)
                ),
                "loss": _levels(loss),
            }
        )
    return out


def score(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Hits over outcomes of scored events and of frozen ones, and of their predicted ranges."""
    tally = {
        "frozen": 0,
        "frozen_hits": 0,
        "scored": 0,
        "scored_hits": 0,
        "predicted": 0,
        "predicted_hits": 0,
    }
    for found in results:
        for outcome in found["outcomes"]:
            tally[found["role"]] += 1
            tally[f"{found['role']}_hits"] += bool(outcome["hit"])
            if outcome["predicted"] is not None:
                tally["predicted"] += 1
                tally["predicted_hits"] += bool(outcome["predicted_hit"])
    return tally


__all__ = ["Replay", "replay", "result", "score", "under_event"]
