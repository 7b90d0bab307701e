"""Do recommended remedies hold on fresh seeds, and is none cheaper? `python tests/remedy/judge.py`.

    python tests/remedy/judge.py --cases 200            200 random Cases, two processes, a summary
    python tests/remedy/judge.py --cases 200 --store answers.jsonl       goes on from there

For each Case: `seawall remedy`, on 1,000 paths; its first remedy applied to the Case, written
to a folder, read back and run on 4,000 paths of fresh seeds; the same with the smallest amount that
passes on the estimate alone; and a fine grid of all single actions on the paths of the search.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).parents[1] / "laws")]

import numpy as np  # noqa: E402 - above they cannot be found
from remedy_cases import OWNER, impaired_share, sought  # noqa: E402 - above they cannot be found

from seawall.casefile import load_case, save_case  # noqa: E402
from seawall.exposure.proportion import wilson  # noqa: E402
from seawall.exposure.remedy.action import Kind, deposits, legs_of, moves, reductions  # noqa: E402
from seawall.exposure.remedy.answer import Answer, remedy_answer, with_remedy  # noqa: E402
from seawall.exposure.remedy.cost import financing, over, reduction_cost  # noqa: E402
from seawall.exposure.remedy.edit import applied, edit_of  # noqa: E402
from seawall.exposure.remedy.plan import candidate_of, units_of  # noqa: E402
from seawall.exposure.remedy.ranked import trial_of  # noqa: E402
from seawall.exposure.remedy.search import Found, counts, goal_of, verified  # noqa: E402
from seawall.exposure.remedy.trial import Trial  # noqa: E402

PATHS, FRESH_PATHS = 1_000, 4_000
# Amounts on the fine grid, and unimpaired paths run at all of them; what passes is run on all.
GRID, NEAR = 40, 100


def judged(seed: int, paths: int = PATHS, fresh: int = FRESH_PATHS) -> dict[str, Any]:
    """What became of one random Case."""
    asked = sought(seed)
    limit = asked.case.limits[0].maximum
    out: dict[str, Any] = {"seed": seed, "dre": asked.dre, "limit": limit}
    answer = remedy_answer(asked.case, horizon_seconds=asked.horizon, paths=paths, seed=seed)
    value = answer.result["limits"][0]["value"]
    out |= {"value": value, "breached": answer.result["limits"][0]["breached"]}
    first = answer.result["remedy"]
    if first is None:
        return out | {"note": answer.result["remedy_note"]}
    out |= {"sure": first["sure"], "in_time": first["in_time"], "action": first["action"]}
    out |= {"pair": first["then"] is not None, "cost": first["cost_horizon"]}
    out["cost_point"] = first["cost_point"]
    with tempfile.TemporaryDirectory() as place:
        folder = save_case(with_remedy(asked.case, answer, 1), Path(place) / "cured")
        cured = load_case(folder)
    out["after"] = impaired_share(cured, asked.horizon, fresh, 1_000_000 + seed)
    out["expected"] = first["dre_after"]
    action, amount = answer.ranked.actions[0][0]
    if first["cost_point"] is not None and not out["pair"]:
        smaller = _point_amount(answer, amount)
        bare = applied(asked.case, answer.setup, edit_of(answer.setup, action, smaller))
        out["after_point"] = impaired_share(bare, asked.horizon, fresh, 1_000_000 + seed)
    if not out["pair"]:
        out["grid"] = cheapest_on_grid(answer, asked.horizon, limit, first)
    return out


def _point_amount(answer: Answer, amount: float) -> float:
    """The amount that passes on the estimate alone."""
    first = answer.ranked.points[0]
    return amount if first is None else first


def cheapest_on_grid(
    answer: Answer, horizon: float, limit: float, first: dict[str, Any]
) -> dict[str, Any] | None:
    """The cheapest single action on a fine grid that passes as the recommended one does.

    Amounts are at equal steps up to the cost of the recommended one and a tenth more: what is
    dearer is of no interest. None where nothing on the grid passes.
    """
    found = answer.found[f"desk:{OWNER}"][1]
    step = round(horizon / answer.setup.step_seconds)
    trial = trial_of(answer.setup, found, answer.kept, OWNER, step, answer.result["seed"], 1)
    goal = goal_of(limit, trial.paths)
    return _grid(trial, horizon, first, goal.sure if first["sure"] else goal.point)


def _grid(trial: Trial, horizon: float, first: dict[str, Any], bound: int) -> dict[str, Any] | None:
    setup, dearest = trial.setup, 1.1 * first["cost_horizon"]
    units = units_of(setup, OWNER)
    into = deposits(setup, units)
    actions = [*into, *moves(setup, into, OWNER)]
    actions += reductions(setup, [leg for unit in units for leg in legs_of(setup, unit)])
    out = []
    for action in actions:
        amounts = action.largest * np.arange(1, GRID + 1) / GRID
        if action.kind in (Kind.ADD, Kind.REPAY):
            per_quote = over(financing(1.0), horizon)
            amounts = min(action.largest, dearest / per_quote) * np.arange(1, GRID + 1) / GRID
        costs = [_cost(setup, action, float(one), horizon) for one in amounts]
        kept = [(c, float(a)) for c, a in zip(costs, amounts, strict=True) if c <= dearest]
        candidate = candidate_of(trial, action, first["deadline_seconds"], NEAR)
        if candidate.rest > bound:  # other accounts break too often for it
            continue
        tries = [(candidate.edit(trial, amount), candidate.own) for _, amount in kept]
        for (cost, amount), broken in zip(kept, trial.broken(tries), strict=True):
            after, landed = counts(candidate, broken)
            if landed > bound:
                continue
            found = Found(candidate, amount, after, landed, True, broken)
            if landed + verified(trial, [found])[0].size <= bound:
                out.append({"cost": cost, "action": str(action.kind), "amount": amount})
                break  # what follows is dearer
    return min(out, key=lambda one: one["cost"], default=None)


def _cost(setup: Any, action: Any, amount: float, horizon: float) -> float:
    if action.kind is Kind.REDUCE:
        return reduction_cost(setup, action.leg, amount)
    return 0.0 if action.kind is Kind.MOVE else over(financing(amount), horizon)


def summary(rows: Sequence[dict[str, Any]], fresh: int = FRESH_PATHS) -> str:
    """The figures that the decision predicts."""
    over_limit = [r for r in rows if r["breached"]]
    offered = [r for r in over_limit if "after" in r]
    sure = [r for r in offered if r["sure"] and r["in_time"]]
    lines = [
        f"{len(rows)} Cases, {len(over_limit)} over their limit on the paths of the answer",
        f"  a remedy in {len(offered)}, sure and in time in {len(sure)}; by kind: {_kinds(sure)}",
    ]
    lines.append(_held("sure and in time, applied, on fresh paths", sure, "after", fresh))
    unsure = [r for r in offered if not (r["sure"] and r["in_time"])]
    lines.append(_held("the others", unsure, "after", fresh))
    pointed = [r for r in sure if "after_point" in r]
    lines.append(_held("amounts by the estimate alone", pointed, "after_point", fresh))
    gaps = [r["cost"] / r["cost_point"] for r in sure if r.get("cost_point")]
    lines.append(f"  cost of certainty: {_spread(gaps)}")
    single = [r for r in sure if not r["pair"]]
    cheaper = [
        r["cost"] / r["grid"]["cost"] if r["grid"] and r["grid"]["cost"] > 0 else 1.0
        for r in single
    ]
    free = [r for r in single if r["grid"] and r["grid"]["cost"] == 0 < r["cost"]]
    lines.append(f"  cost over the cheapest on the fine grid: {_spread(cheaper)}")
    lines.append(f"  a free action on the grid that was missed: {len(free)}")
    none = [r for r in over_limit if "after" not in r]
    lines += [f"  none, seed {r['seed']}: {r['note']}" for r in none]
    return "\n".join(lines)


def _kinds(rows: Sequence[dict[str, Any]]) -> str:
    names = [r["action"] + (" and another" if r["pair"] else "") for r in rows]
    return ", ".join(f"{names.count(name)} {name}" for name in sorted(set(names)))


def _held(words: str, rows: Sequence[dict[str, Any]], key: str, fresh: int) -> str:
    if not rows:
        return f"  {words}: none"
    kept = sum(r[key] <= r["limit"] for r in rows)
    low, high = wilson(kept, len(rows))
    surely = sum(wilson(round(r[key] * fresh), fresh)[0] > r["limit"] for r in rows)
    return (
        f"  {words}: under the limit in {kept} of {len(rows)} ({kept / len(rows):.1%}, 95% "
        f"{low:.1%} to {high:.1%}); significantly over it in {surely}"
    )


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "no figure"
    at = np.quantile(values, [0.0, 0.05, 0.5, 0.95, 1.0])
    names = ("least", "5%", "median", "95%", "most")
    listed = ", ".join(f"{name} {value:.3f}" for name, value in zip(names, at, strict=True))
    return f"{len(values)} figures, {listed}"


def main() -> int:
    """Exit code 1 where fewer than 95% hold on fresh seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--store", type=Path, help="file of answers, read and added to")
    given = parser.parse_args()
    start = time.monotonic()
    rows: list[dict[str, Any]] = []
    if given.store is not None and given.store.exists():
        rows = [json.loads(line) for line in given.store.read_text().splitlines()]
    left = sorted(set(range(1, given.cases + 1)) - {row["seed"] for row in rows})
    with multiprocessing.get_context("fork").Pool(given.workers) as pool:
        for row in pool.imap_unordered(judged, left):
            rows.append(row)
            if given.store is not None:
                with given.store.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    sys.stdout.write(summary(rows) + f"\n  {time.monotonic() - start:.0f} s\n")
    sure = [r for r in rows if r["breached"] and r.get("sure") and r.get("in_time")]
    return 0 if sum(r["after"] <= r["limit"] for r in sure) >= 0.95 * len(sure) else 1


if __name__ == "__main__":
    raise SystemExit(main())
