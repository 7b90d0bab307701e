"""Tilted paths: plain bits where nothing is pushed, weights that undo the push exactly in mean."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scenario_markets import HOUR, NAMES, draw, of_model, returns

from seawall.foundation.errors import InputError
from seawall.market import Market, Scenario
from seawall.scenario import exogenous_paths
from seawall.scenario.tilt import Component, Tilt, components_of, weights

STEPS = 12
PLAIN = Component((0.0, 0.0, 0.0))
DOWN = Component((-0.5, 0.1, 0.0))
JUMPS = Scenario(
    model="jump_diffusion",
    label="total",
    jumps_per_year=300.0,
    jump_mean=-0.02,
    jump_volatility=0.02,
)


def market(model: str) -> Market:
    if model in ("diffusion", "jump_diffusion"):
        base = of_model("heavy_tail")
        chosen = JUMPS if model == "jump_diffusion" else Scenario(label="total")
        return replace(base, scenario=chosen)
    return of_model(model)


def weigh(tilt: Tilt, of: Market, paths: int, plain: bool = False) -> np.ndarray:
    drawn = np.full(paths, plain)
    return weights(tilt, of, np.arange(paths), drawn, seed=5, steps=STEPS, step_seconds=HOUR)


def test_components_come_in_their_shares_by_number_alone() -> None:
    tilt = Tilt((PLAIN, DOWN, DOWN), (0.2, 0.5, 0.3))
    numbers = np.arange(7, 5_007)
    own = tilt.component_of(numbers)
    assert np.all(np.abs(np.bincount(own) / 5_000 - [0.2, 0.5, 0.3]) < 2e-3)
    assert np.array_equal(tilt.component_of(numbers[::-1]), own[::-1])
    assert np.array_equal(tilt.shifts(numbers)[own == 1][0], DOWN.shift)
    first = components_of(tilt, np.arange(4), np.array([True, False, True, False]))
    assert first[0] == first[2] == 0
    assert np.array_equal(first[[1, 3]], 1 + tilt.component_of(np.array([1, 3])))


@pytest.mark.parametrize(
    "model",
    ["diffusion", "jump_diffusion", "self_exciting", "stochastic_volatility", "heavy_tail"],
)
def test_the_plain_component_has_the_bits_of_plain_paths(model: str) -> None:
    factor = 5.0 if model == "jump_diffusion" else 1.0
    tilt = Tilt((PLAIN, replace(DOWN, jump_factor=factor)), (0.5, 0.5))
    plain, tilted = (draw(market(model), 60, STEPS, tilt=t) for t in (None, tilt))
    same = tilt.component_of(np.arange(60)) == 0
    assert np.array_equal(tilted[same], plain[same])
    assert np.all(np.any(tilted[~same] != plain[~same], axis=(1, 2)))
    # Another split of the paths, the same bits.
    part = exogenous_paths(
        market(model),
        NAMES,
        step_seconds=HOUR,
        steps=STEPS,
        paths=np.arange(17, 41),
        seed=5,
        tilt=tilt,
    )
    assert np.array_equal(part, tilted[17:41])


@pytest.mark.parametrize("model", ["diffusion", "stochastic_volatility", "heavy_tail"])
def test_a_push_moves_prices_the_way_it_says(model: str) -> None:
    """BTC falls by half a deviation a step: its normal is the first of the factor's."""
    tilt = Tilt((DOWN,), (1.0,))
    move = returns(draw(market(model), 2_000, STEPS, tilt=tilt))[..., 0]
    spread = 0.5 * math.sqrt(HOUR / (365 * 86_400))
    assert move.mean() / spread == pytest.approx(-0.5, abs=0.12 if model != "diffusion" else 0.02)


