"""Square-root impact: exact at zero, floor, averages against quadrature in every case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from seawall.foundation.errors import InputError
from seawall.impact.square_root import LOWEST, SquareRoot, average, displacement

FLOW = st.floats(min_value=-4.0, max_value=4.0)


def rule(scale: float) -> SquareRoot:
    return SquareRoot(np.array(scale))


def test_no_flow_and_no_prefactor_are_exactly_one() -> None:
    zero, flow = np.zeros((3, 2)), np.array([[-0.3, 0.0, 2.0]])
    assert np.all(displacement(rule(0.5), zero) == 1.0)
    assert np.all(average(rule(0.5), zero, zero) == 1.0)
    assert np.all(displacement(rule(0.0), flow) == 1.0)
    assert np.all(average(rule(0.0), flow, flow - 0.1) == 1.0)


def test_worked_by_hand() -> None:
    # Y = 1, 4% a day, a quarter of the daily volume sold: 4% x 0.5 = 2%.
    law = SquareRoot(np.array(0.04))
    assert abs(displacement(law, -0.25) - 0.98) < 1e-15
    assert abs(displacement(law, 0.25) - 1.02) < 1e-15
    assert abs(average(law, 0.0, -0.25) - (1 - 0.02 * 2 / 3)) < 1e-15
    # From -0.09 to -0.25: mean root (2/3)(0.125 - 0.027)/0.16 = 0.408333...
    assert abs(average(law, -0.09, -0.25) - (1 - 0.04 * 0.4083333333333333)) < 1e-15


def test_the_floor_holds() -> None:
    law = rule(0.5)
    assert displacement(law, -3.92) > LOWEST
    assert displacement(law, -3.93) == LOWEST
    assert displacement(law, -1e6) == LOWEST
    assert average(law, -10.0, -20.0) == LOWEST
    assert average(law, -10.0, -10.0) == LOWEST


@given(FLOW, FLOW, st.sampled_from([0.01, 0.3, 0.7, 1.5]))
def test_average_is_the_mean_over_the_walk(b0: float, b1: float, scale: float) -> None:
    law = rule(scale)
    mean = float(average(law, b0, b1))
    assert abs(mean - float(average(law, b1, b0))) < 1e-12
    if abs(b1 - b0) < 1e-3:
        low, high = sorted((float(displacement(law, b0)), float(displacement(law, b1))))
        assert low - 1e-12 <= mean <= high + 1e-12
        return
    corner = -(((1 - LOWEST) / scale) ** 2)
    inside = [p for p in (0.0, corner) if min(b0, b1) < p < max(b0, b1)]
    area = quad(
        lambda b: float(displacement(law, b)),
        b0,
        b1,
        points=inside or None,
        epsabs=1e-12,
        limit=200,
    )[0]
    assert abs(mean - area / (b1 - b0)) < 1e-8


@given(FLOW, st.sampled_from([0.01, 0.3, 0.7, 1.5]))
def test_a_walk_of_no_length_pays_the_price_there(b: float, scale: float) -> None:
    law = rule(scale)
    assert abs(average(law, b, b) - displacement(law, b)) < 1e-14


@given(st.floats(1e-12, 4.0), st.floats(1e-16, 1e-9))
def test_short_walks_do_not_lose_digits(b: float, width: float) -> None:
    law = rule(0.5)
    low, high = float(displacement(law, b)), float(displacement(law, b + width))
    assert low - 1e-15 <= float(average(law, b, b + width)) <= high + 1e-15


def test_assets_differ_and_shapes_broadcast() -> None:
    law = SquareRoot(np.array([0.0, 0.04]))
    flow = np.full((5, 2), -0.25)
    assert np.allclose(displacement(law, flow), [[1.0, 0.98]] * 5, atol=1e-15)
    assert average(law, flow, 0.0).shape == (5, 2)
    # One path at the floor does not change the others.
    deep = flow.copy()
    deep[0] = -1e5
    assert np.allclose(average(law, deep, 0.0)[1:], average(law, flow, 0.0)[1:], atol=1e-15)


@pytest.mark.parametrize("strength", [-0.1, np.nan, np.inf])
def test_impossible_parameters_are_refused(strength: float) -> None:
    with pytest.raises(InputError, match="strength of the square-root law"):
        SquareRoot(np.array([0.1, strength]))
