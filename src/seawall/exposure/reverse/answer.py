"""`seawall reverse`: the smallest shock that impairs a scope, in units and in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import seawall
from seawall.book.book import Floats, Ints
from seawall.cascade.engine import populated
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup, compile_setup
from seawall.cascade.tape import Tape
from seawall.case import Case
from seawall.case.impairment_kinds import KINDS
from seawall.exposure.curve import SENTENCES, scope_sentence
from seawall.exposure.first_to_break import leg_facts
from seawall.exposure.impairment import (
    Impairment,
    account_impairment,
    desk_accounts,
    desk_columns,
    desk_impairment,
    desks,
    venue_impairment,
)
from seawall.exposure.notional import gross_notional
from seawall.exposure.reverse.directions import Directions, directions_of
from seawall.exposure.reverse.lattice import Lattice, subsets
from seawall.exposure.reverse.measure import (
    AXES,
    Axis,
    Norm,
    Shocks,
    Units,
    along,
    depth_factor,
    latency_steps,
    moves,
    units_of,
    volatility_factor,
)
from seawall.exposure.reverse.search import COARSEST, Asked, Found, norm_of, smallest
from seawall.exposure.reverse.trial import Scope, Trial, impaired, impairment_of, within_reach
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.venues import Feed

SCHEMA = "seawall/reverse/1"
SETTLING_SECONDS = 3_600.0
# Directions of prices that are combined with other axes: the nearest ones that are apart, by the
# cosine between any two.
MIXED, APART = 8, 0.85
# Points of the ray beyond the answer.
PROFILE = 64
Progress = Callable[[float, str], None]


def reverse_stress(
    case: Case,
    *,
    scope: str | None = None,
    over: Sequence[Axis] = AXES,
    norm: Norm = Norm.L2,
    reach: float = 8.0,
    points: int = 1_000,
    step_seconds: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The smallest impairing shock: of all axes together, of each alone, of each pair.

    ``points``: how many points of the grid a set of axes may take. Raises InputError for an
    unknown scope, no axis and a reach or number of points that is not above zero.
    """
    if not over or reach <= 0 or points < 1:
        raise InputError("nothing to search", expected="one axis, a reach and a point at least")
    trial, name = begin_trial(case, scope, step_seconds)
    axes = tuple(axis for axis in AXES if axis in over)
    acting, idle = acting_axes(trial.setup, axes)
    margin_accounts, held = tried_for(trial.setup, trial.units, name)
    spread = directions_of(trial.setup, trial.units, margin_accounts, held)
    found: dict[tuple[Axis, ...], Found] = {}
    sets = subsets(acting)
    nearest = spread
    for n, mine in enumerate(sets):
        if progress is not None:
            progress(n / max(len(sets), 1), f"shocks of {' and '.join(mine)}")
        own = spread if mine == (Axis.SPOT,) else nearest
        start = _best([f for s, f in found.items() if set(s) <= set(mine)])
        lattice = Lattice(mine, own, norm, COARSEST)
        asked = Asked(lattice, reach, points, held, start)
        found[mine] = smallest(trial, asked)
        if mine == (Axis.SPOT,) and len(acting) > 1:
            nearest = spread.only(_nearest(trial, spread, reach))
    return _answer(trial, name, axes, acting, idle, norm, reach, spread, found)


def begin_trial(
    case: Case, scope: str | None, step_seconds: float | None = None
) -> tuple[Trial, str]:
    """The Case compiled, and the scope that is asked about: by default the first desk."""
    book = populated(case)
    dt = case.step_seconds if step_seconds is None else step_seconds
    setup = compile_setup(case, book, dt)
    name, verdict = scope_of(setup, scope)
    margin_accounts, _ = _units_of_scope(setup, name)
    units = units_of(case, setup.table.assets, _gross(setup, margin_accounts), dt)
    steps = max(1, round(SETTLING_SECONDS / dt))
    return Trial(case, book, units, verdict, steps, quickest(setup), {0: setup}), name


