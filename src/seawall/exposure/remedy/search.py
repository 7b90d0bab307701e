"""The smallest amount of each action after which few enough paths break.

Amounts are tried on a grid, many actions and amounts in one run on the same paths; then the bracket
between the last amount that was not enough and the first that was is narrowed. An amount tuned to
just pass on its own paths fails on others half of the time, so it must pass with the upper end of
Wilson's 95% interval of DRE after it (`Goal.sure`); `Goal.point` is the weaker rule, on the
estimate alone, and stands where no amount passes the stronger one on so few paths.

More cash is taken to break nothing (only paths that it can help are run, each no more often than it
can change). A move or a sale may break what stood: those paths that come nearest to breaking are
run too, and `verified` runs all others. Wrong where few enough paths break in a window of amounts
that the grid steps over: the first grid is coarse, and a move that is too large breaks its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.exposure.proportion import wilson
from seawall.exposure.remedy.action import Action, Kind
from seawall.exposure.remedy.edit import Edit, edit_of, together
from seawall.exposure.remedy.trial import Trial


@dataclass(frozen=True)
class Effort:
    """How hard is looked: amounts tried at once of money and of sales, how often brackets are
    narrowed, unimpaired paths run beside (those nearest to breaking), legs tried per account.

    full  also all legs, moves of other amounts, pairs of actions, every other path at the end, and
          the cheapest on the estimate alone
    """

    amounts: int
    shares: int
    rounds: int
    near: int
    legs: int
    full: bool


QUICK = Effort(amounts=5, shares=3, rounds=2, near=6, legs=1, full=False)
FULL = Effort(amounts=8, shares=8, rounds=4, near=40, legs=12, full=True)


@dataclass(frozen=True)
class Goal:
    """How many of the paths may break: ``sure`` with the upper end of the interval under the limit,
    ``point`` with the estimate under it; -1: none may, and that would not be enough.
    """

    sure: int
    point: int


def goal_of(limit: float, paths: int) -> Goal:
    """The two bounds for a limit on DRE."""
    point = max(int(np.ceil(limit * paths - 1e-9)) - 1, 0)
    low, high = -1, point
    while low < high:  # Wilson's upper end rises with the count
        middle = (low + high + 1) // 2
        if wilson(middle, paths)[1] < limit:
            low = middle
        else:
            high = middle - 1
    return Goal(low, point)


@dataclass(frozen=True)
class Candidate:
    """An action, what is done beside it, and what it can change.

    own   paths to run: those on which its account is the first to break, and near ones
    rest  how many other paths break and stay broken
    late  (n,) of all paths: broken before the action can have landed
    """

    action: Action
    own: Ints
    rest: int
    late: Bools
    beside: Edit = field(default_factory=Edit)

    def edit(self, trial: Trial, amount: float) -> Edit:
        """All that changes with this amount."""
        return together([self.beside, edit_of(trial.setup, self.action, amount)])


@dataclass(frozen=True)
class Tried:
    """What an amount of a candidate does: which of its own paths break."""

    amount: float
    broken: Bools


@dataclass(frozen=True)
class Found:
    """A candidate at the amount found: how many paths break with it in place from the start, and
    with those that had broken before it landed; enough: it is within the bound; broken: which of
    its own paths do.
    """

    candidate: Candidate
    amount: float
    after: int
    landed: int
    enough: bool
    broken: Bools


def counts(candidate: Candidate, broken: Bools) -> tuple[int, int]:
    """Broken paths with the action in place from the start, and as it lands."""
    own = int(np.count_nonzero(broken))
    late = int(np.count_nonzero(broken | candidate.late[candidate.own]))
    return candidate.rest + own, candidate.rest + late


def grid_of(candidate: Candidate, effort: Effort) -> Floats:
    """First amounts."""
    largest = candidate.action.largest
    if candidate.action.kind is Kind.REDUCE:
        return largest * np.arange(1, effort.shares + 1) / effort.shares
    return largest * np.geomspace(0.01, 1.0, effort.amounts)


def first_look(trial: Trial, candidates: Sequence[Candidate], effort: Effort) -> list[list[Tried]]:
    """Each candidate at its first amounts."""
    return run_all(trial, candidates, [grid_of(one, effort) for one in candidates])


def run_all(
    trial: Trial, candidates: Sequence[Candidate], amounts: Sequence[Floats]
) -> list[list[Tried]]:
    """Each candidate at each of its amounts, all in one run."""
    tries = [
        (candidate.edit(trial, float(amount)), candidate.own)
        for candidate, some in zip(candidates, amounts, strict=True)
        for amount in some
    ]
    broken = iter(trial.broken(tries))
    return [[Tried(float(amount), next(broken)) for amount in some] for some in amounts]


def smallest(
    trial: Trial,
    candidates: Sequence[Candidate],
    looked: Sequence[Sequence[Tried]],
    bound: int,
    effort: Effort,
) -> list[Found]:
    """The smallest amount found of each candidate that leaves at most ``bound`` broken paths."""
    seen = [list(tried) for tried in looked]
    for _ in range(effort.rounds - 1):
        grids, narrow = [], []
        for candidate, tried in zip(candidates, seen, strict=True):
            bracket = _bracket(candidate, tried, bound)
            few = effort.shares if candidate.action.kind is Kind.REDUCE else effort.amounts
            grids.append(np.zeros(0) if bracket is None else _between(*bracket, few))
            narrow.append(_narrowed(candidate, tried, bracket))
        if not any(grid.size for grid in grids):
            break
        again = run_all(trial, [part for part, _ in narrow], grids)
        for n, ((_, fill), more) in enumerate(zip(narrow, again, strict=True)):
            whole = [Tried(one.amount, fill(one.broken)) for one in more]
            seen[n] = sorted([*seen[n], *whole], key=lambda one: one.amount)
    return [
        _chosen(candidate, tried, bound) for candidate, tried in zip(candidates, seen, strict=True)
    ]


def _bracket(
    candidate: Candidate, tried: Sequence[Tried], bound: int
) -> tuple[float, float] | None:
    """The last amount before the first that is enough, and that one."""
    low = 0.0
    for one in tried:
        if counts(candidate, one.broken)[1] <= bound:
            return None if one.amount - low <= 0.002 * one.amount else (low, one.amount)
        low = one.amount
    return None


def _between(low: float, high: float, count: int) -> Floats:
    inside: Floats = low + (high - low) * np.arange(1, count + 1) / (count + 1)
    return inside


class _Whole:
    """What of a run on some of the own paths is known of all of them."""

    def __init__(self, known: Bools, at: Ints) -> None:
        self.known, self.at = known, at

    def __call__(self, broken: Bools) -> Bools:
        out = self.known.copy()
        out[self.at] = broken
        return out


def _narrowed(
    candidate: Candidate, tried: Sequence[Tried], bracket: tuple[float, float] | None
) -> tuple[Candidate, _Whole]:
    """The candidate on those of its paths that the bracket leaves open.

    Of cash: paths that break even with the larger amount break with all, those that do not with
    the smaller one break with none. Of the others every path stays open.
    """
    everything = np.arange(candidate.own.size)
    money = candidate.action.kind in (Kind.ADD, Kind.REPAY)
    if bracket is None or not money:
        return candidate, _Whole(np.zeros(everything.size, dtype=bool), everything)
    by_amount = {one.amount: one.broken for one in tried}
    high = by_amount[bracket[1]]
    low = by_amount.get(bracket[0], np.ones(everything.size, dtype=bool))
    open_ = np.flatnonzero(low & ~high)
    return replace(candidate, own=candidate.own[open_]), _Whole(high, open_)


def _chosen(candidate: Candidate, tried: Sequence[Tried], bound: int) -> Found:
    """The first amount that is enough; without one the amount that leaves fewest broken."""
    enough = [one for one in tried if counts(candidate, one.broken)[1] <= bound]
    best = enough[0] if enough else min(tried, key=lambda one: counts(candidate, one.broken)[::-1])
    after, landed = counts(candidate, best.broken)
    return Found(candidate, best.amount, after, landed, bool(enough), best.broken)


def verified(trial: Trial, found: Sequence[Found]) -> list[Ints]:
    """Paths outside its own that each found action breaks though they stood without it."""
    safe = trial.first > trial.step
    tries, others = [], []
    for one in found:
        rest = safe.copy()
        rest[one.candidate.own] = False
        others.append(np.flatnonzero(rest))
        tries.append((one.candidate.edit(trial, one.amount), others[-1]))
    return [paths[broken] for paths, broken in zip(others, trial.broken(tries), strict=True)]
