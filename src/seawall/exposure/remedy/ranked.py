"""`remedies` of the result: the actions that are enough, cheapest first, and what was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.exposure.first_to_break import leg_facts
from seawall.exposure.impairment import Impairment, desk_columns
from seawall.exposure.proportion import wilson
from seawall.exposure.remedy.action import LARGEST, Action, Kind
from seawall.exposure.remedy.cost import financing, leg_flow, over, reduction_cost
from seawall.exposure.remedy.lead import lead
from seawall.exposure.remedy.plan import Choice, choices, units_of
from seawall.exposure.remedy.search import Effort, Found, goal_of
from seawall.exposure.remedy.trial import Trial
from seawall.exposure.summary import Summary

# Remedies listed.
LISTED = 6
# What two actions must save against a single one that is as good, as a share of its cost: less lies
# within the steps of the search.
SAVES = 0.01


@dataclass(frozen=True)
class Search:
    """Where a remedy is sought: the steps and seed of the run, its first ``paths`` paths, how hard,
    and on which workers, which changes no bit; ``tilted``: DRE rests on tilted paths too, on which
    no remedy is sought.
    """

    steps: int
    seed: int
    paths: int
    effort: Effort
    compute: Compute | None = None
    tilted: bool = False


@dataclass(frozen=True)
class Ranked:
    """Remedies as rows of the result, the actions behind each, and a sentence on what was tried.

    points: of each the amount that is enough on the estimate alone, None where not sought
    """

    rows: list[dict[str, Any]]
    actions: list[tuple[tuple[Action, float], ...]]
    note: str
    points: tuple[float | None, ...] = ()


def find_remedies(
    setup: Setup,
    impairment: Impairment,
    kept: Summary,
    owner: str,
    limit: Mapping[str, Any],
    step: int,
    search: Search,
) -> Ranked:
    """The remedies for a breached DRE limit at a step, cheapest first over the limit's horizon.

    kept: of the base world, whose first ``search.paths`` paths are run again.
    """
    workers = (search.compute or Compute()).workers
    trial = trial_of(setup, impairment, kept, owner, step, search.seed, workers, search.paths)
    deadline = deadline_seconds(trial, float(limit["limit"]))
    goal = goal_of(float(limit["limit"]), trial.paths)
    found, best = choices(trial, goal, impairment.leg[: trial.paths], deadline, search.effort)
    rows = [_row(trial, choice, limit, deadline) for choice in found]
    offered = [n for n, row in enumerate(rows) if _worthwhile(row, rows)]
    order = sorted(offered, key=lambda n: _rank(rows[n]))[:LISTED]
    if not order:
        return Ranked([], [], _why_none(trial, limit, best))
    ranked = [rows[n] for n in order]
    note = _tried(trial, goal.sure, ranked)
    points = tuple(found[n].point for n in order)
    return Ranked(ranked, [found[n].actions for n in order], note, points)


def trial_of(
    setup: Setup,
    impairment: Impairment,
    kept: Summary,
    owner: str,
    step: int,
    seed: int,
    workers: int,
    paths: int | None = None,
) -> Trial:
    """The first ``paths`` of a run's paths (None: all) as a trial of a desk up to a step."""
    columns = desk_columns(setup, owner)
    return Trial(
        setup,
        owner,
        step,
        seed,
        workers,
        impairment.step[:paths],
        impairment.unit[:paths],
        kept.lowest_by(step)[:paths, columns],
    )


def deadline_seconds(trial: Trial, limit: float) -> float | None:
    """When the chance of having broken reaches a third of the limit; None if it does not."""
    by_step = np.searchsorted(np.sort(trial.first), np.arange(trial.step + 1), "right")
    late = np.flatnonzero(by_step / trial.paths >= limit / 3.0)
    return float(late[0] * trial.setup.step_seconds) if late.size else None


def _rank(row: Mapping[str, Any]) -> tuple[bool, bool, float, float]:
    """In time before late, sure before not, then by cost; of equals the sooner."""
    return not row["in_time"], not row["sure"], row["cost_horizon"], row["lead_seconds"]


