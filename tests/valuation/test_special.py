"""The compiled special functions against 50 digits, and their coefficients derived again."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from seawall.valuation import special_kernel as special

Real = Callable[[mpmath.mpf], mpmath.mpf]


def interpolant(function: Real, low: mpmath.mpf, high: mpmath.mpf, degree: int) -> list[float]:
    """Chebyshev interpolant of ``function`` on [low, high] in powers of u in [-1, 1]."""
    n = degree + 1
    angles = [mpmath.pi * (2 * k + 1) / (2 * n) for k in range(n)]
    nodes = [mpmath.cos(angle) for angle in angles]
    values = [function((high - low) / 2 * u + (high + low) / 2) for u in nodes]
    powers = [mpmath.mpf(0)] * n
    before, now = [mpmath.mpf(1)], [mpmath.mpf(0), mpmath.mpf(1)]
    for j in range(n):
        weight = sum(v * mpmath.cos(j * a) for v, a in zip(values, angles, strict=True)) * 2 / n
        row = before if j == 0 else now
        for i, entry in enumerate(row):
            powers[i] += entry * (weight / 2 if j == 0 else weight)
        if j > 0:
            after = [mpmath.mpf(0)] + [2 * entry for entry in now]
            for i, entry in enumerate(before):
                after[i] -= entry
            before, now = now, after
    return powers


def erfcx(z: mpmath.mpf) -> mpmath.mpf:
    return mpmath.exp(z * z) * mpmath.erfc(z)


def test_coefficients_of_erfcx() -> None:
    with mpmath.workdps(60):
        low, high = mpmath.mpf(4) / 43, mpmath.mpf(8) / 7
        powers = interpolant(lambda y: erfcx(4 / y - 4) / y, low, high, 25)
        assert [float(p) for p in powers] == list(special.ERFCX)
        assert float(2 / (high - low)) == special.SLOPE
        assert float(-(high + low) / (high - low)) == special.SHIFT


def test_coefficients_of_exp() -> None:
    with mpmath.workdps(60):
        half = mpmath.log(2) / 2 * mpmath.mpf("1.0001")
        powers = interpolant(lambda r: (mpmath.exp(r) - 1 - r) / r**2, -half, half, 9)
        assert [float(p / half**i) for i, p in enumerate(powers)] == list(special.EXP)


def test_coefficients_of_log() -> None:
    with mpmath.workdps(60):
        most = mpmath.mpf("0.205") ** 2
        powers = interpolant(
            lambda w: (2 * mpmath.atanh(mpmath.sqrt(w)) / mpmath.sqrt(w) - 2) / w,
            mpmath.mpf(0),
            most,
            9,
        )
        # From powers of u = 2 w / most - 1 to powers of w.
        shifted = [
            sum(
                p * mpmath.binomial(i, j) * (2 / most) ** j * (-1) ** (i - j)
                for i, p in enumerate(powers)
                if i >= j
            )
            for j in range(10)
        ]
        assert [float(c) for c in shifted] == list(special.LOG)


def test_exponential_is_within_two_roundings() -> None:
    rng = np.random.default_rng(11)
    for x in [*rng.uniform(-707.9, 0.0, 300), *rng.uniform(-1.0, 1.0, 300), 0.0, -708.0]:
        with mpmath.workdps(50):
            truth = mpmath.exp(mpmath.mpf(float(x)))
        assert abs(special.exponential(x, special.EXP) / truth - 1) < 4e-16, x
    assert special.exponential(-708.1, special.EXP) == 0.0
    assert special.exponential(-1e300, special.EXP) == 0.0
    assert np.isnan(special.exponential(np.nan, special.EXP))


@pytest.mark.parametrize("spread", [1e-15, 1e-9, 1e-3, 0.3, 5.0, 300.0])
def test_logarithm_of_a_ratio_keeps_its_digits_near_one(spread: float) -> None:
    rng = np.random.default_rng(12)
    for _ in range(200):
        a = float(np.exp(rng.uniform(-5.0, 5.0)))
        b = float(a * np.exp(rng.uniform(-spread, spread)))
        with mpmath.workdps(50):
            truth = mpmath.log(mpmath.mpf(a) / mpmath.mpf(b))
        assert abs(special.log_ratio(a, b, special.LOG) - truth) <= 5e-16 * abs(truth), (a, b)
    assert special.log_ratio(3.0, 3.0, special.LOG) == 0.0


@pytest.mark.parametrize("gap", [1e-14, 1e-8, 1e-3, 0.1, 1.0, 20.0])
def test_difference_of_erfcx_has_no_cancellation(gap: float) -> None:
    rng = np.random.default_rng(13)
    for near in [-0.5, 0.0, *rng.uniform(-0.5, 3.0, 60), *rng.uniform(3.0, 39.0 - gap, 60)]:
        with mpmath.workdps(60):
            z, d = mpmath.mpf(float(near)), mpmath.mpf(gap)
            first = erfcx(z)
            drop = first - erfcx(z + d)
        got = special.erfcx_pair(float(near), gap)
        assert abs(got[0] / first - 1) < 1.5e-15, near
        assert abs(got[1] / drop - 1) < 4e-15, near
