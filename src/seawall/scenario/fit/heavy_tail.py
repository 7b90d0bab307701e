"""Heavy tails fitted: a generalised Pareto law on each side, and a t copula between assets.

Formula: losses and gains of each asset in units of its own volatility are pooled over the assets,
one law for all, as the model has it. Per side `tails.pareto_tail` chooses the threshold u and fits
shape xi and scale s; the tail index is 1 / xi (its interval the reciprocal of xi's), held between
2.05 and 50, the share p what lies beyond u, and the scale in deviations of the normal middle is b =
s z_p / u, z_p the normal quantile that the model puts at the threshold. Degrees of freedom: the
even number of a list with the greatest likelihood of the t copula, summed over pairs, on ranks, at
the fitted correlation.

Source: McNeil and Frey (2000) for the tails; Demarta and McNeil (2005) for the copula on ranks.
Wrong when assets differ in how heavy their tails are, and because steps are taken for independent:
clustered losses are in the tail and not in time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.moments import moments
from seawall.scenario.fit.prices import Returns
from seawall.scenario.fit.tails import ParetoTail, pareto_tail, run_bars

Floats = NDArray[np.float64]

FREEDOMS = (2, 4, 6, 8, 10, 14, 20, 30, 60)
LEAST_INDEX, LARGEST_INDEX = 2.05, 50.0


def fit_heavy_tail(returns: Returns) -> Fitted:
    """Tail index, share and scale of either side; degrees of freedom."""
    from scipy.special import ndtri

    second = moments(returns)
    table = returns.log_return
    unit = table / np.sqrt(np.nanmean(table * table, axis=0))
    run = run_bars(returns.seconds)
    parameters: dict[str, Estimate | str | int] = {}
    intervals: dict[str, tuple[float, float]] = {}
    notes = []
    for side, tail in (("left", pareto_tail(-unit, run)), ("right", pareto_tail(unit, run))):
        parameters[f"{side}_index"] = _index(tail)
        intervals[f"{side}_index"] = (_reciprocal(tail.high), _reciprocal(tail.low))
        spread = np.sqrt(tail.share * (1.0 - tail.share) * tail.share / tail.independent)
        parameters[f"{side}_share"] = Estimate(tail.share, float(spread))
        factor = float(-ndtri(tail.share)) / tail.threshold
        parameters[f"{side}_scale"] = Estimate(tail.scale.value * factor, tail.scale.error * factor)
        notes.append(
            f"{side} tail beyond {tail.threshold:.2f} standard deviations: {tail.excesses} bars "
            f"in about {tail.independent:.0f} clusters, xi {tail.shape.value:.3f} "
            f"({tail.low:.2f} to {tail.high:.2f})"
        )
    if table.shape[1] > 1:
        parameters["freedom"] = _freedom(table)
    return Fitted(
        "heavy_tail",
        second.volatility,
        second.correlation,
        parameters=parameters,
        intervals=intervals,
        notes=tuple(notes),
    )


def _index(tail: ParetoTail) -> Estimate:
    index = _reciprocal(tail.shape.value)
    return Estimate(index, tail.shape.error * index * index)


def _reciprocal(shape: float) -> float:
    """1 / xi within what the model takes: from no tail (50) to a variance that is barely there."""
    return float(np.clip(1.0 / shape, LEAST_INDEX, LARGEST_INDEX)) if shape > 0.0 else LARGEST_INDEX


def _freedom(table: Floats) -> int:
    """Degrees of freedom of the t copula with the greatest pairwise likelihood."""
    from scipy.special import gammaln, stdtrit

    whole = table[np.isfinite(table).all(axis=1)]
    rank = np.argsort(np.argsort(whole, axis=0, kind="stable"), axis=0) + 1.0
    share = rank / (whole.shape[0] + 1.0)
    correlation = np.atleast_2d(np.corrcoef(whole.T))
    rows, columns = np.triu_indices(table.shape[1], 1)
    best = (-np.inf, FREEDOMS[0])
    for freedom in FREEDOMS:
        x = stdtrit(freedom, share)
        alone = (
            gammaln(0.5 * (freedom + 1.0))
            - gammaln(0.5 * freedom)
            - 0.5 * np.log(freedom * np.pi)
            - 0.5 * (freedom + 1.0) * np.log1p(x * x / freedom)
        )
        total = 0.0
        for i, j in zip(rows, columns, strict=True):
            rho = min(max(float(correlation[i, j]), -0.999), 0.999)
            free = 1.0 - rho * rho
            form = (x[:, i] ** 2 - 2.0 * rho * x[:, i] * x[:, j] + x[:, j] ** 2) / free
            joint = -0.5 * (freedom + 2.0) * np.log1p(form / freedom)
            joint -= np.log(2.0 * np.pi) + 0.5 * np.log(free)
            total += float(np.sum(joint - alone[:, i] - alone[:, j]))
        if total > best[0]:
            best = (total, freedom)
    return best[1]
