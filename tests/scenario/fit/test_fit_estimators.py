"""Estimators against laws whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.fit.block_length import autocovariance, series_length
from seawall.scenario.fit.jackknife import jackknife
from seawall.scenario.fit.moments import moments, nearest_correlation
from seawall.scenario.fit.prices import Returns
from seawall.scenario.fit.self_exciting import fit_arrivals
from seawall.scenario.fit.tails import extremal_index, hill, pareto_tail


def test_volatility_and_correlation_of_known_normals() -> None:
    random = np.random.default_rng(3)
    z = random.standard_normal((20_000, 2))
    step = 0.5 * np.sqrt(3_600.0 / SECONDS_PER_YEAR)
    table = np.stack([z[:, 0], 2.0 * (0.8 * z[:, 0] + 0.6 * z[:, 1])], axis=1) * step
    table[500:700, 1] = np.nan
    found = moments(Returns(("A", "B"), 3_600, table))
    a, b = found.volatility["A"], found.volatility["B"]
    assert abs(a.value - 0.5) < 3.0 * a.error
    assert abs(b.value - 1.0) < 3.0 * b.error
    # Of independent normals: volatility / sqrt(2 n); the stretches' own scatter is a tenth of it.
    assert a.error == pytest.approx(0.5 / np.sqrt(40_000.0), rel=0.35)
    pair = found.correlation["A", "B"]
    assert abs(pair.value - 0.8) < 3.0 * pair.error
    assert pair.error == pytest.approx((1.0 - 0.64) / np.sqrt(20_000.0), rel=0.35)


def test_the_jackknife_counts_dependence() -> None:
    # An AR(1) mean: the true error is (1 + a) / (1 - a) times as large in squares, here 19 times.
    random = np.random.default_rng(4)
    series = lfilter([1.0], [1.0, -0.9], random.standard_normal(50_000))[:, None]
    _, error = jackknife(lambda x: np.nanmean(x, axis=0), series)
    true = np.sqrt(1.0 / (1.0 - 0.9) ** 2 / 50_000.0)
    assert error[0] == pytest.approx(true, rel=0.35)


def test_a_matrix_that_is_none_becomes_one_of_correlations() -> None:
    wrong = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    found = nearest_correlation(wrong)
    assert np.linalg.eigvalsh(found)[0] > -1e-12
    np.testing.assert_allclose(np.diag(found), 1.0)
    good = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert nearest_correlation(good) is good


@pytest.mark.parametrize("a", [0.3, 0.6])
def test_block_length_of_an_autoregression(a: float) -> None:
    """AR(1): g = sum R(k) = s / (1 - a)^2, G = sum |k| R(k) = 2 s a / ((1 - a)^3 (1 + a)), so the
    length is (G / g)^(2/3) n^(1/3) = (2 a / (1 - a^2))^(2/3) n^(1/3): 20.5 and 41.3 bars here.
    """
    n = 20_000
    true = (2.0 * a / (1.0 - a * a)) ** (2.0 / 3.0) * n ** (1.0 / 3.0)
    lengths = [
        series_length(lfilter([1.0], [1.0, -a], np.random.default_rng(s).standard_normal(n)))
        for s in range(8)
    ]
    assert np.mean(lengths) == pytest.approx(true, rel=0.2)


def test_white_noise_needs_no_blocks_and_a_gap_changes_little() -> None:
    noise = np.random.default_rng(5).standard_normal(20_000)
    assert series_length(noise) < 8.0
    series = lfilter([1.0], [1.0, -0.6], noise)
    holed = series.copy()
    holed[3_000:3_500] = np.nan
    assert series_length(holed) == pytest.approx(series_length(series), rel=0.2)


def test_autocovariance_is_the_plain_sum_over_known_pairs() -> None:
    series = np.array([1.0, 2.0, np.nan, 0.0, 4.0, 3.0])
    centred = series - 2.0
    lag1 = np.nanmean(centred[1:] * centred[:-1])
    np.testing.assert_allclose(autocovariance(series, 1), [np.nanmean(centred**2), lag1])


def test_hill_finds_the_index_of_a_pareto_law() -> None:
    losses = np.random.default_rng(6).pareto(3.0, 100_000) + 1.0
    found = hill(losses, run=0)
    assert abs(found.value - 3.0) < 3.0 * found.error
    # 1,000 independent losses; at distance 1 and nearer none are joined but by chance.
    assert found.error == pytest.approx(3.0 / np.sqrt(1_000.0), rel=0.1)
    with pytest.raises(InputError, match="at least 1,000 for a tail"):
        hill(losses[:900], run=1)


def test_clusters_are_counted_once() -> None:
    losses = np.zeros(1_000)
    losses[[10, 11, 12, 500, 503, 900]] = 5.0
    assert extremal_index(losses, 1.0, run=1) == pytest.approx(4 / 6)
    assert extremal_index(losses, 1.0, run=5) == pytest.approx(3 / 6)
    both = np.stack([losses, losses], axis=1)
    assert extremal_index(both, 1.0, run=5) == pytest.approx(3 / 12)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.25])
def test_the_pareto_law_of_excesses_is_found_with_its_interval(shape: float) -> None:
    """A law that is generalised Pareto everywhere is so beyond any threshold, with the same xi."""
    inside = 0
    for seed in range(3):
        u = np.random.default_rng(seed).uniform(size=20_000)
        losses = -np.log(u) if shape == 0.0 else (u**-shape - 1.0) / shape
        tail = pareto_tail(losses, run=0)
        inside += tail.low <= shape <= tail.high
        assert abs(tail.shape.value - shape) < 4.0 * tail.shape.error
    # Measured over 60 seeds the 95% interval holds xi 90% of the time, as its threshold is chosen.
    assert inside >= 2


def test_c11_a_refit_of_simulated_arrivals_recovers_n() -> None:
    """C11: mean rate mu / (1 - n), and n again from a refit. 60,000 bars, mu = 0.02, n = 0.6."""
    random = np.random.default_rng(8)
    base, n, decay, bars = 0.02, 0.6, 12.0, 60_000
    keep = np.exp(-1.0 / decay)
    excited, count = base * n / (1.0 - n), np.zeros(bars)
    for t in range(bars):
        count[t] = random.poisson(base + excited)
        excited = keep * excited + n * (1.0 - keep) * count[t]
    # The variance of a Hawkes count is mean / (1 - n)^2: three of its standard errors.
    mean = base / (1.0 - n)
    assert abs(count.mean() - mean) < 3.0 * np.sqrt(mean / (1.0 - n) ** 2 / bars)
    mu, branching, tau = fit_arrivals(count, 300.0)
    true = base / (300.0 / SECONDS_PER_YEAR)
    assert abs(branching.value - n) < 3.0 * branching.error
    assert branching.error < 0.06
    assert abs(mu.value - true) < 3.0 * mu.error
    assert abs(tau.value - decay * 300.0) < 3.0 * tau.error


def test_arrivals_without_clusters_have_no_branching() -> None:
    count = np.random.default_rng(9).poisson(0.03, 20_000).astype(float)
    count[5_000:6_000] = np.nan
    mu, branching, _ = fit_arrivals(count, 300.0)
    assert branching.value < min(3.0 * branching.error, 0.3)
    rate = mu.value / (1.0 - branching.value) * 300.0 / SECONDS_PER_YEAR
    assert rate == pytest.approx(np.nanmean(count), rel=0.01)