def scope_of(setup: Setup, scope: str | None) -> tuple[str, Scope]:
    """A scope's name and how it is told from a tape. InputError for one that does not exist."""
    owners, venues = desks(setup), list(setup.table.venues)
    accounts = {setup.book.account_names[a]: a for a in desk_accounts(setup).tolist()}
    if scope is None:
        scope = f"desk:{owners[0]}" if owners else "protocol"
    kind, _, name = scope.partition(":")
    if scope == "protocol":
        return scope, lambda setup, tape: venue_impairment(setup, tape, None)
    if kind == "venue" and name in venues:
        return scope, lambda setup, tape: venue_impairment(setup, tape, venues.index(name))
    if kind == "account" and name in accounts:
        return scope, lambda setup, tape: account_impairment(setup, tape, accounts[name])
    if kind == "desk" and name in owners:
        return scope, lambda setup, tape: desk_impairment(setup, tape, name)
    known = ["protocol", *(f"desk:{owner}" for owner in owners), *(f"venue:{v}" for v in venues)]
    known += [f"account:{account}" for account in accounts]
    raise InputError(
        f"there is no scope {scope!r}", file="--scope", expected="one of " + ", ".join(known)
    )


def _units_of_scope(setup: Setup, scope: str) -> tuple[Ints, bool]:
    """Margin accounts of a scope, and whether they are a desk's."""
    kind, _, name = scope.partition(":")
    table = setup.table
    if kind == "desk":
        return setup.desk_units[desk_columns(setup, name)], True
    if kind == "account":
        account = setup.book.account_names.index(name)
        return np.flatnonzero(table.units.account == account), True
    if kind == "venue":
        return np.flatnonzero(table.units.venue == table.venues.index(name)), False
    return np.arange(table.units.account.size), False


def tried_for(setup: Setup, units: Units, scope: str) -> tuple[Ints, Ints]:
    """Margin accounts whose steepest directions are tried, and places of the assets that the scope
    holds, largest gross notional first, then of those that others hold at its venues.
    """
    mine, own = _units_of_scope(setup, scope)
    venue = setup.table.units.venue
    around = np.flatnonzero(np.isin(venue, venue[mine]))
    order: list[int] = []
    # Others' assets matter too: their losses come back by deleveraging and socialised losses.
    for accounts in (mine, around):
        gross = _gross(setup, accounts)
        weight = np.array([gross.get(setup.table.assets[k], 0.0) for k in units.assets])
        ranked = np.argsort(-weight, kind="stable")
        order += [k for k in ranked.tolist() if weight[k] > 0 and k not in order]
    held = np.array(order, dtype=np.int64)
    return (mine if own else np.zeros(0, dtype=np.int64)), held


def _gross(setup: Setup, margin_accounts: Ints) -> dict[str, float]:
    """Gross notional {asset: quote} of some margin accounts, and the coins that they settle in."""
    table = setup.table
    chosen = (np.isin(part.unit, margin_accounts) for part in (table.rows, table.options))
    gross = gross_notional(setup, *chosen)
    # What settles in a coin holds that coin's price as well.
    cash = np.abs(table.units.cash)[margin_accounts]
    settle = table.feed_asset[table.units.settle[margin_accounts]]
    coins = segment_sums(cash * setup.spot[settle], settle, setup.spot.size)
    return {name: gross.get(name, 0.0) + float(coins[k]) for k, name in enumerate(table.assets)}


