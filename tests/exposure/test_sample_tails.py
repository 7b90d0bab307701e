"""VaR and ES of a sample: by hand, as a coherent pair, and with intervals that cover."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seawall.exposure.tail.binomial import chances, power, ranks_around
from seawall.exposure.tail.sample import expected_shortfall, tail_of, value_at_risk

LEVELS = (0.95, 0.975, 0.99)


def test_a_hundred_losses_by_hand():
    # Losses 1 .. 100. VaR 95%: the smallest that 95 of 100 do not exceed, 95. ES 95%: the mean of
    # the five worst, 98. At 97.5% two and a half: (100 + 99 + 98 / 2) / 2.5 = 99.2.
    ranked = np.arange(1.0, 101.0)
    assert value_at_risk(ranked, 0.95) == 95.0
    assert expected_shortfall(ranked, 0.95) == pytest.approx(98.0, rel=1e-12)
    assert value_at_risk(ranked, 0.975) == 98.0
    assert expected_shortfall(ranked, 0.975) == pytest.approx(99.2, rel=1e-12)


def test_below_ten_losses_beyond_the_level_there_is_no_shortfall_and_the_count_says_why():
    few = tail_of(np.arange(1.0, 401.0), 0.99)
    assert (few.value_at_risk.value, few.beyond) == (396.0, pytest.approx(4.0))
    assert few.expected_shortfall.value is None
    enough = tail_of(np.arange(1.0, 1001.0), 0.99)
    assert enough.expected_shortfall.value == pytest.approx(995.5)


def test_a_sample_too_small_for_an_upper_end_has_none():
    # 0.99^n is the chance that n losses all lie below the quantile; above 2.5% until n = 368.
    assert tail_of(np.arange(300.0), 0.99).value_at_risk.high is None
    assert tail_of(np.arange(400.0), 0.99).value_at_risk.high is not None


@pytest.mark.parametrize(("count", "level"), [(60, 0.95), (400, 0.975), (1000, 0.99)])
def test_ranks_are_those_of_the_binomial_law(count, level):
    low, high = ranks_around(count, level)
    law = stats.binom(count, level)
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert 1.0 - law.cdf(high - 1) <= 0.025
    assert 1.0 - law.cdf(high - 2) > 0.025
    assert np.allclose(chances(count, level), law.pmf(np.arange(count + 1)), atol=1e-12)


def test_power_is_the_sum_over_the_counts_that_reject():
    law, true = stats.binom(250, 0.01), stats.binom(250, 0.03)
    # At 1% of 250 a count of 7 or more has 1.4%, of 6 or more 4.1%; none has 8.1%: rejected from 7.
    assert law.sf(6) < 0.025 < law.sf(5)
    assert law.cdf(0) > 0.025
    assert power(250, 0.01, 0.03) == pytest.approx(true.sf(6), rel=1e-9)
    assert power(250, 0.01, 0.01) <= 0.05


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(20, 300), st.sampled_from(LEVELS))
def test_shortfall_is_coherent_on_the_same_paths(seed, count, level):
    one, other = np.random.default_rng(seed).standard_t(2.0, (2, count))
    single = [expected_shortfall(np.sort(x), level) for x in (one, other)]
    joint = expected_shortfall(np.sort(one + other), level)
    assert joint <= sum(single) + 1e-9
    for losses, shortfall in ((one, single[0]), (other, single[1])):
        assert shortfall >= value_at_risk(np.sort(losses), level) - 1e-9
    # Monotone and translated: one more unit of loss everywhere is one more of both.
    assert expected_shortfall(np.sort(one + 1.0), level) == pytest.approx(single[0] + 1.0)


def test_value_at_risk_is_not_subadditive_which_is_why_both_are_printed():
    # Two loans that fail on 4% of paths each, never together: each alone has VaR 95% of 0, both 1.
    one, other = np.zeros(100), np.zeros(100)
    one[:4], other[4:8] = 1.0, 1.0
    alone = [value_at_risk(np.sort(x), 0.95) for x in (one, other)]
    assert alone == [0.0, 0.0]
    assert value_at_risk(np.sort(one + other), 0.95) == 1.0


LAWS = {"normal": stats.norm(), "student 4": stats.t(4)}


def coverage(law, count, level, samples, seed=11):
    """Shares of samples whose interval holds the true VaR, and the true ES."""
    share = (np.arange(400_000) + 0.5) / 400_000
    truth = law.ppf(level), float(law.ppf(level + (1.0 - level) * share).mean())
    drawn = np.sort(law.rvs((samples, count), random_state=np.random.default_rng(seed)), axis=1)
    held = np.zeros(2)
    for ranked in drawn:
        tail = tail_of(ranked, level)
        for i, estimate in enumerate((tail.value_at_risk, tail.expected_shortfall)):
            high = math.inf if estimate.high is None else estimate.high
            held[i] += estimate.low <= truth[i] <= high
    return held / samples


@pytest.mark.parametrize(("name", "count", "level"), [("normal", 1000, 0.975)])
def test_intervals_cover(name, count, level):
    at_risk, shortfall = coverage(LAWS[name], count, level, 400)
    assert 0.93 <= at_risk <= 0.995
    assert 0.92 <= shortfall <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count", "level"), list(itertools.product(LAWS, (1000, 4000), LEVELS))
)
def test_intervals_cover_as_predicted(name, count, level):
    # Predicted before the run (docs/decisions/019): VaR 95 to 97.5%, ES 93.5 to 96.5% (0.99: 94
    # to 97% where only ten losses lie beyond). Two standard errors of 3,000 samples: 0.8 points.
    at_risk, shortfall = coverage(LAWS[name], count, level, 3_000)
    print(f"{name} {count} {level}: VaR {at_risk:.4f}, ES {shortfall:.4f}")
    assert 0.942 <= at_risk <= 0.983
    assert 0.927 <= shortfall <= 0.973
