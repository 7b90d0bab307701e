"""`counterparty` of the result of a check: claims, hazards, pledges, and each venue removed."""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.exposure.counterparty.claims_held import counterparty_rows
from seawall.exposure.counterparty.pledged import pledged_rows
from seawall.exposure.counterparty.remove_one import Progress, remove_one
from seawall.exposure.counterparty.tables import wrong_way_rows
from seawall.exposure.scopes import Found
from seawall.scenario.failure.arrival import Arrival, Shock
from seawall.scenario.paths import exogenous_paths

# Enough for a chance of failing, which is a mean over paths of a smooth number.
WRONG_WAY_PATHS = 100


def counterparty_block(
    setup: Setup,
    found: Found,
    asked: tuple[int, int, int],
    progress: Progress | None = None,
    compute: Compute | None = None,
    *,
    removed: bool = False,
) -> dict[str, Any]:
    """{"counterparty": block}; the block is None for a Case of one venue without failures.

    ``asked``: paths, steps, seed of the run. ``removed``: run each venue's failure too.
    """
    horizon = asked[1] * setup.step_seconds
    rows = counterparty_rows(setup, horizon)
    if setup.failures is None and len(rows) < 2 and not removed:
        return {"counterparty": None}
    stated = [row["expected_loss"] for row in rows if row["expected_loss"] is not None]
    block = {
        "counterparties": rows,
        "expected_loss": sum(stated) if stated else None,
        "wrong_way": _wrong_way(setup, asked),
        "pledged": pledged_rows(setup),
        "remove_one": remove_one(setup, found, asked, progress, compute) if removed else None,
    }
    return {"counterparty": block}


def _wrong_way(setup: Setup, asked: tuple[int, int, int]) -> dict[str, Any] | None:
    """Sensitivity of the largest hazard that follows prices: coefficient 0, as stated, twice."""
    if setup.failures is None or not setup.failures.wrong_way:
        return None
    slot = setup.failures.slot
    moving = [(*following(failure, slot.shock), failure) for failure in slot.listed()]
    if max((one[0] for one in moving), default=0.0) <= 0.0:
        return None
    rate, coefficient, asset, largest = max(moving, key=lambda one: one[0])
    price = exogenous_paths(
        setup.case.market,
        setup.table.assets,
        step_seconds=setup.step_seconds,
        steps=asked[1],
        paths=np.arange(min(WRONG_WAY_PATHS, asked[0])),
        seed=asked[2],
    )[:, :, setup.table.assets.index(asset)]
    name = getattr(largest, "venue", None) or getattr(largest, "asset", None)
    return {
        "asset": asset,
        "of": name or ", ".join(getattr(largest, "assets", ())),
        "hazard_per_year": rate,
        "rows": wrong_way_rows(rate, price, setup.step_seconds, coefficient),
    }


def following(failure: Arrival, shocks: tuple[Shock, ...]) -> tuple[float, float, str]:
    """(hazard a year, coefficient, asset) of what of a failure's hazard follows prices, its share
    of a common shock that does so with the same coefficient in it; a rate of 0 for nothing.
    """
    shock = next((one for one in shocks if one.name == failure.shock), None)
    paced = failure if failure.wrong_way > 0.0 or shock is None else shock
    pace = (paced.wrong_way, paced.wrong_way_asset or "")
    rate = 0.0
    if failure.wrong_way > 0.0:
        rate += failure.rate_per_year or 0.0
    if shock is not None and shock.wrong_way > 0.0:
        same = (shock.wrong_way, shock.wrong_way_asset) == pace
        rate += same * (shock.rate_per_year or 0.0) * failure.shock_probability
    return rate, *pace
