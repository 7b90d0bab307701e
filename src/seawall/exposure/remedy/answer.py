"""The result of `seawall remedy`: the base world alone, on more paths, and a longer look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import seawall
from seawall.cascade.engine import prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.concentration import concentration
from seawall.exposure.curve import horizons, last_step, scope_curve, whole_steps
from seawall.exposure.headline import headline_ranked, headline_scope
from seawall.exposure.impairment import Impairment
from seawall.exposure.limits import evaluate, limit_horizons
from seawall.exposure.remedy.edit import applied, edit_of, together
from seawall.exposure.remedy.other_limits import limit_actions
from seawall.exposure.remedy.ranked import Ranked, Search
from seawall.exposure.remedy.search import FULL, Effort
from seawall.exposure.runs import Plan, plan, run_plan
from seawall.exposure.summary import Summary
from seawall.foundation.errors import InputError

SCHEMA = "seawall/remedy/1"
ASSUMPTIONS_USED = (*(f"A{n}" for n in range(1, 13)), "A14")
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Answer:
    """What `seawall remedy` says, and what it is made of: the compiled Case, the summary of the
    base world, impairments by scope, the ranked actions.
    """

    result: dict[str, Any]
    setup: Setup
    kept: Summary
    found: dict[str, tuple[str, Impairment]]
    ranked: Ranked


def remedy_answer(
    case: Case,
    *,
    horizon_seconds: float,
    paths: int,
    seed: int,
    effort: Effort = FULL,
    progress: Progress | None = None,
    compute: Compute | None = None,
) -> Answer:
    """The remedies for the first breached DRE limit of the headline desk.

    Limits on a model interval need other worlds and are not looked at here: `seawall check` does.
    Raises InputError for a horizon that is no whole number of steps.
    """
    if not whole_steps(horizon_seconds, case.step_seconds):
        raise InputError(
            f"a horizon of {horizon_seconds:,.10g} s is no whole number of steps of "
            f"{case.step_seconds:,.10g} s",
            expected="a multiple of the step",
        )
    seconds = horizons(horizon_seconds, case.step_seconds, limit_horizons(case, horizon_seconds))
    steps = last_step(horizon_seconds, case.step_seconds)
    setup = prepare(case)
    chosen = plan([], paths, steps, seed, setup.table.units.account.size)
    chosen = replace(chosen, kept=tuple(last_step(one, case.step_seconds) for one in seconds))
    kept = run_plan(setup, chosen, progress, compute)[0]
    found = kept.found
    scopes = {
        scope: scope_curve(one, key, seconds, case.step_seconds)
        for scope, (key, one) in found.items()
    }
    dre = {"horizons_seconds": seconds, "scopes": scopes}
    rows = concentration(setup)
    known = tuple(x for x in case.limits if not x.measure.startswith("model"))
    limits = evaluate(replace(case, limits=known), dre, rows, found)
    headline = headline_scope(setup, dre, limits)
    if progress is not None:
        progress(0.9, "trying actions")
    search = Search(steps, seed, paths, effort, compute)
    ranked = headline_ranked(setup, kept, headline, limits, search)
    if progress is not None:
        progress(1.0, "done")
    result = _question(case, setup, chosen, horizon_seconds) | {
        "headline": headline,
        "limits": [limit for limit in limits if limit["measure"] == "dre"],
        "remedy": ranked.rows[0] if ranked.rows else None,
        "remedies": ranked.rows,
        "remedy_note": ranked.note,
        "limit_actions": limit_actions(setup, limits, rows),
        "assumptions": list(ASSUMPTIONS_USED),
    }
    return Answer(result, setup, kept, found, ranked)


def _question(case: Case, setup: Setup, chosen: Plan, horizon_seconds: float) -> dict[str, Any]:
    """What was asked."""
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "case": {
            "name": case.name,
            "hash": case.digest,
            "as_of": case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "quote": case.quote,
        },
        "seed": chosen.seed,
        "paths": chosen.paths,
        "horizon_seconds": horizon_seconds,
        "step_seconds": setup.step_seconds,
    }


def with_remedy(case: Case, answer: Answer, number: int) -> Case:
    """The Case with the remedy of this number done, 1 the first; InputError where there is none."""
    count = len(answer.ranked.actions)
    if not 1 <= number <= count:
        note = answer.ranked.note
        listed = f"a number from 1 to {count}" if count else f"a Case that has one ({note})"
        raise InputError(f"there is no remedy {number}", file="--action", expected=listed)
    edits = [
        edit_of(answer.setup, one, amount) for one, amount in answer.ranked.actions[number - 1]
    ]
    return applied(case, answer.setup, together(edits))
