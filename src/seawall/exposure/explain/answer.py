"""The dict of docs/explain.md (seawall/explain/1): chosen paths of a Case, cause by cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import seawall
from seawall.book.book import Floats
from seawall.cascade.engine import prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.case import Case, Limit
from seawall.exposure.curve import hits, last_step, whole_steps
from seawall.exposure.explain.attribute import Attribution, attribute
from seawall.exposure.explain.causes import Cause, Layer, responses_of
from seawall.exposure.explain.choose import Chosen, choose_paths
from seawall.exposure.explain.legs import by_leg
from seawall.exposure.explain.losses import owner_of, payers_of
from seawall.exposure.explain.path import came_on, path_of
from seawall.exposure.explain.rerun import Reruns
from seawall.exposure.explain.story import loss_by_account, story
from seawall.exposure.headline import headline_scope
from seawall.exposure.impairment import Impairment
from seawall.exposure.limit_row import Measured, limit_row
from seawall.exposure.proportion import wilson
from seawall.exposure.runs import full_tapes, plan, run_plan
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices

SCHEMA = "seawall/explain/1"
ASSUMPTIONS_USED = (*(f"A{n}" for n in range(1, 13)), "A17")
Progress = Callable[[float, str], None]
Found = Mapping[str, tuple[str, Impairment]]


def explain_case(
    case: Case,
    *,
    horizon_seconds: float = 86_400.0,
    paths: int = 400,
    seed: int = 1,
    scope: str | None = None,
    wanted: Sequence[str] = ("worst", "tail", "typical"),
    progress: Progress | None = None,
    compute: Compute | None = None,
) -> dict[str, Any]:
    """Each lost dollar of chosen paths, by cause, leg and payer, and the story of each path.

    wanted: "worst", "tail", "typical", "impaired" or numbers of paths (see `choose.py`); scope:
    that of `seawall check` by default. Raises InputError for a scope or path that is not there.
    """
    compute = Compute() if compute is None else compute
    if not whole_steps(horizon_seconds, case.step_seconds):
        raise InputError(
            f"a horizon of {horizon_seconds:,.10g} s is no whole number of steps",
            file="--horizon",
            expected=f"a multiple of {case.step_seconds:,.10g} s",
        )
    steps = last_step(horizon_seconds, case.step_seconds)
    setup = prepare(case)
    asked = plan([], paths, steps, seed)
    found = run_plan(setup, asked, progress, compute)[0].found
    about = _scope(setup, found, scope, steps)
    chosen = choose_paths(found[about][1], steps, wanted)
    reruns = Reruns(setup, about, steps, compute.engine)
    responses, kept = responses_of(setup)
    tapes = full_tapes(setup, asked, [one.number for one in chosen], compute)
    told = []
    for n, (one, tape) in enumerate(zip(chosen, tapes, strict=True)):
        if progress is not None:
            progress(0.9 + 0.1 * n / len(chosen), f"knocking causes out of path {one.number}")
        told.append(_path(reruns, one, tape, responses, seed))
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "case": {"name": case.name, "hash": case.digest, "quote": case.quote},
        "as_of": case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seed": seed,
        "paths": paths,
        "horizon_seconds": horizon_seconds,
        "step_seconds": case.step_seconds,
        "scope": about,
        "impaired_paths": int(np.count_nonzero(found[about][1].step <= steps)),
        "payers": list(payers_of(about)),
        "explained": told,
        "causes": across(told),
        "not_knocked_out": list(kept),
        "assumptions": list(ASSUMPTIONS_USED),
    }


def _scope(setup: Setup, found: Found, scope: str | None, steps: int) -> str:
    """The scope that was asked for, or the one that `seawall check` is about."""
    if scope is None:
        chance = {
            name: {"probability": [float(np.mean(one.step <= steps))]}
            for name, (_, one) in found.items()
        }
        over = [
            {"measure": "dre", "scope": limit.scope, "breached": True}
            for limit in setup.case.limits
            if limit.measure == "dre" and _breached(setup, found, limit, steps)
        ]
        return headline_scope(setup, {"scopes": chance}, over)
    if scope not in found:
        raise InputError(
            f"there is no scope {scope!r}", file="--scope", expected=choices(scope, list(found))
        )
    return scope


def _breached(setup: Setup, found: Found, limit: Limit, steps: int) -> bool:
    """Whether paths say so, at the limit's own horizon (without one, the run's)."""
    if limit.scope not in found:
        return False
    seconds = limit.horizon_seconds
    step = steps if seconds is None else last_step(seconds, setup.step_seconds)
    if step > steps:
        return False
    impairment = found[limit.scope][1]
    low, high = wilson(hits(impairment, step), impairment.step.size)
    share = Measured(float(np.mean(impairment.step <= step)), low, high)
    return bool(limit_row(limit, share, limit.scope)["breached"])


def _path(
    reruns: Reruns, one: Chosen, own: Tape, responses: tuple[Cause, ...], seed: int
) -> dict[str, Any]:
    setup, scope, step = reruns.setup, reruns.scope, reruns.step
    came = came_on(setup, path_of(setup, one.number, step, seed))
    split = attribute(reruns, came.path, (*came.causes, *responses))
    owner = owner_of(scope)
    rows = cause_rows(split, payers_of(scope))
    legs = None if owner is None else by_leg(reruns, came.path, owner, frozenset(came.failures))
    return {
        "path": one.number,
        "chosen_as": list(one.reasons),
        "loss": float(split.total[0]),
        "standing": float(split.standing[0]),
        "causes": rows,
        "leading": leading(rows),
        "together": float(
            split.parts[: len(came.causes), 0].sum() - split.alone[: len(came.causes)].sum()
        ),
        "payers": _named(payers_of(scope), split.total[1:]),
        "orders": split.orders,
        "runs": split.runs,
        "by_account": loss_by_account(setup, own, scope, step),
        "by_leg": None
        if legs is None
        else {
            "cash": legs.cash,
            "orders": legs.orders,
            "legs": [
                {"leg": name, "account": account, "loss": float(part)}
                for name, account, part in zip(legs.names, legs.accounts, legs.parts, strict=True)
            ],
        },
        "story": story(setup, came, scope, step, own),
    }


def _named(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def cause_rows(split: Attribution, payers: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each cause, the world first; their losses and ``standing`` sum to the loss."""
    return [
        {
            "cause": cause.key,
            "name": cause.name,
            "layer": str(cause.layer),
            "loss": float(split.parts[n, 0]),
            "alone": float(split.alone[n]) if cause.layer is Layer.WORLD else None,
            "saved": float(split.saved[n]),
            "payers": _named(payers, split.parts[n, 1:]),
        }
        for n, cause in enumerate(split.causes)
    ]


def leading(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The cause with the largest part of the loss; None where no cause lost anything."""
    best = max(rows, key=lambda row: float(row["loss"]), default=None)
    return str(best["cause"]) if best is not None and best["loss"] > 0.0 else None


def across(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each cause over the explained paths: mean dollars and who bears them, the largest first.

    share: of the losses of all these paths together; led: paths on which it has the largest part.
    """
    count = len(told)
    whole = sum(one["loss"] for one in told)
    rows: dict[str, dict[str, Any]] = {}
    for one in told:
        for row in one["causes"]:
            mine = rows.setdefault(
                row["cause"],
                {
                    "cause": row["cause"],
                    "name": row["name"],
                    "layer": row["layer"],
                    "mean_loss": 0.0,
                    "share": None,
                    "led": 0,
                    "payers": dict.fromkeys(row["payers"], 0.0),
                },
            )
            mine["mean_loss"] += row["loss"] / count
            mine["led"] += int(one["leading"] == row["cause"])
            for payer, amount in row["payers"].items():
                mine["payers"][payer] += amount / count
    for row in rows.values():
        row["share"] = row["mean_loss"] * count / whole if whole > 0.0 else None
    return sorted(rows.values(), key=lambda row: -abs(row["mean_loss"]))
