"""Which limits a cap has to keep, and whether a run of the scaled Case keeps them.

A limit is kept where the upper end of a 99% interval of the number is not above its maximum: of a
share of paths Wilson's; of a mean the normal one, with one path more of the largest loss. A cap
found so holds on other random numbers too; the factor at which the number itself meets its maximum
stands beside it (``meets``). Wrong where a loss sits on paths of which hardly one was drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.case import Case, Limit
from seawall.exposure.curve import last_step
from seawall.exposure.impairment import bad_debt, venue_impairment
from seawall.exposure.proportion import wilson
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError

SHARES, MEANS = ("fund_ruin", "dre"), ("bad_debt",)
SCORE = 2.5758293035489004  # 99%, two-sided
# Where a Case states no limit of its venue: fund ruin of at most 1% (A16).
ASSUMED = 0.01


@dataclass(frozen=True)
class Bound:
    """One limit: scope (venue:NAME or protocol), measure, maximum, horizon in seconds."""

    scope: str
    measure: str
    maximum: float
    horizon: float


def bounds_of(
    case: Case, venue: str, given: tuple[tuple[str, str, float], ...], horizon: float
) -> tuple[list[Bound], bool]:
    """The limits to keep: those given, else the Case's own of the venue and the protocol, else an
    assumed one; and whether it was assumed. Raises InputError for a limit that a cap cannot keep.
    """
    scopes = (f"venue:{venue}", "protocol")
    for scope, measure, maximum in given:
        if scope not in scopes or measure not in SHARES + MEANS or not maximum > 0.0:
            raise InputError(
                f"{scope} {measure} {maximum:g} is no limit that a cap at {venue} keeps",
                file="--limit",
                expected=f"{' or '.join(scopes)}, one of {', '.join(SHARES + MEANS)}, a maximum",
            )
    if given:
        return [Bound(s, m, x, horizon) for s, m, x in given], False
    own = [
        Bound(limit.scope, limit.measure, maximum, _seconds(limit, horizon))
        for limit in case.limits
        if limit.scope in scopes
        and limit.measure in SHARES + MEANS
        and (maximum := limit.maximum or 0.0) > 0.0
    ]
    own = [bound for bound in own if bound.horizon <= horizon]
    if own:
        return own, False
    return [Bound(f"venue:{venue}", "fund_ruin", ASSUMED, horizon)], True


def paths_needed(bounds: list[Bound]) -> int:
    """Paths that can show every bound kept: with fewer, none ruined would still be too many."""
    shares = [bound.maximum for bound in bounds if bound.measure in SHARES]
    return math.ceil(SCORE * SCORE * (1.0 / min(shares) - 1.0)) if shares else 2


def _seconds(limit: Limit, horizon: float) -> float:
    return horizon if limit.horizon_seconds is None else limit.horizon_seconds


def measured(setup: Setup, tape: Tape, state: State, bounds: list[Bound]) -> dict[str, Floats]:
    """Each bound's number on each path (p,), by its place in the list."""
    out = {}
    for n, bound in enumerate(bounds):
        step = last_step(bound.horizon, setup.step_seconds)
        name = bound.scope.removeprefix("venue:")
        v = None if bound.scope == "protocol" else setup.table.venues.index(name)
        if bound.measure in SHARES:
            out[str(n)] = (venue_impairment(setup, tape, v).step <= step).astype(np.float64)
        else:
            out[str(n)] = _debt(setup, tape, v, step)
    return out


def _debt(setup: Setup, tape: Tape, v: int | None, step: int) -> Floats:
    """Bad debt (p,) up to a step, with what is open at the end, quote."""
    mine = tape.step <= step
    if v is not None:
        mine &= setup.table.units.venue[tape.unit] == v
    open_debt = tape.open_deficit.sum(axis=1) if v is None else tape.open_deficit[:, v]
    paid: Floats = segment_sums(bad_debt(tape)[mine], tape.path[mine], tape.paths)
    return paid + open_debt


@dataclass(frozen=True)
class Reading:
    """A bound's number on a run: value, and the upper end of its 99% interval."""

    value: float
    high: float

    def keeps(self, bound: Bound) -> bool:
        """Whether the upper end is within the maximum."""
        return self.high <= bound.maximum


def read(bound: Bound, paths: Floats) -> Reading:
    """The number of a bound from its paths (p,)."""
    value = float(paths.mean())
    if bound.measure in SHARES:
        return Reading(value, wilson(int(paths.sum()), paths.size, SCORE)[1])
    # One path more with the largest loss: few paths hold most of it, and another may come.
    wary = np.append(paths, paths.max(initial=0.0))
    error = float(wary.std(ddof=1)) / math.sqrt(paths.size)
    return Reading(value, float(wary.mean()) + SCORE * error)
