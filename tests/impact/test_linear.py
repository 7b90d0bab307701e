"""Linear impact: exact at zero, close to the exponential, averages against quadrature."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from seawall.impact.linear import average, displacement

FLOW = st.floats(min_value=-3.0, max_value=3.0)


def test_no_flow_is_exactly_one() -> None:
    zero = np.zeros((3, 2))
    assert np.all(displacement(zero) == 1.0)
    assert np.all(average(zero, zero) == 1.0)
    assert np.all(average(-zero, zero) == 1.0)


def test_worked_by_hand() -> None:
    # P(1) = 1 + 1 + 1/2 + 1/6 + 1/24 = 65/24.
    assert abs(displacement(1.0) - 65 / 24) < 1e-15
    assert abs(displacement(-1.0) - 24 / 65) < 1e-15


def test_error_is_as_stated() -> None:
    for x, stated in ((0.1, 8e-8), (0.5, 1.8e-4), (1.0, 4e-3)):
        error = 1.0 - displacement(x) / np.exp(x)
        assert 0.5 * stated < error < stated
        assert 0.5 * stated < displacement(-x) / np.exp(-x) - 1.0 < 1.01 * stated


@given(FLOW)
def test_buying_back_undoes_a_sale(b: float) -> None:
    assert abs(displacement(b) * displacement(-b) - 1.0) < 1e-15


@given(FLOW, FLOW)
def test_more_selling_is_a_lower_price(b: float, c: float) -> None:
    low, high = min(b, c), max(b, c)
    assert displacement(low) <= displacement(high)
    mean = average(low, high)
    assert displacement(low) * (1 - 1e-15) <= mean <= displacement(high) * (1 + 1e-15)


@given(FLOW)
def test_a_walk_of_no_length_pays_the_price_there(b: float) -> None:
    assert average(b, b) == displacement(b)


@given(st.floats(-1.5, 1.5), st.floats(-0.5, 0.5))
def test_average_is_the_mean_over_the_walk(b0: float, width: float) -> None:
    b1 = b0 + width
    if abs(width) < 1e-6:
        return
    exact = quad(lambda b: float(displacement(b)), b0, b1, points=[0.0], epsabs=1e-13)[0] / (
        b1 - b0
    )
    assert abs(average(b0, b1) / exact - 1.0) < 3 * width**4 / 2880 + 1e-10
    assert average(b0, b1) == average(b1, b0) or abs(average(b0, b1) - average(b1, b0)) < 1e-15


def test_shapes_broadcast() -> None:
    assert displacement(np.zeros((4, 3))).shape == (4, 3)
    assert average(np.zeros((4, 3)), -0.1).shape == (4, 3)
