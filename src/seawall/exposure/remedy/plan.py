"""Which actions are tried, singly and in pairs, and which of them are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.setup import Setup
from seawall.exposure.impairment import desk_columns
from seawall.exposure.remedy.action import (
    Action,
    Kind,
    deposits,
    legs_of,
    moves,
    reductions,
)
from seawall.exposure.remedy.cost import leg_flow
from seawall.exposure.remedy.edit import edit_of
from seawall.exposure.remedy.lead import lead
from seawall.exposure.remedy.search import (
    Candidate,
    Effort,
    Found,
    Goal,
    Tried,
    counts,
    first_look,
    run_all,
    smallest,
    verified,
)
from seawall.exposure.remedy.trial import Trial

# How often an action is sought anew when it turns out to break paths that were not run.
RETRIES = 3
# How often the amounts of a pair are narrowed, one after the other.
TURNS = 3
# Pairs are tried too where certainty multiplies the amount of every single action by this.
DEAR = 2.0


@dataclass(frozen=True)
class Choice:
    """Actions at their amounts that together are enough.

    after, landed   broken paths with them in place from the start, and as they land
    sure            enough by the upper end of the interval; else by the estimate alone
    point           amount of a single action that is enough on the estimate, None if not sought
    """

    actions: tuple[tuple[Action, float], ...]
    after: int
    landed: int
    sure: bool
    point: float | None = None


def candidate_of(trial: Trial, action: Action, deadline: float | None, near: int) -> Candidate:
    """An action with the paths that it can change."""
    return _on_units(trial, action, (action.unit,), deadline, near)


def _on_units(
    trial: Trial, action: Action, units: tuple[int, ...], deadline: float | None, near: int
) -> Candidate:
    impaired = trial.impaired
    own = impaired[np.isin(trial.unit[impaired], units)]
    rest = int(impaired.size - own.size)
    touched = [action.source] if action.kind is Kind.MOVE else []
    touched += [action.unit] if action.kind is Kind.REDUCE else []
    close = trial.nearest(touched, near) if touched else own[:0]
    late = _late(trial, action, deadline)
    return Candidate(action, np.union1d(own, close), rest, late)


def _late(trial: Trial, action: Action, deadline: float | None) -> np.ndarray:
    """Paths (n,) that had broken before an action can have landed.

    None of an action that misses its deadline: it is judged as if it were in place, and marked.
    """
    seconds, _ = lead(trial.setup, action)
    none = np.zeros(trial.paths, dtype=bool)
    if seconds <= 0 or (deadline is not None and seconds > deadline):
        return none
    return np.asarray(trial.first <= np.ceil(seconds / trial.setup.step_seconds - 1e-9))


def units_of(setup: Setup, owner: str) -> list[int]:
    """Margin accounts of a desk."""
    return [int(unit) for unit in setup.desk_units[desk_columns(setup, owner)]]


def choices(
    trial: Trial, goal: Goal, leg: Ints, deadline: float | None, effort: Effort
) -> tuple[list[Choice], Found | None]:
    """What is enough, in no order, and the best that was found where nothing is.

    leg (n,): what broke on each path, -1 unknown.
    """
    setup, owner = trial.setup, trial.owner
    impaired = trial.impaired
    units = units_of(setup, owner)
    own = {unit: int(np.count_nonzero(trial.unit[impaired] == unit)) for unit in units}
    helped = [u for u in units if own[u] and impaired.size - own[u] <= goal.point]
    actions = _singles(trial, helped, leg, effort)
    found: list[Choice] = []
    best: Found | None = None
    if actions:
        candidates = [candidate_of(trial, one, deadline, effort.near) for one in actions]
        looked = first_look(trial, candidates, effort)
        sure = _any_enough(candidates, looked, goal.sure)
        bound = goal.sure if sure else goal.point
        all_found = _settled(
            trial, smallest(trial, candidates, looked, bound, effort), bound, effort
        )
        if not effort.full:
            all_found += _moves_alike(trial, all_found, bound, deadline, effort)
        points = _points(trial, candidates, looked, all_found, goal, effort) if sure else {}
        found = [_single(one, sure, points) for one in all_found if one.enough]
        best = min(all_found, key=lambda one: one.landed)
    if effort.full and not any(_fair(one) for one in found):
        # Where a single action is enough on the estimate, two must be surely enough to be better.
        alone = any(_in_time(trial, one, deadline) for one in found)
        wanted = replace(goal, point=goal.sure) if alone else goal
        found += _pairs(trial, wanted, leg, deadline, effort)
    return found, best


def _in_time(trial: Trial, choice: Choice, deadline: float | None) -> bool:
    """Whether all of it lands before the deadline."""
    return deadline is None or all(
        lead(trial.setup, action)[0] <= deadline for action, _ in choice.actions
    )


def _fair(choice: Choice) -> bool:
    """Whether a single action is surely enough, and not at many times the amount that would do on
    the estimate: where it is, other accounts take up most of what the limit leaves.
    """
    (action, amount), *_ = choice.actions
    point = choice.point
    dear = point is not None and amount > DEAR * point and action.kind is not Kind.MOVE
    return choice.sure and not dear


def _single(found: Found, sure: bool, points: dict[Action, float]) -> Choice:
    action = found.candidate.action
    point = points.get(action)
    return Choice(((action, found.amount),), found.after, found.landed, sure, point)


def _singles(trial: Trial, helped: Sequence[int], leg: Ints, effort: Effort) -> list[Action]:
    """Actions that may be enough alone."""
    into = deposits(trial.setup, helped)
    actions = list(into)
    if effort.full:
        actions += moves(trial.setup, into, trial.owner)
    for unit in helped:
        actions += reductions(trial.setup, _legs(trial, unit, leg, effort.legs))
    return actions


def _legs(trial: Trial, unit: int, leg: Ints, most: int) -> list[int]:
    """Positions of a margin account: first those that broke most often, then the largest."""
    impaired = trial.impaired
    broke = leg[impaired[trial.unit[impaired] == unit]]
    times = {one: int(np.count_nonzero(broke == one)) for one in np.unique(broke)}

    def rank(one: int) -> tuple[int, float]:
        return -times.get(one, 0), -abs(leg_flow(trial.setup, one)[1])

    return sorted(legs_of(trial.setup, unit), key=rank)[:most]


def _any_enough(
    candidates: Sequence[Candidate], looked: Sequence[Sequence[Tried]], bound: int
) -> bool:
    return any(
        counts(candidate, one.broken)[1] <= bound
        for candidate, tried in zip(candidates, looked, strict=True)
        for one in tried
    )


def _settled(trial: Trial, found: list[Found], bound: int, effort: Effort) -> list[Found]:
    """Found actions that hold on all paths: what they newly break is added, and sought anew."""
    if not effort.full:
        return found
    for turn in range(RETRIES + 1):
        doubtful = [
            n
            for n, one in enumerate(found)
            if one.enough and one.candidate.action.kind in (Kind.MOVE, Kind.REDUCE)
        ]
        new = verified(trial, [found[n] for n in doubtful])
        for n, paths in zip(doubtful, new, strict=True):
            if not paths.size:
                continue
            if turn == RETRIES:  # what still breaks others is not offered
                found[n] = replace(found[n], enough=False)
                continue
            candidate = found[n].candidate
            wider = replace(candidate, own=np.union1d(candidate.own, paths))
            looked = first_look(trial, [wider], effort)
            found[n] = smallest(trial, [wider], looked, bound, effort)[0]
        if not any(paths.size for paths in new):
            break
    return found


def _moves_alike(
    trial: Trial, found: Sequence[Found], bound: int, deadline: float | None, effort: Effort
) -> list[Found]:
    """The deposits found, out of the desk's own accounts that can spare them."""
    enough = [f for f in found if f.enough and f.candidate.action.kind in (Kind.ADD, Kind.REPAY)]
    amounts, candidates = [], []
    for deposit in enough:
        for action in moves(trial.setup, [deposit.candidate.action], trial.owner):
            if action.largest >= deposit.amount:
                candidates.append(candidate_of(trial, action, deadline, effort.near))
                amounts.append(np.array([deposit.amount]))
    out = []
    for candidate, (one,) in zip(candidates, run_all(trial, candidates, amounts), strict=True):
        after, landed = counts(candidate, one.broken)
        out.append(Found(candidate, one.amount, after, landed, landed <= bound, one.broken))
    return out


