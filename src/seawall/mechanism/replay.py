"""Replay of a real event: the Case at its start, market paths through its knots, what came of it.

With the event's own Case, simulated outcomes stand beside the published ranges: the exogenous path
is the one whose market meets the knots (`mechanism/steer.py`). With a Case of the user's, the
event's relative moves, depth and failures pass over the user's book as a `total` path: forced
orders pay their impact and leave no trace in prices, which contain what everybody did. So nobody's
feedback is counted twice. What has no counterpart in the Case is named.

Source: the files of `scenario/events`. Wrong where an event's assumptions are: each is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.mechanism.event_case import event_case
from seawall.mechanism.knots import target_paths
from seawall.mechanism.outcomes import Course
from seawall.mechanism.steer import Steered, steer
from seawall.mechanism.watching import Watch, begin_watch, winners
from seawall.scenario.events import Event

SEEDS = 20


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


def replay(
    event: Event,
    case: Case | None = None,
    *,
    paths: int = SEEDS,
    seed: int = 1,
    crowd: int = 0,
) -> Replay:
    """Run an event, in its own Case with the ``crowd``-th draw of its crowd, or in ``case``.

    Raises InputError for a Case that holds none of the event's assets.
    """
    if paths < 1:
        raise InputError(f"{paths} paths", expected="one path at least")
    own, left_out = event_case(event, crowd), tuple[str, ...]()
    if case is not None:
        own, left_out = under_event(event, case)
    setup = prepare(own)
    draws = Draws(seed, np.arange(paths))
    target = target_paths(
        {name: knots for name, knots in event.knots.items() if name != own.quote},
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
    """The user's Case with the event's step, depth and failures, and what had to be left out.

    The Case's quote currency is 1 for ever: an event in which it moves does not move it.
    """
    shared = [name for name in event.assets if name in case.market.assets and name != case.quote]
    if not shared:
        own = " but its quote currency" if case.quote in event.assets else ""
        raise InputError(
            f"the case holds none of the assets of {event.name}{own}",
            expected=f"one of {', '.join(event.assets)} with a price of its own",
        )
    left = [
        f"{name} moves in the event; "
        + ("it is the case's quote currency" if name == case.quote else "the case does not have it")
        for name in event.assets
        if name not in shared
    ]
    still = [
        name
        for name, state in case.market.assets.items()
        if name not in shared and name != case.quote and state.volatility > 0
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
