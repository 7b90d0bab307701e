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


def levelled(points: list[mpmath.mpf], degree: int) -> tuple[list[mpmath.mpf], list[mpmath.mpf]]:
    """p / (z^degree + q) whose relative error against erfcx is +-e at the points, by turns."""
    size = len(points)
    error = mpmath.mpf(0)
    values = [erfcx(z) for z in points]
    for _ in range(12):
        # In these equations the lowest coefficient of the denominator is 1.
        rows, right = mpmath.matrix(size, size), mpmath.ones(size, 1)
        for i, z in enumerate(points):
            away = 1 + (-1) ** i * error
            for j in range(degree):
                rows[i, j] = z**j / values[i]
                rows[i, degree + j] = -(z ** (j + 1)) * away
            rows[i, size - 1] = -((-1) ** i)
        solved = list(mpmath.lu_solve(rows, right))
        error, before = solved[-1], error
        if mpmath.almosteq(error, before, 1e-40):
            break
    p, q = solved[:degree], [mpmath.mpf(1), *solved[degree : 2 * degree]]
    return [x / q[-1] for x in p], [x / q[-1] for x in q[:-1]]


def _at(coefficients: list[mpmath.mpf], z: mpmath.mpf) -> mpmath.mpf:
    total = mpmath.mpf(0)
    for c in reversed(coefficients):
        total = total * z + c
    return total


def truth(z: mpmath.mpf) -> mpmath.mpf:
    """erfcx; far out by its series, as exp(z^2) has no end."""
    return erfcx(z) if z < 50 else (1 - 1 / (2 * z * z)) / (z * mpmath.sqrt(mpmath.pi))


def fraction_error(
    p: list[mpmath.mpf], q: list[mpmath.mpf], z: mpmath.mpf, value: mpmath.mpf
) -> mpmath.mpf:
    return _at(p, z) / _at([*q, mpmath.mpf(1)], z) / value - 1


def best_fraction(degree: int) -> tuple[list[mpmath.mpf], list[mpmath.mpf]]:
    """Remez: level the error at the points where it was largest, until those stay the largest."""
    low, high = mpmath.mpf(special.LEAST), mpmath.mpf(special.MOST)
    # z = 2 (1 + u) / (1 - u) spreads the points evenly enough.
    left, right = ((z - 2) / (z + 2) for z in (low, high))
    count = 2 * degree
    grid = [left + (right - left) * i / (60 * count) for i in range(60 * count + 1)]
    grid = [2 * (1 + u) / (1 - u) for u in grid]
    values = [truth(z) for z in grid]
    cosines = [(1 - mpmath.cos(mpmath.pi * i / count)) / 2 for i in range(count + 1)]
    points = [2 * (1 + u) / (1 - u) for u in (left + (right - left) * c for c in cosines)]
    for _ in range(12):
        p, q = levelled(points, degree)
        errors = [fraction_error(p, q, z, value) for z, value in zip(grid, values, strict=True)]
        peaks = [0]
        for i, error in enumerate(errors):
            if (error > 0) != (errors[peaks[-1]] > 0):
                peaks.append(i)
            elif abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        points = [grid[i] for i in peaks]
        sizes = [abs(errors[i]) for i in peaks]
        if max(sizes) < 1.05 * min(sizes):
            return p, q
    raise AssertionError("the exchange of points did not settle")


def test_coefficients_of_erfcx() -> None:
    with mpmath.workdps(60):
        p, q = best_fraction(len(special.NUMERATOR))
        assert tuple(float(x / 2) for x in p) == special.NUMERATOR
        assert tuple(float(x) for x in q) == special.DENOMINATOR
        # Beyond the interval the error grows to that of the leading coefficient and no further.
        beyond = [mpmath.mpf(10) ** n for n in (4, 5, 6)]
        far = [fraction_error(p, q, z, truth(z)) for z in beyond]
        assert max(abs(x) for x in far) < 6e-13


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
            6,
        )
        # From powers of u = 2 w / most - 1 to powers of w.
        shifted = [
            sum(
                p * mpmath.binomial(i, j) * (2 / most) ** j * (-1) ** (i - j)
                for i, p in enumerate(powers)
                if i >= j
            )
            for j in range(7)
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
        assert abs(got[0] / first - 1) < 2e-15, near
        assert abs(got[1] / drop - 1) < 1.5e-14, near
