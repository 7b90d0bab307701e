"""From files to a fit: incidents and a list until a date, and what the fit says of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.at_risk import (
    ASSUMED,
    AtRisk,
    Covariates,
    assumed_list,
    exposure,
    known_on,
    read_list,
)
from seawall.exposure.counterparty.covariates import (
    CovariateFit,
    Matched,
    fit_covariates,
    match,
)
from seawall.exposure.counterparty.forecast import Forecast, forecast
from seawall.exposure.counterparty.hazard import (
    DISPERSIONS,
    HALF_LIVES,
    Draws,
    Fit,
    draw,
    fit,
)
from seawall.exposure.counterparty.incidents import Incidents
from seawall.exposure.counterparty.kinds import KINDS, SHOWN
from seawall.exposure.counterparty.months import counts, first_day, month_of, month_text
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_INCIDENTS = 10


@dataclass(frozen=True)
class Fitted:
    """A fit to the months ``first`` to ``last`` (numbers of `months`), and what it was made of."""

    incidents: Incidents
    listed: AtRisk
    covariates: CovariateFit
    matched: Matched
    first: int
    last: int
    counts: Ints
    exposure: Floats
    fit: Fit
    draws: Draws
    seed: int

    def ahead(self, months: int) -> Forecast:
        """The law of the months that follow."""
        later = np.arange(self.last + 1, self.last + 1 + months)
        at_risk = shown_exposure(self.listed, later, self.covariates.chosen)
        return forecast(
            self.draws, at_risk, self.exposure[-1], self.seed, growth_doubt=self.listed.assumed
        )


def at_risk_list(file: Path | None, last_month: int, growth: float = 1.0) -> AtRisk:
    """The list of a file, or the assumed one until the end of a month."""
    if file is not None:
        return read_list(file)
    return assumed_list(int(first_day(np.array([last_month + 1]))[0]) - 1, growth)


def fit_until(incidents: Incidents, listed: AtRisk, first: int, last: int, seed: int) -> Fitted:
    """Fit months ``first`` to ``last``; InputError for fewer than LEAST_INCIDENTS in them.

    Of a list in a file only what stood in it at the end of the fit is used.
    """
    listed = known_on(listed, int(first_day(np.array([last + 1]))[0]))
    month = month_of(incidents.day)
    early = incidents.where((month >= first) & (month <= last))
    if early.day.size < LEAST_INCIDENTS:
        raise InputError(
            f"{early.day.size} incidents from {month_text(first)} to {month_text(last)}",
            file="--incidents",
            expected=f"{LEAST_INCIDENTS} or more to fit on",
        )
    matched = match(early, listed)
    covariates = fit_covariates(early, listed, matched)
    seen = counts(early.day, early.kind, first, last, len(KINDS))
    at_risk = shown_exposure(listed, np.arange(first, last + 1), covariates.chosen)
    _refuse_unlisted(seen, at_risk, listed)
    found = fit(seen, at_risk)
    return Fitted(
        early,
        listed,
        covariates,
        matched,
        first,
        last,
        seen,
        at_risk,
        found,
        draw(found, seed),
        seed,
    )


def shown_exposure(listed: AtRisk, months: Ints, chosen: Covariates) -> Floats:
    """Exposure (t, k) of the kinds that an incident file can show; 0 of the others."""
    seen = np.array([kind in SHOWN for kind in KINDS])
    out: Floats = np.where(seen, exposure(listed, months, chosen), 0.0)
    return out


def _refuse_unlisted(seen: Ints, at_risk: Floats, listed: AtRisk) -> None:
    for k, kind in enumerate(KINDS):
        if seen[:, k].sum() > 0 and at_risk[:, k].sum() <= 0 and not listed.assumed:
            raise InputError(
                f"{seen[:, k].sum()} incidents of kind {kind.value}, and no entity of that kind "
                "at risk in those months",
                file="--list",
                expected=f"rows of kind {kind.value}",
            )


def hazards_block(found: Fitted) -> dict[str, dict[str, Any]]:
    """By kind: incidents, entities at the end, hazard a year with its interval, the year ahead."""
    ahead = found.ahead(12)
    year = np.zeros(12, dtype=np.int64)
    mean = found.fit.mean()
    out = {}
    now = exposure(found.listed, np.array([found.last]), found.covariates.chosen)[0]
    for k, kind in enumerate(KINDS):
        low, high = np.quantile(found.draws.hazard[:, k], (0.025, 0.975))
        law = ahead.years(year, k)
        out[kind.value] = {
            "incidents": int(found.counts[:, k].sum()),
            "entity_years": float(found.exposure[:, k].sum()),
            "entities": 12.0 * float(now[k]),
            "hazard_per_year": float(mean[k]),
            "low": float(low),
            "high": float(high),
            "source": "fitted" if kind in SHOWN else "prior of all kinds",
            "next_year": {
                "expected": float(law.expected[0]),
                "low": int(law.quantile(0.025)[0]),
                "high": int(law.quantile(0.975)[0]),
            },
        }
    return out


def parameters_block(found: Fitted) -> dict[str, Any]:
    """What the grid weighs: half-life, dispersion; the prior of kinds; covariates."""
    fit = found.fit
    table = fit.weight.reshape(len(HALF_LIVES), len(DISPERSIONS))
    best = fit.posteriors[int(fit.weight.argmax())].kinds
    error = found.covariates.error
    chosen = found.covariates.chosen
    return {
        "half_life_months": {
            "none" if h > 1e5 else f"{h:g}": float(w)
            for h, w in zip(HALF_LIVES, table.sum(axis=1), strict=True)
        },
        "dispersion": {
            f"{phi:g}": float(w) for phi, w in zip(DISPERSIONS, table.sum(axis=0), strict=True)
        },
        "prior_shape": float(np.exp(best.weight @ np.log(best.shape))),
        "prior_hazard": float(np.exp(best.weight @ np.log(best.shape / best.rate))),
        "matched_incidents": found.matched.count,
        "size_elasticity": None if error is None else chosen.size,
        "size_error": None if error is None else error.size,
        "fading_per_year": None if error is None else chosen.fading,
        "fading_error": None if error is None else error.fading,
    }


def list_block(listed: AtRisk, name: str | None) -> dict[str, Any]:
    """What the list is: a file, or the assumed law with its numbers."""
    if not listed.assumed:
        return {"source": "file", "file": name, "rows": len(listed.entity), "law": None}
    return {
        "source": "assumption",
        "file": None,
        "rows": len(listed.entity),
        "law": {
            kind.value: {"entities_2022": ASSUMED[kind].count, "growth": ASSUMED[kind].growth}
            for kind in KINDS
        },
    }