def _worthwhile(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it is one action, or two that save something against each that is as good alone."""
    if row["then"] is None:
        return True
    return not any(
        one["then"] is None
        and _rank(one)[:2] <= _rank(row)[:2]
        and (1.0 - SAVES) * one["cost_horizon"] <= row["cost_horizon"]
        for one in rows
    )


def _row(
    trial: Trial, choice: Choice, limit: Mapping[str, Any], deadline: float | None
) -> dict[str, Any]:
    setup = trial.setup
    seconds = trial.step * setup.step_seconds
    parts = [describe(setup, action, amount) for action, amount in choice.actions]
    costs = [_cost(setup, action, amount) for action, amount in choice.actions]
    leads = [lead(setup, action) for action, _ in choice.actions]
    latest = max(leads, key=lambda one: one[0])
    low, high = wilson(choice.after, trial.paths)
    bases = {basis for _, basis in costs}
    total = sum(_over(cost, basis, seconds) for cost, basis in costs)
    same = len(bases) == 1
    point = None
    if choice.point is not None:
        point = _over(*_cost(setup, choice.actions[0][0], choice.point), seconds)
    return {
        **parts[0],
        "then": parts[1] if len(parts) > 1 else None,
        "dre_after": choice.after / trial.paths,
        "low_after": low,
        "high_after": high,
        "dre_landed": choice.landed / trial.paths,
        "sure": choice.sure,
        "cost": sum(cost for cost, _ in costs) if same else total,
        "cost_basis": bases.pop() if same else "over the horizon",
        "cost_horizon": total,
        "cost_point": point,
        "limit": limit["name"],
        "deadline_seconds": deadline,
        "lead_seconds": latest[0],
        "lead_basis": latest[1],
        "in_time": deadline is None or latest[0] <= deadline,
    }


def _over(cost: float, basis: str, seconds: float) -> float:
    return over(cost, seconds) if basis == "per day" else cost


def _cost(setup: Setup, action: Action, amount: float) -> tuple[float, str]:
    if action.kind is Kind.REDUCE:
        return reduction_cost(setup, action.leg, amount), "once"
    if action.kind is Kind.MOVE:
        return 0.0, "once"
    return financing(amount), "per day"


def describe(setup: Setup, action: Action, amount: float) -> dict[str, Any]:
    """What is done, where and how much: keys of a row of `remedies`."""
    table, book = setup.table, setup.book
    account = int(table.units.account[action.unit])
    out: dict[str, Any] = {
        "action": str(action.kind),
        "account": book.account_names[account],
        "venue": book.account_venue[account],
        "source": None,
        "asset": table.assets[action.asset],
        "instrument": isolated_instrument(setup, action.unit),
        "side": None,
        "amount": amount / float(setup.spot[action.asset]),
        "amount_quote": amount,
        "share": None,
    }
    if action.kind is Kind.MOVE:
        out["source"] = book.account_names[int(table.units.account[action.source])]
    if action.kind is Kind.REDUCE:
        count, leg = table.rows.unit.size, action.leg
        size = float(table.rows.size[leg] if leg < count else table.options.size[leg - count])
        name, side, _ = leg_facts(setup, leg)
        out |= {
            "asset": name,
            "instrument": name,
            "side": side,
            "amount": amount * abs(size),
            "amount_quote": amount * abs(leg_flow(setup, leg)[1]),
            "share": amount,
        }
    return out


def isolated_instrument(setup: Setup, unit: int) -> str | None:
    """The instrument of an isolated position, whose margin is its own; None of a cross account."""
    table, book = setup.table, setup.book
    if not table.units.isolated[unit]:
        return None
    own = [*table.rows.position[table.rows.unit == unit]]
    own += [*table.options.position[table.options.unit == unit]]
    return book.instruments[int(book.position_instrument[int(own[0])])].name


def _tried(trial: Trial, sure: int, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows[0]["sure"]:
        if sure < 0:
            return (
                f"on {trial.paths:,} paths not even none broken would show it with 95% confidence: "
                "the amounts hold on the estimate alone; take more paths"
            )
        return (
            "no action tried brings the upper end of the 95% interval under the limit: "
            "the amounts hold on the estimate alone"
        )
    return "each amount brings the upper end of the 95% simulation interval under the limit"


def _why_none(trial: Trial, limit: Mapping[str, Any], best: Found | None) -> str:
    """Why there is no remedy, with the best that was found."""
    setup, impaired = trial.setup, trial.impaired
    times = [
        (setup.book.account_names[setup.table.units.account[u]], int(n))
        for u in units_of(setup, trial.owner)
        if (n := np.count_nonzero(trial.unit[impaired] == u))
    ]
    if best is None:
        listed = ", ".join(f"{name} first on {n:,} paths" for name, n in times)
        return (
            "no single account's action can bring DRE under its limit: "
            f"several break ({listed} of {trial.paths:,})"
        )
    names = ", ".join(dict.fromkeys(name for name, _ in times))
    done = describe(setup, best.candidate.action, best.amount)
    return (
        f"no deposit up to {LARGEST:g} times the equity of {names}, and no sale tried, brings DRE "
        f"under its limit; the best found, {said(done)}, leaves {best.landed / trial.paths:.2%} "
        f"against a limit of {limit['limit']:.2%}"
    )


def said(row: Mapping[str, Any]) -> str:
    """An action in words, without its then."""
    amount = _significant(float(row["amount"]))
    if row["action"] == "move":
        return f"move {amount} {row['asset']} from {row['source']} to {row['account']}"
    if row["action"] == "reduce":
        verb = "sell" if row["side"] == "long" else "buy back"
        return f"{verb} {amount} {row['asset']} in {row['account']}"
    place = "to" if row["action"] == "add" else "in"
    return f"{row['action']} {amount} {row['asset']} {place} {row['account']}"


def _significant(value: float) -> str:
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"
