"""Book walk: levels eaten one by one, worked by hand and against a slow walk in small bites."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.impact import amm, linear
from seawall.impact.book_walk import BookWalk, Level, average, displacement

RULE = BookWalk(
    bids=(Level(0.0, 0.01), Level(0.001, 0.02), Level(0.01, 0.02)),
    asks=(Level(0.0, 0.02), Level(0.002, 0.03)),
    half_spread=0.0005,
)
LADDER = RULE.columns()
FLOW = st.floats(-0.2, 0.2)
ON_LADDER = st.floats(-0.05, 0.05)


def test_worked_by_hand() -> None:
    # Sold 0.015 of depth: the first level (0.01) is gone, the second stands at 1 - 0.001.
    assert displacement(LADDER, -0.015) == 0.999
    # 0.01 at 1 and 0.005 at 0.999: (0.01 + 0.004995) / 0.015 = 0.9996667, less 5 bp of it.
    assert float(average(LADDER, 0.0, -0.015)) == pytest.approx(0.014995 / 0.015 * 0.9995)
    # The next 0.01 finds 0.015 left at 0.999, so no other level is touched.
    assert float(average(LADDER, -0.015, -0.025)) == pytest.approx(0.999 * 0.9995)
    # Bought 0.05: both asks are gone, the linear law begins at 1.002.
    assert displacement(LADDER, 0.05) == 1.002
    assert float(displacement(LADDER, 0.07)) == pytest.approx(1.002 * linear.displacement(0.02))
    # A purchase that first refills 0.005 of bids at 0.999, then buys 0.02 asks at 1 and 5 at 1.002.
    worth = 0.005 * 0.999 + 0.01 * 1.0 + 0.02 * 1.0 + 0.005 * 1.002
    assert float(average(LADDER, -0.015, 0.025)) == pytest.approx(worth / 0.04 * 1.0005)


def test_differs_from_the_smooth_laws() -> None:
    """Half the best level: no move at all here, 1/2 of a per cent under the smooth laws."""
    assert displacement(LADDER, -0.005) == 1.0
    assert float(linear.displacement(-0.005)) == pytest.approx(1 - 0.005, abs=2e-5)
    assert float(amm.displacement(-0.005)) == pytest.approx(1 - 0.005, abs=2e-5)


def test_mirrored_without_asks() -> None:
    mirrored = BookWalk(RULE.bids).columns()
    flow = np.linspace(0.0, 0.2, 50)
    up, down = displacement(mirrored, flow), displacement(mirrored, -flow)
    inside = flow < 0.05
    assert np.allclose(up[inside] + down[inside], 2.0)


@given(FLOW, FLOW)
def test_more_selling_is_a_lower_price(b: float, c: float) -> None:
    low, high = min(b, c), max(b, c)
    assert displacement(LADDER, low) <= displacement(LADDER, high)
    if high > low:
        mean = average(LADDER, low, high) / 1.0005
        assert displacement(LADDER, low) * (1 - 1e-12) <= mean
        assert mean <= displacement(LADDER, high) * (1 + 1e-12)


@given(FLOW)
def test_a_walk_of_no_length_pays_the_price_there(b: float) -> None:
    assert average(LADDER, b, b) == displacement(LADDER, b)


@given(FLOW, FLOW)
def test_average_is_the_mean_over_small_bites(b0: float, b1: float) -> None:
    if abs(b1 - b0) < 1e-4:
        return
    bites = b0 + (b1 - b0) * (np.arange(200_000) + 0.5) / 200_000
    spread = 1.0 + np.sign(b1 - b0) * 0.0005
    expected = float(np.mean(displacement(LADDER, bites))) * spread
    assert float(average(LADDER, b0, b1)) == pytest.approx(expected, rel=1e-6)


@given(ON_LADDER, ON_LADDER, ON_LADDER)
def test_two_sales_pay_what_one_pays(a: float, b: float, c: float) -> None:
    """Exactly so on the ladder; beyond it up to the error of the linear law's rule."""
    low, middle, high = sorted((a, b, c))
    once = (high - low) * average(LADDER, high, low)
    twice = (high - middle) * average(LADDER, high, middle)
    twice = twice + (middle - low) * average(LADDER, middle, low)
    assert abs(once - twice) < 1e-14


@pytest.mark.parametrize("steps", [(), (0.001,), (0.0, 0.0), (0.0, 0.02, 0.01)])
def test_ladders_that_are_none_are_refused(steps: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="book walk stand"):
        BookWalk(tuple(Level(step, 0.01) for step in steps))
