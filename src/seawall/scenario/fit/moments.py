"""Annual volatility and correlation of returns, each with an error that clustering widens.

Formula: volatility_i = sqrt(mean r_i^2 / dt), about zero and not about the mean (a drift that was
is no forecast); correlation_ij = sum r_i r_j / sqrt(sum r_i^2 sum r_j^2) over the bars that both
have. Errors by the stretches of `jackknife`. A matrix made pair by pair on different bars can fail
to be one of correlations: its negative eigenvalues are then cut off. Source: as in any textbook.
Wrong when volatility changes its level: the number is that of the fitted months, and the goodness
report says how far the later ones were from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.fit.jackknife import Estimate, estimates, jackknife
from seawall.scenario.fit.prices import Returns

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """volatility {asset: annual}; correlation {(asset, later asset): number}."""

    volatility: dict[str, Estimate]
    correlation: dict[tuple[str, str], Estimate]


def moments(returns: Returns) -> Moments:
    """Second moments of the returns."""
    names = returns.assets
    years = returns.seconds / SECONDS_PER_YEAR
    level, error = jackknife(lambda r: volatility_of(r, years), returns.log_return)
    rows, columns = np.triu_indices(len(names), 1)
    correlation: dict[tuple[str, str], Estimate] = {}
    if rows.size:
        _, wide = jackknife(lambda r: correlation_of(r)[rows, columns], returns.log_return)
        matrix = nearest_correlation(correlation_of(returns.log_return))
        found = estimates(matrix[rows, columns], wide)
        pairs = [(names[i], names[j]) for i, j in zip(rows, columns, strict=True)]
        correlation = dict(zip(pairs, found, strict=True))
    return Moments(dict(zip(names, estimates(level, error), strict=True)), correlation)


def volatility_of(log_return: Floats, years: float) -> Floats:
    """Annual volatility of each column (k,) of (t, k) returns over bars of ``years``."""
    return np.asarray(np.sqrt(np.nanmean(log_return * log_return, axis=0) / years))


def correlation_of(log_return: Floats) -> Floats:
    """Correlations about zero (k, k), each pair on the bars that both have."""
    there = np.isfinite(log_return)
    filled = np.where(there, log_return, 0.0)
    product = filled.T @ filled
    square = (filled * filled).T @ there.astype(np.float64)
    matrix = product / np.sqrt(square * square.T)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix)


def nearest_correlation(matrix: Floats) -> Floats:
    """The matrix itself where it is one of correlations, else without its negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0.0:
        return matrix
    cut = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = np.sqrt(np.diag(cut))
    out = cut / scale[:, None] / scale[None, :]
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)
