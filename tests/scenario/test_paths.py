"""Exogenous paths: martingale, variance, correlation, jumps, and independence of chunks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import AssetState, Market, Scenario
from seawall.scenario import MODELS, exogenous_paths
from seawall.scenario.paths import correlation_factor

DAY = 86_400.0


def asset(spot: float, volatility: float) -> AssetState:
    return AssetState(spot, spot, spot, volatility, depth=1e9, daily_volume=1e10)


MARKET = Market(
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    assets={"BTC": asset(90_000.0, 0.5), "ETH": asset(3_000.0, 0.8), "USDC": asset(0.9997, 0.0)},
    instruments={},
    scenario=Scenario(label="total"),
    correlation={("BTC", "ETH"): 0.7},
)
NAMES = ("BTC", "ETH", "USDC")
JUMPS = Scenario(
    model="jump_diffusion",
    label="total",
    jumps_per_year=20.0,
    jump_mean=-0.05,
    jump_volatility=0.06,
)


def with_scenario(scenario: Scenario, **fields) -> Market:  # type: ignore[no-untyped-def]
    return replace(MARKET, scenario=scenario, **fields)


def draw(market: Market = MARKET, paths: int = 4_000, steps: int = 20, **more):  # type: ignore[no-untyped-def]
    settings = {"step_seconds": DAY, "steps": steps, "paths": np.arange(paths), "seed": 5, **more}
    return exogenous_paths(market, NAMES, **settings)


def test_shape_and_first_column() -> None:
    prices = draw(paths=3, steps=4)
    assert prices.shape == (3, 5, 3)
    assert np.array_equal(prices[:, 0], np.tile([90_000.0, 3_000.0, 0.9997], (3, 1)))
    assert np.all(prices > 0.0)
    assert draw(paths=2, steps=0).shape == (2, 1, 3)


def test_every_model_is_drawn() -> None:
    for model in MODELS:
        assert np.all(np.isfinite(draw(with_scenario(Scenario(model=model)), paths=2)))


@pytest.mark.parametrize("scenario", [Scenario(label="total"), JUMPS], ids=["diffusion", "jumps"])
def test_prices_are_martingales(scenario: Scenario) -> None:
    market = with_scenario(scenario, jump_beta={"BTC": 1.0, "ETH": 1.4})
    ratio = draw(market, paths=20_000)[:, -1, :2] / np.array([90_000.0, 3_000.0])
    error = ratio.std(axis=0) / np.sqrt(ratio.shape[0])
    assert np.all(np.abs(ratio.mean(axis=0) - 1.0) < 3.5 * error)
    assert np.all(error < 0.005)


@pytest.mark.parametrize("step_seconds", [300.0, DAY])
def test_variance_and_correlation(step_seconds: float) -> None:
    prices = draw(paths=2_000, steps=50, step_seconds=step_seconds)
    move = np.diff(np.log(prices[..., :2]), axis=1).reshape(-1, 2)
    years = step_seconds / SECONDS_PER_YEAR
    relative = move.var(axis=0) / (np.array([0.25, 0.64]) * years)
    assert np.all(np.abs(relative - 1.0) < 4 * np.sqrt(2 / len(move)))
    assert abs(np.corrcoef(move.T)[0, 1] - 0.7) < 4 * 0.51 / np.sqrt(len(move))


def test_jumps_add_to_the_variance_of_each_asset_by_its_beta() -> None:
    market = with_scenario(JUMPS, jump_beta={"BTC": 1.0, "ETH": 1.5})
    move = np.diff(np.log(draw(market, paths=4_000, steps=100)[..., :2]), axis=1).reshape(-1, 2)
    jump = 20.0 * (0.05**2 + 0.06**2)
    annual = np.array([0.25 + jump, 0.64 + 1.5**2 * jump])
    assert np.all(np.abs(move.var(axis=0) * 365 / annual - 1.0) < 0.02)


def test_jumps_are_common_and_scaled() -> None:
    still = {name: replace(state, volatility=0.0) for name, state in MARKET.assets.items()}
    market = with_scenario(JUMPS, assets=still, jump_beta={"BTC": 1.0, "ETH": 1.5})
    move = np.diff(np.log(draw(market, paths=300, steps=100)), axis=1)
    quiet = np.median(move, axis=(0, 1))  # the compensator alone
    jump = move - quiet
    hit = np.abs(jump[..., 0]) > 1e-9
    assert abs(hit.mean() - (1 - np.exp(-20 / 365))) < 4 * np.sqrt(0.055 / hit.size)
    assert np.allclose(jump[..., 1], 1.5 * jump[..., 0], atol=1e-12)
    assert np.all(move[..., 2] == 0.0)


def test_an_asset_without_volatility_is_exactly_constant() -> None:
    market = with_scenario(JUMPS, jump_beta={"BTC": 1.0})
    assert np.all(draw(market, paths=50, volatility_scale=1.7)[..., 2] == 0.9997)


def test_exogenous_volatility_is_what_feedback_leaves() -> None:
    scenario = Scenario(label="exogenous", branching_ratio=0.3)
    by_prior = draw(with_scenario(scenario), paths=50)
    by_scale = draw(paths=50, volatility_scale=0.7)
    assert np.allclose(by_prior, by_scale, rtol=1e-12)
    stated = draw(with_scenario(scenario), paths=50, branching_ratio=0.0)
    assert np.array_equal(stated, draw(paths=50))
    # Total paths hold the feedback already.
    total = with_scenario(replace(scenario, label="total"))
    assert np.array_equal(draw(total, paths=50, branching_ratio=0.5), draw(paths=50))


def test_scales_may_differ_between_paths() -> None:
    scale = np.array([0.5, 1.0, 2.0])
    together = draw(paths=3, volatility_scale=scale)
    for path in range(3):
        alone = draw(paths=3, volatility_scale=scale[path])
        assert np.array_equal(together[path], alone[path])


@pytest.mark.parametrize("scenario", [Scenario(label="total"), JUMPS], ids=["diffusion", "jumps"])
def test_same_numbers_whatever_the_chunk_or_horizon(scenario: Scenario) -> None:
    market = with_scenario(scenario, jump_beta={"BTC": 1.0, "ETH": 1.4})
    whole = draw(market, paths=101, steps=60)
    borders = [0, 1, 8, 33, 101]
    for first, last in pairwise(borders):
        part = exogenous_paths(
            market, NAMES, step_seconds=DAY, steps=60, paths=np.arange(first, last), seed=5
        )
        assert np.array_equal(part, whole[first:last])
    assert np.array_equal(draw(market, paths=101, steps=17), whole[:, :18])
    assert not np.array_equal(draw(market, paths=101, steps=60, seed=6), whole)


def test_perfect_correlation_is_factored() -> None:
    market = replace(MARKET, correlation={("BTC", "ETH"): 1.0})
    factor = correlation_factor(market, NAMES)
    assert np.allclose(factor @ factor.T, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], atol=1e-12)
    move = np.diff(np.log(draw(market, paths=20)), axis=1)
    years = DAY / SECONDS_PER_YEAR
    noise = move[..., :2] + 0.5 * years * np.array([0.25, 0.64])
    assert np.allclose(noise[..., 0] / 0.5, noise[..., 1] / 0.8, atol=1e-9)


def test_order_of_a_pair_does_not_matter() -> None:
    turned = replace(MARKET, correlation={("ETH", "BTC"): 0.7})
    assert np.array_equal(correlation_factor(turned, NAMES), correlation_factor(MARKET, NAMES))


@pytest.mark.parametrize(
    ("market", "settings", "says"),
    [
        (with_scenario(Scenario(model="garch")), {}, "garch"),
        (with_scenario(Scenario(label="both")), {}, "both"),
        (MARKET, {"step_seconds": 0.0}, "step is 0.0"),
        (MARKET, {"steps": -1}, "-1 steps"),
        (MARKET, {"volatility_scale": -1.0}, "negative"),
        (with_scenario(Scenario()), {"branching_ratio": 1.2}, "branching ratio"),
        (replace(MARKET, correlation={("BTC", "ETH"): 1.2}), {}, "1.2"),
        (replace(MARKET, correlation={("BTC", "ETH"): 0.2, ("ETH", "BTC"): 0.3}), {}, "twice"),
        (
            replace(
                MARKET,
                correlation={("BTC", "ETH"): 0.9, ("BTC", "USDC"): 0.9, ("ETH", "USDC"): -0.9},
            ),
            {},
            "contradict",
        ),
        (with_scenario(replace(JUMPS, jumps_per_year=1000.0)), {}, "jumps are expected"),
    ],
)
def test_bad_input_is_a_sentence(market, settings, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says):
        draw(market, **{"paths": 2, **settings})


def test_unknown_asset_is_a_sentence() -> None:
    with pytest.raises(InputError, match="'DOGE'"):
        exogenous_paths(MARKET, ("DOGE",), step_seconds=1.0, steps=1, paths=np.arange(1), seed=0)
