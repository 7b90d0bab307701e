"""Markets for the tests of scenario models: two coins that move, one dollar that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.market import AssetState, Market, PriceHistory, Scenario
from seawall.scenario import exogenous_paths

Floats = NDArray[np.float64]
HOUR = 3_600.0
NAMES = ("BTC", "ETH", "USDC")
SPOT = np.array([90_000.0, 3_000.0, 0.9997])
CORRELATION = 0.7


def asset(spot: float, volatility: float) -> AssetState:
    return AssetState(spot, spot, spot, volatility, depth=1e9, daily_volume=1e10)


MARKET = Market(
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    assets={"BTC": asset(90_000.0, 0.5), "ETH": asset(3_000.0, 0.8), "USDC": asset(0.9997, 0.0)},
    instruments={},
    correlation={("BTC", "ETH"): CORRELATION},
    jump_beta={"BTC": 1.0, "ETH": 1.5},
)


def history(bars: int = 3_000, gaps: tuple[int, ...] = (1_000, 1_001, 2_400)) -> PriceHistory:
    """Hourly prices with fat tails, correlation and clustered volatility; gaps where stated."""
    numbers = np.random.default_rng(11)
    wave = np.exp(0.7 * np.sin(np.arange(bars) / 40.0))
    shock = numbers.standard_t(5.0, (bars, 2)) * 0.004 * wave[:, None]
    shock[:, 1] = 0.9 * shock[:, 0] + 0.6 * shock[:, 1]
    price = np.exp(np.cumsum(shock, axis=0)) * np.array([90_000.0, 3_000.0])
    price[list(gaps)] = np.nan
    return PriceHistory(np.arange(bars, dtype=np.int64) * 3_600, ("BTC", "ETH"), price)


def forecasts(bars: int = 3_000) -> PriceHistory:
    """Annual volatilities forecast at every second bar of that history."""
    time = np.arange(0, bars, 2, dtype=np.int64)
    wave = np.exp(0.7 * np.sin(time / 40.0))
    return PriceHistory(time * 3_600, ("BTC", "ETH"), wave[:, None] * np.array([0.5, 0.55]))


PARAMETERS: dict[str, dict[str, Any]] = {
    "self_exciting": {
        "base_rate": 400.0,
        "branching": 0.6,
        "decay_seconds": 4 * HOUR,
        "law": "exponential",
        "smallest": 0.01,
        "mean_down": 0.015,
        "mean_up": 0.01,
        "down_share": 0.6,
    },
    "stochastic_volatility": {
        "deviation": 1.0,
        "decay_seconds": 48 * HOUR,
        "leverage": -0.6,
        "own_deviation": 0.4,
    },
    "bootstrap": {"history": "hourly.csv", "block_seconds": 24 * HOUR},
    "filtered_history": {
        "history": "hourly.csv",
        "forecasts": "forecasts.csv",
        "window_seconds": 24 * HOUR,
    },
    "heavy_tail": {"left_index": 3.0, "right_index": 4.0},
}


def of_model(model: str, scenario: Scenario | None = None, **changes: Any) -> Market:
    """The market under one model, with some of its parameters changed."""
    written = {**PARAMETERS[model], **changes}
    base = scenario or Scenario(label="total")
    chosen = replace(base, model=model, parameters={model: written})
    past = {"hourly.csv": history(), "forecasts.csv": forecasts()}
    return replace(MARKET, scenario=chosen, histories=past)


def draw(market: Market, paths: int = 500, steps: int = 24, **more: Any) -> Floats:
    settings = {"step_seconds": HOUR, "steps": steps, "paths": np.arange(paths), "seed": 5, **more}
    return exogenous_paths(market, NAMES, **settings)


def returns(prices: Floats) -> Floats:
    """Log-returns of the two coins, (p, s, 2)."""
    return np.diff(np.log(prices[..., :2]), axis=1)
