"""How long the blocks of a stationary bootstrap should be: the Politis-White rule.

Formula: with autocovariances R(k) of a series, M the smallest lag after which the next
max(5, sqrt(log10 n)) autocorrelations lie within 2 sqrt(log10 n / n) of zero, m = 2 M and the
flat-top weight w(x) = 1 up to x = 1/2, 2 (1 - x) up to 1,

    g = sum w(k/m) R(k),  G = sum w(k/m) |k| R(k)   over k = -m .. m
    mean length = (2 G^2 / (2 g^2))^(1/3) n^(1/3)

The series is |return|: returns themselves hardly depend on the past, their size does, and blocks
are to keep that. Of several assets the largest is used, since they share the blocks. Source:
Politis and White (2004), Econometric Reviews 23; the factor 2 g^2 is the correction of Patton,
Politis and White (2009), Econometric Reviews 28, from whose practice come the largest lag, sqrt(n),
and the largest length, the smaller of 3 sqrt(n) and n / 3. Wrong when the memory of volatility is
long: the rule assumes a summable one, and the cut at sqrt(n) then decides.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from seawall.scenario.fit.jackknife import STRETCHES, Estimate, jackknife
from seawall.scenario.fit.prices import Returns

Floats = NDArray[np.float64]

LARGEST_FACTOR = 3.0


def block_length(returns: Returns) -> Estimate:
    """Mean block length in bars for these returns, with its error; at least 1."""
    size = np.abs(returns.log_return)

    def longest(part: Floats) -> Floats:
        return np.array([max(series_length(part[:, k]) for k in range(part.shape[1]))])

    value, error = jackknife(longest, size, STRETCHES // 5)
    return Estimate(float(value[0]), float(error[0]))


def series_length(series: Floats) -> float:
    """The rule for one series (n,), NaN where a bar is missing."""
    known = np.isfinite(series)
    number = int(known.sum())
    calm = max(5, math.ceil(math.sqrt(math.log10(number))))
    covariance = autocovariance(series, min(math.ceil(math.sqrt(number)) + calm, series.size - 1))
    if covariance[0] <= 0.0:
        return 1.0
    correlation = covariance[1:] / covariance[0]
    bound = 2.0 * math.sqrt(math.log10(number) / number)
    small = np.abs(correlation) < bound
    runs = np.convolve(small, np.ones(calm), mode="valid") == calm
    last = int(np.argmax(runs)) if np.any(runs) else small.size
    width = min(2 * max(last, 1), covariance.size - 1)
    lag = np.arange(-width, width + 1)
    share = np.abs(lag) / width
    weight = np.where(share <= 0.5, 1.0, 2.0 * (1.0 - share))
    both = covariance[np.abs(lag)]
    level = float(np.sum(weight * both))
    slope = float(np.sum(weight * np.abs(lag) * both))
    if level <= 0.0:
        return 1.0
    length = float(np.cbrt(slope * slope / (level * level) * number))
    longest = float(math.ceil(min(LARGEST_FACTOR * math.sqrt(number), number / 3.0)))
    return min(max(length, 1.0), longest)


def autocovariance(series: Floats, lags: int) -> Floats:
    """Autocovariances (lags + 1,) over the pairs that are both there, by fast Fourier transform."""
    known = np.isfinite(series)
    centred = np.where(known, series - np.nanmean(series), 0.0)
    length = 1 << int(series.size + lags).bit_length()
    product = np.abs(np.fft.rfft(centred, length)) ** 2
    there = np.abs(np.fft.rfft(known.astype(np.float64), length)) ** 2
    total = np.fft.irfft(product, length)[: lags + 1]
    pairs = np.maximum(np.round(np.fft.irfft(there, length)[: lags + 1]), 1.0)
    return np.asarray(total / pairs)
