"""Wilson's interval, the severity ladder, horizons and the model interval, on numbers known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.exposure.curve import horizons, last_step
from seawall.exposure.model_interval import NodeShares, at_least, interval
from seawall.exposure.proportion import wilson
from seawall.exposure.severity import expected_loss, expected_shortfall


@pytest.mark.parametrize(
    ("hits", "paths"), [(0, 1), (1, 1), (3, 400), (50, 100), (399, 400), (0, 400), (7, 7)]
)
def test_wilson_is_scipys(hits, paths):
    from scipy.stats import binomtest

    expected = binomtest(hits, paths).proportion_ci(method="wilson")
    assert wilson(hits, paths) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_by_hand():
    # 0 of 100: the upper end is z^2 / (n + z^2) = 3.8415 / 103.8415.
    assert wilson(0, 100) == (0.0, pytest.approx(0.0369935, abs=1e-7))
    assert wilson(5, 0) == (0.0, 1.0)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_a_probability(pair):
    hits, paths = pair
    low, high = wilson(hits, paths)
    assert 0.0 <= low <= hits / paths <= high <= 1.0


def test_losses_of_nobody_are_unknown():
    assert expected_loss(np.zeros(0)) is None
    assert expected_shortfall(np.zeros(0)) == (None, None)


@pytest.mark.parametrize(
    ("impaired", "level", "tail"),
    [
        (49, None, 0),
        (50, 0.80, 10),
        (99, 0.80, 19),
        (100, 0.90, 10),
        (199, 0.90, 19),
        (200, 0.95, 10),
        (399, 0.95, 19),
        (400, 0.975, 10),
        (4_000, 0.975, 100),
    ],
)
def test_the_shortfall_is_at_the_highest_level_with_ten_paths_in_its_tail(impaired, level, tail):
    losses = np.random.default_rng(impaired).permutation(np.arange(1.0, impaired + 1.0))
    value, at = expected_shortfall(losses)
    assert at == level
    # The mean of the ``tail`` largest of 1, 2, ..., n.
    assert value == (None if level is None else pytest.approx(impaired - (tail - 1) / 2))
    assert expected_loss(losses) == pytest.approx((impaired + 1) / 2)


def test_the_standard_horizons_below_the_runs_own_and_that_one():
    assert horizons(86_400.0, 300.0) == [3_600.0, 14_400.0, 86_400.0]
    assert horizons(900.0, 300.0) == [900.0]
    assert horizons(7_200.0, 300.0) == [3_600.0, 7_200.0]
    assert horizons(604_800.0, 300.0) == [3_600.0, 14_400.0, 86_400.0, 604_800.0]
    assert horizons(14_400.0, 300.0) == [3_600.0, 14_400.0]


def test_a_step_counts_where_it_ends_within_the_horizon():
    assert last_step(3_600.0, 300.0) == 12
    assert last_step(3_599.0, 300.0) == 11
    # 0.3 / 0.1 is a little less than 3 in floating point.
    assert last_step(0.3, 0.1) == 3


shares = st.integers(0, 200).map(lambda n: n / 200)


@given(shares, shares, shares, shares)
@settings(max_examples=60, deadline=None)
def test_the_model_interval_contains_the_estimate_and_is_a_probability(base, up, down, thin):
    low, high = interval(base, 200, NodeShares(base, up, down, thin, 200), seed=3)
    assert 0.0 <= low <= base <= high <= 1.0


def test_without_any_doubt_about_the_inputs_the_interval_is_the_estimate():
    for share in (0.0, 0.05, 0.5, 1.0):
        ends = interval(share, 400, NodeShares(share, share, share, share, 400), seed=1)
        assert ends == pytest.approx((share, share), abs=1e-12)


def test_more_doubt_about_volatility_widens_the_interval():
    ends = [
        interval(0.1, 1_000, NodeShares(0.1, up, down, 0.1, 1_000), seed=1)
        for up, down in ((0.12, 0.08), (0.15, 0.06), (0.25, 0.03))
    ]
    lows, highs = zip(*ends, strict=True)
    assert lows == tuple(sorted(lows, reverse=True))
    assert highs == tuple(sorted(highs))
    assert highs[0] > 0.1 > lows[0]


def test_more_doubt_about_depth_widens_the_interval():
    highs = [
        interval(0.1, 1_000, NodeShares(0.1, 0.1, 0.1, thin, 1_000), seed=1)[1]
        for thin in (0.1, 0.12, 0.2)
    ]
    assert highs[0] < highs[1] < highs[2]


def test_the_model_interval_of_a_straight_line_is_the_lines_quantiles():
    """With logit DRE linear in one normal score, the ends are those at -1.96 and 1.96 of it."""

    def logistic(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x))

    slope, paths = 0.4, 10**9
    base, up, down = (logistic(-2.0 + slope * 1.5 * n) for n in (0, 1, -1))
    low, high = interval(base, paths, NodeShares(base, up, down, base, paths), seed=5)
    # 4,000 draws know a 2.5% quantile of the score to about 0.07.
    assert math.log(low / (1 - low)) == pytest.approx(-2.0 - 1.96 * slope, abs=0.08)
    assert math.log(high / (1 - high)) == pytest.approx(-2.0 + 1.96 * slope, abs=0.08)


def test_where_no_world_has_impaired_paths_the_interval_is_no_narrower_than_noise():
    """Of 1,000 paths one is impaired, of the 100 that all worlds share none: nothing is known of
    the model, which is no reason for a narrow interval.
    """
    nothing = NodeShares(0.0, 0.0, 0.0, 0.0, 100)
    ends = interval(0.001, 1_000, nothing, seed=1)
    assert ends[1] - ends[0] < 1e-6, "differences of zero say nothing"
    noise = wilson(1, 1_000)
    assert at_least(ends, nothing, noise) == (min(noise[0], ends[0]), max(noise[1], ends[1]))
    assert at_least(ends, NodeShares(0.0, 0.03, 0.0, 0.0, 100), noise) == ends, "three say some"
    assert at_least((0.0, 0.0), nothing, (0.0, 0.004)) == (0.0, 0.0)
