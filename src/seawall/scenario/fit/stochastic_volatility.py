"""Stochastic volatility fitted by moments of |return|: how far, how long and which way it wanders.

Formula: under the generator, with a = exp(-dt / tau), D and d the deviations of the common and of
each asset's own log-variance, for lags k >= 1

    E|r_i,t r_j,t+k| / (E|r_i| E|r_j|) = exp(D^2 a^k / 4)              two assets
                                       = exp((D^2 + d^2) a^k / 4)      one asset

    E[m_t |m_t+k|] / E|m_t m_t+k| = leverage g_k sqrt(pi / 2),   g_k = a^(k-1) D sqrt(1 - a^2) / 2

m the mean of the assets' returns in units of their volatility. D^2 and a are least squares of
4 ln(.) over lags from one bar to ten days, evenly spaced in ln k; d^2 is what one asset has more on
average; leverage is least squares over the same lags. With one asset d is 0.
Moments of |r| and not of ln r^2: bars without a trade have r = 0, and the very small returns that a
logarithm dwells on say nothing of risk.

Source: Taylor (1986), "Modelling Financial Time Series", chapter 3; Melino and Turnbull (1990) for
fitting by moments. Wrong when memory is long (one exponential is then a compromise between hours
and weeks; the goodness report shows by how much) and for the rhythm of the day, which is taken for
clustering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import estimates, jackknife
from seawall.scenario.fit.moments import moments
from seawall.scenario.fit.prices import Returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LONGEST_SECONDS = 10 * 86_400
LAGS = 24
# Larger deviations are the model's bound; smaller squares are noise.
LARGEST_DEVIATION = 3.0


def fit_stochastic_volatility(returns: Returns) -> Fitted:
    """Deviation, decay, leverage and own deviation, with errors by stretches of time."""
    second = moments(returns)
    lags = _lags(returns)

    def numbers(table: Floats) -> Floats:
        return _numbers(table, lags)

    value, error = jackknife(numbers, returns.log_return)
    if value[0] <= 0.0:
        raise InputError(
            "the size of returns does not depend on that of earlier ones",
            expected="a history whose volatility clusters; without it use diffusion",
        )
    scale = np.array([1.0, float(returns.seconds), 1.0, 1.0])
    keys = ("deviation", "decay_seconds", "leverage", "own_deviation")
    found = dict(zip(keys, estimates(value * scale, error * scale), strict=True))
    return Fitted(
        "stochastic_volatility",
        second.volatility,
        second.correlation,
        parameters=dict(found),
        notes=(
            f"moments of |return| at {lags.size} lags from one bar to "
            f"{lags[-1] * returns.seconds / 86_400:.3g} days",
        ),
    )


def _lags(returns: Returns) -> Ints:
    """Lags evenly spaced in their logarithm, in bars."""
    longest = min(LONGEST_SECONDS // returns.seconds, returns.log_return.shape[0] // 20)
    if longest < 4:
        raise InputError(
            f"{returns.log_return.shape[0]} bars of {returns.seconds} s",
            expected="enough bars for four lags within ten days",
        )
    return np.unique(np.round(np.geomspace(1, longest, LAGS)).astype(np.int64))


def _numbers(table: Floats, lags: Ints) -> Floats:
    """Deviation, decay in bars, leverage, own deviation of returns (t, k)."""
    known = np.isfinite(table)
    square = np.nanmean(table * table, axis=0)
    size = np.where(known, np.abs(table), 0.0)
    scaled = size / np.where(square > 0.0, np.sqrt(square), 1.0)
    own, cross = _products(scaled, known, lags)
    shared = own if table.shape[1] == 1 else cross
    deviation, decay = _exponential(4.0 * np.log(np.maximum(shared, 1e-3)), lags)
    if deviation <= 0.0:
        return np.zeros(4)
    decline = np.exp(-lags / decay)
    more = 4.0 * np.log(np.maximum(own / shared, 1e-3))
    extra = float(np.sum(more * decline) / np.sum(decline * decline))
    unit = np.where(known, table, 0.0) / np.where(square > 0.0, np.sqrt(square), 1.0)
    whole = known.all(axis=1)
    leverage = _leverage(np.where(whole, unit.mean(axis=1), 0.0), lags, deviation, decay)
    return np.array([deviation, decay, leverage, np.sqrt(min(max(extra, 0.0), 9.0))])


def _products(size: Floats, known: NDArray[np.bool_], lags: Ints) -> tuple[Floats, Floats]:
    """Mean of |r_t||r_t+k| over (mean |r|)^2 at each lag (m,): own, and of two assets."""
    there = known.astype(np.float64)
    count = size.shape[1]
    mean = size.sum(axis=0) / np.maximum(there.sum(axis=0), 1.0)
    own, cross = np.empty(lags.size), np.empty(lags.size)
    for place, lag in enumerate(lags):
        product = size[:-lag].T @ size[lag:]
        pairs = np.maximum(there[:-lag].T @ there[lag:], 1.0)
        ratio = product / pairs / np.outer(mean, mean)
        own[place] = np.mean(np.diag(ratio))
        others = ratio[~np.eye(count, dtype=bool)]
        cross[place] = np.mean(others) if others.size else own[place]
    return own, cross


def _exponential(curve: Floats, lags: Ints) -> tuple[float, float]:
    """Square root of the height at lag 0, and decay in lags, of height x exp(-lag / decay)."""
    from scipy.optimize import minimize_scalar

    def height(log_decay: float) -> float:
        decline = np.exp(-lags / np.exp(log_decay))
        return float(np.sum(curve * decline) / np.sum(decline * decline))

    def loss(log_decay: float) -> float:
        left = curve - height(log_decay) * np.exp(-lags / np.exp(log_decay))
        return float(np.sum(left * left))

    grid = np.linspace(np.log(0.5), np.log(3.0 * lags[-1]), 40)
    best = int(np.argmin([loss(point) for point in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = float(minimize_scalar(loss, bounds=(low, high), method="bounded").x)
    top = min(max(height(found), 0.0), LARGEST_DEVIATION**2)
    return float(np.sqrt(top)), float(np.exp(found))


def _leverage(market: Floats, lags: Ints, deviation: float, decay: float) -> float:
    """Correlation of the shocks to volatility with the market's move, held within -1 and 1."""
    a = np.exp(-1.0 / decay)
    loading = 0.5 * a ** (lags - 1.0) * deviation * np.sqrt(1.0 - a * a)
    size = np.abs(market)
    ratio = np.array([np.sum(market[:-k] * size[k:]) / np.sum(size[:-k] * size[k:]) for k in lags])
    slope = float(np.sum(loading * ratio) / np.sum(loading * loading)) * np.sqrt(2.0 / np.pi)
    return float(np.clip(slope, -1.0, 1.0))
