"""Remez: the fraction of two polynomials with the smallest largest relative error on a grid."""

from __future__ import annotations

import mpmath

Reals = list[mpmath.mpf]


def at(coefficients: Reals, z: mpmath.mpf) -> mpmath.mpf:
    """A polynomial by Horner's rule, lowest power first."""
    total = mpmath.mpf(0)
    for c in reversed(coefficients):
        total = total * z + c
    return total


def best_fraction(z: Reals, value: Reals, top: int, bottom: int) -> tuple[Reals, Reals]:
    """p of degree ``top`` and q of degree ``bottom`` with q(0) = 1, for value (n,) at z (n,).

    The error is levelled at the points where it was largest, until those stay the largest.
    """
    last = top + bottom + 1
    grid = len(z) - 1
    turns = [(1 - mpmath.cos(mpmath.pi * i / last)) / 2 for i in range(last + 1)]
    points = [round(float(grid * turn)) for turn in turns]
    for _ in range(12):
        p, q = _levelled([z[i] for i in points], [value[i] for i in points], top, bottom)
        errors = [at(p, x) / at(q, x) / v - 1 for x, v in zip(z, value, strict=True)]
        points = [0]
        for i, error in enumerate(errors):
            if (error > 0) != (errors[points[-1]] > 0):
                points.append(i)
            elif abs(error) > abs(errors[points[-1]]):
                points[-1] = i
        sizes = [abs(errors[i]) for i in points]
        if max(sizes) < 1.05 * min(sizes):
            return p, q
    raise AssertionError("the exchange of points did not settle")


def _levelled(z: Reals, value: Reals, top: int, bottom: int) -> tuple[Reals, Reals]:
    """The fraction whose relative error at the points is +-e by turns; e by the secant rule."""
    before, p, q, error = mpmath.mpf(0), *_solved(z, value, top, bottom, mpmath.mpf(0))
    gap, now = error, error
    for _ in range(20):
        p, q, error = _solved(z, value, top, bottom, now)
        if abs(error - now) < abs(now) * mpmath.mpf(10) ** -6:
            return p, q
        slope = (now - before) / (error - now - gap)
        before, now, gap = now, now - (error - now) * slope, error - now
    raise AssertionError("the error did not settle")


def _solved(
    z: Reals, value: Reals, top: int, bottom: int, error: mpmath.mpf
) -> tuple[Reals, Reals, mpmath.mpf]:
    """p, q and their error in p = value q (1 +- error), with the old error in powers of q."""
    size = top + bottom + 2
    rows, right = mpmath.matrix(size, size), mpmath.ones(size, 1)
    for i, (x, v) in enumerate(zip(z, value, strict=True)):
        sign = (-1) ** i
        for j in range(top + 1):
            rows[i, j] = x**j / v
        for j in range(1, bottom + 1):
            rows[i, top + j] = -(x**j) * (1 + sign * error)
        rows[i, size - 1] = -sign
    solved = list(mpmath.lu_solve(rows, right))
    return solved[: top + 1], [mpmath.mpf(1), *solved[top + 1 : -1]], solved[-1]
