"""What acting in concert adds: the same behaviour, independent and all together, on the same paths.

The Case runs with concert = 0 and concert = 1 in every rule of accounts' behaviour, on common
random numbers. Each account's chances are the same in both (agents/concert.py), so every difference
is due to who acts together. Reported: DRE of each desk (of all venues where there is no desk), bad
debt, how far the largest market fell to its trough, what was sold by force and by owners, paid in
and withdrawn, per path.

Wrong where the real world lies between: concert = 1 is the end of the scale, not an estimate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.case import Case
from seawall.exposure.impairment import bad_debt, desk_impairment, desks, venue_impairment
from seawall.exposure.procyclicality import largest_asset
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.mechanism.behaving import behaviours, in_concert, refuse_without
from seawall.mechanism.paired_runs import (
    Plan,
    mean,
    resampled,
    run_paths,
    tail_difference,
    tail_mean,
)

TAIL = 0.975


def measures(setup: Setup, tape: Tape, state: State, exogenous: Floats) -> dict[str, Floats]:
    """What each path comes to (p,): see the first lines of this file."""

    def total(kinds: tuple[EventKind, ...]) -> Floats:
        mine = np.isin(tape.kind, kinds)
        return segment_sums(tape.notional[mine], tape.path[mine], tape.paths)

    k = setup.table.assets.index(largest_asset(setup))
    found = {f"desk:{owner}": desk_impairment(setup, tape, owner) for owner in desks(setup)}
    if not found:
        found = {"protocol": venue_impairment(setup, tape, None)}
    out = {
        f"dre {scope}": (impairment.step < exogenous.shape[1]).astype(np.float64)
        for scope, impairment in found.items()
    }
    return out | {
        "bad_debt": segment_sums(bad_debt(tape), tape.path, tape.paths)
        + tape.open_deficit.sum(axis=1),
        "trough": 1.0 - tape.trough[:, k] / setup.spot[k],
        "forced": total(FORCED),
        "sold_by_owners": total((EventKind.DELEVERED, EventKind.STOP)),
        "paid_in": total((EventKind.TOP_UP,)),
        "withdrawn": total((EventKind.WITHDRAWN,)),
    }


def concert(
    case: Case,
    *,
    horizon_seconds: float = 86_400.0,
    paths: int = 400,
    seed: int = 1,
    volatility: float = 1.0,
) -> dict[str, Any]:
    """Independent and concerted behaviour side by side, with 95% intervals.

    ``volatility``: factor on the Case's. Raises InputError for a Case in which nobody behaves, or
    whose paths no order moves.
    """
    refuse_without(case)
    if case.market.scenario.label != "exogenous":
        raise InputError(
            f"the paths are labelled {case.market.scenario.label}: nothing that is sold moves them",
            expected="a scenario labelled exogenous",
        )
    plan = Plan(paths, max(1, round(horizon_seconds / case.step_seconds)), seed, volatility)
    alone, together = (prepare(in_concert(case, c)) for c in (0.0, 1.0))
    one, other = (run_paths(setup, plan, measures) for setup in (alone, together))
    sample = resampled(plan)
    rows: dict[str, Any] = {}
    for name in one:
        rows[name] = {
            "independent": mean(one[name], sample),
            "concerted": mean(other[name], sample),
            "difference": mean(other[name] - one[name], sample),
        }
        if not name.startswith("dre"):
            rows[f"{name}_tail"] = {
                "independent": tail_mean(one[name], sample, TAIL),
                "concerted": tail_mean(other[name], sample, TAIL),
                "difference": tail_difference(other[name], one[name], sample, TAIL),
            }
    return {
        "behaviour": {venue: list(slots) for venue, slots in behaviours(case).items()},
        "asset": largest_asset(alone),
        "paths": paths,
        "horizon_seconds": plan.steps * case.step_seconds,
        "volatility": volatility,
        "tail_level": TAIL,
        "numbers": rows,
    }
