"""Hawkes jumps: mean rate, clusters and branching ratio against closed forms (C11)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scenario_markets import HOUR, MARKET, asset, draw, of_model, returns
from scipy import stats

from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Market
from seawall.scenario import exogenous_paths
from seawall.scenario.self_exciting import SelfExciting, poisson_counts

YEARS = HOUR / SECONDS_PER_YEAR


def jumps_alone(**changes: float) -> Market:
    """Jumps of exactly 1%, down in BTC and up in ETH, and nothing else."""
    market = of_model("self_exciting", mean_down=1e-9, mean_up=1e-9, down_share=1.0, **changes)
    still = {name: asset(state.spot, 0.0) for name, state in MARKET.assets.items()}
    return replace(market, assets=still, jump_beta={"BTC": 1.0, "ETH": -1.0})


def counts(market: Market, paths: int, steps: int) -> np.ndarray:
    """Jumps (p, s), from the moves -N s - L (e^-s - 1) of BTC and N s - L (e^s - 1) of ETH: their
    sum gives the expected number L, and with it the number N.
    """
    prices = exogenous_paths(
        market, ("BTC", "ETH"), step_seconds=HOUR, steps=steps, paths=np.arange(paths), seed=5
    )
    one, other = returns(prices)[..., 0], returns(prices)[..., 1]
    size = 0.01
    expected = -(one + other) / (np.exp(size) + np.exp(-size) - 2.0)
    number = (other + expected * np.expm1(size)) / size
    assert np.all(np.abs(number - np.rint(number)) < 1e-3)
    return np.rint(number).astype(int)


@pytest.mark.parametrize("branching", [0.3, 0.7])
def test_c11_the_mean_rate_is_the_base_rate_over_one_minus_n(branching: float) -> None:
    market = jumps_alone(base_rate=300.0, branching=branching)
    mean = counts(market, 2_000, 100).mean(axis=1)
    want = 300.0 / (1.0 - branching) * YEARS
    error = mean.std() / np.sqrt(mean.size)
    assert abs(mean.mean() - want) < 3.0 * error
    assert error < 0.06 * want


@pytest.mark.parametrize("branching", [0.5, 0.7])
def test_c11_clusters_give_n_back(branching: float) -> None:
    """Over windows much longer than the decay, variance over mean of counts is 1 / (1 - n)^2."""
    market = jumps_alone(base_rate=900.0, branching=branching, decay_seconds=HOUR)
    window = counts(market, 2_000, 120).sum(axis=1)
    ratio = window.var() / window.mean()
    found = 1.0 - 1.0 / np.sqrt(ratio)
    # The variance of 2,000 windows is known to 3.2%, so n to 1.6% of 1 - n; windows of 120 decay
    # times lose up to n / (1 - n) / 60 of it at their ends.
    assert abs(found - branching) < 0.045


def test_the_rate_falls_back_from_a_stressed_start() -> None:
    """E of the excited part decays by exp(-(1 - n) t / tau) (for dt much below tau)."""
    calm, wild = (
        counts(jumps_alone(start=start, decay_seconds=24 * HOUR), 3_000, 60).mean(axis=0)
        for start in (1.0, 5.0)
    )
    excess = wild - calm
    keep = np.exp(-1.0 / 24.0)
    each = keep + 0.6 * (1.0 - keep)  # one step of the mean's recursion, exactly
    mean = 4.0 * 0.6 * 400.0 / 0.4 * YEARS * each ** np.arange(60)
    error = np.sqrt((wild.mean() + calm.mean()) / 3_000)
    assert np.all(np.abs(excess - mean) < 6.0 * error)
    assert abs(excess.sum() / mean.sum() - 1.0) < 0.08


def test_jumps_are_common_and_scaled_by_beta() -> None:
    still = {name: replace(state, volatility=0.0) for name, state in MARKET.assets.items()}
    market = replace(of_model("self_exciting", branching=0.0), assets=still)
    move = returns(draw(market, paths=200, steps=50))
    jump = move - np.median(move, axis=(0, 1))
    hit = np.abs(jump[..., 0]) > 0.009
    assert 0.0 < hit.mean() < 0.1
    assert np.allclose(jump[..., 1], 1.5 * jump[..., 0], atol=1e-12)


def test_the_law_of_exponential_jumps() -> None:
    still = {name: replace(state, volatility=0.0) for name, state in MARKET.assets.items()}
    market = replace(of_model("self_exciting", branching=0.0, base_rate=50.0), assets=still)
    move = returns(draw(market, paths=8_000, steps=50))[..., 0].ravel()
    jump = move - np.median(move)
    jump = jump[np.abs(jump) > 0.009]  # one at a time but for 0.3% of them
    down = -jump[jump < 0.0]
    assert abs(down.size / jump.size - 0.6) < 4 * 0.5 / np.sqrt(jump.size)
    assert abs(down.mean() - 0.025) < 4 * 0.015 / np.sqrt(down.size)
    assert abs(jump[jump > 0.0].mean() - 0.02) < 4 * 0.01 / np.sqrt(jump.size - down.size)
    assert stats.kstest(down - 0.01, stats.expon(scale=0.015).cdf).pvalue > 0.001


def test_a_normal_law_adds_its_variance() -> None:
    market = of_model(
        "self_exciting",
        law="normal",
        jump_mean=-0.01,
        jump_volatility=0.02,
        branching=0.0,
        **dict.fromkeys(("mean_down", "mean_up"), None),
    )
    written = {k: v for k, v in _parameters(market).items() if v is not None}
    scenario = replace(market.scenario, parameters={"self_exciting": written})
    move = returns(draw(replace(market, scenario=scenario), paths=2_000, steps=50))
    jump = 400.0 * (0.01**2 + 0.02**2)
    annual = np.array([0.25 + jump, 0.64 + 1.5**2 * jump])
    assert np.all(np.abs(move.reshape(-1, 2).var(axis=0) / YEARS / annual - 1.0) < 0.04)


def _parameters(market: Market) -> dict:  # type: ignore[type-arg]
    return dict(market.scenario.parameters["self_exciting"])  # type: ignore[call-overload]


def test_counts_are_the_quantiles_of_the_poisson_law() -> None:
    drawn = np.random.default_rng(2).random(3_000)
    mean = np.repeat([0.0, 1e-4, 0.3, 4.0, 60.0], 600)
    assert np.array_equal(poisson_counts(drawn, mean), stats.poisson.ppf(drawn, mean))
    # The largest number a uniform can be ends the sum as well.
    top = poisson_counts(np.full(3, 1.0 - 2.0**-53), np.array([0.1, 5.0, 60.0]))
    assert np.all((top > 5) & (top < 200))


def test_the_mean_rate_is_a_property() -> None:
    law = SelfExciting(base_rate=10.0, branching=0.5, decay_seconds=60.0)
    assert law.mean_rate == 20.0
