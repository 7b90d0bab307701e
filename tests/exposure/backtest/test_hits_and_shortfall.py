"""Backtests against figures worked by hand, and their size against what they state."""

import math

import numpy as np
import pytest

from seawall.exposure.backtest.hits import (
    HIT_TESTS,
    conditional,
    hit_tests,
    independence,
    unconditional,
)
from seawall.exposure.backtest.joint import holm, mean_is_zero
from seawall.exposure.backtest.randomised import p_value
from seawall.exposure.backtest.score import score
from seawall.exposure.backtest.shortfall import shortfall_tests, statistics
from seawall.exposure.tail.law import SLICES, TailLaw, slice_at
from seawall.exposure.tail.methods import METHODS


def _series(length, hits):
    out = np.zeros((1, length), dtype=bool)
    out[0, hits] = True
    return out


def test_kupiec_by_hand():
    # 5 hits of 250 at 1%: 2 [5 ln(.02 / .01) + 245 ln(.98 / .99)] = 1.9568.
    ratio = 2.0 * (5 * math.log(2.0) + 245 * math.log(0.98 / 0.99))
    found = unconditional(_series(250, [3, 50, 90, 140, 200]), 0.01)
    assert found[0] == pytest.approx(ratio, rel=1e-12)
    assert ratio == pytest.approx(1.9568, abs=1e-4)
    # No hit: 2 x 250 ln(1 / .99).
    assert unconditional(_series(250, []), 0.01)[0] == pytest.approx(-500 * math.log(0.99))


def test_christoffersen_by_hand():
    # 0 0 1 1 1 0 0 0: seven moves. After none: 00, 01, 00, 00 (3 stay, 1 hit). After a hit: 11, 11,
    # 10. ln L(chain) = 3 ln(3/4) + ln(1/4) + 2 ln(2/3) + ln(1/3); pooled 3 hits of 7.
    series = _series(8, [2, 3, 4])
    chain = 3 * math.log(3 / 4) + math.log(1 / 4) + 2 * math.log(2 / 3) + math.log(1 / 3)
    pooled = 3 * math.log(3 / 7) + 4 * math.log(4 / 7)
    assert independence(series)[0] == pytest.approx(2.0 * (chain - pooled), rel=1e-12)
    stated = 3 * math.log(0.2) + 4 * math.log(0.8)
    assert conditional(series, 0.2)[0] == pytest.approx(2.0 * (chain - stated), rel=1e-12)


def test_p_values_with_ties_are_uniform():
    rng = np.random.default_rng(1)
    # A statistic with three values: its p-value must still be uniform.
    p = [
        p_value(float(rng.integers(3)), rng.integers(3, size=99).astype(float), rng.random())
        for _ in range(4000)
    ]
    counts = np.histogram(p, bins=10, range=(0.0, 1.0))[0]
    assert np.all(np.abs(counts - 400) < 5 * math.sqrt(360))


@pytest.mark.slow
def test_hit_tests_have_the_size_they_state():
    rng = np.random.default_rng(2)
    at_risk = np.exp(0.1 * rng.standard_normal(250).cumsum())
    found = np.array(
        [list(hit_tests(rng.random(250) < 0.01, at_risk, 0.99, rng).values()) for _ in range(600)]
    )
    rate = np.nanmean(found < 0.05, axis=0)
    assert np.all(np.abs(rate - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 600)), dict(
        zip(HIT_TESTS, rate, strict=True)
    )


def test_clustered_hits_are_found():
    rng = np.random.default_rng(3)
    hits = np.zeros(500, dtype=bool)
    hits[100:105] = True
    found = hit_tests(hits, np.ones(500) + 0.01 * rng.random(500), 0.99, rng)
    assert found["unconditional"] > 0.1
    assert found["independence"] < 0.01
    assert found["dynamic"] < 0.01


def _flat_law(periods, value):
    """Every loss beyond the value at risk at 99% is ``value``."""
    slices = np.full((periods, SLICES), value / 2)
    slices[:, slice_at(0.99) :] = value
    quantile = np.full((periods, SLICES), value / 2)
    quantile[:, slice_at(0.99) :] = 0.9 * value
    return TailLaw(quantile, slices)


def test_acerbi_szekely_by_hand():
    # 100 periods at 99%, expected shortfall 10, value at risk 9: losses beyond are 12 and 16.
    # Z1 = 1 - (1.2 + 1.6) / 2 = -0.4;  Z2 = 1 - 2.8 / (100 x .01) = -1.8.
    losses = np.zeros((1, 100))
    losses[0, [4, 60]] = (12.0, 16.0)
    first, second = statistics(losses, _flat_law(100, 10.0), 0.99)
    assert first[0] == pytest.approx(-0.4)
    assert second[0] == pytest.approx(-1.8)
    nothing, none = statistics(np.zeros((1, 100)), _flat_law(100, 10.0), 0.99)
    assert math.isnan(nothing[0])
    assert none[0] == 1.0


def test_shortfall_stated_too_small_is_found_and_right_ones_pass():
    rng = np.random.default_rng(4)
    losses = rng.standard_t(4, 1500)
    good = METHODS["student"](losses, np.ones(losses.size), 500)
    poor = METHODS["normal"](losses, np.ones(losses.size), 500)
    late = slice(500, None)
    right, wrong = (
        shortfall_tests(losses[late], TailLaw(law.quantile[late], law.slices[late]), 0.99, rng)
        for law in (good, poor)
    )
    assert wrong["z2_p"] < 0.01 < right["z2_p"]


def test_the_score_prefers_the_truth():
    rng = np.random.default_rng(5)
    losses = rng.standard_normal(400_000)
    risk, shortfall = 2.3263, 2.6652
    truth = score(losses, np.full(losses.size, risk), np.full(losses.size, shortfall), 0.99).mean()
    for v, e in ((1.2, 1.2), (0.8, 0.8), (1.0, 1.2), (1.2, 1.0)):
        other = score(
            losses, np.full(losses.size, v * risk), np.full(losses.size, e * shortfall), 0.99
        )
        assert other.mean() > truth


def test_holm_by_hand():
    # Sorted .01, .02, .04 of three: .03, max(.03, .04) = .04, max(.04, .04) = .04.
    found = holm({"a": 0.02, "b": 0.04, "c": 0.01, "d": float("nan")})
    assert found["c"] == pytest.approx(0.03)
    assert found["a"] == pytest.approx(0.04)
    assert found["b"] == pytest.approx(0.04)
    assert math.isnan(found["d"])


def test_the_joint_test_keeps_assets_that_move_together_together():
    rng = np.random.default_rng(6)
    rejected = {"together": 0, "as if apart": 0}
    for _ in range(200):
        # Twenty copies of one asset: as many hits, but the evidence of one.
        hits = np.repeat((rng.random((400, 1)) < 0.05) - 0.05, 20, axis=1)
        rejected["together"] += mean_is_zero(hits, rng) < 0.05
        z = hits.mean() / math.sqrt(0.05 * 0.95 / hits.size)
        rejected["as if apart"] += abs(z) > 1.96
    assert rejected["together"] < 28  # 10 expected, 28 is 6 standard errors away
    assert rejected["as if apart"] > 100


def test_the_joint_test_finds_a_rate_that_is_half_as_high_again():
    rng = np.random.default_rng(7)
    errors = (rng.random((1000, 5)) < 0.075) - 0.05
    errors[rng.random(errors.shape) < 0.2] = np.nan
    assert mean_is_zero(errors, rng) < 0.01