def _points(
    trial: Trial,
    candidates: Sequence[Candidate],
    looked: Sequence[Sequence[Tried]],
    found: Sequence[Found],
    goal: Goal,
    effort: Effort,
) -> dict[Action, float]:
    """Amounts that are enough on the estimate alone, of the actions that are enough at all."""
    if not effort.full:
        return {}
    enough = {one.candidate.action for one in found if one.enough}
    chosen = [n for n, one in enumerate(candidates) if one.action in enough]
    points = smallest(
        trial, [candidates[n] for n in chosen], [looked[n] for n in chosen], goal.point, effort
    )
    return {one.candidate.action: one.amount for one in points if one.enough}


def _pairs(
    trial: Trial, goal: Goal, leg: Ints, deadline: float | None, effort: Effort
) -> list[Choice]:
    """Two actions on two accounts, or on one, that are enough together.

    Greedy, then refined: the first at the amount that leaves fewest broken, the second as small as
    may be beside it; then the first as small as may be beside the second, and the second once more.
    """
    impaired, out = trial.impaired, []
    units = [u for u in units_of(trial.setup, trial.owner) if np.any(trial.unit[impaired] == u)]
    for n, u in enumerate(units):
        for v in units[n:]:
            own = int(np.count_nonzero(np.isin(trial.unit[impaired], (u, v))))
            if impaired.size - own > goal.point:
                continue
            for first, second in _two(trial, u, v, leg):
                pair = _pair(trial, first, second, goal, deadline, effort)
                if pair is not None:
                    out.append(pair)
                if pair is not None and pair.sure:
                    break  # the dearer kinds of pair are for where this one is not enough
    return out


