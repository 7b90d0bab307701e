"""`seawall scenarios failures`: the failures of a Case, with hazards fitted on dated incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import seawall
from seawall.case import Case
from seawall.exposure.counterparty.fitted import (
    at_risk_list,
    fit_until,
    list_block,
    parameters_block,
)
from seawall.exposure.counterparty.incidents import read_incidents
from seawall.exposure.counterparty.months import last_whole_month, month_of, month_text
from seawall.exposure.counterparty.tables import (
    Exposed,
    counterparties,
    failure_tables,
    largest_asset,
    wrong_way_rows,
)
from seawall.exposure.counterparty.written import written
from seawall.foundation.errors import InputError
from seawall.scenario.paths import exogenous_paths

SCHEMA = "seawall/scenarios/failures/1"
PATHS = 400
STEPS = 168


@dataclass(frozen=True)
class Asked:
    """What the user states: share of hazards that is common, wrong-way coefficient, horizon."""

    common_share: float
    wrong_way: float
    horizon_seconds: float
    seed: int
    stablecoins: Sequence[str] | None = None
    bridges: Mapping[str, tuple[str, ...]] | None = None


def propose(
    case: Case, files: Sequence[Path], listed: Path | None, until: date | None, asked: Asked
) -> dict[str, Any]:
    """Counterparties with their hazards, the tables and their TOML, and the wrong-way sensitivity.

    Raises InputError for files that cannot be read and names that the Case has not.
    """
    incidents = read_incidents(files)
    if not incidents.day.size:
        raise InputError("no incident of a kind that counts", file="--incidents")
    month = month_of(incidents.day)
    last = int(month[-1]) if until is None else last_whole_month(until)
    found = fit_until(incidents, at_risk_list(listed, last), int(month[0]), last, asked.seed)
    exposed = counterparties(case, found, asked.stablecoins, asked.bridges)
    asset = largest_asset(case)
    tables = failure_tables(exposed, asked.common_share, asked.wrong_way, asset)
    names = ", ".join(file.name for file in files)
    of = "an ASSUMED list" if listed is None else listed.name
    basis = (
        f"{found.counts.sum()} incidents of {names}, {month_text(found.first)} to "
        f"{month_text(found.last)}, on {of}"
    )
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "case": case.name,
        "fitted_on": basis,
        "list": list_block(found.listed, None if listed is None else listed.name),
        "parameters": parameters_block(found),
        "counterparties": [
            {
                "name": one.name,
                "kind": one.kind.value,
                "claim": one.claim.value,
                "hazard_per_year": one.hazard,
                "low": one.low,
                "high": one.high,
                "source": one.source,
                "loss": asdict(one.loss),
                "assets": list(one.assets),
            }
            for one in exposed
        ],
        "common_share": asked.common_share,
        "horizon_seconds": asked.horizon_seconds,
        "wrong_way": _wrong_way(case, exposed, asset, asked),
        "tables": tables,
        "toml": written(tables, exposed, basis),
    }


def _wrong_way(case: Case, exposed: Sequence[Exposed], asset: str, asked: Asked) -> dict[str, Any]:
    """Chances of the largest hazard at coefficient 0, as stated, and twice that."""
    step = asked.horizon_seconds / STEPS
    price = exogenous_paths(
        case.market,
        case.book.assets,
        step_seconds=step,
        steps=STEPS,
        paths=np.arange(PATHS),
        seed=asked.seed,
    )[:, :, case.book.assets.index(asset)]
    largest = max(exposed, key=lambda one: one.hazard)
    rows = wrong_way_rows(largest.hazard, price, step, asked.wrong_way)
    return {"asset": asset, "of": largest.name, "rows": rows}
