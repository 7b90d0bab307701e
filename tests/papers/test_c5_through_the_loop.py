"""C5 through the loop: its own paths, its own feed, alone and as a stage among others.

`test_c5_threshold_oracle.py` holds the law and the feed by itself; here the prices that margin
accounts see are held to the same figures, and every composition that changes nothing to each other.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from test_c5_threshold_oracle import DELTA, SECOND, SHIFT, VOLATILITY, Sample, agrees, late
from tiny_cases import QUOTE, Trader, coin, lending_venue, tiny_case

from seawall.cascade import reference
from seawall.cascade.engine import BASE, Runs, draw, prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import begin
from seawall.venues import Collateral, Feed

# A stage that changes no price: nothing is counted at the edge of an interval of no width.
NO_WIDTH = {"oracle_confidence": {"z": 0.0, "horizon_seconds": 12.0}}


def setup_of(dt: float, delay: float, mechanisms: dict[str, object]) -> Setup:
    lender = lending_venue(
        {"BTC": Collateral(0.7, 0.75, 0.05)}, feed=Feed(deviation=DELTA, delay_seconds=delay)
    )
    case = tiny_case(
        [Trader("lender", (), {"BTC": 1.0, QUOTE: -1.0})],
        [],
        {"lender": replace(lender, mechanisms=mechanisms)},
        {"BTC": coin(100.0, volatility=VOLATILITY)},
        step_seconds=dt,
    )
    return prepare(case)


def simulate(setup: Setup, paths: int, steps: int) -> Sample:
    """What the loop's feed shows on the loop's paths; the first two mean intervals do not count."""
    dt = setup.step_seconds
    burn = int(2.0 * DELTA**2 / (SECOND**2 * dt)) + 10
    runs = Runs(np.arange(paths), np.zeros(paths, dtype=np.int64))
    exogenous = draw(setup, (BASE,), runs, burn + steps, 11)
    state = begin(setup, exogenous[:, 0], steps=burn + steps)
    feed = setup.table.assets.index("BTC") == setup.table.feed_asset
    rate, gap, square, before = np.zeros((4, paths))
    for step in range(1, burn + steps + 1):
        reference.advance(setup, state, exogenous[:, step], step)
        seen = state.quotes.price[:, feed][:, 0]
        if step > burn:
            miss = np.log(exogenous[:, step, setup.table.assets.index("BTC")] / seen)
            rate += seen != before
            gap += np.abs(miss)
            square += miss * miss
        before = seen.copy()
    return Sample(rate / (steps * dt), gap / steps, square / steps)


@pytest.mark.parametrize("mechanisms", [pytest.param({}, marks=pytest.mark.slow), NO_WIDTH])
def test_time_between_updates(mechanisms: dict[str, object]) -> None:
    setup = setup_of(12.0, 0.0, mechanisms)
    assert (setup.oracles is not None) == bool(mechanisms)
    agrees(simulate(setup, 800, 1_500).rate, SECOND**2 / DELTA**2 / (1.0 + late(12.0)))


@pytest.mark.slow
def test_gaps_with_and_without_a_delay() -> None:
    shifted = DELTA + SHIFT * SECOND
    sample = simulate(setup_of(1.0, 0.0, NO_WIDTH), 600, 12_000)
    agrees(sample.rate, SECOND**2 / DELTA**2 / (1.0 + late(1.0)))
    agrees(sample.gap, shifted / 3.0)
    agrees(sample.square, shifted**2 / 6.0)
    sample = simulate(setup_of(1.0, 12.0, NO_WIDTH), 600, 12_000)
    agrees(sample.square, shifted**2 / 6.0 + 12.0 * SECOND**2)
    assert abs(1e4 * sqrt(sample.square.mean()) - 21.0) < 0.5


def test_a_chain_of_one_block_per_step_is_a_delay_of_one_step() -> None:
    """Feeds that wait for the next block, 12 s later, show what a push delay of 12 s shows."""
    chain = {"settlement": {"block_seconds": 12.0, "feeds": "included"}}
    one = simulate(setup_of(12.0, 0.0, chain), 50, 500)
    other = simulate(setup_of(12.0, 12.0, {}), 50, 500)
    assert np.array_equal(one.square, other.square)
    assert np.array_equal(one.rate, other.rate)
