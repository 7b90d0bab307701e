"""Smile rules against their definitions: what stays put, how the money moves, the total delta."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.valuation.black import black, greeks
from seawall.valuation.smile import (
    STICKY_DELTA,
    STICKY_STRIKE,
    Skew,
    Smile,
    SmileRule,
    shocked_volatility,
    smile_slope,
)

SHAPE = Skew(level=0.6, slope=-0.4)
STRIKE = np.array([70_000.0, 80_000.0, 90_000.0, 100_000.0, 120_000.0])
FORWARD, YEARS = 90_000.0, 0.1
QUOTED = SHAPE.volatility(np.log(STRIKE / FORWARD), YEARS) * 1.03  # an option's own mark


def with_ratio(ratio: float) -> Smile:
    return Smile(SmileRule.SKEW_STICKINESS, ratio)


@pytest.mark.parametrize("factor", [0.7, 0.99, 1.0, 1.4])
def test_sticky_strike_leaves_every_strike_where_it_was(factor: float) -> None:
    after = shocked_volatility(STICKY_STRIKE, SHAPE, STRIKE, FORWARD, YEARS, QUOTED, factor)
    assert np.array_equal(after, QUOTED)


def test_sticky_delta_carries_the_smile_with_the_forward() -> None:
    factor = 0.9
    after = shocked_volatility(
        STICKY_DELTA, SHAPE, STRIKE * factor, FORWARD, YEARS, SHAPE.volatility(0.0, 0.1), factor
    )
    before = SHAPE.volatility(np.log(STRIKE / FORWARD), YEARS)
    own = SHAPE.volatility(0.0, 0.1) / SHAPE.volatility(np.log(STRIKE * factor / FORWARD), YEARS)
    assert after == pytest.approx(before * own, rel=1e-12)


@pytest.mark.parametrize("ratio", [-0.5, 0.0, 0.6, 1.0, 1.7])
def test_at_the_money_moves_by_the_ratio_times_the_skew(ratio: float) -> None:
    h = 1e-5
    new_forward = FORWARD * np.exp(h)
    own = SHAPE.volatility(np.log(new_forward / FORWARD), YEARS)
    moved = shocked_volatility(
        with_ratio(ratio), SHAPE, new_forward, FORWARD, YEARS, own, np.exp(h)
    )
    assert (float(moved) - SHAPE.level) / h == pytest.approx(ratio * SHAPE.slope, abs=1e-5)


@pytest.mark.parametrize("smile", [STICKY_STRIKE, STICKY_DELTA, with_ratio(1.6)])
def test_slope_is_the_derivative_of_the_shock(smile: Smile) -> None:
    h = 1e-5
    moved = [
        shocked_volatility(smile, SHAPE, STRIKE, FORWARD, YEARS, QUOTED, np.exp(s)) for s in (h, -h)
    ]
    slope = smile_slope(smile, SHAPE, STRIKE, FORWARD, YEARS, QUOTED)
    assert slope == pytest.approx((moved[0] - moved[1]) / (2 * h), abs=1e-8)


@pytest.mark.parametrize("smile", [STICKY_STRIKE, STICKY_DELTA, with_ratio(1.6)])
def test_total_delta_is_the_price_change_with_the_smile_moving(smile: Smile) -> None:
    h = 1e-5
    values = []
    for s in (h, -h):
        vol = shocked_volatility(smile, SHAPE, STRIKE, FORWARD, YEARS, QUOTED, np.exp(s))
        values.append(black(FORWARD * np.exp(s), STRIKE, YEARS, vol, True))
    bumped = (values[0] - values[1]) / (2 * FORWARD * np.sinh(h))
    known = greeks(FORWARD, STRIKE, YEARS, QUOTED, True)
    slope = smile_slope(smile, SHAPE, STRIKE, FORWARD, YEARS, QUOTED)
    total = known.delta + known.vega * slope / FORWARD
    assert total == pytest.approx(bumped, abs=1e-7)


def test_sticky_delta_raises_delta_where_puts_are_dearer() -> None:
    slope = smile_slope(STICKY_DELTA, SHAPE, FORWARD, FORWARD, YEARS, 0.6)
    assert float(slope) == pytest.approx(0.4, rel=1e-6)


@given(st.floats(-3.0, 3.0), st.floats(0.05, 20.0), st.floats(0.01, 100.0), st.floats(-3.0, 3.0))
def test_no_shock_gives_a_negative_or_unknown_volatility(
    ratio: float, factor: float, moneyness: float, slope: float
) -> None:
    shape = Skew(0.5, slope)
    after = shocked_volatility(with_ratio(ratio), shape, moneyness, 1.0, 0.1, 0.5, factor)
    assert np.isfinite(after) and after > 0.0


def test_a_grid_of_factors_broadcasts() -> None:
    factors = np.array([0.8, 1.0, 1.2])[:, None]
    for smile in (STICKY_STRIKE, STICKY_DELTA):
        grid = shocked_volatility(smile, SHAPE, STRIKE, FORWARD, YEARS, QUOTED, factors)
        assert grid.shape == (3, 5)
        assert grid[1] == pytest.approx(QUOTED, rel=1e-15)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: Smile(SmileRule.SKEW_STICKINESS), "ratio is None"),
        (lambda: Smile(SmileRule.SKEW_STICKINESS, float("nan")), "ratio is nan"),
        (lambda: Smile(SmileRule.STICKY_DELTA, 1.0), "sticky_delta was given"),
        (lambda: Skew(0.0, -0.1), "level is 0.0"),
        (lambda: Skew(0.5, float("inf")), "slope is inf"),
        (lambda: shocked_volatility(STICKY_DELTA, SHAPE, 1.0, 1.0, 1.0, 0.5, 0.0), "factor is 0"),
        (lambda: shocked_volatility(STICKY_DELTA, SHAPE, -1.0, 1.0, 1.0, 0.5, 1.0), "strike is -1"),
        (lambda: smile_slope(STICKY_DELTA, SHAPE, 1.0, 0.0, 1.0, 0.5), "forward is 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(act, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says):
        act()
