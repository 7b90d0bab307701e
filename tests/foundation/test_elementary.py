"""exp, log and the inverse normal: against 40 digits, coefficients derived again, bits compared."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from best_fraction import Reals, best_fraction

from seawall.foundation import elementary_numbers_kernel as numbers
from seawall.foundation.elementary import exponential, inverse_normal, logarithm

SMALLEST, LARGEST = 2.0**-54, 1.0 - 2.0**-53


def truth_of_inverse(u: float) -> mpmath.mpf:
    """The inverse normal by Newton's method on the smaller tail."""
    tail = min(mpmath.mpf(u), 1 - mpmath.mpf(u))
    x = abs(mpmath.mpf(float(inverse_normal(np.array([u]))[0])))
    for _ in range(3):
        off = mpmath.erfc(x / mpmath.sqrt(2)) / 2 - tail
        x += off * mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(x * x / 2)
    return x if u > 0.5 else -x


def centre() -> tuple[Reals, Reals]:
    most = mpmath.mpf("1.4398")
    x = [most * i / 300 for i in range(1, 301)]
    q = [mpmath.erf(v / mpmath.sqrt(2)) / 2 for v in x]
    square = mpmath.mpf("0.425") ** 2
    ratio = [v / w for v, w in zip(x, q, strict=True)]
    return [square, *(square - v * v for v in q)], [mpmath.sqrt(2 * mpmath.pi), *ratio]


def tails() -> tuple[Reals, Reals]:
    low, high = mpmath.mpf("1.439"), mpmath.mpf("8.3")
    x = [low * (high / low) ** (mpmath.mpf(i) / 300) for i in range(301)]
    tail = [mpmath.erfc(v / mpmath.sqrt(2)) / 2 for v in x]
    assert tail[-1] < SMALLEST  # the whole range of uniforms is covered
    return [mpmath.sqrt(-mpmath.log(p)) - mpmath.mpf("1.6") for p in tail], x


@pytest.mark.parametrize(
    ("given", "top", "bottom"),
    [
        (centre, numbers.CENTRE_TOP, numbers.CENTRE_BOTTOM),
        (tails, numbers.TAIL_TOP, numbers.TAIL_BOTTOM),
    ],
    ids=["centre", "tails"],
)
def test_coefficients_of_the_inverse_normal(given, top, bottom) -> None:  # type: ignore[no-untyped-def]
    with mpmath.workdps(40):
        p, q = best_fraction(*given(), len(top) - 1, len(bottom) - 1)
        assert tuple(float(x) for x in p) == top
        assert tuple(float(x) for x in q) == bottom


def test_inverse_normal_is_within_a_relative_error_of_1e_15() -> None:
    rng = np.random.default_rng(1)
    u = [*rng.uniform(0.0, 1.0, 400), *2.0 ** -rng.uniform(1, 54, 300)]
    u += [*(1.0 - 2.0 ** -rng.uniform(1, 53, 200)), 0.075, 0.925, SMALLEST, LARGEST]
    got = inverse_normal(np.array(u))
    with mpmath.workdps(40):
        worst = max(
            abs(mpmath.mpf(float(x)) / truth_of_inverse(float(v)) - 1)
            for v, x in zip(u, got, strict=True)
        )
    assert worst < 1e-15


def test_inverse_normal_is_odd_and_rises() -> None:
    u = np.random.default_rng(2).integers(1, 2**53, 100_000) * 2.0**-53
    assert np.array_equal(inverse_normal(1.0 - u), -inverse_normal(u))
    assert inverse_normal(np.array([0.5])) == 0.0
    # Also where the centre meets the tails, at the spacing of the uniforms' own grid x 2^20.
    for border in (0.075, 0.925):
        near = border + np.arange(-50_000, 50_000) * 2.0**-33
        assert np.all(np.diff(inverse_normal(np.sort(near))) > 0)
    assert np.all(np.diff(inverse_normal(np.sort(u))) >= 0)


def test_exponential_is_within_two_roundings_and_stays_at_its_ends() -> None:
    rng = np.random.default_rng(3)
    x = np.array([*rng.uniform(-708, 709, 400), *rng.uniform(-1, 1, 400), 0.0, -708.0, 709.0])
    with mpmath.workdps(40):
        truth = [mpmath.exp(mpmath.mpf(float(v))) for v in x]
        worst = max(abs(float(y) / t - 1) for y, t in zip(exponential(x), truth, strict=True))
    assert worst < 3.4e-16
    ends = exponential(np.array([-708.0, -1e300, -np.inf, 709.0, 1e300, np.inf, 0.0, np.nan]))
    assert ends[1] == ends[2] == ends[0] > 0.0
    assert ends[4] == ends[5] == ends[3] < np.inf
    assert ends[6] == 1.0
    assert np.isnan(ends[7])


def test_logarithm_is_within_two_roundings() -> None:
    rng = np.random.default_rng(4)
    x = np.array([*2.0 ** rng.uniform(-1000, 1000, 400), *rng.uniform(0.5, 2.0, 400), 0.75, 1.5])
    with mpmath.workdps(40):
        truth = [mpmath.log(mpmath.mpf(float(v))) for v in x]
        worst = max(abs(float(y) / t - 1) for y, t in zip(logarithm(x), truth, strict=True))
    assert worst < 5e-16
    assert logarithm(np.array([1.0])) == 0.0


def test_shapes_are_kept() -> None:
    u = np.random.default_rng(5).uniform(size=(3, 4, 5))
    for function in (exponential, logarithm, inverse_normal):
        assert np.array_equal(function(u).ravel(), function(u.ravel()))
        assert function(u[:, ::2]).shape == (3, 2, 5)
        assert function(np.zeros((2, 0))).shape == (2, 0)