def test_weights_by_hand() -> None:
    """Two components, one path of each: w = 1 / (R_0 / 2 + R_1 / 2), R_j = exp(h S - t h^2 / 2)."""
    one, other = Component((0.4,)), Component((-0.2,))
    tilt = Tilt((one, other), (0.5, 0.5))
    own = tilt.component_of(np.arange(2))
    assert sorted(own.tolist()) == [0, 1]
    base = market("diffusion")
    alone = replace(base, assets={"BTC": base.assets["BTC"]}, correlation={}, jump_beta={})
    found = weights(
        tilt, alone, np.arange(2), np.zeros(2, bool), seed=5, steps=3, step_seconds=HOUR
    )
    prices = exogenous_paths(
        alone, ("BTC",), step_seconds=HOUR, steps=3, paths=np.arange(2), seed=5, tilt=tilt
    )
    spread = 0.5 * math.sqrt(HOUR / (365 * 86_400))
    # The normals are read off the prices: log-return = -spread^2 / 2 + spread z.
    z = (np.diff(np.log(prices[..., 0]), axis=1) + 0.5 * spread**2) / spread
    for t in range(4):
        sums = z[:, :t].sum(axis=1)
        ratio = [np.exp(h * sums - t * h * h / 2.0) for h in (0.4, -0.2)]
        assert np.allclose(found[:, t], 2.0 / (ratio[0] + ratio[1]), rtol=1e-9)


@pytest.mark.parametrize(
    "model",
    ["diffusion", "jump_diffusion", "self_exciting", "stochastic_volatility", "heavy_tail"],
)
def test_weighted_means_are_the_plain_ones(model: str) -> None:
    """At every step the mean weight is 1, and the mean price the spot: unbiased, in all models."""
    of = market(model)
    factor = 3.0 if model == "jump_diffusion" else 1.0
    tilt = Tilt((PLAIN, Component((-0.25, 0.0, 0.0), factor), DOWN), (0.3, 0.4, 0.3))
    count = 5_000
    prices = draw(of, count, STEPS, tilt=tilt)
    found = weigh(tilt, of, count)
    assert found.max() <= 1.0 / 0.299
    for step in (1, STEPS):
        weight, ratio = found[:, step], prices[:, step, 0] / 90_000.0
        for value, want in ((weight, 1.0), (weight * ratio, 1.0), (weight * ratio**2, None)):
            error = value.std() / math.sqrt(count)
            if want is None:
                plain = (draw(of, count, STEPS, seed=77)[:, step, 0] / 90_000.0) ** 2
                want, error = plain.mean(), math.hypot(error, plain.std() / math.sqrt(count))
            assert abs(value.mean() - want) < 3.5 * error
    assert np.all(found[:, 0] == pytest.approx(1.0))


def test_jumps_that_come_more_often_count_less() -> None:
    tilt = Tilt((Component((0.0, 0.0, 0.0), 6.0),), (1.0,))
    of = market("jump_diffusion")
    still = {n: replace(a, volatility=0.0) for n, a in of.assets.items()}
    of = replace(of, assets=still)
    prices = draw(of, 8_000, STEPS, tilt=tilt)
    move = np.diff(np.log(prices[..., 0]), axis=1)
    quiet = np.all(np.abs(move - np.median(move)) < 1e-9, axis=1)
    found = weigh(tilt, of, 8_000)
    rate = 300.0 * HOUR / (365 * 86_400)
    # No jump: q(0) / q_6(0) per step is exp(-rate) / exp(-6 rate).
    assert np.allclose(found[quiet, -1], math.exp(5.0 * rate * STEPS), rtol=1e-9)
    share = (found[:, -1] * ~quiet).mean()
    want = 1.0 - math.exp(-rate * STEPS)
    assert abs(share - want) < 4.0 * (found[:, -1] * ~quiet).std() / math.sqrt(8_000)


def test_what_cannot_be_tilted_is_a_sentence() -> None:
    tilt = Tilt((DOWN,), (1.0,))
    with pytest.raises(InputError, match="no normals that could be tilted"):
        draw(of_model("bootstrap"), 2, 2, tilt=tilt)
    with pytest.raises(InputError, match="jumps of 'self_exciting' are not tilted"):
        draw(of_model("self_exciting"), 2, 2, tilt=Tilt((replace(DOWN, jump_factor=2.0),), (1.0,)))
    with pytest.raises(InputError, match="of other assets"):
        draw(market("diffusion"), 2, 2, tilt=Tilt((Component((1.0,)),), (1.0,)))
    for parts, shares, says in (
        ((DOWN,), (0.5, 0.5), "as many shares"),
        ((DOWN, PLAIN), (0.5, 0.6), "sum to 1"),
        ((DOWN, Component((0.0,))), (0.5, 0.5), "differ in length"),
        ((replace(DOWN, jump_factor=0.0),), (1.0,), "not above 0"),
    ):
        with pytest.raises(InputError, match=says):
            Tilt(parts, shares)
    assert len(NAMES) == len(DOWN.shift)
