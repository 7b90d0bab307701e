"""What a generator drew is fitted, and its own parameters come back."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.market import AssetState, Market, Scenario
from seawall.scenario import exogenous_paths
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.models import FITS
from seawall.scenario.fit.prices import Returns

HOUR = 3_600
NAMES = ("A", "B")
BARS = 24_000
PIECES = 20


def asset(volatility: float) -> AssetState:
    return AssetState(1.0, 1.0, 1.0, volatility, depth=1e9, daily_volume=1e10)


def drawn(model: str, seed: int = 5, bars: int = BARS, **stated: object) -> Returns:
    """Twenty histories, one after the other with gaps between; Scenario's own keys stay there."""
    own = {
        k: v for k, v in stated.items() if k in ("jumps_per_year", "jump_mean", "jump_volatility")
    }
    rest = {k: v for k, v in stated.items() if k not in own}
    scenario = Scenario(
        model=model,
        label="total",
        parameters={model: rest} if rest else {},
        **own,  # type: ignore[arg-type]
    )
    market = Market(
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        assets={"A": asset(0.5), "B": asset(0.8)},
        instruments={},
        scenario=scenario,
        correlation={("A", "B"): 0.7},
        jump_beta={"A": 1.0, "B": 1.5},
    )
    steps = bars // PIECES
    prices = exogenous_paths(
        market, NAMES, step_seconds=HOUR, steps=steps, paths=np.arange(PIECES), seed=seed
    )
    move: NDArray[np.float64] = np.full((PIECES, steps + 1, 2), np.nan)
    move[:, :-1] = np.diff(np.log(prices), axis=1)
    return Returns(NAMES, HOUR, move.reshape(-1, 2))


def near(found: Estimate | str | int, true: float, errors: float = 3.5) -> bool:
    assert isinstance(found, Estimate)
    return abs(found.value - true) < errors * found.error


def check_second_moments(fitted: Fitted) -> None:
    assert near(fitted.volatility["A"], 0.5)
    assert near(fitted.volatility["B"], 0.8)
    assert near(fitted.correlation["A", "B"], 0.7)


def test_a_diffusion_comes_back() -> None:
    check_second_moments(FITS["diffusion"](drawn("diffusion")))


def test_jumps_come_back() -> None:
    """40 jumps a year of mean -8% and 2%: against hourly deviations of 0.53%, all but one in ten
    thousand are beyond the threshold of 4 deviations, 2.1%.
    """
    returns = drawn("jump_diffusion", jumps_per_year=40.0, jump_mean=-0.08, jump_volatility=0.02)
    fitted = FITS["jump_diffusion"](returns)
    check_second_moments(fitted)
    assert near(fitted.scenario["jumps_per_year"], 40.0)
    assert near(fitted.scenario["jump_mean"], -0.08)
    assert near(fitted.scenario["jump_volatility"], 0.02)
    assert near(fitted.jump_beta["B"], 1.5)
    assert fitted.jump_beta["A"] == Estimate(1.0, 0.0)


def test_too_few_jumps_are_refused() -> None:
    with pytest.raises(InputError, match="to fit jumps: a longer history"):
        FITS["jump_diffusion"](drawn("diffusion", bars=5_000))


def test_self_exciting_jumps_come_back() -> None:
    returns = drawn(
        "self_exciting",
        bars=30_000,
        base_rate=60.0,
        branching=0.5,
        decay_seconds=12.0 * HOUR,
        law="exponential",
        down_share=0.6,
        smallest=0.04,
        mean_down=0.02,
        mean_up=0.01,
    )
    fitted = FITS["self_exciting"](returns)
    found = fitted.parameters
    assert near(found["base_rate"], 60.0)
    assert near(found["branching"], 0.5)
    assert near(found["decay_seconds"], 12.0 * HOUR)
    assert near(found["down_share"], 0.6)
    check_second_moments(fitted)
    # Sizes are told from the threshold (2.1%) on: smallest + mean is what both agree on.
    down, threshold = found["mean_down"], found["smallest"]
    assert isinstance(down, Estimate) and isinstance(threshold, Estimate)
    assert threshold.value + down.value == pytest.approx(0.06, rel=0.05)
    assert any("not the crowd's branching" in note for note in fitted.notes)


@pytest.mark.slow
def test_stochastic_volatility_comes_back() -> None:
    """Three years of hours: decay of two days. Deviations within a fifth, leverage by its sign."""
    returns = drawn(
        "stochastic_volatility",
        bars=60_000,
        deviation=0.9,
        decay_seconds=48.0 * HOUR,
        leverage=-0.6,
        own_deviation=0.4,
    )
    found = FITS["stochastic_volatility"](returns).parameters
    for key, true, within in (
        ("deviation", 0.9, 0.2),
        ("decay_seconds", 48.0 * HOUR, 0.4),
        ("own_deviation", 0.4, 0.25),
        ("leverage", -0.6, 0.5),
    ):
        number = found[key]
        assert isinstance(number, Estimate)
        assert number.value == pytest.approx(true, rel=within), key
        assert near(number, true), key


@pytest.mark.slow
def test_without_clustering_the_deviation_is_small() -> None:
    found = FITS["stochastic_volatility"](drawn("diffusion")).parameters["deviation"]
    assert isinstance(found, Estimate)
    # A square root of what is noise about zero: small, and no more than four errors from zero.
    assert found.value < min(0.5, 4.0 * found.error)


@pytest.mark.slow
def test_heavy_tails_come_back() -> None:
    returns = drawn(
        "heavy_tail", bars=60_000, left_index=3.0, right_index=5.0, left_share=0.05, freedom=4
    )
    fitted = FITS["heavy_tail"](returns)
    low, high = fitted.intervals["left_index"]
    assert low <= 3.0 <= high
    low, high = fitted.intervals["right_index"]
    assert low <= 5.0 <= high
    left, right = fitted.parameters["left_index"], fitted.parameters["right_index"]
    assert isinstance(left, Estimate) and isinstance(right, Estimate)
    assert left.value < right.value
    assert fitted.parameters["freedom"] in (2, 4, 6)
    check_second_moments(fitted)


def test_the_bootstrap_names_its_history_and_blocks() -> None:
    returns = drawn("stochastic_volatility", deviation=0.9, decay_seconds=48.0 * HOUR)
    found = FITS["bootstrap"](returns).parameters
    blocks = found["block_seconds"]
    assert isinstance(blocks, Estimate)
    # Volatility with a memory of 48 hours: longer blocks than noise, shorter than the cap.
    assert 24.0 * HOUR < blocks.value < 3.0 * np.sqrt(BARS) * HOUR
    assert found["history"] == "fitted.csv"
