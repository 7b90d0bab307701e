"""Stationary bootstrap: bars of history, blocks, gaps, marginal law and exact mean."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scenario_markets import HOUR, MARKET, draw, history, of_model, returns

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import Market, PriceHistory, Scenario
from seawall.scenario.bootstrap import _log_growth, bars_of

ASSETS = ("BTC", "ETH")


def as_history(**changes: float) -> Market:
    """Returns as they were: not scaled to the market's volatility."""
    return of_model("bootstrap", volatility="history", **changes)


def bar_taken(market: Market, prices: np.ndarray) -> np.ndarray:
    """The bar of history (p, s) that each step took: the one with its return of ETH."""
    bars = bars_of(market.histories["hourly.csv"], ASSETS, 3_600)
    chance = HOUR / float(market.scenario.parameters["bootstrap"]["block_seconds"])  # type: ignore[index]
    move = returns(prices)[..., 1]
    move = move + _log_growth(bars, 1, 1.0, chance, move.shape[1], 1)
    order = np.argsort(bars.value[:, 1])
    levels = bars.value[order, 1]
    place = np.searchsorted((levels[1:] + levels[:-1]) / 2.0, move)
    assert np.all(np.abs(levels[place] - move) < 1e-9)
    return order[place]


def test_bars_are_returns_between_known_neighbours() -> None:
    past = history(bars=8, gaps=(3,))
    bars = bars_of(past, ASSETS, 3_600)
    # Prices 0 1 2 . 4 5 6 7: bars 01 12 | 45 56 67.
    assert bars.value.shape == (5, 2)
    assert bars.follows.tolist() == [1, -1, 3, 4, -1]
    assert bars.starts.tolist() == [0, 2]
    assert np.allclose(bars.value[2], np.log(past.price[5] / past.price[4]))
    # A gap of one asset is a gap of all: their bars must be of the same time.
    price = past.price.copy()
    price[6, 0] = np.nan
    assert bars_of(replace(past, price=price), ASSETS, 3_600).follows.tolist() == [1, -1, -1]
    # A missing row is a gap as well.
    short = PriceHistory(np.delete(past.time, 5), ASSETS, np.delete(past.price, 5, axis=0))
    assert bars_of(short, ASSETS, 3_600).follows.tolist() == [1, -1, -1]


def spread_history(gaps: tuple[int, ...] = (70, 130)) -> PriceHistory:
    """200 hourly bars, each return of ETH its own and well apart from the others."""
    numbers = np.random.default_rng(3)
    move = np.stack([numbers.permutation(201) - 100, numbers.permutation(201) - 100], axis=1) / 2e3
    price = np.exp(np.cumsum(move, axis=0))
    price[list(gaps)] = np.nan
    return PriceHistory(np.arange(201, dtype=np.int64) * 3_600, ASSETS, price)


def test_blocks_follow_history_and_have_the_stated_length() -> None:
    market = as_history(block_seconds=10 * HOUR)
    market = replace(market, histories={"hourly.csv": spread_history(gaps=())})
    prices = draw(market, paths=1_500, steps=40)
    taken = bar_taken(market, prices)
    bars = bars_of(market.histories["hourly.csv"], ASSETS, 3_600)
    # Both coins took the same bar.
    rest = returns(prices)[..., 0] - bars.value[taken, 0]
    assert np.all(np.ptp(rest, axis=0) < 1e-9)
    onward = taken[:, 1:] == np.mod(taken[:, :-1] + 1, 200)
    # 9 of 10 bars go on; one in 200 of the new starts does so by chance.
    want = 1.0 - 0.1 * (1.0 - 1.0 / 200.0)
    assert abs(onward.mean() - want) < 4.0 * math.sqrt(want * (1.0 - want) / onward.size)


def test_no_block_crosses_a_gap_and_every_bar_is_as_likely() -> None:
    market = as_history(block_seconds=50 * HOUR)
    market = replace(market, histories={"hourly.csv": spread_history()})
    bars = bars_of(market.histories["hourly.csv"], ASSETS, 3_600)
    taken = bar_taken(market, draw(market, paths=4_000, steps=30))
    ends = np.isin(taken[:, :-1], np.flatnonzero(bars.follows < 0))
    after = taken[:, 1:][ends]
    assert after.size > 1_000
    # What follows the end of a run is the start of one, but for one block in 50 that ends there.
    start = np.isin(after, bars.starts)
    assert abs(start.mean() - 0.98) < 0.02
    assert (taken[:, 1:] == taken[:, :-1] + 1)[ends].mean() < 0.4  # 1/3: the next run by chance
    last = np.bincount(taken[:, -1], minlength=bars.follows.size)
    chi = ((last - last.mean()) ** 2 / last.mean()).sum()
    assert chi < bars.follows.size + 5.0 * math.sqrt(2.0 * bars.follows.size)


def test_marginal_law_and_cross_correlation_are_those_of_history() -> None:
    market = as_history()
    bars = bars_of(history(), ASSETS, 3_600).value
    move = returns(draw(market, paths=30_000, steps=3))[:, -1]
    error = move.std(axis=0) / math.sqrt(len(move))
    kurtosis = ((move / move.std(axis=0)) ** 4).mean(axis=0)
    # The trend of history is taken off, the rest stays.
    assert np.all(np.abs(move.mean(axis=0)) < 3.5 * error + 3e-5)
    move, past = move - move.mean(axis=0), bars - bars.mean(axis=0)
    for share in (0.005, 0.05, 0.5, 0.95, 0.995):
        rank = (past[:, 0] <= np.quantile(move[:, 0], share)).mean()
        assert abs(rank - share) < 4.0 * math.sqrt(share * (1 - share) / len(move)) + 1e-3
    assert np.all(np.abs(kurtosis / ((bars / bars.std(axis=0)) ** 4).mean(axis=0) - 1.0) < 0.25)
    assert abs(np.corrcoef(move.T)[0, 1] - np.corrcoef(bars.T)[0, 1]) < 0.02


