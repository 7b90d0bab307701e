"""Mechanisms whose feeds follow each other: the compiled row equals the plain step bit for bit.

The tests beside each mechanism mix rules, so that its general loop runs; here all feeds have one
rule and stand in a row, as a venue's do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seawall.breaker.price_band import PriceBand, band_step, compile_band, start_band
from seawall.breaker.price_band_kernel import band_row
from seawall.breaker.staleness import (
    Staleness,
    compile_staleness,
    staleness_step,
    start_staleness,
)
from seawall.breaker.staleness_kernel import staleness_row
from seawall.breaker.velocity import Velocity, compile_velocity, start_velocity, velocity_step
from seawall.breaker.velocity_kernel import velocity_row
from seawall.margin.dynamic.scaling import (
    DepthScaled,
    VolatilityScaled,
    compile_scaling,
    scale_step,
    start_scale,
)
from seawall.margin.dynamic.scaling_kernel import scale_row

PATHS, STEPS = 3, 60
# A prime, and one that fills vector registers; the first feed is another venue's.
WIDTHS = (7, 20)


def walk(feeds: int) -> np.ndarray:
    rng = np.random.default_rng(feeds)
    moves = rng.normal(0.0, 0.01, (STEPS, PATHS, feeds + 1)) * (rng.random(feeds + 1) < 0.9)
    return np.asarray(100.0 * np.exp(np.cumsum(moves, axis=0)))


def same(one: Any, other: Any) -> None:
    for left, right in zip(one, other, strict=True):
        assert np.array_equal(left, right)


@pytest.mark.parametrize("feeds", WIDTHS)
def test_price_band(feeds: int) -> None:
    rows, prices = np.arange(1, feeds + 1), walk(feeds)
    rule = compile_band([PriceBand(0.1, "average", 60.0)] * feeds, rows, rows, 10.0)
    plain, other = (start_band(rule, prices[0]) for _ in range(2))
    for price in prices[1:]:
        band_step(rule, plain, price)
        for p in range(PATHS):
            band_row(rule, other, p, price[p])
        same(plain, other)


@pytest.mark.parametrize("feeds", WIDTHS)
@pytest.mark.parametrize("window", [1, 2, 6])
def test_velocity(feeds: int, window: int) -> None:
    rows, prices = np.arange(1, feeds + 1), walk(feeds)
    rules = [Velocity(0.02, 10.0 * window, 30.0)] * feeds
    columns = compile_velocity(rules, rows, 10.0)
    plain, other = (start_velocity(columns, prices[0]) for _ in range(2))
    for step in range(1, STEPS):
        velocity_step(columns, plain, prices[step], step)
        for p in range(PATHS):
            velocity_row(columns, other, p, prices[step, p], step)
        same(plain, other)
    assert (plain.until > 0).any()
    assert (plain.until < STEPS - 1).any()


@pytest.mark.parametrize("feeds", WIDTHS)
def test_staleness(feeds: int) -> None:
    rng, rows = np.random.default_rng(1), np.arange(1, feeds + 1)
    rules, none = [Staleness(20.0)] * feeds, np.zeros(feeds, dtype=np.int64)
    rule = compile_staleness(rules, rows, none, 10.0)
    plain, other = start_staleness(rule, PATHS), start_staleness(rule, PATHS)
    fresh, seen = np.array([False, True, False]), 0
    for step in range(1, STEPS):
        age = rng.integers(0, 5, (PATHS, feeds + 1))
        staleness_step(rule, plain, age, fresh, step)
        for p in range(PATHS):
            staleness_row(rule, other, p, age[p], bool(fresh[p]), step)
        same(plain, other)
        seen += int(plain.stale.sum())
    assert 0 < seen < (STEPS - 1) * 2 * feeds


@pytest.mark.parametrize("feeds", WIDTHS)
@pytest.mark.parametrize("rule", [VolatilityScaled(1.3, 5.0, 90.0, 0.25), DepthScaled(0.7, 4.0)])
def test_dynamic_margin(feeds: int, rule: VolatilityScaled | DepthScaled) -> None:
    rng, rows, prices = np.random.default_rng(3), np.arange(1, feeds + 1), walk(feeds)
    asset = rng.integers(0, 3, feeds)
    columns = compile_scaling([rule] * feeds, rows, asset, ["A"] * feeds, 60.0)
    none, away = np.zeros((PATHS, feeds)), np.zeros(feeds + 1)
    plain, other = (start_scale(columns, prices[0], none, none) for _ in range(2))
    for step in range(1, STEPS):
        felt, thin = rng.uniform(0.0, 4.0, (2, PATHS, 3))
        scale_step(columns, plain, felt, thin, prices[step])
        for p in range(PATHS):
            scale_row(columns, other, p, felt[p], thin[p], prices[step, p], away)
            assert np.array_equal(away, np.abs(other.factor[p] - other.first[p]))
        same(plain, other)
    assert (plain.factor[:, 1:] > 1.0).any()
