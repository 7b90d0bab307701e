"""What each desk has with each counterparty at the start, and what it is expected to lose there.

Claims on a venue are the equity above zero of the desks' accounts there, and what they hold at
other venues of the receipts that its insolvency names; claims on a bridge, stablecoin or contract's
token are what the desks hold of it and of the tokens staked on it; debts are left out. With a
hazard, the share lost and the horizon of the run,

    P = 1 - exp(-rate x h) (1 - p (1 - exp(-shock rate x h))),    expected loss = lost x P x claim

(p the shock's probability, h the horizon; a shock is followed at its first coming or not at all)
at the start's prices, and for a hazard that follows prices at no drawdown. An event at a stated
time has P = 1 where it lies within the horizon. Lost by a failed venue is 1 - recovery, by a
stolen key its share, by a bridge 1 - recovery, of a peg its depth, of a mint the unbacked share.

Wrong when: an account's equity grows before the failure, or two failures hit one claim (their
expected losses then add up to more than there is; in the run they cannot).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.cascade.failures import Placed
from seawall.cascade.setup import Setup
from seawall.exposure.impairment import desk_columns
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.margin_table import RowKind
from seawall.scenario.failure.arrival import Arrival, Shock
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.pegs import Bridge, StablecoinDepeg
from seawall.scenario.failure.theft import AdminKey
from seawall.scenario.failure.venue import VenueInsolvency

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """One counterparty: name, kind, the desks' claims on it, the failure stated; None: none is."""

    name: str
    kind: str
    claims: float
    failure: Arrival | None = None
    lost: float | None = None


def held(setup: Setup) -> list[Held]:
    """Every failure that takes claims, and the venues for which none is stated."""
    placed = setup.failures.placed if setup.failures is not None else ()
    out, named = [], set[int]()
    for one in placed:
        found = _of(setup, one)
        if found is not None:
            out.append(found)
            if one.venue >= 0:
                named.add(one.venue)
    for v, name in enumerate(setup.table.venues):
        worth = claims_on(setup, v)
        if v not in named and worth > 0.0:
            out.append(Held(name, venue_kind(setup, v), worth))
    return out


def venue_kind(setup: Setup, v: int) -> str:
    """Which kind of venue: lender, or venue for one with an order book."""
    return "lender" if setup.rulebooks[v].liquidation.style == "keeper" else "venue"


def claims_on(setup: Setup, v: int, owner: str | None = None) -> float:
    """Claims on a venue at the start, quote, of one desk or of all: equity above zero of accounts
    there, and its receipts held elsewhere.
    """
    columns = np.arange(setup.desk_units.size) if owner is None else desk_columns(setup, owner)
    here = setup.table.units.venue[setup.desk_units[columns]] == v
    equity = float(np.maximum(setup.desk_equity[columns[here]], 0.0).sum())
    placed = setup.failures.placed if setup.failures is not None else ()
    receipts = {
        k
        for one in placed
        if isinstance(one.failure, VenueInsolvency) and one.venue == v
        for k in one.assets
    }
    return equity + _owned(setup, tuple(receipts), setup.desk_units[columns[~here]])


def _of(setup: Setup, one: Placed) -> Held | None:
    failure = one.failure
    if isinstance(failure, VenueInsolvency | AdminKey):
        kind, lost = venue_kind(setup, one.venue), share_lost(failure)
        return Held(failure.venue, kind, claims_on(setup, one.venue), failure, lost)
    if isinstance(failure, Bridge | StablecoinDepeg | UnbackedMint):
        kind = {"Bridge": "bridge", "StablecoinDepeg": "stablecoin"}.get(
            type(failure).__name__, "contract"
        )
        names = failure.assets if isinstance(failure, Bridge) else (failure.asset,)
        return Held(
            ", ".join(names),
            kind,
            _owned(setup, one.assets, setup.desk_units),
            failure,
            share_lost(failure),
        )
    return None


def share_lost(failure: Arrival) -> float:
    """Share of a claim that a failure takes, at most over time."""
    if isinstance(failure, AdminKey):
        return failure.share
    if isinstance(failure, VenueInsolvency | Bridge):
        return 1.0 - failure.recovery
    if isinstance(failure, StablecoinDepeg):
        return failure.depth
    assert isinstance(failure, UnbackedMint)
    return 1.0 - failure.backed


def _owned(setup: Setup, assets: tuple[int, ...], among: Ints) -> float:
    """Worth of what the units ``among`` hold of assets at the start, debts left out, quote."""
    rows, worth = setup.table.rows, setup.row_start
    mine = np.isin(rows.unit, among) & (rows.kind == RowKind.BALANCE) & (rows.size > 0)
    mine &= np.isin(rows.asset, np.array(assets, dtype=np.int64))
    cash = 0.0
    units = setup.table.units
    settle = setup.table.feed_asset[units.settle]
    for u in among[np.isin(settle[among], np.array(assets, dtype=np.int64))]:
        cash += max(float(units.cash[u]), 0.0) * float(setup.spot[settle[u]])
    return float(worth[mine].sum()) + cash


def hazard(failure: Arrival, shocks: tuple[Shock, ...]) -> tuple[float | None, float | None]:
    """(hazard a year, its common part) at no drawdown; None where the time is stated."""
    if failure.at_seconds is not None:
        return None, None
    common = 0.0
    for shock in shocks:
        if shock.name == failure.shock:
            if shock.rate_per_year is None:
                return None, None
            common = shock.rate_per_year * failure.shock_probability
    return (failure.rate_per_year or 0.0) + common, common


def chance(failure: Arrival, shocks: tuple[Shock, ...], horizon_seconds: float) -> float:
    """Probability that a failure comes within the horizon, at no drawdown."""
    if failure.at_seconds is not None:
        return float(failure.at_seconds <= horizon_seconds)
    missed = math.exp(-(failure.rate_per_year or 0.0) * horizon_seconds / SECONDS_PER_YEAR)
    for shock in shocks:
        if shock.name == failure.shock:
            rate = shock.rate_per_year
            if rate is None:
                come = float((shock.at_seconds or 0.0) <= horizon_seconds)
            else:
                # It is followed as a thinned Poisson: the first shock decides within a run.
                come = -math.expm1(-rate * horizon_seconds / SECONDS_PER_YEAR)
            missed *= 1.0 - come * failure.shock_probability
    return 1.0 - missed


def counterparty_rows(setup: Setup, horizon_seconds: float) -> list[dict[str, Any]]:
    """One row per counterparty, the largest expected loss first, then the largest claims."""
    shocks = setup.failures.slot.shock if setup.failures is not None else ()
    rows = []
    for one in held(setup):
        row: dict[str, Any] = {"name": one.name, "kind": one.kind, "claims": one.claims}
        if one.failure is None:
            row |= dict.fromkeys(("failure", "source", "hazard_per_year", "common_per_year"))
            row |= dict.fromkeys(("at_seconds", "wrong_way", "loss_given_failure"))
            row |= dict.fromkeys(("probability", "expected_loss"))
        else:
            rate, common = hazard(one.failure, shocks)
            p, lost = chance(one.failure, shocks, horizon_seconds), one.lost or 0.0
            row |= {
                "failure": type(one.failure).__name__,
                "source": one.failure.rate_source,
                "hazard_per_year": rate,
                "common_per_year": common,
                "at_seconds": one.failure.at_seconds,
                "wrong_way": one.failure.wrong_way,
                "loss_given_failure": lost,
                "probability": p,
                "expected_loss": lost * p * one.claims,
            }
        rows.append(row)
    return sorted(rows, key=lambda row: (-(row["expected_loss"] or 0.0), -row["claims"]))
