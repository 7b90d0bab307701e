"""Tests of value at risk by its hits: were there as many as stated, and did they cluster?

hit_t = 1 where the loss exceeded the value at risk of its period, p = 1 - level, n periods, x hits.

unconditional  Kupiec (1995): LR = 2 [ln L(x / n) - ln L(p)], L(q) = q^x (1 - q)^(n - x)
independence   Christoffersen (1998): a first-order chain against independence, with n_ij moves from
               i to j, LR = 2 [ln L(pi_01, pi_11) - ln L(pi)]
conditional    the two together: a chain against independent hits of probability p
dynamic        Engle and Manganelli (2004): hit - p on a constant, LAGS past hits and the value at
               risk; DQ = b' X'X b / (p (1 - p))

Under the hypothesis hits are independent with probability p: series of them are drawn, the value at
risk as it was, and p-values are taken from the drawn statistics (`randomised`).
Wrong when periods overlap: hits of overlapping losses cluster by construction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.randomised import p_value

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LAGS = 4
DRAWN = 2_000
# Series at once of the dynamic test: its regressors are (together, 6, n).
TOGETHER = 100
HIT_TESTS = ("unconditional", "independence", "conditional", "dynamic")


def hit_tests(
    hits: Bools, value_at_risk: Floats, level: float, rng: np.random.Generator
) -> dict[str, float]:
    """P-value of each test of HIT_TESTS for hits (n,) in order of time."""
    p = 1.0 - level
    drawn = rng.random((DRAWN, hits.size)) < p
    ties = rng.random(len(HIT_TESTS))
    dynamic = _dynamic(value_at_risk, p)
    tests: tuple[Callable[[Bools], Floats], ...] = (
        lambda series: unconditional(series, p),
        independence,
        lambda series: conditional(series, p),
        dynamic,
    )
    return {
        name: p_value(float(test(hits[None])[0]), test(drawn), float(tie))
        for name, test, tie in zip(HIT_TESTS, tests, ties, strict=True)
    }


def unconditional(series: Bools, p: float) -> Floats:
    """Kupiec's ratio of each series (m, n)."""
    count, length = series.sum(axis=1), series.shape[1]
    return 2.0 * (
        _log_likelihood(count, length, count / length) - _log_likelihood(count, length, p)
    )


def independence(series: Bools) -> Floats:
    """Christoffersen's ratio of each series (m, n): does a hit make the next one likelier?"""
    after_none, hit_none, after_hit, hit_hit = _moves(series)
    moves = after_none + after_hit
    pooled = (hit_none + hit_hit) / np.maximum(moves, 1)
    chain = _chain(after_none, hit_none, after_hit, hit_hit)
    return 2.0 * (chain - _log_likelihood(hit_none + hit_hit, moves, pooled))


def conditional(series: Bools, p: float) -> Floats:
    """Christoffersen's joint ratio of each series (m, n)."""
    after_none, hit_none, after_hit, hit_hit = _moves(series)
    moves = after_none + after_hit
    chain = _chain(after_none, hit_none, after_hit, hit_hit)
    return 2.0 * (chain - _log_likelihood(hit_none + hit_hit, moves, p))


def _moves(series: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """How many periods follow none and a hit, and how many of each are hits, (m,)."""
    before, after = series[:, :-1], series[:, 1:]
    after_hit = before.sum(axis=1).astype(np.float64)
    after_none = before.shape[1] - after_hit
    hit_hit = (before & after).sum(axis=1).astype(np.float64)
    hit_none = after.sum(axis=1) - hit_hit
    return after_none, hit_none, after_hit, hit_hit


def _chain(after_none: Floats, hit_none: Floats, after_hit: Floats, hit_hit: Floats) -> Floats:
    first = _log_likelihood(hit_none, after_none, hit_none / np.maximum(after_none, 1))
    second = _log_likelihood(hit_hit, after_hit, hit_hit / np.maximum(after_hit, 1))
    return first + second


def _log_likelihood(hits: Floats, length: Floats | int, p: Floats | float) -> Floats:
    """Logarithm of p^hits (1 - p)^(length - hits), 0 ln 0 = 0."""
    from scipy.special import xlog1py, xlogy

    return np.asarray(xlogy(hits, p) + xlog1py(length - hits, -np.asarray(p)))


def _dynamic(value_at_risk: Floats, p: float) -> Callable[[Bools], Floats]:
    """The dynamic quantile statistic for this course of value at risk (n,).

    The value at risk enters as a share of its mean, which changes no statistic and keeps X'X well
    conditioned. NaN for a series whose regressors are collinear, as without any hit.
    """
    course = value_at_risk[LAGS:] / np.mean(value_at_risk)

    def statistic(series: Bools) -> Floats:
        parts = range(0, series.shape[0], TOGETHER)
        return np.concatenate([of_some(series[first : first + TOGETHER]) for first in parts])

    def of_some(series: Bools) -> Floats:
        centred = series.astype(np.float64) - p
        x = np.empty((series.shape[0], LAGS + 2, series.shape[1] - LAGS))
        x[:, 0] = 1.0
        for lag in range(1, LAGS + 1):
            x[:, lag] = centred[:, LAGS - lag : -lag]
        x[:, -1] = course
        square = x @ x.transpose(0, 2, 1)
        cross = x @ centred[:, LAGS:, None]
        fitted = np.linalg.pinv(square, hermitian=True) @ cross
        return np.asarray(np.sum(cross * fitted, axis=(1, 2)) / (p * (1.0 - p)))

    return statistic
