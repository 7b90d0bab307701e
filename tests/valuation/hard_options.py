"""Two sets of options and their exact values: a realistic book, and hard ones."""

from __future__ import annotations

import mpmath
import numpy as np
from numpy.typing import NDArray

Columns = tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.bool_],
]
NAMES = ("value", "delta", "gamma", "vega", "theta", "vanna", "volga")


def realistic_book(n: int, seed: int) -> Columns:
    """A day to two years, 20% to 200%, up to four standard deviations from the money."""
    rng = np.random.default_rng(seed)
    forward = np.exp(rng.uniform(0.0, np.log(1e5), n))
    years = np.exp(rng.uniform(np.log(1 / 365), np.log(2.0), n))
    volatility = rng.uniform(0.2, 2.0, n)
    d = np.clip(1.5 * rng.standard_normal(n), -4.0, 4.0)
    strike = forward * np.exp(volatility * np.sqrt(years) * d)
    return forward, strike, years, volatility, rng.random(n) < 0.5


def hard_set(n: int, seed: int) -> Columns:
    """From 1e-6 years, 1% to 500%, up to 30 standard deviations; one in ten at the money."""
    rng = np.random.default_rng(seed)
    forward = np.exp(rng.uniform(np.log(1e-3), np.log(1e6), n))
    years = np.exp(rng.uniform(np.log(1e-6), np.log(5.0), n))
    volatility = np.exp(rng.uniform(np.log(0.01), np.log(5.0), n))
    d = rng.uniform(-30.0, 30.0, n) * (rng.random(n) < 0.9)
    strike = forward * np.exp(np.clip(volatility * np.sqrt(years) * d, -300.0, 300.0))
    return forward, strike, years, volatility, rng.random(n) < 0.5


def exact(f: float, k: float, t: float, v: float, call: bool) -> dict[str, mpmath.mpf]:
    """Values of the textbook's formulas in 60 digits.

    ``outside``: the out-of-the-money value. ``vanna_terms``, ``volga_terms``: the same Greek with
    the two terms of d1 and d2, |ln(F/K)|/s and s/2, added instead of subtracted.
    """
    with mpmath.workdps(60):
        F, K, T, vol = (mpmath.mpf(float(x)) for x in (f, k, t, v))
        s = vol * mpmath.sqrt(T)
        h = mpmath.log(F / K) / s
        d1, d2 = h + s / 2, h - s / 2
        weight = F * mpmath.npdf(d1)
        side = 1 if F < K else -1
        outside = side * (F * mpmath.ncdf(side * d1) - K * mpmath.ncdf(side * d2))
        inside = max(F - K, 0) if call else max(K - F, 0)
        vega = weight * mpmath.sqrt(T)
        most = abs(h) + s / 2
        return {
            "outside": outside,
            "value": outside + inside,
            "delta": mpmath.ncdf(d1) if call else -mpmath.ncdf(-d1),
            "gamma": weight / (F * F * s),
            "vega": vega,
            "theta": -weight * vol / (2 * mpmath.sqrt(T)),
            "vanna": -weight / F * d2 / vol,
            "volga": vega * d1 * d2 / vol,
            "vanna_terms": weight / F * most / vol,
            "volga_terms": vega * most * most / vol,
        }
