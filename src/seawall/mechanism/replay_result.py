"""What replays of one event say, as the dict that becomes page and JSON; the score over events.

Several replays of an event differ in the draw of its crowd; their paths are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import seawall
from seawall.book.book import Floats
from seawall.exposure.impairment import desk_impairment, desks
from seawall.exposure.payers import PAYERS
from seawall.foundation.arrays import segment_sums
from seawall.mechanism.outcomes import Course, first_times, measured
from seawall.mechanism.replay import Replay
from seawall.scenario.events import Outcome

SCHEMA = "seawall/replay/1"
LEVELS = (0.05, 0.5, 0.95)
Runs = Sequence[Replay]


def result(runs: Runs, *, own_book: bool) -> dict[str, Any]:
    """The dict of docs/json.md, schema seawall/replay/1, of one run or one for each crowd.

    ``own_book``: the Case was the user's.
    """
    done = runs[0]
    event = done.event
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
        "crowds": len(runs),
        "steps": event.steps,
        "step_seconds": event.step_seconds,
        "accounts": len(done.setup.book.account_names),
        "knots": _knots(runs),
        "outcomes": [] if own_book else [_outcome(runs, o) for o in event.outcomes],
        "first": _first(runs),
        "who_pays": _who_pays(runs),
        "bad_debt": _levels(_measured(runs, "bad_debt")),
        "liquidated": _levels(_measured(runs, "liquidated")),
        "trough": _extremes(runs, "trough"),
        "peak": _extremes(runs, "peak"),
        "desks": _desks(done) if own_book else [],
        "left_out": list(done.left_out),
        "assumptions": list(event.assumptions),
        "sources": [{"name": s.name, "says": s.says} for s in event.sources],
    }
    return out


def _knots(runs: Runs) -> dict[str, Any]:
    found = [run.steered for run in runs]
    return {
        "met": sum(one.knots for one in found),
        "largest_miss": max(float(one.miss.max(initial=0.0)) for one in found),
        "passed_within_a_step": sum(one.passed for one in found),
        "sweeps": max(one.sweeps for one in found),
        "assumed": sorted(n for n, k in runs[0].event.knots.items() if k.assumed),
    }


def _pooled(runs: Runs, of: Callable[[Course], Floats]) -> Floats:
    """A number per path, over all runs."""
    return np.concatenate([of(run.course) for run in runs])


def _measured(runs: Runs, measure: str, asset: str = "", venue: str = "") -> Floats:
    return _pooled(runs, lambda course: measured(course, measure, asset, venue))


def _levels(values: Floats) -> dict[str, float | None]:
    """5%, 50% and 95% over the paths on which a number is defined; None without any."""
    known = values[np.isfinite(values)]
    found = np.quantile(known, LEVELS) if known.size else [None] * len(LEVELS)
    return {
        name: None if x is None else float(x)
        for name, x in zip(("low", "median", "high"), found, strict=True)
    }


def _outcome(runs: Runs, outcome: Outcome) -> dict[str, Any]:
    values = _measured(runs, outcome.measure, outcome.asset, outcome.venue)
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


def _first(runs: Runs) -> dict[str, dict[str, float | None]]:
    """Seconds from the event's start to the first liquidation and ADL, over paths that had one."""
    steps = [first_times(run.course) for run in runs]
    out = {}
    for name in ("liquidation", "adl"):
        at = np.concatenate([found[name] for found in steps])
        seconds = np.where(at > 0, at * runs[0].event.step_seconds, np.nan)
        out[name] = {**_levels(seconds), "share": float(np.mean(at > 0))}
    return out


def _who_pays(runs: Runs) -> dict[str, float]:
    """Means over paths, quote, loss > 0: what the closed accounts lost, and what others bore."""
    out = {"account": float(_pooled(runs, lambda course: course.tape.closed_loss).mean())}
    for payer in PAYERS[1:]:
        out[payer] = float(_pooled(runs, lambda course, p=payer: _borne(course, p)).mean())  # type: ignore[misc]
    return out


def _borne(course: Course, payer: str) -> Floats:
    amount: Floats = getattr(course.tape, payer)
    return segment_sums(amount, course.tape.path, course.tape.paths)


def _extremes(runs: Runs, which: str) -> dict[str, dict[str, float | None]]:
    """Lowest or highest market price of each asset of the event that the Case has."""
    known = runs[0].setup.table.assets
    return {
        name: _levels(_measured(runs, which, name))
        for name in runs[0].event.assets
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
