"""What a list says beyond who was there: does more value locked, or age, change the hazard?

Of the entities of its kind at risk on that day, the one that failed was picked with probability
proportional to its weight (`at_risk.weights`); the product of these shares over incidents whose
name is on the list is the partial likelihood, in which the hazards themselves cancel. With a normal
prior of standard deviation 1 on the size's elasticity and 0.5 a year on fading (assumptions; they
decide where few incidents are matched) its maximum is the fit, and its curvature the interval.

The same matched incidents say what share of the value locked was lost.

Source: Cox (1972). Wrong when: names differ between list and incidents (they are compared without
case), or a list's values were written down after the failure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.at_risk import AtRisk, Covariates, traits, weights
from seawall.exposure.counterparty.incidents import Incidents

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_MATCHED = 8
PRIOR = (1.0, 0.5)


@dataclass(frozen=True)
class Matched:
    """Which row (n,) of the list each incident is, -1 for none; lost (n,) share of value locked."""

    row: Ints
    lost: Floats

    @property
    def count(self) -> int:
        """How many incidents are on the list."""
        return int((self.row >= 0).sum())


@dataclass(frozen=True)
class CovariateFit:
    """The covariates, and half the width of their 95% intervals; None where nothing was fitted."""

    chosen: Covariates
    error: Covariates | None


def match(incidents: Incidents, listed: AtRisk) -> Matched:
    """Find each incident's entity on the list, of the same kind and at risk that day."""
    rows: dict[tuple[str, int], list[int]] = {}
    for row, (name, kind) in enumerate(zip(listed.entity, listed.kind.tolist(), strict=True)):
        rows.setdefault((name.casefold(), kind), []).append(row)
    found = np.full(incidents.day.size, -1, dtype=np.int64)
    for n, name in enumerate(incidents.name):
        day = int(incidents.day[n])
        for row in rows.get((name.strip().casefold(), int(incidents.kind[n])), []):
            if listed.start[row] <= day <= listed.end[row]:
                found[n] = row
    value = np.where(found >= 0, listed.value[found], np.nan)
    returned = np.nan_to_num(incidents.returned)
    lost = np.clip((incidents.amount - returned) / value, 0.0, 1.0)
    return Matched(found, lost)


def fit_covariates(incidents: Incidents, listed: AtRisk, matched: Matched) -> CovariateFit:
    """Size and age as covariates; none where fewer than LEAST_MATCHED incidents are on the list."""
    if listed.assumed or matched.count < LEAST_MATCHED:
        return CovariateFit(Covariates(), None)
    from scipy.optimize import minimize

    mine, known = np.flatnonzero(matched.row >= 0), traits(listed)

    def cost(x: Floats) -> float:
        chosen = Covariates(float(x[0]), float(x[1]))
        out = 0.5 * sum((float(v) / s) ** 2 for v, s in zip(x, PRIOR, strict=True))
        for n in mine:
            day = float(incidents.day[n])
            there = (listed.kind == incidents.kind[n]) & (listed.start <= day) & (listed.end >= day)
            weight = weights(known, chosen, day)
            out -= math.log(weight[matched.row[n]] / weight[there].sum())
        return out

    found = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4})
    best = Covariates(float(found.x[0]), float(found.x[1]))
    spread = np.sqrt(np.diag(np.linalg.inv(_curvature(cost, found.x))))
    return CovariateFit(best, Covariates(1.96 * float(spread[0]), 1.96 * float(spread[1])))


def _curvature(cost: object, x: Floats, step: float = 1e-3) -> Floats:
    """Second differences (2, 2) of ``cost`` at its minimum."""
    assert callable(cost)
    ends = np.array([[step, 0.0], [0.0, step]])
    out = np.zeros((2, 2))
    for i, a in enumerate(ends):
        for j, b in enumerate(ends):
            four = cost(x + a + b) - cost(x + a - b) - cost(x - a + b) + cost(x - a - b)
            out[i, j] = four / (4.0 * step * step)
    return out
