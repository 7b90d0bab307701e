"""Weighted paths: a weight of one is a plain path, whole weights are copies, exact intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from seawall.cascade.tape import NEVER
from seawall.exposure.curve import scope_curve
from seawall.exposure.impairment import KINDS, Impairment
from seawall.exposure.proportion import (
    gamma_interval,
    mid_p_gamma_interval,
    stratified_variance,
)
from seawall.exposure.severity import (
    expected_loss,
    expected_shortfall,
    weighted_expected_loss,
    weighted_expected_shortfall,
)
from seawall.exposure.weighted import PathWeights, joined, share_by, weighted_curve

PATHS, STEPS = 600, 24
NUMBERS = np.random.default_rng(8)


def impairment(paths: int = PATHS) -> Impairment:
    step = np.where(NUMBERS.random(paths) < 0.4, NUMBERS.integers(1, STEPS + 1, paths), NEVER)
    kind = NUMBERS.integers(0, len(KINDS), paths)
    by_kind = {k: np.where(kind == n, step, NEVER) for n, k in enumerate(KINDS)}
    loss = np.cumsum(NUMBERS.random((paths, STEPS + 1)), axis=1)
    return Impairment(step, kind, kind, kind, by_kind, loss)


def test_paths_of_weight_one_give_the_plain_curve() -> None:
    found = impairment()
    ones = PathWeights(np.ones((PATHS, STEPS + 1)), np.zeros(PATHS, dtype=np.int64))
    seconds = [3_600.0, 21_600.0, 86_400.0]
    plain = scope_curve(found, "desk", seconds, 3_600.0)
    weighted = weighted_curve(found, "desk", seconds, 3_600.0, ones)
    assert list(weighted) == list(plain)
    for key in ("probability", "expected_loss", "impaired_paths"):
        assert weighted[key] == pytest.approx(plain[key], rel=1e-12)
    for kind, shares in plain["kinds"].items():
        assert weighted["kinds"][kind] == pytest.approx(shares)
    # The intervals are of two kinds, but of one width: here 24 impaired paths and more.
    for here, there in zip(weighted["low"][1:], plain["low"][1:], strict=True):
        assert here == pytest.approx(there, rel=0.1)
    for here, there in zip(weighted["high"][1:], plain["high"][1:], strict=True):
        assert here == pytest.approx(there, rel=0.1)


def test_a_weight_is_taken_at_the_step_of_impairment() -> None:
    at = np.arange(3.0)[:, None] * 10.0 + np.arange(5.0)
    weights = PathWeights(at, np.zeros(3, dtype=np.int64))
    step = np.array([2, NEVER, 4])
    # 2 of path 0 at step 2; 24 of path 2 at step 4.
    assert share_by(step, 3, weights).mean == pytest.approx(min(2.0 / 3.0, 1.0))
    assert share_by(step, 1, weights).mean == 0.0
    assert share_by(step, 4, weights).mean == 1.0  # 26 / 3, and no probability above one


def test_whole_weights_are_copies() -> None:
    losses = NUMBERS.random(200) * 100.0
    weights = NUMBERS.integers(1, 4, 200)
    copies = np.repeat(losses, weights)
    assert weighted_expected_loss(losses, weights.astype(float)) == pytest.approx(copies.mean())
    value, level = weighted_expected_shortfall(losses, weights.astype(float))
    assert level is not None
    tail = (1.0 - level) * copies.size
    whole = np.sort(copies)[::-1]
    by_hand = (whole[: int(tail)].sum() + (tail - int(tail)) * whole[int(tail)]) / tail
    assert value == pytest.approx(by_hand)
    plain = np.ones(400)
    of = NUMBERS.random(400)
    assert weighted_expected_shortfall(of, plain) == pytest.approx(expected_shortfall(of))
    assert weighted_expected_loss(of, plain) == pytest.approx(expected_loss(of))


def test_severity_of_too_few_paths_is_none() -> None:
    assert weighted_expected_loss(np.zeros(0), np.zeros(0)) is None
    assert weighted_expected_shortfall(np.zeros(0), np.zeros(0)) == (None, None)
    # Forty paths, one of which has nearly all the weight: no tail of ten.
    weight = np.full(40, 1e-6)
    weight[3] = 1.0
    assert weighted_expected_shortfall(np.arange(40.0)[::-1], weight) == (None, None)


@pytest.mark.parametrize("hits", [0, 1, 5, 40])
def test_equal_weights_have_the_exact_poisson_interval(hits: int) -> None:
    """Fay and Feuer's interval is Garwood's where all weights are one: chi-square quantiles."""
    paths = 100_000
    low, high = gamma_interval(hits / paths, hits / paths**2, 1.0 / paths)
    exact_low = stats.chi2.ppf(0.025, 2 * hits) / 2.0 if hits else 0.0
    assert low * paths == pytest.approx(exact_low)
    assert high * paths == pytest.approx(stats.chi2.ppf(0.975, 2 * hits + 2) / 2.0)


@pytest.mark.parametrize("hits", [0, 1, 5, 40])
def test_equal_weights_have_the_mid_p_poisson_interval(hits: int) -> None:
    """Ends m where P(more than the hits) + P(as many) / 2 of a Poisson count is 97.5%, 2.5%."""
    paths = 100_000
    low, high = mid_p_gamma_interval(hits / paths, hits / paths**2, 1.0 / paths)

    def mid_p(mean: float) -> float:
        return float(stats.poisson.sf(hits, mean) + 0.5 * stats.poisson.pmf(hits, mean))

    assert mid_p(high * paths) == pytest.approx(0.975, abs=1e-9)
    assert low == 0.0 if hits == 0 else mid_p(low * paths) == pytest.approx(0.025, abs=1e-9)
    wide = gamma_interval(hits / paths, hits / paths**2, 1.0 / paths)
    assert wide[0] <= low <= hits / paths < high < wide[1]


def test_half_a_path_more_is_allowed_for_where_pushes_lead_to_what_impairs() -> None:
    """Two paths of weight 0.1: half of one more where all is pushed, else one of weight 2."""
    component = np.repeat([0, 1], 50)
    step = np.full(100, NEVER)
    step[60:62] = 1
    at = np.full((100, 2), 0.1)
    pushed, other = (share_by(step, 1, PathWeights(at, component, p)) for p in (True, False))
    assert pushed.interval == mid_p_gamma_interval(pushed.mean, pushed.variance, 0.1 / 100)
    assert other.interval == gamma_interval(other.mean, other.variance, 2.0 / 100)


def test_mid_p_ends_of_a_sum_without_spread() -> None:
    """All paths count one: half of the law is at 1, half is a gamma law about 1.001."""
    low, high = mid_p_gamma_interval(1.0, 0.0, 1e-3)
    shape = 1.001**2 / 1e-6
    assert low == pytest.approx(stats.gamma.ppf(0.05, shape, scale=1.001 / shape))
    assert high == 1.0


def test_intervals_stay_within_zero_and_one() -> None:
    assert gamma_interval(1.0, 0.0, 1e-3)[1] == 1.0
    low, high = gamma_interval(0.9, 0.2, 0.1)
    assert 0.0 <= low < 0.9 < high <= 1.0


def test_variance_within_strata() -> None:
    values = np.array([1.0, 3.0, 10.0, 10.0, 16.0, 4.0])
    stratum = np.array([0, 0, 1, 1, 1, 2])
    # Two at variance 2, three at variance 12, one alone counts its square: (4 + 36 + 16) / 36.
    assert stratified_variance(values, stratum) == pytest.approx(56.0 / 36.0)


def test_no_hit_is_bounded_by_the_largest_weight_there_can_be() -> None:
    component = np.repeat([0, 1], 100)
    weights = PathWeights(np.full((200, 3), 0.1), component)
    share = share_by(np.full(200, NEVER), 2, weights)
    assert share.mean == 0.0
    # Half the paths are plain: a path counts 2 at most; a count of zero is below 3.69.
    assert share.interval == (0.0, pytest.approx(2.0 * 3.6889 / 200.0, rel=1e-4))
    none = PathWeights(np.full((200, 3), 0.1), np.ones(200, dtype=np.int64))
    assert math.isinf(none.largest)


def test_plain_and_tilted_paths_are_joined_in_this_order() -> None:
    one, other = impairment(10), impairment(7)
    both = joined(one, other)
    assert both.step.size == 17 and np.array_equal(both.step[10:], other.step)
    assert np.array_equal(both.loss[:10], one.loss)
    assert all(np.array_equal(both.by_kind[k][10:], other.by_kind[k]) for k in KINDS)
