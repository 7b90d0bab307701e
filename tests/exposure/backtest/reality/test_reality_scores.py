"""Scores of stated chances: known lines and parts, weeks that move together, extreme values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_bars import made

from seawall.exposure.backtest.reality.forced import (
    adverse_moves,
    extreme_value_fit,
    extreme_value_quantile,
    forced_liquidations,
    normal_margin,
)
from seawall.exposure.backtest.reality.scores import calibration, curve, resampled, scores
from seawall.exposure.backtest.reality.tally import METHODS, WEEK, Tally, tally, together

HOURS = 24 * 7 * 40


def stated(sharpen: float, seed: int = 1) -> Tally:
    """40 weeks of accounts whose logits are stated ``sharpen`` times too far from 0."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1.5, 1.5, (HOURS, 2))
    broke = rng.random((HOURS, 2)) < 1.0 / (1.0 + np.exp(-logit))
    said = 1.0 / (1.0 + np.exp(-sharpen * logit))
    end = 3_600 * np.arange(HOURS) + 100 * WEEK
    chances = {name: np.full(2, broke.mean()) for name in METHODS} | {"dre": said}
    return tally(end, chances, broke, np.array([100, 139]))


@pytest.mark.parametrize(("sharpen", "slope"), [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)])
def test_the_slope_says_how_far_chances_are_too_far_apart(sharpen: float, slope: float) -> None:
    found = scores(stated(sharpen), 1, np.random.default_rng(1))
    line = found["slope"]
    assert line["value"] == pytest.approx(slope, rel=0.06)
    assert line["low"] < slope < line["high"]
    assert found["intercept"]["low"] < 0.0 < found["intercept"]["high"]
    assert found["accounts"] == 2 * HOURS and found["weeks"] == 40
    assert found["brier_skill"]["frequency"]["low"] > 0.0


def test_the_line_is_that_of_a_fit_on_every_account() -> None:
    """Two chances, 0.2 and 0.6, of which 0.3 and 0.5 happen: the line goes through both."""
    count = np.array([[100.0, 200.0]])
    x = np.log([0.2 / 0.8, 0.6 / 0.4])
    ((intercept, slope),) = calibration(count, count * x, np.array([[30.0, 100.0]]))
    y = np.log([0.3 / 0.7, 1.0])
    assert slope == pytest.approx((y[1] - y[0]) / (x[1] - x[0]), rel=1e-6)
    assert intercept + slope * x[0] == pytest.approx(y[0], rel=1e-6)
    assert np.isnan(calibration(count, count * x, np.zeros((1, 2)))).all()


def test_murphys_parts_add_up_and_skill_of_the_same_chances_is_zero() -> None:
    one = stated(1.0)
    found = scores(one, 1, np.random.default_rng(1))
    parts = found["reliability"] - found["resolution"] + found["uncertainty"]
    assert parts == pytest.approx(found["brier"]["dre"], abs=0.002)
    # The frequency of the judged part itself has no resolution: its score is the uncertainty.
    assert found["brier"]["frequency"] == pytest.approx(found["uncertainty"], rel=1e-9)
    rows = curve(one, 1, np.random.default_rng(1))
    assert sum(row["accounts"] for row in rows) == 2 * HOURS
    many = [row for row in rows if row["accounts"] > 300]
    assert sum(row["low"] <= row["said"] <= row["high"] for row in many) >= len(many) - 1
    assert len(many) > 6


def test_weeks_that_move_together_widen_the_interval() -> None:
    """The same accounts five times over, as five assets that break together, say no more."""
    one = stated(1.0)
    five = together([one] * 5)
    narrow, same = (scores(x, 1, np.random.default_rng(1))["slope"] for x in (one, five))
    assert same["high"] - same["low"] == pytest.approx(narrow["high"] - narrow["low"], rel=1e-6)


def test_blocks_take_whole_weeks_on_a_circle() -> None:
    weight = resampled(13, 4, np.random.default_rng(1))
    assert weight.shape[1] == 13
    assert np.all(weight.sum(axis=1) == 13)
    np.testing.assert_allclose(weight.mean(axis=0), 1.0, atol=0.25)


def test_an_extreme_value_law_is_found_again() -> None:
    """Draws of the law by its own quantile, k = -0.2 (heavy), scale 0.02, place 0.03."""
    u = np.random.default_rng(5).random(40_000)
    sample = 0.03 + 0.02 * (1.0 - (-np.log(u)) ** -0.2) / -0.2
    k, scale, place = extreme_value_fit(sample)
    assert (k, scale, place) == pytest.approx((-0.2, 0.02, 0.03), rel=0.06)
    true = 0.03 + 0.02 * (1.0 - (-math.log(0.99)) ** -0.2) / -0.2
    assert extreme_value_quantile(sample, 0.99) == pytest.approx(true, rel=0.03)


def test_a_normal_margin_is_reached_on_one_day_of_a_hundred() -> None:
    """Reflection: 2 N(-d / s) = 1% at d = 2.576 s, but for the drift that keeps the mean price."""
    assert normal_margin(0.01, "long") == pytest.approx(0.02576, rel=0.02)
    assert normal_margin(0.01, "short") == pytest.approx(0.02576, rel=0.02)
    assert normal_margin(0.3, "long") < 1.0


def test_heavy_tails_need_more_margin_than_a_normal_law_says() -> None:
    one = made(24 * 400, seed=8, name="BTC")
    block = forced_liquidations([one])
    (row,) = block["assets"]
    for side in ("long", "short"):
        assert row[side]["normal"] < row[side]["observed"]
        assert row[side]["normal"] < row[side]["extreme_value"]
        shares = list(row[side]["frequency"].values())
        assert shares == sorted(shares)
    # By hand: the share of days whose lowest price is 10% / 0.996 or more below the close before.
    day = np.flatnonzero(one.end % 86_400 == 0)
    day = day[day + 24 < one.end.size]
    fall = adverse_moves(one, day, 24, "long")
    assert row["long"]["frequency"]["10"] == np.mean(fall >= 1.0 - 0.9 / 0.996)
    assert [x["leverage"] for x in block["leverage"]] == [2, 3, 5, 10, 20, 25, 50]
