"""Staleness and price band: ages, edges and averages by hand; compiled steps give the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.breaker.price_band import PriceBand, band_step, compile_band, edges, start_band
from seawall.breaker.price_band_kernel import band_row
from seawall.breaker.staleness import (
    Staleness,
    compile_staleness,
    staleness_by_stamp,
    staleness_step,
    start_staleness,
)
from seawall.breaker.staleness_kernel import staleness_row, staleness_row_by_stamp

ONE = np.zeros(1, dtype=np.int64)


def test_the_age_of_what_is_seen_is_the_delay_and_the_time_since() -> None:
    # Limit 30 s, delay 20 s, steps of 10 s. Sent at steps 0 and 3: at step 2 the price of step 0
    # is seen, 20 s old, at step 4 it is 40 s old: stale; at step 5 that of step 3 arrives.
    rule = compile_staleness([Staleness(30.0)], ONE, np.array([2]), 10.0)
    memory = start_staleness(rule, 1)
    found = []
    for step, age in enumerate([1, 2, 0, 1, 2, 3], 1):
        staleness_step(rule, memory, np.array([[age]]), np.array([False]), step)
        found.append(bool(memory.stale[0, 0]))
    assert found == [False, False, False, True, False, False]


def test_a_price_exactly_as_old_as_the_limit_still_counts() -> None:
    rule = compile_staleness([Staleness(30.0)], ONE, ONE, 10.0)
    memory = start_staleness(rule, 1)
    for step, age in ((1, 3), (2, 4)):
        staleness_step(rule, memory, np.array([[age]]), np.array([False]), step)
        assert memory.stale[0, 0] == (age == 4)


def test_staleness_compiled_gives_the_same_bits() -> None:
    rng = np.random.default_rng(3)
    feed, delay = np.array([0, 2, 3]), np.array([0, 3, 1])
    rules = [Staleness(20.0), Staleness(60.0), Staleness(30.0)]
    rule = compile_staleness(rules, feed, delay, 10.0)
    plain, other = start_staleness(rule, 5), start_staleness(rule, 5)
    fresh = np.array([False, True, False, False, False])
    seen = 0
    for step in range(1, 40):
        age = rng.integers(0, 6, (5, 4))
        staleness_step(rule, plain, age, fresh, step)
        for p in range(5):
            staleness_row(rule, other, p, age[p], bool(fresh[p]), step)
        assert np.array_equal(plain.ring, other.ring)
        assert np.array_equal(plain.stale, other.stale)
        assert not plain.stale[1].any()
        seen += int(plain.stale.sum())
    assert 0 < seen < 39 * 12


def test_the_oracle_s_own_stamps_say_the_same() -> None:
    """Prices sent at random steps: by ages and rings, and by stamps, plain and compiled."""
    rng = np.random.default_rng(6)
    feed, delay = np.arange(3), np.array([0, 2, 5])
    rule = compile_staleness([Staleness(40.0)] * 3, feed, delay, 10.0)
    ages, stamps, compiled = (start_staleness(rule, 4) for _ in range(3))
    sent, fresh = np.zeros((60, 4, 3), dtype=np.int64), np.zeros(4, dtype=bool)
    for step in range(1, 60):
        sent[step] = np.where(rng.random((4, 3)) < 0.3, step, sent[step - 1])
        staleness_step(rule, ages, step - sent[step], fresh, step)
        stamp = sent[np.maximum(step - delay, 0), :, feed].T
        staleness_by_stamp(rule, stamps, stamp, step)
        for p in range(4):
            staleness_row_by_stamp(rule, compiled, p, stamp[p], step)
        assert np.array_equal(stamps.stale, compiled.stale)
        # Before the start nothing was sent: by ages the first price is as old as the delay.
        if step > delay.max():
            assert np.array_equal(ages.stale, stamps.stale)
    assert stamps.stale.any()


def test_edges_of_each_reference_worked_by_hand() -> None:
    # Index 100, oracle 98, market 90 after 100 with a memory of one step: the average is
    # 100 - 10 (1 - 1/e) = 93.67879...
    rules = [PriceBand(0.05, r, 10.0) for r in ("index", "oracle", "average")]
    three, asset = np.arange(3), np.zeros(3, dtype=np.int64)
    rule = compile_band(rules, three, asset, 10.0)
    memory = start_band(rule, np.full((1, 3), 100.0))
    band_step(rule, memory, np.full((1, 3), 90.0))
    low, high = edges(rule, memory, np.array([[100.0]]), np.array([[98.0, 98.0, 98.0]]))
    average = 100.0 - 10.0 * (1.0 - np.exp(-1.0))
    assert low[0] == pytest.approx([95.0, 93.1, 0.95 * average])
    assert high[0] == pytest.approx([105.0, 102.9, 1.05 * average])


def test_band_compiled_gives_the_same_bits() -> None:
    rng = np.random.default_rng(4)
    rules = [PriceBand(0.1, "average", s) for s in (5.0, 60.0, 600.0)]
    rule = compile_band(rules, np.arange(3), np.array([1, 0, 2]), 10.0)
    prices = np.exp(rng.normal(0.0, 0.1, (30, 6, 3)))
    plain, other = start_band(rule, prices[0]), start_band(rule, prices[0])
    for price in prices[1:]:
        band_step(rule, plain, price)
        for p in range(6):
            band_row(rule, other, p, price[p])
        assert np.array_equal(plain.average, other.average)
