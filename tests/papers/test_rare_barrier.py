"""Importance sampling against the exact chance of a barrier at one in a thousand.

A coin of 50% volatility without impact, watched every hour for 24 h, barrier where the chance is
1e-3 (3.20 standard deviations away). Predicted in docs/decisions/014 before the first run: a mean
squared error 40 to 150 times below plain paths', coverage of the 95% interval 94 to 98.5%.
Measured (the slow test, 300 seeds of 4,000 paths): 352 times, so more than predicted; 94.3%.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from barrier_truth import hit_chance
from scipy.optimize import brentq

from seawall.cascade.tape import NEVER
from seawall.exposure.weighted import PathWeights, Share, share_by
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import AssetState, Market, Scenario
from seawall.scenario import exogenous_paths
from seawall.scenario.tilt import Component, Tilt, components_of, weights

HOUR, STEPS, CHANCE = 3_600.0, 24, 1e-3
SPREAD = 0.5 * math.sqrt(HOUR / SECONDS_PER_YEAR)
DRIFT = -0.5 * SPREAD * SPREAD
DEVIATION = SPREAD * math.sqrt(STEPS)


def push(length: float) -> Component:
    return Component((-length / math.sqrt(STEPS),))


TILT = Tilt((push(2.5), push(4.0)), (0.5, 0.5))


@pytest.fixture(scope="module")
def barrier() -> float:
    """The log-price at which the chance is 1e-3 exactly."""

    def miss(at: float) -> float:
        return float(hit_chance(at, SPREAD, DRIFT, STEPS)[-1]) - CHANCE

    return float(brentq(miss, -3.6 * DEVIATION, -2.9 * DEVIATION, xtol=1e-8))


@pytest.fixture(scope="module")
def market() -> Market:
    from datetime import UTC, datetime

    coin = AssetState(90_000.0, 90_000.0, 90_000.0, 0.5, depth=1e9, daily_volume=1e10)
    return Market(datetime(2026, 1, 1, tzinfo=UTC), {"BTC": coin}, {}, Scenario(label="total"))


def estimate(market: Market, barrier: float, seed: int, paths: int, plain_share: float) -> Share:
    """The chance from plain and tilted paths together."""
    plain = np.arange(paths) < round(plain_share * paths)
    parts = [
        exogenous_paths(
            market,
            ("BTC",),
            step_seconds=HOUR,
            steps=STEPS,
            paths=np.flatnonzero(rows),
            seed=seed,
            tilt=tilt,
        )
        for rows, tilt in ((plain, None), (~plain, TILT))
    ]
    low = np.log(np.concatenate(parts)[..., 0] / 90_000.0) <= barrier
    first = np.where(low.any(axis=1), low.argmax(axis=1), NEVER)
    numbers = np.arange(paths)
    at = weights(TILT, market, numbers, plain, seed=seed, steps=STEPS, step_seconds=HOUR)
    return share_by(first, STEPS, PathWeights(at, components_of(TILT, numbers, plain)))


def study(
    market: Market, barrier: float, seeds: int, paths: int, plain_share: float
) -> tuple[float, float, float]:
    """Gain in mean squared error, coverage, and the estimates' bias in standard errors."""
    found = [estimate(market, barrier, seed, paths, plain_share) for seed in range(seeds)]
    means = np.array([share.mean for share in found])
    error = float(((means - CHANCE) ** 2).mean())
    covered = [low <= CHANCE <= high for low, high in (share.interval for share in found)]
    bias = (means.mean() - CHANCE) / (means.std(ddof=1) / math.sqrt(seeds))
    return CHANCE * (1.0 - CHANCE) / paths / error, float(np.mean(covered)), float(bias)


def test_the_exact_chance_is_near_the_continuous_one_further_away(barrier: float) -> None:
    """Broadie, Glasserman and Kou (1997): as a barrier 0.5826 s sqrt(dt) further away. With 24
    steps and this far out that is 6% off, the uncorrected formula a third and more.
    """
    from scipy.special import ndtr

    def watched_always(far: float) -> float:
        down = ndtr((-far - DRIFT * STEPS) / DEVIATION)
        mirrored = ndtr((-far + DRIFT * STEPS) / DEVIATION)
        return float(down + math.exp(-2.0 * DRIFT * far / SPREAD**2) * mirrored)

    assert abs(watched_always(-barrier + 0.5826 * SPREAD) / CHANCE - 1.0) < 0.07
    assert watched_always(-barrier) / CHANCE > 1.3
    assert -barrier / DEVIATION == pytest.approx(3.2018, abs=1e-3)


def test_tilted_paths_know_it_twenty_times_better(market: Market, barrier: float) -> None:
    gain, coverage, bias = study(market, barrier, seeds=40, paths=1_000, plain_share=0.5)
    assert gain > 40.0  # 202 with 300 seeds of 4,000; the square error of 40 seeds is known to 22%
    assert coverage > 0.85
    assert abs(bias) < 3.5


@pytest.mark.slow
@pytest.mark.parametrize("plain_share", [0.1, 0.5])
def test_gain_and_coverage_over_300_seeds(
    market: Market, barrier: float, plain_share: float
) -> None:
    gain, coverage, bias = study(market, barrier, 300, 4_000, plain_share)
    print(f"plain share {plain_share}: gain {gain:.0f}, coverage {coverage:.1%}, bias {bias:+.2f}")
    assert gain >= 20.0
    assert coverage >= 0.935
    assert abs(bias) < 3.5


@pytest.mark.slow
@pytest.mark.parametrize("paths", [100, 400])
def test_few_paths_still_have_an_honest_interval(
    market: Market, barrier: float, paths: int
) -> None:
    gain, coverage, _ = study(market, barrier, 300, paths, 0.5)
    print(f"{paths} paths: gain {gain:.0f}, coverage {coverage:.1%}")
    assert gain >= 20.0
    assert coverage >= 0.935
