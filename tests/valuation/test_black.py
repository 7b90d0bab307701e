"""Black-76 against mpmath at 50 digits, against bounds and at every edge where NaN could appear."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.valuation.black import black, greeks

PRICES = st.floats(1e-3, 1e6)
YEARS = st.floats(1e-6, 5.0)
VOLATILITY = st.floats(0.01, 3.0)


def exact(forward: float, strike: float, years: float, volatility: float, call: bool) -> float:
    """Black-76 in 50 digits, written the textbook way (not the way the code does it)."""
    with mpmath.workdps(50):
        f, k, t, v = (mpmath.mpf(x) for x in (forward, strike, years, volatility))
        s = v * mpmath.sqrt(t)
        d1 = mpmath.log(f / k) / s + s / 2
        d2 = d1 - s
        if call:
            return float(f * mpmath.ncdf(d1) - k * mpmath.ncdf(d2))
        return float(k * mpmath.ncdf(-d2) - f * mpmath.ncdf(-d1))


def test_at_the_money_value_by_hand() -> None:
    # F = K = 100, s = 0.2: 100 (N(0.1) - N(-0.1)) = 100 x 0.0796556746...
    assert black(100.0, 100.0, 1.0, 0.2, True) == pytest.approx(7.965567455405804, rel=1e-12)


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize(
    ("forward", "strike", "years", "volatility"),
    [
        (100.0, 100.0, 1.0, 0.2),
        (77_397.28, 100_000.0, 12.44 / 365, 0.6037),
        (100.0, 250.0, 0.05, 0.3),  # 13 standard deviations out: about 1e-40
        (100.0, 40.0, 0.05, 0.3),
        (100.0, 100.0001, 1e-4, 0.05),
        (3e-6, 2e-6, 0.5, 1.4),
        (100.0, 100.0, 4.0, 3.0),
    ],
)
def test_value_agrees_with_fifty_digits(
    forward: float, strike: float, years: float, volatility: float, call: bool
) -> None:
    truth = exact(forward, strike, years, volatility, call)
    assert black(forward, strike, years, volatility, call) == pytest.approx(truth, rel=1e-9, abs=0)


@given(PRICES, PRICES, YEARS, VOLATILITY, st.booleans())
def test_value_lies_between_intrinsic_and_forward_or_strike(
    forward: float, strike: float, years: float, volatility: float, call: bool
) -> None:
    value = black(forward, strike, years, volatility, call)
    intrinsic = max(forward - strike, 0.0) if call else max(strike - forward, 0.0)
    assert intrinsic <= value <= (forward if call else strike) * (1 + 1e-12)


@given(
    st.floats(0.0, 1e8),
    st.floats(0.0, 1e8),
    st.floats(-1.0, 50.0),
    st.floats(0.0, 20.0),
    st.booleans(),
)
def test_nothing_finite_becomes_nan(
    forward: float, strike: float, years: float, volatility: float, call: bool
) -> None:
    result = greeks(forward, strike, years, volatility, call)
    for name in ("value", "delta", "gamma", "vega", "theta", "vanna", "volga"):
        assert np.isfinite(getattr(result, name)), name


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.5), (-0.1, 0.5), (1.0, 0.0), (0.0, 0.0)])
def test_settled_option_is_its_intrinsic_value(years: float, volatility: float) -> None:
    forward = np.array([90.0, 100.0, 110.0])
    calls = greeks(forward, 100.0, years, volatility, True)
    puts = greeks(forward, 100.0, years, volatility, False)
    np.testing.assert_array_equal(calls.value, [0.0, 0.0, 10.0])
    np.testing.assert_array_equal(puts.value, [10.0, 0.0, 0.0])
    np.testing.assert_array_equal(calls.delta, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(puts.delta, [-1.0, -0.5, 0.0])
    np.testing.assert_array_equal(calls.vega, np.zeros(3))


def test_inputs_broadcast_and_are_not_written_to() -> None:
    forward = np.linspace(80.0, 120.0, 5)[:, None]
    strike = np.array([90.0, 100.0, 110.0])
    before = forward.copy(), strike.copy()
    grid = black(forward, strike, 0.25, 0.6, np.array([True, False, True]))
    assert grid.shape == (5, 3)
    assert grid[1, 2] == black(90.0, 110.0, 0.25, 0.6, True)
    np.testing.assert_array_equal(forward, before[0])
    np.testing.assert_array_equal(strike, before[1])
