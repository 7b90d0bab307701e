"""C7: first passage without impact, on a discretely watched path.

Broadie, Glasserman and Kou (1997), "A continuity correction for discrete barrier options": watching
only every dt is like a barrier moved away by 0.5826 sigma sqrt(dt). The continuous closed form is
that of Brownian motion with drift (Karatzas and Shreve 1991, section 3.5.C).
Also DESIGN's figures for a barrier 9% away within 24 h (9% in log-price, no drift, watched always).
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import exp, log, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from seawall.foundation.units import SECONDS_PER_DAY, daily_sigma, volatility_over
from seawall.market import AssetState, Market, Scenario
from seawall.scenario import exogenous_paths

SHIFT = 0.5826
VOLATILITY = 0.8
STEP = 300.0
PATHS = 60_000
BARRIERS = [-0.02, -0.04, -0.06, -0.09]


def hit_chance(distance: float, sigma: float, drift: float) -> float:
    """Chance that Brownian motion of this drift and sigma a horizon falls by ``distance``."""
    down = float(ndtr((-distance - drift) / sigma))
    mirrored = float(ndtr((-distance + drift) / sigma))
    return down + exp(-2.0 * drift * distance / sigma**2) * mirrored


@pytest.fixture(scope="module")
def lowest() -> NDArray[np.float64]:
    """Lowest price of each path over 24 h of 300 s steps, relative to spot."""
    btc = AssetState(90_000.0, 90_000.0, 90_000.0, VOLATILITY, depth=1e9, daily_volume=1e10)
    market = Market(
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        assets={"BTC": btc},
        instruments={},
        scenario=Scenario(label="total"),
    )
    steps = round(SECONDS_PER_DAY / STEP)
    parts = [
        exogenous_paths(
            market,
            ("BTC",),
            step_seconds=STEP,
            steps=steps,
            paths=np.arange(first, first + 5_000),
            seed=2026,
        )[..., 0].min(axis=1)
        for first in range(0, PATHS, 5_000)
    ]
    return np.concatenate(parts) / 90_000.0


@pytest.mark.parametrize("barrier", BARRIERS)
def test_discrete_watching_is_a_barrier_further_away(
    lowest: NDArray[np.float64], barrier: float
) -> None:
    sigma = daily_sigma(VOLATILITY)
    shift = SHIFT * volatility_over(VOLATILITY, STEP)
    expected = hit_chance(-log(1.0 + barrier) + shift, sigma, -0.5 * sigma**2)
    seen = float(np.mean(lowest <= 1.0 + barrier))
    error = sqrt(expected * (1.0 - expected) / PATHS)
    assert abs(seen - expected) < 3.0 * error
    if error < 0.01 * expected:  # elsewhere 2% is within the noise of this sample
        assert abs(seen / expected - 1.0) < 0.02


@pytest.mark.parametrize("barrier", BARRIERS[:3])
def test_the_continuous_formula_is_visibly_off(lowest: NDArray[np.float64], barrier: float) -> None:
    sigma = daily_sigma(VOLATILITY)
    continuous = hit_chance(-log(1.0 + barrier), sigma, -0.5 * sigma**2)
    seen = float(np.mean(lowest <= 1.0 + barrier))
    assert (seen - continuous) / sqrt(continuous * (1.0 - continuous) / PATHS) < -3.0


@pytest.mark.parametrize(("volatility", "percent"), [(0.51, 0.07), (0.60, 0.42), (0.69, 1.27)])
def test_a_barrier_nine_per_cent_away(volatility: float, percent: float) -> None:
    chance = hit_chance(0.09, daily_sigma(volatility), 0.0)
    assert abs(100.0 * chance - percent) < 0.0051
