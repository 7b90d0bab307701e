"""Which scope an answer is about when there are several desks, and what would help it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seawall.cascade.setup import Setup
from seawall.exposure.curve import hits, last_step
from seawall.exposure.impairment import desks
from seawall.exposure.remedy.other_limits import limit_actions
from seawall.exposure.remedy.ranked import Ranked, Search, find_remedies
from seawall.exposure.remedy.search import goal_of
from seawall.exposure.summary import Summary


def headline_scope(
    setup: Setup, dre: Mapping[str, Any], limits: Sequence[Mapping[str, Any]]
) -> str:
    """The worst desk: of the first DRE limit breached, else of the highest DRE at the horizon.

    Of desks alike the first of the book; the protocol where there is no desk.
    """
    scopes = [f"desk:{owner}" for owner in desks(setup)]
    if not scopes:
        return "protocol"
    over = [limit["scope"] for limit in _breached(limits) if limit["scope"] in scopes]
    if over:
        return str(over[0])
    return max(scopes, key=lambda scope: float(dre["scopes"][scope]["probability"][-1]))


def _breached(limits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [limit for limit in limits if limit["breached"] and limit["measure"] == "dre"]


def headline_remedy(
    setup: Setup,
    kept: Summary,
    headline: str,
    limits: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    search: Search,
) -> dict[str, Any]:
    """`remedy`, `remedies`, `remedy_note` and `limit_actions`; kept: of the base world; rows:
    `concentration`. The DRE remedies are for the first breached DRE limit of the headline desk.
    """
    ranked = headline_ranked(setup, kept, headline, limits, search)
    return {
        "remedy": ranked.rows[0] if ranked.rows else None,
        "remedies": ranked.rows,
        "remedy_note": ranked.note,
        "limit_actions": limit_actions(setup, limits, rows),
    }


def headline_ranked(
    setup: Setup,
    kept: Summary,
    headline: str,
    limits: Sequence[Mapping[str, Any]],
    search: Search,
) -> Ranked:
    """The remedies for the first breached DRE limit of the headline desk, and what was tried."""
    if not headline.startswith("desk:"):
        return Ranked([], [], "there is no desk to help")
    breached = _breached(limits)
    others = list(dict.fromkeys(limit["scope"] for limit in breached if limit["scope"] != headline))
    rest = f"; a DRE limit of {', '.join(others)} is breached too" if others else ""
    own = [dict(limit) for limit in breached if limit["scope"] == headline]
    if not own:
        rest = rest.removesuffix(" too")
        return Ranked([], [], f"no DRE limit of {headline} is breached{rest}")
    seconds = own[0]["horizon_seconds"]
    step = search.steps if seconds is None else last_step(seconds, setup.step_seconds)
    impairment = kept.found[headline][1]
    if hits(impairment, step) == 0:
        note = "no plain path is impaired, and a remedy is sought on those alone: take more paths"
        return Ranked([], [], note + rest)
    few = search.paths < impairment.step.size
    where = f"the first {search.paths:,} " + ("plain paths" if search.tilted else "paths")
    broken = int(np.count_nonzero(impairment.step[: search.paths] <= step))
    if (few or search.tilted) and broken <= goal_of(own[0]["limit"], search.paths).point:
        note = f"a remedy is sought on {where}, which keep the limit"
        return Ranked([], [], note + rest)
    owner = headline.removeprefix("desk:")
    ranked = find_remedies(setup, impairment, kept, owner, own[0], step, search)
    note = ranked.note + (f", on {where}" if few or search.tilted else "")
    return replace(ranked, note=note + rest)
