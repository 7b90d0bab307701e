"""The checks find arbitrage that was planted, and published examples of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seawall.market.surface import Slices, VolatilitySurface, essvi_slice, svi_slices
from seawall.valuation.black import black
from seawall.valuation.surface_checks import check_surface, density

THETA, RHO, PSI = np.array([0.01, 0.03, 0.08]), np.full(3, -0.3), np.array([0.1, 0.2, 0.4])


def surface(slices: Slices) -> VolatilitySurface:
    n = slices.floor.size
    return VolatilitySurface("X", None, 0.1 * np.arange(1, n + 1), np.full(n, 100.0), slices)


def from_raw(a: float, b: float, rho: float, m: float, sigma: float) -> VolatilitySurface:
    floor = a + b * sigma * np.sqrt(1.0 - rho * rho)
    return surface(
        svi_slices(*(np.array([x]) for x in (floor, b * (1.0 - rho), b * (1.0 + rho), m, sigma)))
    )


def test_a_clean_surface_passes() -> None:
    checks = check_surface(surface(essvi_slice(THETA, RHO, PSI)))
    assert [check.passed for check in checks] == [True, True, True]
    assert checks[0].least_step is None


def test_axel_vogts_butterfly_is_found() -> None:
    # Gatheral and Jacquier (2014), example 3.1: raw SVI whose density is negative.
    (check,) = check_surface(from_raw(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153))
    assert not check.passed
    assert check.least_density < -0.01
    assert 0.6 < check.at_density < 1.1


def test_a_sharp_bend_between_coarse_points_is_found() -> None:
    slices = essvi_slice(THETA, RHO, PSI)
    sharp = replace(slices, round=np.array([slices.round[0], 1e-4, slices.round[2]]))
    flat = replace(sharp, left=np.array([0.05, 0.9, 0.95]), right=np.array([0.03, 0.9, 0.95]))
    assert not check_surface(surface(flat))[1].passed


def test_crossing_expiries_are_found_and_named() -> None:
    slices = essvi_slice(THETA, RHO, PSI)
    crossed = replace(slices, floor=slices.floor * np.array([1.0, 1.0, 0.2]))
    checks = check_surface(surface(crossed))
    assert [check.passed for check in checks] == [True, True, False]
    assert checks[2].least_step is not None and checks[2].least_step < -0.1


def test_a_wing_that_flattens_in_time_is_found_far_out() -> None:
    slices = essvi_slice(THETA, RHO, PSI)
    flatter = replace(slices, left=np.array([0.065, 0.13, 0.129]))
    last = check_surface(surface(flatter))[2]
    assert not last.passed
    assert last.at_step == -np.inf
    assert last.least_step == pytest.approx(-0.001 / 0.129)


def test_density_is_the_second_derivative_of_the_price() -> None:
    # d2C/dK2 = g n(d2) / (K sqrt w), Gatheral and Jacquier (2014), section 2.2.
    whole = surface(essvi_slice(THETA, RHO, PSI))
    k, h = np.linspace(-0.4, 0.4, 17), 1e-4
    w, slope, bend = whole.derivatives(k, 0.2)
    d2 = -k / np.sqrt(w) - 0.5 * np.sqrt(w)
    expected = density(k, w, slope, bend) * np.exp(-0.5 * d2 * d2) / np.sqrt(2.0 * np.pi * w)
    ratio = np.exp(k)

    def price(K: np.ndarray) -> np.ndarray:
        return np.asarray(black(1.0, K, 0.2, whole.volatility(np.log(K), 0.2), True))

    bumped = (price(ratio + h) - 2.0 * price(ratio) + price(ratio - h)) / h**2
    assert bumped * ratio == pytest.approx(expected, rel=2e-4, abs=1e-6)


def test_between_and_beyond_expiries_is_looked_at() -> None:
    # Each slice alone is fine; half way in time their joint has a butterfly.
    checks = check_surface(surface(essvi_slice(THETA, RHO, PSI)))
    for check in checks:
        assert check.between > 0.0
    k = np.linspace(-2.0, 2.0, 401)
    whole = surface(essvi_slice(THETA, RHO, PSI))
    slow = min(
        float(np.min(density(k, *whole.derivatives(k, t)))) for t in np.linspace(0.001, 0.1, 50)
    )
    assert checks[0].between <= slow + 0.05