def test_clustering_within_blocks_stays() -> None:
    size = np.abs(returns(draw(as_history(block_seconds=100 * HOUR), 2_000, steps=40))[..., 0])
    past = np.abs(bars_of(history(gaps=()), ASSETS, 3_600).value[:, 0])
    lag = 5
    here = np.corrcoef(size[:, :-lag].ravel(), size[:, lag:].ravel())[0, 1]
    there = np.corrcoef(past[:-lag], past[lag:])[0, 1]
    # A pair of bars is in one block with chance 0.99^5 = 0.951.
    assert there > 0.15
    assert abs(here - 0.951 * there) < 0.03


def test_stated_volatility_is_kept() -> None:
    move = returns(draw(of_model("bootstrap"), 30_000, steps=2))[:, -1]
    relative = move.std(axis=0) / (np.array([0.5, 0.8]) * math.sqrt(HOUR / SECONDS_PER_YEAR))
    assert np.all(np.abs(relative - 1.0) < 0.04)


def test_the_mean_is_exact_against_every_path_by_hand() -> None:
    """A history of five bars in two runs, three steps: all 5 x (choices) paths, one by one."""
    past = PriceHistory(
        np.array([0, 1, 2, 4, 5, 6, 7], dtype=np.int64) * 3_600,
        ("BTC",),
        np.array([[1.0], [1.2], [0.9], [1.0], [1.3], [1.25], [0.8]]),
    )
    bars = bars_of(past, ("BTC",), 3_600)
    chance, count, runs = 0.25, 5, 2
    total = np.zeros(4)
    total[0] = 1.0
    for first, second, third in product(range(count), repeat=3):
        weight = 1.0 / count
        for here, there in ((first, second), (second, third)):
            step = chance / count
            if bars.follows[here] == there:
                step += 1.0 - chance
            if bars.follows[here] < 0 and there in bars.starts:
                step += (1.0 - chance) / runs
            weight *= step
        grown = np.cumsum(bars.value[[first, second, third], 0])
        total[1:] += weight * np.exp(grown)
    scenario = Scenario(
        model="bootstrap",
        label="total",
        parameters={
            "bootstrap": {"history": "h.csv", "block_seconds": 4 * HOUR, "volatility": "history"}
        },
    )
    market = replace(MARKET, scenario=scenario, histories={"h.csv": past})
    market = replace(market, assets={"BTC": market.assets["BTC"]}, correlation={})
    from seawall.scenario import exogenous_paths

    prices = exogenous_paths(
        market, ("BTC",), step_seconds=HOUR, steps=3, paths=np.arange(400), seed=1
    )
    # What was taken off is the same for all paths: sums of bars less the log-price.
    taken_off = np.log(total)
    moves = np.log(prices[:, 1:, 0] / 90_000.0) + taken_off[1:]
    sums = {
        round(float(np.cumsum(bars.value[list(c), 0])[2]), 9) for c in product(range(5), repeat=3)
    }
    assert all(round(float(value), 9) in sums for value in moves[:, 2])
    firsts = np.unique(np.round(moves[:, 0], 9))
    assert np.allclose(firsts, np.sort(bars.value[:, 0]), atol=1e-9)


def test_a_step_of_several_bars_adds_them() -> None:
    fine = returns(draw(as_history(), 3_000, steps=8)).reshape(3_000, 2, 4, 2).sum(axis=2)
    coarse = returns(draw(as_history(), 3_000, steps=2, step_seconds=4 * HOUR))
    assert np.all(np.abs(coarse.std(axis=(0, 1)) / fine.std(axis=(0, 1)) - 1.0) < 0.06)


@pytest.mark.parametrize(
    ("step", "says"),
    [(900.0, "bars of 3600 seconds and the step is 900"), (5_000.0, "the step is 5000 seconds")],
)
def test_a_bar_must_fit_the_step(step: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        draw(of_model("bootstrap"), paths=2, step_seconds=step)


def test_an_asset_that_the_history_lacks_is_a_sentence() -> None:
    market = of_model("bootstrap")
    alone = replace(history(), assets=("BTC", "SOL"))
    with pytest.raises(InputError, match="has no column 'ETH'"):
        draw(replace(market, histories={"hourly.csv": alone}), paths=2)


def test_a_history_that_is_no_history_is_a_sentence() -> None:
    past = history(bars=4, gaps=())
    for changes, says in (
        ({"time": past.time[[0, 2, 1, 3]]}, "is not after"),
        ({"price": past.price * -1.0}, "not above 0"),
        ({"assets": ("BTC",)}, "for 4 times and 1 assets"),
    ):
        with pytest.raises(InputError, match=says):
            replace(past, **changes)  # type: ignore[arg-type]
    apart = history(bars=4, gaps=(1, 3))
    with pytest.raises(InputError, match="no two prices 3600 seconds apart"):
        bars_of(apart, ASSETS, 3_600)
