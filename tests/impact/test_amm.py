"""Pools against their own reserves: every trade worked out on x and y, not on the law."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.impact import amm, linear, square_root
from seawall.impact.concentrated_amm import ConcentratedAmm, average, displacement

FLOW = st.floats(-3.0, 3.0)


def reserves(b: float) -> tuple[float, float]:
    """Units and quote of a pool of depth 1 at price 1 after flow b: 2 and 2 at the start."""
    return (4.0 / (2.0 + b), 2.0 + b) if b > 0 else (2.0 - b, 4.0 / (2.0 - b))


def test_worked_by_hand() -> None:
    # A pool of depth 1 holds 2 units and 2 quote. Selling 1 unit: 3 units and 4/3 quote, price 4/9.
    assert float(amm.displacement(-1.0)) == pytest.approx(4 / 9)
    # It paid 2 - 4/3 = 2/3 quote for the unit; a fee of 1% leaves 0.66.
    assert float(amm.average(0.01, 0.0, -1.0)) == pytest.approx(0.66)
    # Paying 1 quote in: 3 quote and 4/3 units, price 9/4; 2/3 unit for 1 quote is 1.5, with fee.
    assert float(amm.displacement(1.0)) == pytest.approx(9 / 4)
    assert float(amm.average(0.01, 0.0, 1.0)) == pytest.approx(1.515)
    # The others at the same flow: linear 24/65, square root 1 - 0.04, so the laws are four.
    assert float(linear.displacement(-1.0)) == pytest.approx(24 / 65)
    law = square_root.SquareRoot(np.array(0.04))
    assert float(square_root.displacement(law, -1.0)) == pytest.approx(0.96)


@given(FLOW, FLOW)
def test_the_price_is_what_changes_hands(b0: float, b1: float) -> None:
    (x0, y0), (x1, y1) = reserves(b0), reserves(b1)
    assert float(amm.displacement(b1)) == pytest.approx(y1 / x1)
    if abs(b1 - b0) > 1e-3:
        assert float(amm.average(0.0, b0, b1)) == pytest.approx((y1 - y0) / (x0 - x1))


@given(FLOW)
def test_the_product_stays_and_the_way_back_is_the_way_there(b: float) -> None:
    assert abs(amm.displacement(b) * amm.displacement(-b) - 1.0) < 1e-14
    assert amm.average(0.3, b, b) == amm.displacement(b)


def test_depth_is_notional_per_unit_of_log_price() -> None:
    for law in (amm.displacement, lambda b: displacement(WIDE, b)):
        assert (np.log(law(1e-6)) - np.log(law(-1e-6))) / 2e-6 == pytest.approx(1.0, rel=1e-6)


RULE = ConcentratedAmm(range=0.21, outside=0.1, fee=0.003)
WIDE = RULE.columns()


def test_concentrated_worked_by_hand() -> None:
    # The range ends at 1.21, where the root is 1.1: 0.2 of depth on either side.
    assert WIDE[0, 1] == pytest.approx(0.2)
    assert float(displacement(WIDE, 0.2)) == pytest.approx(1.21)
    # Another 0.02 with a tenth of the liquidity moves the root by 0.02 / 0.2 = 0.1.
    assert float(displacement(WIDE, 0.22)) == pytest.approx(1.44)
    assert float(displacement(WIDE, -0.22)) == pytest.approx(1 / 1.44)
    # 0.22 units sold: 0.2 / 1.1 quote inside, 0.02 / (1.1 x 1.2) outside, less 30 bp.
    quote = 0.2 / 1.1 + 0.02 / 1.32
    assert float(average(WIDE, 0.0, -0.22)) == pytest.approx(quote / 0.22 * 0.997)
    # Where the wide pool has moved by 23%, the same flow has moved this one by 44%.
    assert float(amm.displacement(0.22)) == pytest.approx(1.2321)


def pieces(b: float) -> tuple[float, float]:
    """Quote paid in and units taken out from 0 to b, by numbers: two pools one after the other."""
    x = np.linspace(0.0, abs(b), 400_001)
    middle = 0.5 * (x[1:] + x[:-1])
    price = displacement(WIDE, middle if b > 0 else -middle)
    step = abs(b) / 400_000
    if b > 0:
        return abs(b), float(np.sum(step / price))
    return -float(np.sum(step * price)), -abs(b)


@pytest.mark.parametrize(
    ("b0", "b1"), [(0.0, 0.3), (0.1, 0.5), (-0.3, 0.25), (-0.1, -0.6), (0.4, -0.1), (-0.5, -0.3)]
)
def test_concentrated_price_is_what_changes_hands(b0: float, b1: float) -> None:
    quote, units = np.subtract(pieces(b1), pieces(b0))
    fee = 1.003 if b1 > b0 else 0.997
    assert float(average(WIDE, b0, b1)) == pytest.approx(quote / units * fee, rel=1e-9)


@given(FLOW, FLOW)
def test_all_liquidity_outside_too_is_the_constant_product(b0: float, b1: float) -> None:
    same = ConcentratedAmm(range=0.05, outside=1.0, fee=0.003).columns()
    assert float(displacement(same, b0)) == pytest.approx(float(amm.displacement(b0)))
    if abs(b1 - b0) > 1e-6:
        found = float(average(same, b0, b1))
        assert found == pytest.approx(float(amm.average(0.003, b0, b1)), rel=1e-9)


@given(FLOW, FLOW)
def test_concentrated_is_monotone(b: float, c: float) -> None:
    low, high = min(b, c), max(b, c)
    assert displacement(WIDE, low) <= displacement(WIDE, high)
    assert average(WIDE, b, b) == displacement(WIDE, b)
    if high > low:
        mean = float(average(WIDE, high, low)) / 0.997
        assert displacement(WIDE, low) * (1 - 1e-9) <= mean <= displacement(WIDE, high) * (1 + 1e-9)


def test_the_edge_is_where_the_range_ends() -> None:
    for reach in (0.001, 0.1, 3.0):
        edge = 2.0 * (sqrt(1.0 + reach) - 1.0)
        law = ConcentratedAmm(reach, 0.5).columns()
        assert float(displacement(law, edge)) == pytest.approx(1.0 + reach)
