"""What every model of paths keeps: martingale, the same bits however drawn, what 1 - n scales."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scenario_markets import MARKET, NAMES, PARAMETERS, SPOT, draw, of_model

from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.scenario import exogenous_paths
from seawall.scenario.models import MODELS, WITH_PARAMETERS, model_texts

EVERY = sorted(WITH_PARAMETERS)


def test_the_test_covers_every_model() -> None:
    assert set(PARAMETERS) == set(WITH_PARAMETERS)
    assert set(model_texts()) == {*MODELS, *WITH_PARAMETERS}


@pytest.mark.parametrize("model", EVERY)
def test_prices_are_martingales(model: str) -> None:
    ratio = draw(of_model(model), paths=8_000, steps=24)[:, (6, -1), :2] / SPOT[:2]
    error = ratio.std(axis=0) / np.sqrt(ratio.shape[0])
    assert np.all(np.abs(ratio.mean(axis=0) - 1.0) < 3.5 * error)
    assert np.all(error < 0.002)


@pytest.mark.parametrize("model", EVERY)
def test_the_same_numbers_whatever_the_chunk_or_horizon(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = of_model(model)
    whole = draw(market, paths=23, steps=12)
    for first, last in pairwise([0, 1, 8, 23]):
        numbers = np.arange(first, last)
        part = exogenous_paths(market, NAMES, step_seconds=3600.0, steps=12, paths=numbers, seed=5)
        assert np.array_equal(part, whole[first:last])
    assert np.array_equal(draw(market, paths=23, steps=5), whole[:, :6])
    assert not np.array_equal(draw(market, paths=23, steps=12, seed=6), whole)
    monkeypatch.setattr("seawall.scenario.paths._TABLED_CHUNK", 1)
    assert np.array_equal(draw(market, paths=23, steps=12), whole)
    assert draw(market, paths=2, steps=0).shape == (2, 1, 3)
    assert draw(market, paths=0, steps=3).shape == (0, 4, 3)


@pytest.mark.parametrize("model", EVERY)
def test_exogenous_paths_are_the_total_ones_with_every_move_scaled(model: str) -> None:
    """What (1 - n) multiplies is what a scale on volatility multiplies: every size of a move."""
    exogenous = of_model(model, Scenario(label="exogenous", branching_ratio=0.3))
    total = of_model(model)
    scaled = draw(total, volatility_scale=0.7)
    assert np.allclose(draw(exogenous), scaled, rtol=1e-12)
    # Total paths hold the feedback already.
    assert np.array_equal(draw(total, branching_ratio=0.5), draw(total))
    # A move of 0.7 times the size, but for what keeps the mean price: of second order.
    large, small = (np.log(x[:, -1, :2] / SPOT[:2]) for x in (draw(total), scaled))
    slope = (large * small).sum(axis=0) / (large * large).sum(axis=0)
    assert np.all(np.abs(slope - 0.7) < 0.02)


@pytest.mark.parametrize("model", EVERY)
def test_scales_may_differ_between_paths(model: str) -> None:
    market, scale = of_model(model), np.array([0.5, 1.0, 2.0])
    together = draw(market, paths=3, volatility_scale=scale)
    for path in range(3):
        assert np.array_equal(together[path], draw(market, 3, volatility_scale=scale[path])[path])
    assert np.all(draw(market, 3, volatility_scale=0.0) == SPOT)


@pytest.mark.parametrize("model", EVERY)
def test_an_asset_without_volatility_is_exactly_constant(model: str) -> None:
    assert np.all(draw(of_model(model), paths=50, volatility_scale=1.7)[..., 2] == 0.9997)


@pytest.mark.parametrize(
    ("model", "changes", "says"),
    [
        ("self_exciting", {"branching": 1.0}, "scenario.self_exciting.branching is 1.0"),
        ("self_exciting", {"mean_up": 0.4, "smallest": "a"}, "smallest is 'a'"),
        ("self_exciting", {"jump_mean": -0.1}, 'belong to law = "normal"'),
        ("self_exciting", {"law": "normal"}, 'belong to law = "exponential"'),
        ("self_exciting", {"base_rate": 500_000.0}, "jumps are expected in one step"),
        ("stochastic_volatility", {"leverage": -1.2}, "leverage is -1.2"),
        ("stochastic_volatility", {"speed": 3.0}, "speed is not a known key"),
        ("bootstrap", {"history": "daily.csv"}, "'daily.csv' is not there"),
        ("bootstrap", {"block_seconds": 60.0}, "block_seconds is 60"),
        ("filtered_history", {"forecasts": "none.csv"}, "'none.csv' is not there"),
        ("filtered_history", {"window_seconds": 3_600.0}, "longer than a window"),
        ("filtered_history", {"columns": "other"}, "columns is 'other'"),
        ("heavy_tail", {"left_index": 2.0}, "left_index is 2.0"),
        ("heavy_tail", {"freedom": 5}, "5 degrees of freedom"),
    ],
)
def test_wrong_parameters_are_a_sentence(model: str, changes: dict, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError, match=says):
        draw(of_model(model, **changes), paths=2, steps=2)


def test_parameters_that_are_missing_are_a_sentence() -> None:
    market = replace(MARKET, scenario=Scenario(model="heavy_tail"))
    with pytest.raises(InputError, match=r"heavy_tail\.left_index is missing"):
        draw(market, paths=2)


def test_exponential_jumps_without_a_mean_price_are_refused() -> None:
    # jump_beta 1.5 x mean_up 0.4 x scale 2 = 1.2: E[exp] of such a jump does not exist.
    with pytest.raises(InputError, match="infinite"):
        draw(of_model("self_exciting", mean_up=0.4), paths=2, volatility_scale=2.0)