def acting_axes(setup: Setup, axes: tuple[Axis, ...]) -> tuple[tuple[Axis, ...], dict[str, str]]:
    """Axes that can change anything, and a sentence for each that cannot."""
    idle: dict[str, str] = {}
    if not (setup.table.options.unit.size or setup.impact.square_root):
        idle["volatility"] = "nobody holds an option, and impact does not depend on volatility"
    movable = np.isfinite(setup.impact.depth).any()
    if not movable:
        idle["depth"] = "every market is infinitely deep"
    books = setup.rulebooks
    if all(f == Feed() for book in books for f in (book.feed, *book.feeds.values())):
        idle["latency"] = "every venue margins at the market price itself: no oracle to delay"
    acting = tuple(axis for axis in axes if axis not in idle)
    return acting, {axis: text for axis, text in idle.items() if axis in axes}


def _best(found: list[Found]) -> Shocks | None:
    hits = [f for f in found if f.shock is not None and f.radius is not None]
    return min(hits, key=lambda f: f.radius or 0.0).shock if hits else None


def _nearest(trial: Trial, spread: Directions, reach: float) -> Ints:
    """The directions on which prices alone impair soonest: tried at quarter units up to reach."""
    ends = np.arange(0.25, reach + 1e-9, 0.25)
    first = np.full(len(spread.name), np.inf)
    open_ = np.arange(first.size)
    for end in ends:
        if first.size - open_.size >= MIXED or open_.size == 0:
            break
        zeros = np.zeros(open_.size)
        shocks = Shocks(spread.vector[open_] * end, zeros, zeros, zeros)
        inside = within_reach(trial, shocks)
        hits = np.zeros(open_.size, dtype=bool)
        hits[inside] = impaired(trial, shocks.take(np.flatnonzero(inside)))
        first[open_[hits]] = end
        open_ = open_[inside & ~hits]
    return _apart(spread, np.argsort(first, kind="stable"))


def _apart(spread: Directions, order: Ints) -> Ints:
    """The first directions in an order that are well apart from one another."""
    chosen: list[int] = []
    for j in order.tolist():
        close = [float(spread.vector[j] @ spread.vector[i]) for i in chosen]
        if len(chosen) < MIXED and max(close, default=-1.0) < APART:
            chosen.append(j)
    return np.array(sorted(chosen), dtype=np.int64)


def _answer(
    trial: Trial,
    scope: str,
    axes: tuple[Axis, ...],
    acting: tuple[Axis, ...],
    idle: dict[str, str],
    norm: Norm,
    reach: float,
    spread: Directions,
    found: dict[tuple[Axis, ...], Found],
) -> dict[str, Any]:
    case, units = trial.case, trial.units
    whole = found.get(acting)
    sets = [set_block(trial, mine, one, norm, spread) for mine, one in found.items()]
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "case": {"name": case.name, "hash": case.digest, "quote": case.quote},
        "as_of": case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scope": scope,
        "sentence": _sentence(case, scope),
        "norm": str(norm),
        "reach": reach,
        "axes": [str(axis) for axis in axes],
        "idle": idle,
        "units": _units_block(trial),
        "step_seconds": units.step_seconds,
        "settling_seconds": trial.steps * units.step_seconds,
        "directions": list(spread.name),
        "answer": None if whole is None else set_block(trial, acting, whole, norm, spread),
        "ray": None
        if whole is None or whole.shock is None
        else profile(trial, whole.shock, reach, norm),
        "sets": sets,
        "tried": trial.tried,
        "assumptions": ["A1", "A4", "A5", "A9", "A12", "A16"],
    }


def _sentence(case: Case, scope: str) -> str:
    kind = scope.partition(":")[0]
    return scope_sentence(case, SENTENCES[kind])


def _units_block(trial: Trial) -> dict[str, Any]:
    units, names = trial.units, trial.setup.table.assets
    return {
        "spot": {names[k]: float(s) for k, s in zip(units.assets, units.sigma, strict=True)},
        "volatility": {"log": units.volatility, "stated": units.stated["volatility"]},
        "depth": {"log": units.depth, "stated": units.stated["depth"]},
        "latency": {"seconds": units.latency},
    }


