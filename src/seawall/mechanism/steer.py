"""The exogenous path behind a market path: what prices were before the crowd moved them.

The market of a step is M_t = X_t x D_t: X the exogenous price, D the displacement by forced orders.
Given M (knots, bridges between them), the loop itself is asked for D:

    X_t = M_t / (D'_t x c_t)

D'_t is the displacement that earlier orders leave at step t, read off the loop's state just before
the step; c_t is what the step itself adds (its own liquidations, arbitrage, failing assets), known
only afterwards. Between knots c = 1: the market reaches the bridge, the step's orders push it off,
and the next step leads it back. At a knot's step c = 1 at first, and the whole run is repeated with
the c that it showed until every path's market ends the step at the knot, within the tolerance. What
happens at a step depends on earlier ones only, so the knots come right one after the other.

A step's wave may jump over its knot: a slightly lower X sets off an order that ends below, a
slightly higher one sets off none. No X then ends at the knot; the market is led to it, and the wave
passes it: X_t = M_t / D'_t. A knot counts as met where it lies on the market's way within its step;
how many were passed in this way is told.

After an asset's last knot nothing is steered: the exogenous price goes on from where it was, moved
by noise alone, and what the market then does is the model's own.

Source: Seawall's own; the fixed point is the loop's. Wrong when the knots contain a feedback that
the Case does not have (its crowd is too small): the exogenous path then carries it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.impact import law
from seawall.mechanism.knots import Target

TOLERANCE = 1e-3
MOST_SWEEPS = 7
Watcher = Callable[[int, State], None]


@dataclass(frozen=True)
class Steered:
    """exogenous, market (p, s + 1, k) quote, market at the end of each step; tape and state of the
    last run; miss (k,) the largest relative distance of a knot from the market's way within its
    step; passed: how many knots of all paths were met on the way, not at its end; knots: how many
    there are; sweeps it took.
    """

    exogenous: Floats
    market: Floats
    tape: Tape
    state: State
    miss: Floats
    passed: int
    knots: int
    sweeps: int


@dataclass(frozen=True)
class _Along:
    """One run: exogenous and market (p, s + 1, k), the latter at the end of each step; own, what
    each step itself added to displacement; tape, state.
    """

    exogenous: Floats
    market: Floats
    own: Floats
    tape: Tape
    state: State


def steer(
    setup: Setup,
    target: Target,
    draws: Draws,
    *,
    tolerance: float = TOLERANCE,
    watch: Callable[[], Watcher] | None = None,
) -> Steered:
    """The exogenous paths whose market meets the knots, and the run along them.

    ``watch`` makes a new observer for each run; that of the last one has seen the result.
    """
    at = np.broadcast_to(target.at, target.price.shape)
    own = np.ones_like(target.price)
    jumps, before = np.zeros(at.shape, dtype=bool), np.full(at.shape, np.inf)
    sweeps = 0
    while True:
        sweeps += 1
        run_along = _run_along(setup, target, own, draws, watch() if watch is not None else None)
        gap = np.where(at, np.abs(run_along.market / target.price - 1.0), 0.0)
        # A path that has met its knots keeps its c: what it shows depends on no other path.
        open_paths = ~np.all((gap <= tolerance) | jumps, axis=(1, 2), keepdims=True)
        if sweeps == MOST_SWEEPS or not open_paths.any():
            return _steered(target, run_along, tolerance, sweeps)
        # A knot that does not come nearer swings between two waves.
        jumps |= open_paths & at & (gap > tolerance) & (gap >= 0.5 * before)
        own = np.where(open_paths & at, np.where(jumps, 1.0, run_along.own), own)
        before = np.where(at, gap, before)


def _steered(target: Target, found: _Along, tolerance: float, sweeps: int) -> Steered:
    """What was reached: a knot between the first and the last price of its step is met."""
    last = found.market
    first = last / found.own
    low, high = np.minimum(first, last), np.maximum(first, last)
    gap = np.maximum(low / target.price - 1.0, 1.0 - high / target.price)
    gap = np.where(target.at, np.maximum(gap, 0.0), 0.0)
    ended = np.where(target.at, np.abs(last / target.price - 1.0), 0.0)
    return Steered(
        exogenous=found.exogenous,
        market=last,
        tape=found.tape,
        state=found.state,
        miss=gap.max(axis=(0, 1)),
        passed=int(np.sum((ended > tolerance) & (gap <= tolerance))),
        knots=int(target.at.sum()) * last.shape[0],
        sweeps=sweeps,
    )


def _run_along(
    setup: Setup, target: Target, own: Floats, draws: Draws, watcher: Watcher | None
) -> _Along:
    """One run in which each step's exogenous price is set just before it is read."""
    exogenous = target.price.copy()
    market, shown = target.price.copy(), np.ones_like(target.price)
    before = np.ones_like(target.price)
    columns = exogenous.shape[1]
    exogenous[:, 1] = target.price[:, 1] / own[:, 1]

    def look(step: int, state: State) -> None:
        market[:, step] = state.market
        shown[:, step] = state.market / (exogenous[:, step] * before[:, step])
        if step + 1 < columns:
            before[:, step + 1] = _left(setup, state)
            steered = target.price[:, step + 1] / (before[:, step + 1] * own[:, step + 1])
            moved = target.price[:, step + 1] / target.price[:, step]
            free = step + 1 > target.last
            exogenous[:, step + 1] = np.where(free, exogenous[:, step] * moved, steered)
        if watcher is not None:
            watcher(step, state)

    tape, state = run(setup, exogenous, draws=draws, observe=look)
    return _Along(exogenous, market, shown, tape, state)


def _left(setup: Setup, state: State) -> Floats:
    """Displacement (p, k) that today's orders will have left at the next step."""
    flow = state.temporary * setup.impact.decay + state.permanent
    return law.displacement(setup.market_rules.law, setup.impact.strength, flow)
