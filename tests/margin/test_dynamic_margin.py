"""Dynamic margin: each rule by hand where it differs from the others, buffer, smoothing, bits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.margin.dynamic.scaling import (
    DepthScaled,
    DynamicMargin,
    InterestBounds,
    OpenInterestScaled,
    VolatilityScaled,
    compile_scaling,
    scale_step,
    start_scale,
)
from seawall.margin.dynamic.scaling_kernel import scale_row

Floats = NDArray[np.float64]
ONE = np.zeros(1, dtype=np.int64)


def factors(
    rule: DynamicMargin,
    volatility: list[float],
    depth_loss: list[float],
    price: list[float],
    longs: float = 10.0,
) -> list[float]:
    """Factor of one feed at the start and after each step of a minute."""
    columns = compile_scaling([rule], ONE, ONE, ["BTC"], 60.0)
    at = np.array([[price[0]]])
    memory = start_scale(columns, at, np.array([[longs]]), np.array([[0.0]]))
    out = [float(memory.factor[0, 0])]
    for v, d, p in zip(volatility, depth_loss, price[1:], strict=True):
        scale_step(columns, memory, np.array([[v]]), np.array([[d]]), np.array([[p]]))
        out.append(float(memory.factor[0, 0]))
    return out


# Two steps: volatility at 2.5 times its normal size, then 0.8; depth at a half, then a quarter;
# open interest 10 x 100 = 1,000, then 1,200 and 600.
MARKET = ([2.5, 0.8], [2.0, 4.0], [100.0, 120.0, 60.0])
BOUNDS = {"BTC": InterestBounds(800.0, 1_600.0)}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (VolatilityScaled(), [1.0, 2.5, 1.0]),
        (DepthScaled(), [1.0, 2.0, 3.0]),  # a quarter of the depth: 4, capped at 3
        # 1 + 2 x (1,000 - 800) / 800 = 1.5; 1 + 2 x 400 / 800 = 2; below 800: 1
        (OpenInterestScaled(BOUNDS), [1.5, 2.0, 1.0]),
        (VolatilityScaled(strength=0.5), [1.0, 1.75, 1.0]),
        (VolatilityScaled(cap=2.0), [1.0, 2.0, 1.0]),
    ],
)
def test_each_rule_follows_its_own_signal(rule: DynamicMargin, expected: list[float]) -> None:
    assert factors(rule, *MARKET) == pytest.approx(expected)


def test_a_buffer_is_used_up_before_margin_rises() -> None:
    """EMIR's 25%: 1.25 in calm times; 1.2 times the margin is paid from it, 1.6 times is not."""
    rule = VolatilityScaled(buffer=0.25)
    assert factors(rule, [1.2, 1.6, 1.0], [1.0] * 3, [100.0] * 4) == pytest.approx(
        [1.25, 1.25, 1.6, 1.25]
    )


def test_smoothing_closes_a_share_of_the_gap_each_step() -> None:
    """A minute of 60 s memory closes 1 - 1/e: from 1 towards 2, and back towards 1."""
    rule = VolatilityScaled(smoothing_seconds=60.0)
    share = 1.0 - np.exp(-1.0)
    first = 1.0 + share
    found = factors(rule, [2.0, 1.0], [1.0] * 2, [100.0] * 3)
    assert found == pytest.approx([1.0, first, first - share * (first - 1.0)])


def test_dydx_margin_fraction_between_its_caps() -> None:
    """dYdX's long-tail tier: 20% initial, 5M to 10M. At 7.5M it is 0.2 + 0.8 / 2 = 60%, that is
    three times 20%; at 10M 100%, five times."""
    rule = OpenInterestScaled({"BTC": InterestBounds(5e6, 1e7)}, cap=1.0 / 0.2)
    found = factors(rule, [1.0] * 3, [1.0] * 3, [5.0, 7.5, 10.0, 20.0], longs=1e6)
    assert [0.2 * f for f in found] == pytest.approx([0.2, 0.6, 1.0, 1.0])


def test_compiled_gives_the_same_bits() -> None:
    rng = np.random.default_rng(8)
    rules = [
        VolatilityScaled(1.3, 5.0, 90.0, 0.25),
        DepthScaled(0.7, 4.0),
        OpenInterestScaled({"C": InterestBounds(500.0, 900.0)}, 2.5, 30.0),
        OpenInterestScaled({}),
    ]
    feed, asset = np.array([0, 2, 3, 4]), np.array([1, 0, 2, 1])
    columns = compile_scaling(rules, feed, asset, ["A", "B", "C", "D"], 60.0)
    price = 100.0 * np.exp(rng.normal(0.0, 0.2, (25, 6, 5)))
    longs, contracts = rng.uniform(0.0, 8.0, (6, 4)), rng.uniform(0.0, 200.0, (6, 4))
    plain = start_scale(columns, price[0], longs, contracts)
    other = start_scale(columns, price[0], longs, contracts)
    away = np.zeros(5)
    for step in range(1, 25):
        volatility, thin = rng.uniform(0.0, 4.0, (2, 6, 3))
        scale_step(columns, plain, volatility, thin, price[step])
        for p in range(6):
            scale_row(columns, other, p, volatility[p], thin[p], price[step, p], away)
            assert np.array_equal(away, np.abs(other.factor[p] - other.first[p]))
        for left, right in zip(plain, other, strict=True):
            assert np.array_equal(left, right)
    assert np.all(plain.factor >= 1.0)
    assert np.all(plain.factor[:, [1, 4]] == 1.0)
