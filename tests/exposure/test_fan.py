"""The fan is numpy's quantiles of the run's prices, and a lognormal's where nothing moves them."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from summed import summed
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import BASE, Runs, draw, prepare, simulate
from seawall.case import Case
from seawall.exposure.fan import LEVELS, fan_block, watch_of
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Scenario

STEPS, PATHS, SIGMA = 24, 2_000, 0.8


def longs(depth: float, **scenario: object) -> Case:
    """A desk and five others, long X with four to ten times their cash, hourly."""
    traders = [
        Trader("perps", [Held("X-PERP", 100.0, 100.0)], {"USD": 10_000.0 / leverage}, "desk" * own)
        for leverage, own in ((4, 1), (5, 0), (6, 0), (7, 0), (8, 0), (10, 0))
    ]
    return tiny_case(
        traders,
        [perpetual("X-PERP", "X")],
        {"perps": perpetuals_venue(fund=1e9)},
        {"X": coin(100.0, depth=depth, volatility=SIGMA)},
        scenario=Scenario(**scenario),  # type: ignore[arg-type]
        step_seconds=3_600.0,
    )


def fan_of(case: Case, paths: int = PATHS, rows: list[dict[str, object]] | None = None):
    setup = prepare(case)
    watch = watch_of(setup, ("X",), STEPS)
    runs = Runs(np.arange(paths), np.zeros(paths, dtype=np.int64), watch=watch)
    tape = simulate(setup, (BASE,), runs, steps=STEPS, seed=5)
    raw = draw(setup, (BASE,), runs, STEPS, 5)[:, :, setup.table.assets.index("X")]
    block = fan_block(setup, summed(setup, tape, STEPS, watch), watch, rows or [], "X")
    assert block is not None
    return block, tape, raw


def test_without_impact_the_fan_is_the_quantiles_of_the_exogenous_paths() -> None:
    block, _, raw = fan_of(longs(math.inf))
    one = block["assets"]["X"]
    assert block["times_seconds"] == [3_600.0 * n for n in range(STEPS + 1)]
    assert one["quantiles"] == np.quantile(raw, LEVELS, axis=0).tolist()
    assert one["without_orders"] == one["quantiles"][0]
    assert (one["shows"], one["venue"], one["start"]) == ("market", "perps", 100.0)
    assert (block["paths"], block["tail_paths"]) == (PATHS, 20)


def test_without_impact_the_fan_is_a_lognormal_within_its_interval() -> None:
    """A martingale: ln S(T) / S(0) is normal with mean -sigma^2 T / 2 and variance sigma^2 T."""
    block, _, raw = fan_of(longs(math.inf))
    one = block["assets"]["X"]
    years = STEPS * 3_600.0 / SECONDS_PER_YEAR
    spread = SIGMA * math.sqrt(years)
    for level, row in zip(LEVELS, one["quantiles"], strict=True):
        z = NormalDist().inv_cdf(level)
        form = 100.0 * math.exp(spread * z - spread * spread / 2.0)
        # Standard error of a sample's quantile: sqrt(a (1 - a) / n) over the density there.
        density = NormalDist().pdf(z) / (form * spread)
        error = math.sqrt(level * (1.0 - level) / PATHS) / density
        assert abs(row[-1] - form) < 3.5 * error
    lowest = 100.0 * math.exp(spread * NormalDist().inv_cdf(0.01) - spread * spread / 2.0)
    assert one["lowest_low"] < lowest < one["lowest_high"]
    assert raw[:, 0].max() == raw[:, 0].min() == 100.0


def test_orders_lower_the_tail_and_only_where_they_leave_a_trace() -> None:
    block, tape, raw = fan_of(longs(3e5, permanent_share=1.0))
    one = block["assets"]["X"]
    assert one["without_orders"] == np.quantile(raw, 0.01, axis=0).tolist()
    assert one["quantiles"][0][-1] < one["without_orders"][-1]
    assert np.all(tape.seen <= tape.untouched * (1.0 + 1e-12))
    total, _, _ = fan_of(longs(3e5, label="total"))
    same = total["assets"]["X"]
    assert same["without_orders"] == same["quantiles"][0]


def test_notional_closed_so_far_is_summed_path_by_path() -> None:
    block, tape, _ = fan_of(longs(3e5, permanent_share=1.0), paths=60)
    so_far = np.zeros((60, STEPS + 1))
    for path, step, kind, notional in zip(
        tape.path, tape.step, tape.kind, tape.notional, strict=True
    ):
        if kind in (0, 1, 2):  # liquidation, backstop, ADL of a bankrupt
            so_far[path, step:] += notional
    assert so_far.max() > 0.0
    wanted = np.quantile(so_far, LEVELS, axis=0)
    assert np.array(block["liquidated"]) == pytest.approx(wanted, rel=1e-12)


def test_the_line_is_that_of_the_first_leg_in_the_asset_with_a_price() -> None:
    rows = [
        {"underlying": "Y", "liquidation_price": 5.0},
        {"underlying": "X", "liquidation_price": None},
        {"underlying": "X", "liquidation_price": 80.0, "account": "a", "instrument": "X-PERP",
         "side": "long", "probability": 0.2},
    ]  # fmt: skip
    block, _, _ = fan_of(longs(math.inf), paths=4, rows=rows)
    assert block["assets"]["X"]["liquidation"] == {
        "account": "a", "instrument": "X-PERP", "side": "long", "probability": 0.2, "price": 80.0,
    }  # fmt: skip
    assert block["tail_paths"] == 0
    assert block["assets"]["X"]["lowest_low"] is None


def test_a_long_run_is_noted_at_sixty_one_moments_and_a_short_one_at_all() -> None:
    setup = prepare(longs(math.inf))
    assert watch_of(setup, ("X",), 1_440).step.tolist() == list(range(0, 1_441, 24))
    assert watch_of(setup, (), 3).step.tolist() == [0, 1, 2, 3]
    # The desk holds X, so it is watched unasked; the quote currency is not.
    assert setup.table.feed_asset[watch_of(setup, (), 3).feed].tolist() == [
        setup.table.assets.index("X")
    ]
    still = replace(setup.case.market.assets["X"], volatility=0.0)
    market = replace(setup.case.market, assets={**setup.case.market.assets, "X": still})
    quiet = prepare(replace(setup.case, market=market))
    assert watch_of(quiet, ("X",), 3).feed.size == 0