def set_block(
    trial: Trial, mine: tuple[Axis, ...], one: Found, norm: Norm, spread: Directions
) -> dict[str, Any]:
    """One set of axes: its smallest shock, what breaks, and the certificate."""
    count = 0
    if Axis.SPOT in mine:
        count = len(spread.name) if len(mine) == 1 else min(MIXED, len(spread.name))
    return {
        "over": [str(axis) for axis in mine],
        "norm": one.radius,
        "shock": None if one.shock is None else shock_block(trial, one.shock),
        "breaks": None if one.shock is None else _breaks(trial, one.shock),
        "certificate": {
            "spacing": one.spacing,
            "directions": count,
            "points": one.points,
            "checked": one.checked,
            "low": one.low,
        },
    }


def shock_block(trial: Trial, shock: Shocks) -> dict[str, Any]:
    """A shock in units, and as moves, factors and seconds."""
    units, names = trial.units, trial.setup.table.assets
    move = moves(units, shock.spot)[0]
    order = np.argsort(-np.abs(move / units.sigma), kind="stable")
    distance: Floats = along(shock)[0]
    return {
        "units": {
            "spot": float(distance[0]),
            "volatility": float(shock.volatility[0]),
            "depth": float(distance[2]),
            "latency": float(distance[3]),
        },
        "spot": [
            {
                "asset": names[units.assets[n]],
                "fraction": float(move[n]),
                "daily_sigmas": float(move[n] / units.sigma[n]),
                "price": float(trial.setup.spot[units.assets[n]] * (1.0 + move[n])),
            }
            for n in order.tolist()
            if abs(move[n] / units.sigma[n]) > 1e-9
        ],
        "volatility": float(volatility_factor(units, shock.volatility)[0]),
        "depth": float(depth_factor(units, shock.depth)[0]),
        "latency_seconds": float(latency_steps(units, shock.latency)[0] * units.step_seconds),
    }


def _breaks(trial: Trial, shock: Shocks) -> dict[str, Any]:
    """What is impaired first by a shock, and what the scope has lost when the hour is over."""
    impairment, tape, setup = impairment_of(trial, shock)
    unit, leg = int(impairment.unit[0]), int(impairment.leg[0])
    kind = KINDS[int(impairment.kind[0])]
    name, side = "", ""
    if leg >= 0:
        name, side, _ = leg_facts(setup, leg)
    account = setup.book.account_names[setup.table.units.account[unit]] if unit >= 0 else ""
    venue = setup.table.venues[setup.table.units.venue[unit]] if unit >= 0 else ""
    if unit < 0:
        venue = _first_venue(setup, tape, impairment)
    return {
        "account": account,
        "venue": venue,
        "instrument": name,
        "side": side,
        "kind": str(kind),
        "seconds": float(impairment.step[0] * setup.step_seconds),
        "loss": float(impairment.loss[0, -1]),
    }


def _first_venue(setup: Setup, tape: Tape, impairment: Impairment) -> str:
    """The venue that is ruined first."""
    steps = [int(venue_impairment(setup, tape, v).step[0]) for v in range(len(setup.table.venues))]
    return setup.table.venues[int(np.argmin(steps))]


def profile(trial: Trial, shock: Shocks, reach: float, norm: Norm) -> dict[str, Any]:
    """Along the ray of the answer up to ``reach``: does every larger shock impair as well?"""
    size = norm_of(shock, norm)
    if size == 0.0:
        return {"monotone": True, "unharmed": []}
    whole = reach / size if reach > size else 1.0
    ends = np.linspace(1.0, max(whole, 1.0), PROFILE)
    ray = shock.take(np.zeros(PROFILE, dtype=np.int64)).scaled(ends)
    inside = within_reach(trial, ray)
    ray, ends = ray.take(np.flatnonzero(inside)), ends[inside]
    hits = impaired(trial, replace(ray))
    return {
        "monotone": bool(hits.all()),
        "unharmed": [float(e * size) for e in ends[~hits]],
    }