def _two(trial: Trial, u: int, v: int, leg: Ints) -> list[tuple[Action, Action]]:
    """Pairs worth trying: of deposits, then of a deposit with the sale of the worst leg."""
    into = {one.unit: one for one in deposits(trial.setup, sorted({u, v}))}
    sold = {w: reductions(trial.setup, _legs(trial, w, leg, 1)) for w in (u, v)}
    out: list[tuple[Action, Action]] = []
    if u != v and u in into and v in into:
        out.append((into[u], into[v]))
    for w, other in dict.fromkeys(((u, v), (v, u))):
        out += [(into[w], one) for one in sold[other] if w in into]
    return out


def _pair(
    trial: Trial,
    first: Action,
    second: Action,
    goal: Goal,
    deadline: float | None,
    effort: Effort,
) -> Choice | None:
    """Two actions that are enough together, surely if they can be; None if they are not."""
    units = (first.unit, second.unit)
    a, b = (_on_units(trial, one, units, deadline, effort.near) for one in (first, second))
    own, late = np.union1d(a.own, b.own), a.late | b.late
    a, b = (replace(one, own=own, late=late) for one in (a, b))
    looked = first_look(trial, [a], effort)[0]
    most = min(looked, key=lambda one: counts(a, one.broken)[::-1]).amount
    for bound in dict.fromkeys((goal.sure, goal.point)):
        # Other accounts may break more paths than that, whatever is done on these.
        pair = None if bound < a.rest else _refined(trial, a, b, most, bound, effort)
        if pair is None:
            continue
        fixed, amount, last = pair
        new = verified(trial, [last])[0].size
        if last.landed + new <= bound:
            both = (fixed, amount), (last.candidate.action, last.amount)
            return Choice(both, last.after + new, last.landed + new, bound == goal.sure)
    return None


def _refined(
    trial: Trial, a: Candidate, b: Candidate, most: float, bound: int, effort: Effort
) -> tuple[Action, float, Found] | None:
    """One action at its amount and the other, found beside it; ``most`` of ``a`` to begin with."""
    fixed, free, amount = a, b, most
    pair, seen = None, None
    for _ in range(TURNS):
        one = replace(free, beside=edit_of(trial.setup, fixed.action, amount))
        # From the second turn on an amount that is enough is known: the one of the turn before.
        looked = first_look(trial, [one], effort) if seen is None else [[seen]]
        found = smallest(trial, [one], looked, bound, effort)[0]
        if not found.enough:
            break
        pair = (fixed.action, amount, found)
        seen = Tried(amount, found.broken)
        fixed, free, amount = free, fixed, found.amount
    return pair
