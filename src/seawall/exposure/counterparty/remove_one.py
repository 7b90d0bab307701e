"""Each venue in turn: if it fails now, and if it could not fail.

Both are runs on the random numbers of the base run (its first paths), so a difference of a chance
is a mean of paired outcomes. Its interval is that of Agresti and Min (2005): half a path is added
to each of the four ways in which two outcomes can pair, then Wald's; a mean loss has the normal
interval of its paired differences. Failing now, a venue does what the Case says of it, or what is
assumed of its kind where the Case says nothing (`loss_given`).

Wrong when: the paths are few and nobody was impaired in either run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.cascade.engine import prepare
from seawall.cascade.failures import SLOT, with_failures
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.counterparty.claims_held import claims_on, venue_kind
from seawall.exposure.counterparty.loss_given import ASSUMED_LOSS, Claim
from seawall.exposure.impairment import Impairment, desks
from seawall.exposure.proportion import Z95
from seawall.exposure.runs import plan, run_plan
from seawall.exposure.scopes import Found

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[float, str], None]

MOST_PATHS = 200
# A time that no run reaches: the failure keeps its place in its list, and so do random numbers.
BEYOND = 1e9
TAKING = ("venue_insolvency", "admin_key")


def remove_one(
    setup: Setup,
    found: Found,
    asked: tuple[int, int, int],
    progress: Progress | None = None,
    compute: Compute | None = None,
) -> list[dict[str, Any]]:
    """Rows by venue at which a desk has claims, and desk; ``asked``: paths, steps, seed."""
    paths, steps, seed = min(asked[0], MOST_PATHS), asked[1], asked[2]
    rows = []
    for v, venue in enumerate(setup.table.venues):
        if claims_on(setup, v) <= 0.0:
            continue
        now, assumed = fails_now(setup.case, venue, venue_kind(setup, v))
        worlds: dict[str, Case] = {"now": now}
        without = cannot_fail(setup.case, venue)
        if without is not None:
            worlds["without"] = without
        runs = {}
        for name, case in worlds.items():
            own = prepare(case)
            runs[name] = run_plan(own, plan([], paths, steps, seed), progress, compute)[0].found
        for owner in desks(setup):
            base = found[f"desk:{owner}"][1]
            row: dict[str, Any] = {"venue": venue, "owner": owner, "paths": paths}
            row |= {"claims": claims_on(setup, v, owner), "loss_assumed": assumed}
            row["dre"] = float((base.step[:paths] <= steps).mean())
            for name in ("now", "without"):
                row[name] = None
                if name in runs:
                    other = runs[name][f"desk:{owner}"][1]
                    over = runs[name][f"desk:{owner}/loss"][1].step[:paths] <= steps
                    row[name] = compared(base, other, paths, steps)
                    row[name]["over_loss_fraction"] = float(over.mean())
            rows.append(row)
    return rows


def compared(base: Impairment, other: Impairment, paths: int, steps: int) -> dict[str, float]:
    """DRE of another run, its difference to the base, and the mean loss it adds, with intervals."""
    hit, before = other.step[:paths] <= steps, base.step[:paths] <= steps
    low, high = paired(before, hit)
    added = other.loss_by(steps)[:paths] - base.loss_by(steps)[:paths]
    mean = float(added.mean())
    half = Z95 * float(added.std(ddof=1)) / math.sqrt(paths) if paths > 1 else 0.0
    return {
        "dre": float(hit.mean()),
        "dre_change": float(hit.mean() - before.mean()),
        "low": low,
        "high": high,
        "loss_change": mean,
        "loss_low": mean - half,
        "loss_high": mean + half,
    }


def paired(before: Bools, after: Bools) -> tuple[float, float]:
    """95% interval of P(after) - P(before) from paired outcomes (p,)."""
    up = float((after & ~before).sum()) + 0.5
    down = float((before & ~after).sum()) + 0.5
    many = before.size + 2.0
    mean = (up - down) / many
    half = Z95 * math.sqrt(up + down - (up - down) ** 2 / many) / many
    return max(mean - half, -1.0), min(mean + half, 1.0)


def fails_now(case: Case, venue: str, kind: str) -> tuple[Case, bool]:
    """The Case in which a venue fails in the first step; True where what is lost is assumed."""
    for name in TAKING:
        for table in _tables(case).get(name, []):
            if table["venue"] == venue:
                kept = {
                    key: table[key] for key in ("recovery", "share", "receipts") if key in table
                }
                now = {"venue": venue, "at_seconds": case.step_seconds, **kept}
                return with_failures(case, {name: [now]}), False
    if kind == "lender":
        share = ASSUMED_LOSS[Claim.LENDER].mean
        table = {"venue": venue, "at_seconds": case.step_seconds, "share": share}
        return with_failures(case, {"admin_key": [table]}), True
    recovery = 1.0 - ASSUMED_LOSS[Claim.DEPOSITOR].mean
    table = {"venue": venue, "at_seconds": case.step_seconds, "recovery": recovery}
    return with_failures(case, {"venue_insolvency": [table]}), True


def cannot_fail(case: Case, venue: str) -> Case | None:
    """The Case in which a venue neither fails nor is robbed; None where nothing says it may."""
    tables = _tables(case)
    changed = {}
    for name in TAKING:
        old = tables.get(name, [])
        if any(table["venue"] == venue for table in old):
            changed[name] = [_never(t) if t["venue"] == venue else t for t in old]
    if not changed:
        return None
    slots = {**case.market.mechanisms, SLOT: {**tables, **changed}}
    return replace(case, market=replace(case.market, mechanisms=slots))


def _never(table: Mapping[str, Any]) -> dict[str, Any]:
    gone = {"rate_per_year", "shock", "shock_probability", "wrong_way", "wrong_way_asset"}
    return {key: value for key, value in table.items() if key not in gone} | {"at_seconds": BEYOND}


def _tables(case: Case) -> dict[str, Any]:
    slot = case.market.mechanisms.get(SLOT, {})
    assert isinstance(slot, Mapping)
    return {key: value for key, value in slot.items() if key != "rule"}
