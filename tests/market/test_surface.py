"""The surface as data: its curves against the formulas they stand for, and its rules in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.market.surface import (
    Slices,
    VolatilitySurface,
    essvi_slice,
    slice_derivatives,
)

THETA, RHO, PSI = (
    np.array([0.01, 0.03, 0.08]),
    np.array([-0.3, -0.2, 0.1]),
    np.array([0.1, 0.2, 0.4]),
)
YEARS = np.array([0.05, 0.2, 0.6])
K = np.linspace(-2.0, 2.0, 41)


def surface() -> VolatilitySurface:
    return VolatilitySurface(
        "BTC", None, YEARS, np.array([100.0, 101.0, 103.0]), essvi_slice(THETA, RHO, PSI)
    )


def test_an_essvi_slice_is_the_published_formula() -> None:
    k = K[:, None]
    published = 0.5 * (
        THETA + RHO * PSI * k + np.sqrt((PSI * k + RHO * THETA) ** 2 + THETA**2 * (1.0 - RHO**2))
    )
    assert slice_derivatives(essvi_slice(THETA, RHO, PSI), k)[0] == pytest.approx(
        published, rel=1e-13
    )


def test_raw_parameters_are_gatherals() -> None:
    raw = surface().slices.raw()
    x = K[:, None] - raw["m"]
    published = raw["a"] + raw["b"] * (raw["rho"] * x + np.sqrt(x * x + raw["sigma"] ** 2))
    assert slice_derivatives(surface().slices, K[:, None])[0] == pytest.approx(published, rel=1e-12)


def test_derivatives_are_those_of_the_curve() -> None:
    h, k = 1e-4, K[:, None]
    up, down, here = (slice_derivatives(surface().slices, k + s) for s in (h, -h, 0.0))
    assert here[1] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-7)
    assert here[2] == pytest.approx((up[1] - down[1]) / (2 * h), abs=1e-5)


def test_a_bump_adds_its_bell_and_leaves_the_wings() -> None:
    h, k = 1e-4, K[:, None]
    bumped = bad(bump=np.array([-0.5, 0.3, 0.8]), place=np.full(3, 0.2), spread=np.full(3, 0.3))
    up, down, here = (slice_derivatives(bumped, k + s) for s in (h, -h, 0.0))
    bell = np.exp(-0.5 * ((k - 0.2) / 0.3) ** 2)
    added = here[0] - slice_derivatives(surface().slices, k)[0]
    assert added == pytest.approx(bumped.floor * bumped.bump * bell, abs=1e-15)
    assert here[1] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-7)
    assert here[2] == pytest.approx((up[1] - down[1]) / (2 * h), abs=1e-5)
    far = np.array([-50.0, 50.0])[:, None]
    assert np.array_equal(
        slice_derivatives(bumped, far)[0], slice_derivatives(surface().slices, far)[0]
    )


def test_floor_and_wings_are_what_their_names_say() -> None:
    far = 1e7
    for sign, slope in ((-1.0, surface().slices.left), (1.0, surface().slices.right)):
        _, steep, _ = slice_derivatives(surface().slices, sign * far)
        assert sign * steep == pytest.approx(slope, rel=1e-9)
    w = slice_derivatives(surface().slices, np.linspace(-1, 1, 200_001)[:, None])[0]
    assert w.min(axis=0) == pytest.approx(surface().slices.floor, rel=1e-6)


def test_each_expiry_is_its_own_curve() -> None:
    for i, years in enumerate(YEARS):
        alone = slice_derivatives(surface().slices.at(i), K)[0]
        assert surface().total_variance(K, years) == pytest.approx(alone, rel=1e-12)


def test_between_expiries_variance_is_linear_in_time() -> None:
    first, second = (surface().total_variance(K, t) for t in YEARS[:2])
    third = surface().total_variance(K, YEARS[0] + 0.25 * (YEARS[1] - YEARS[0]))
    assert third == pytest.approx(0.75 * first + 0.25 * second, rel=1e-12)


def test_before_the_first_expiry_volatility_is_flat_in_time() -> None:
    assert surface().volatility(K, 0.01) == pytest.approx(surface().volatility(K, 0.05), rel=1e-12)
    assert np.all(surface().total_variance(K, 0.0) == 0.0)
    assert np.all(np.isfinite(surface().volatility(K, 0.0)))


def test_after_the_last_the_money_grows_as_between_the_last_two() -> None:
    pace = (THETA[2] - THETA[1]) / (YEARS[2] - YEARS[1])
    grown = surface().total_variance(K, 1.6) - surface().total_variance(K, 0.6)
    assert grown == pytest.approx(np.full(K.size, pace), rel=1e-12)


def test_a_single_expiry_keeps_the_volatility_of_its_money() -> None:
    first = surface().slices.at([0])
    one = VolatilitySurface("X", None, YEARS[:1], np.array([100.0]), first)
    assert float(one.volatility(0.0, 1.0)) == pytest.approx(np.sqrt(0.01 / 0.05), rel=1e-12)


@given(st.floats(-5.0, 5.0), st.floats(0.001, 2.0), st.floats(0.0, 1.0))
def test_variance_never_falls_in_time(k: float, years: float, more: float) -> None:
    earlier, later = surface().total_variance(k, np.array([years, years + more]))
    assert later >= earlier * (1.0 - 1e-12)


def test_shapes_broadcast() -> None:
    w, slope, bend = surface().derivatives(K[None, :], np.array([0.1, 0.3, 2.0])[:, None])
    assert w.shape == slope.shape == bend.shape == (3, 41)
    assert surface().total_variance(0.0, 0.1).shape == ()


def bad(**change: object) -> Slices:
    return replace(surface().slices, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"years": np.array([0.2, 0.05, 0.6])}, "do not rise"),
        ({"years": np.array([0.0, 0.05, 0.6])}, "do not rise"),
        ({"years": np.array([])}, "has no expiry"),
        ({"forward": np.array([100.0, -1.0, 3.0])}, "forward of -1"),
        ({"forward": np.array([100.0, 101.0])}, "forward that is not 3 finite"),
        ({"slices": bad(floor=np.array([0.01, 0.0, 0.1]))}, "floor of 0"),
        ({"slices": bad(round=np.array([0.01, np.nan, 0.1]))}, "round that is not 3 finite"),
        ({"slices": bad(bump=np.array([0.0, -1.0, 0.1]))}, "bump outside -1 to 1"),
        ({"slices": bad(spread=np.array([0.0, 1.0, 0.1]))}, "spread of 0"),
        ({"slices": bad(right=np.array([0.1, 0.2, 2.5]))}, "wing of slope 2.5"),
    ],
)
def test_what_is_no_surface_is_refused_in_a_sentence(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        replace(surface(), **change)  # type: ignore[arg-type]
