"""Which scope an answer is about when there are several desks, and what would help it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seawall.cascade.setup import Setup
from seawall.exposure.curve import hits, last_step
from seawall.exposure.impairment import Impairment, desks
from seawall.exposure.remedy import Search, allowed_paths, find_remedy


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
    found: Mapping[str, tuple[str, Impairment]],
    headline: str,
    limits: Sequence[Mapping[str, Any]],
    search: Search,
) -> dict[str, Any]:
    """`remedy` and `remedy_note`: for the first breached DRE limit of the headline desk alone."""
    if not headline.startswith("desk:"):
        return {"remedy": None, "remedy_note": "there is no desk to help"}
    breached = _breached(limits)
    others = list(dict.fromkeys(limit["scope"] for limit in breached if limit["scope"] != headline))
    rest = f"; a DRE limit of {', '.join(others)} is breached too" if others else ""
    own = [dict(limit) for limit in breached if limit["scope"] == headline]
    if not own:
        rest = rest.removesuffix(" too")
        return {"remedy": None, "remedy_note": f"no DRE limit of {headline} is breached{rest}"}
    seconds = own[0]["horizon_seconds"]
    step = search.steps if seconds is None else last_step(seconds, setup.step_seconds)
    impairment = found[headline][1]
    if hits(impairment, step) == 0:
        note = "no plain path is impaired, and a remedy is sought on those alone: take more paths"
        return {"remedy": None, "remedy_note": note + rest}
    few = search.paths < impairment.step.size
    broken = int(np.count_nonzero(impairment.step[: search.paths] <= step))
    if few and broken <= allowed_paths(own[0]["limit"], search.paths):
        note = f"a remedy is sought on the first {search.paths:,} paths, which keep the limit"
        return {"remedy": None, "remedy_note": note + rest}
    owner = headline.removeprefix("desk:")
    remedy, note = find_remedy(setup, impairment, owner, own[0], step, search)
    note += f", on the first {search.paths:,} paths" if few else ""
    return {"remedy": remedy, "remedy_note": note + rest}
