"""Which accounts must be looked at: only those that prices can have brought to their threshold.

Equity - maintenance of a unit moves by at most exposure x |relative price change|, so nothing is
missed if a unit sleeps until its prices have moved far enough. Two bounds, both Seawall's own:

- displacement: until a feed is further from its start than the unit's buffer / exposure, the unit
  cannot have broken (units asleep since the start);
- clock: after a check, the product of (1 + move) over steps must grow by buffer / exposure.

Units that depend on one feed follow that feed; the others follow the largest move of all feeds, in
units of each feed's weight (its volatility over the largest one). Funding and interest are added
as a drift. A unit whose holdings change is woken by hand. Units that the bound does not fit
(options, a moving settlement price, tiers at which maintenance jumps) are always awake. Tests hold
the filtered loop equal to the one that checks everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.arrays import expand_ranges

# Bounds are used up a little early, so that rounding (wake is single precision: half the memory to
# scan at each step) never delays a check.
SLACK = 1.0 - 1e-6
# A clock beyond this begins anew, and no level lies beyond the other: single precision ends there.
LATEST, LAST_LEVEL = 1e30, 3e38
# Fewer cells than this are compared in one go instead of clock by clock.
SMALL = 30_000


@dataclass(frozen=True)
class WakeRule:
    """Units sorted by clock, then by threshold: f feeds, c = f + 1 clocks (the last: all feeds).

    weight (f,); drift (c,) funding and interest per step in each clock's scale; clock (u,) of each
    unit; always (u,); threshold (u,) by rank; unit_of_rank, rank_of_unit (u,); first (c + 1,) ranks
    """

    weight: Floats
    drift: Floats
    clock: Ints
    always: Bools
    threshold: Floats
    unit_of_rank: Ints
    rank_of_unit: Ints
    first: Ints


@dataclass
class WakeState:
    """Where the clocks stand on each path; overwritten by the functions of this file.

    origin (p, f) prices at the start; reached (p, c) largest displacement; clock (p, c);
    wake (p, u by rank) clock at which to check again, inf = asleep since the start;
    awake (p, c) ranks woken by displacement, next (p, c) threshold of the first that still sleeps;
    scan (p, c) ranks that may be awake
    """

    origin: Floats
    reached: Floats
    clock: Floats
    wake: NDArray[np.float32]
    awake: Ints
    next: Floats
    scan: Ints
    steps: int


class Turn(NamedTuple):
    """How far the factors s >= 1 of dynamic margin have turned, (n, f): |change| since the last
    tick, and |s - s at the start|.
    """

    step: Floats
    start: Floats


class Waker(Protocol):
    """Another keeper of who is awake, that of the compiled loop; the functions below ask it."""

    def tick(
        self, path: Ints, before: Floats, after: Floats, new_step: bool, turn: Turn | None
    ) -> None:
        """Let the clocks see prices (n, f) that moved, and factors on margin that turned."""

    def wake_units(self, path: Ints, unit: Ints) -> None:
        """These pairs must be checked at the next look."""

    def due(self, active: Ints) -> tuple[Ints, Ints]:
        """Pairs to check on active paths, in path order, then unit order."""

    def schedule(
        self, path: Ints, unit: Ints, buffer: Floats, exposure: Floats, stay: Bools
    ) -> None:
        """Let checked pairs sleep as long as their buffers allow."""


def wake_rule(
    weight: Floats, drift: Floats, clock: Ints, always: Bools, threshold: Floats
) -> WakeRule:
    """Sort units (u,) by clock and threshold; ``always`` units have threshold 0."""
    level = np.where(always, 0.0, threshold)
    order = np.lexsort((level, clock))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    first = np.searchsorted(clock[order], np.arange(weight.size + 2))
    return WakeRule(weight, drift, clock, always, level[order], order, rank, first)


def begin_wake(rule: WakeRule, price: Floats) -> WakeState:
    """Everything asleep at prices (p, f) but the units that are always awake."""
    paths, clocks = price.shape[0], rule.drift.size
    at_once = rule.threshold <= 0.0
    wake = np.where(at_once, 0.0, np.inf).astype(np.float32)
    awake = np.array(
        [int(at_once[a:b].sum()) for a, b in zip(rule.first[:-1], rule.first[1:], strict=True)]
    )
    return WakeState(
        origin=price.copy(),
        reached=np.zeros((paths, clocks)),
        clock=np.ones((paths, clocks)),
        wake=np.tile(wake, (paths, 1)),
        awake=np.tile(awake, (paths, 1)),
        next=np.zeros((paths, clocks)),
        scan=np.tile(awake, (paths, 1)),
        steps=0,
    )


def _moves(rule: WakeRule, before: Floats, after: Floats, turned: Floats | None) -> Floats:
    """Weighted moves (p, c) of each feed, and the largest of them; ``turned`` (p, f): of factors.

    A factor s >= 1 on margin counts as a move (1 + m)(1 + d) - 1, m the price's, d = |s' - s|.
    Proof. A row's exposure is E = N + s K, N its notional, K a bound of its margin M and of the
    change of M per unit of m; N and K grow by at most 1 + m. Equity - s M changes by at most
    N m + s' K m + |s' - s| M <= N m + (s + d) K m + d K = E m + d K (1 + m), and K <= E since
    s >= 1, so by at most E ((1 + m)(1 + d) - 1). And E' <= (1 + m)(N + (s + d) K) <=
    (1 + m)(1 + d) E, since d K <= d (N + s K), which is what the clock's product needs. The first
    sentence with p, s at the start and now, m and d between them, is the displacement's bound.
    """
    moves = np.empty((after.shape[0], rule.drift.size))
    np.abs(after / before - 1.0, out=moves[:, :-1])
    if turned is not None:
        moves[:, :-1] += turned * (1.0 + moves[:, :-1])
    moves[:, :-1] /= rule.weight
    moves[:, -1] = moves[:, :-1].max(axis=1, initial=0.0)
    return moves


def tick(
    rule: WakeRule,
    state: WakeState | Waker,
    path: Ints,
    before: Floats,
    after: Floats,
    *,
    new_step: bool,
    turn: Turn | None = None,
) -> None:
    """Advance clocks and displacement of paths (n,) for prices (n, f); wake what is in reach.

    ``turn``: of the factors on margin, where it is dynamic.
    """
    if not isinstance(state, WakeState):
        state.tick(path, before, after, new_step, turn)
        return
    state.steps += int(new_step)
    drift = rule.drift if new_step else 0.0
    moves = _moves(rule, before, after, None if turn is None else turn.step)
    # What is paid in a step is paid at the price after the move.
    state.clock[path] *= 1.0 + moves + drift * (1.0 + moves)
    if (state.clock > LATEST).any():
        _begin_anew(rule, state)
    away = _moves(rule, state.origin[path], after, None if turn is None else turn.start)
    paid = rule.drift * state.steps * (1.0 + np.maximum(state.reached[path], away))
    reached = np.maximum(state.reached[path], (away + paid) * (1.0 + 1e-9))
    state.reached[path] = reached
    for c in np.flatnonzero((reached >= state.next[path]).any(axis=0)):
        first, last = rule.first[c], rule.first[c + 1]
        if first == last:
            state.next[path, c] = np.inf
            continue
        woken = np.searchsorted(rule.threshold[first:last], reached[:, c], side="right")
        start = state.awake[path, c]
        count = np.maximum(woken - start, 0)
        if count.any():
            owner, rank = expand_ranges(start, count)
            state.wake[path[owner], first + rank] = 0.0
            state.awake[path, c] = np.maximum(start, woken)
            state.scan[path, c] = np.maximum(state.scan[path, c], woken)
        ahead = np.append(rule.threshold[first:last], np.inf)
        state.next[path, c] = ahead[state.awake[path, c]]


def _begin_anew(rule: WakeRule, state: WakeState) -> None:
    """Clocks that have run too far begin anew, and all units that are awake on them are looked at.

    Weeks of short steps get there, and any few steps of enormous moves.
    """
    for p, c in zip(*np.nonzero(state.clock > LATEST), strict=True):
        block = state.wake[p, rule.first[c] : rule.first[c + 1]]
        block[np.isfinite(block)] = 0.0
        state.clock[p, c] = 1.0


def wake_units(rule: WakeRule, state: WakeState | Waker, path: Ints, unit: Ints) -> None:
    """These pairs must be checked at the next look, whatever the prices do."""
    if not isinstance(state, WakeState):
        state.wake_units(path, unit)
        return
    rank = rule.rank_of_unit[unit]
    state.wake[path, rank] = 0.0
    clock = rule.clock[unit]
    np.maximum.at(state.scan, (path, clock), rank - rule.first[clock] + 1)


def due(rule: WakeRule, state: WakeState | Waker, active: Ints) -> tuple[Ints, Ints]:
    """Pairs (path, unit) to check on active paths, in path order, then unit order."""
    if not isinstance(state, WakeState):
        return state.due(active)
    units = rule.unit_of_rank.size
    clock = np.nextafter(state.clock[active].astype(np.float32), np.float32(np.inf))
    found: list[Ints] = []
    if active.size * units <= SMALL:
        level = clock[:, rule.clock[rule.unit_of_rank]]
        found.append(np.flatnonzero(state.wake[active] <= level))
    else:
        everyone = active.size == state.clock.shape[0]
        scan = state.scan if everyone else state.scan[active]
        top = scan.max(axis=0)
        # A few wild paths have many units awake: their tails are scanned apart from the rest.
        usual = np.minimum(top, (1.5 * scan.mean(axis=0)).astype(np.int64) + 8)
        for c in np.flatnonzero(top):
            first, level = int(rule.first[c]), clock[:, c : c + 1]
            block = state.wake[:, first : first + usual[c]]
            block = block if everyone else block[active]
            where, rank = np.divmod(np.flatnonzero(block <= level), usual[c])
            found.append(where * units + rank + first)
            wild = np.flatnonzero(scan[:, c] > usual[c])
            if wild.size:
                start, width = first + usual[c], top[c] - usual[c]
                block = state.wake[active[wild], start : start + width]
                where, rank = np.divmod(np.flatnonzero(block <= level[wild]), width)
                found.append(wild[where] * units + rank + start)
    cell = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    where, rank = np.divmod(cell, max(units, 1))
    path, unit = active[where], rule.unit_of_rank[rank]
    # What happens must not depend on the order of ranks.
    order = np.argsort(path * units + unit, kind="stable")
    return path[order], unit[order]


def schedule(
    rule: WakeRule,
    state: WakeState | Waker,
    path: Ints,
    unit: Ints,
    buffer: Floats,
    exposure: Floats,
    stay: Bools,
) -> None:
    """Let checked pairs sleep until the clock has used their buffer; ``stay`` (n,) stay awake.

    buffer = equity - maintenance, exposure weighted, (n,) quote.
    """
    if not isinstance(state, WakeState):
        state.schedule(path, unit, buffer, exposure, stay)
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        level = state.clock[path, rule.clock[unit]] * (1.0 + buffer / exposure) * SLACK
    level = np.where(exposure > 0, np.minimum(level, LAST_LEVEL), np.inf)
    state.wake[path, rule.rank_of_unit[unit]] = np.where(stay | rule.always[unit], 0.0, level)
