"""Stochastic volatility: moments of a log-normal mixture, memory, leverage and start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scenario_markets import CORRELATION, HOUR, MARKET, draw, of_model, returns

from seawall.foundation.units import SECONDS_PER_YEAR

YEARS = HOUR / SECONDS_PER_YEAR
MODEL = "stochastic_volatility"


def test_stated_volatility_is_the_root_mean_square_one() -> None:
    move = returns(draw(of_model(MODEL, deviation=0.8, own_deviation=0.3), 15_000, steps=5))
    square = (move * move)[:, -1]
    error = square.std(axis=0) / np.sqrt(len(square))
    assert np.all(np.abs(square.mean(axis=0) - np.array([0.25, 0.64]) * YEARS) < 3.0 * error)


def test_kurtosis_is_that_of_a_lognormal_mixture() -> None:
    """E[r^4] / E[r^2]^2 = 3 exp(D^2): with D = 0.5, 3.852."""
    move = returns(draw(of_model(MODEL, deviation=0.5, own_deviation=0.0), 30_000, steps=2))
    flat = move[:, -1, 0]
    parts = flat.reshape(60, -1)
    kurtosis = (flat**4).mean() / (flat**2).mean() ** 2
    error = ((parts**4).mean(axis=1) / (parts**2).mean(axis=1) ** 2).std() / np.sqrt(60)
    assert abs(kurtosis - 3.0 * np.exp(0.25)) < 3.0 * error
    assert error < 0.15


def test_squares_remember_for_the_stated_time() -> None:
    """Cov(r_t^2, r_(t+h)^2) = s^4 (exp(D^2 a^h) - 1), a = exp(-dt / tau), without leverage."""
    market = of_model(MODEL, deviation=0.6, leverage=0.0, own_deviation=0.0, decay_seconds=8 * HOUR)
    square = returns(draw(market, 15_000, steps=24))[..., 0] ** 2 / (0.25 * YEARS)
    for lag in (1, 8, 16):
        product = (square[:, 0] - 1.0) * (square[:, lag] - 1.0)
        error = product.std() / np.sqrt(product.size)
        want = np.exp(0.36 * np.exp(-lag / 8.0)) - 1.0
        assert abs(product.mean() - want) < 3.0 * error


@pytest.mark.parametrize("leverage", [-0.7, 0.0, 0.5])
def test_leverage_ties_volatility_to_the_step_before(leverage: float) -> None:
    """E[z_t r_(t+1)^2] / E[r^2] = D sqrt(1 - a^2) rho c, c the asset's correlation with the mean
    move: shifting a log-normal by its covariance with z.
    """
    market = of_model(MODEL, start=1.0, own_deviation=0.0, leverage=leverage, decay_seconds=HOUR)
    move = returns(draw(market, 20_000, steps=2))
    first = move[:, 0, 0] / (0.5 * np.sqrt(YEARS))
    product = (first - first.mean()) * move[:, 1, 0] ** 2
    error = product.std() / np.sqrt(product.size)
    keep = np.exp(-1.0)
    common = np.sqrt((1.0 + CORRELATION) / 2.0)
    # The log-variance at the start is D^2 / 2 (volatility 1), so E of v one step on is:
    mean = np.exp(-0.5 * (1.0 - keep) + 0.5 * (1.0 - keep**2) + 0.0) * 0.25 * YEARS
    size = np.sqrt(1.0 - keep**2) * leverage * common * mean
    assert abs(product.mean() - size) < 3.0 * error
    assert error < 0.3 * mean


def test_correlation_stays() -> None:
    move = returns(draw(of_model(MODEL, own_deviation=0.0), 4_000, steps=24)).reshape(-1, 2)
    factor = np.abs(move).mean(axis=1)
    inner = move[(factor > 0.0)]
    assert abs(np.corrcoef(inner.T)[0, 1] - CORRELATION) < 0.02


def test_the_start_is_the_stated_volatility() -> None:
    for start in (0.5, 2.0):
        move = returns(draw(of_model(MODEL, start=start, own_deviation=0.5), 40_000, steps=1))
        relative = move[:, 0].std(axis=0) / (start * np.array([0.5, 0.8]) * np.sqrt(YEARS))
        assert np.all(np.abs(relative - 1.0) < 4.0 / np.sqrt(2 * 40_000))


def test_own_factors_loosen_the_tie_of_sizes() -> None:
    def tie(own: float) -> float:
        market = replace(
            of_model(MODEL, deviation=0.8, own_deviation=own, decay_seconds=200 * HOUR),
            correlation={},
        )
        size = np.log(np.abs(returns(draw(market, 4_000, steps=50))).mean(axis=1))
        return float(np.corrcoef(size.T)[0, 1])

    together, apart = tie(0.0), tie(0.8)
    assert together > 0.85
    assert abs(apart - together / 2.0) < 0.1


def test_without_deviation_it_is_the_diffusion() -> None:
    plain = draw(replace(MARKET, scenario=replace(MARKET.scenario, label="total")), 200, 30)
    flat = draw(of_model(MODEL, deviation=0.0, own_deviation=0.0), 200, 30)
    assert np.allclose(flat, plain, rtol=1e-12)
