"""Goodness on later prices: the true model passes as often as it should, a wrong one does not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.goodness import Goodness, goodness
from seawall.scenario.fit.prices import Returns
from seawall.scenario.fit.skew import DatedMoves, asset_slope, skew_terms
from seawall.valuation.stickiness import Moves

Floats = NDArray[np.float64]
HOUR = 3_600


def normal(paths: NDArray[np.int64], bars: int) -> Floats:
    return 0.01 * np.stack([np.random.default_rng(p).standard_normal((bars, 1)) for p in paths])


def judged(later: Floats) -> Goodness:
    return goodness(Returns(("X",), HOUR, later), normal, 40)


def test_the_true_model_is_inside_its_own_ranges() -> None:
    rows, passed = [], 0
    for seed in range(4):
        good = judged(0.01 * np.random.default_rng(1_000 + seed).standard_normal((2_000, 1)))
        rows += [row.inside for row in good.rows]
        passed += good.transforms[0].p_value > 0.05
    # 28 statistics, 95% inside each; p-values are uniform: 2 of 4 is one in 70.
    assert np.mean(rows) > 0.8
    assert passed >= 3


def test_heavier_tails_and_another_level_are_found() -> None:
    random = np.random.default_rng(7)
    good = judged(0.02 * random.standard_t(3.0, (2_000, 1)) / np.sqrt(3.0))
    found = {row.statistic: row for row in good.rows}
    assert not found["volatility"].inside
    assert not found["left tail index"].inside
    assert found["left tail index"].observed < found["left tail index"].low
    assert good.transforms[0].p_value == pytest.approx(1 / 41)
    assert good.transforms[0].shape_p_value == pytest.approx(1 / 41)
    assert sum(good.transforms[0].histogram) == pytest.approx(1.0)


def test_another_level_alone_fails_the_transform_and_not_its_shape() -> None:
    good = judged(0.02 * np.random.default_rng(8).standard_normal((2_000, 1)))
    assert good.transforms[0].p_value == pytest.approx(1 / 41)
    assert good.transforms[0].shape_p_value > 0.05
    # Twice as wide: u is in the outer tenths when |z| > 1.2816 / 2, which has chance 0.52.
    assert good.transforms[0].histogram[0] == pytest.approx(0.261, abs=0.03)


def test_too_little_to_judge_on_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1000 to judge on"):
        judged(np.zeros((900, 1)))


def moves(ratio: float, seed: int, noise: float = 0.002) -> DatedMoves:
    """Four snapshots a day for 25 days, expiries of 5 and 30 days, skews -0.5 and -0.2."""
    random = np.random.default_rng(seed)
    step = np.repeat(0.01 * random.standard_normal(100), 2)
    skew = np.tile([-0.5, -0.2], 100)
    change = ratio * skew * step + noise * random.standard_normal(200)
    interval = np.repeat(np.arange(100), 2)
    days = np.tile([5.0, 30.0], 100)
    return DatedMoves(Moves(change, skew, step, interval, days), interval // 4)


def test_stickiness_is_found_with_its_slope_and_judged_later() -> None:
    short, middle, whole = skew_terms(moves(1.4, 1), moves(1.4, 2), seed=1)
    assert short.low <= 1.4 <= short.high
    assert short.skew == -0.5
    assert short.slope.value == pytest.approx((short.ratio.value - 1.0) * -0.5)
    assert short.slope.error == pytest.approx(short.ratio.error * 0.5)
    assert whole.observations == 200
    assert whole.days == 25
    assert asset_slope((short, middle, whole)) == middle.slope
    # Out of sample: signal (0.7 x 0.01)^2 over signal + noise 0.002^2.
    assert short.explained == pytest.approx(0.92, abs=0.03)
    assert short.strike_explained is not None
    assert short.explained > short.strike_explained


def test_sticky_strike_is_its_own_best_guess() -> None:
    short = skew_terms(moves(1.0, 3), moves(1.0, 4), seed=1)[0]
    assert short.low <= 1.0 <= short.high
    assert abs(short.slope.value) < 3.0 * short.slope.error


def test_few_days_give_no_ratio() -> None:
    few = moves(1.0, 5)
    with pytest.raises(InputError, match="at least 10 days"):
        skew_terms(DatedMoves(few.moves, few.day // 5), few, seed=1)
