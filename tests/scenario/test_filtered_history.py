"""Filtered history: windows by hand, gaps, the stated volatility, and an exact mean price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scenario_markets import HOUR, MARKET, SPOT, of_model

from seawall.foundation.errors import InputError
from seawall.market import Market, PriceHistory, Scenario
from seawall.scenario import exogenous_paths
from seawall.scenario.filtered_history import windows_of

TIME = 3_600 * np.arange(8, dtype=np.int64)
PRICE = np.array([1.0, 1.1, 0.9, 1.2, np.nan, 1.0, 1.3, 1.1])


def market(columns: str = "own", forecast: Any = 0.5, price: Any = PRICE) -> Market:
    """One coin that moves, with this history and one forecast for all times."""
    price = np.asarray(price).reshape(TIME.size, -1)
    names = ("BTC", "ETH")[: price.shape[1]]
    table = np.broadcast_to(np.asarray(forecast, dtype=float), price.shape)
    parameters = {
        "history": "h.csv",
        "forecasts": "f.csv",
        "window_seconds": 2 * HOUR,
        "columns": columns,
    }
    scenario = Scenario(label="total", model="filtered_history")
    return replace(
        MARKET,
        scenario=replace(scenario, parameters={"filtered_history": parameters}),
        histories={
            "h.csv": PriceHistory(TIME, names, price),
            "f.csv": PriceHistory(TIME, names, np.array(table)),
        },
    )


def drawn(where: Market, paths: int = 400, steps: int = 2, step: float = HOUR) -> Any:
    found = exogenous_paths(
        where, ("BTC",), step_seconds=step, steps=steps, paths=np.arange(paths), seed=3
    )
    return found[..., 0] / SPOT[0]


def test_windows_by_hand() -> None:
    """Windows of two bars: from 0 and 1, and from 5 after the gap; volatility 0.5 stated and
    forecast, so moves are those of the history, but for what keeps the mean at 1.
    """
    ratio = drawn(market())
    logs = np.log([[1.1, 0.9], [0.9 / 1.1, 1.2 / 1.1], [1.3, 1.1]])
    growth = np.log(np.exp(logs).mean(axis=0))
    expected = np.exp(logs - growth)
    np.testing.assert_allclose(np.unique(ratio[:, 1].round(12)), np.sort(expected[:, 0]))
    found = {tuple(row) for row in ratio[:, 1:].round(9)}
    assert found == {tuple(row) for row in expected.round(9)}
    np.testing.assert_allclose(expected.mean(axis=0), 1.0, rtol=1e-12)


def test_half_the_forecast_doubles_the_moves() -> None:
    """Forecast 0.25 where 0.5 is stated: every log-move twice as large before the mean is kept."""
    logs = 2.0 * np.log([1.1, 0.9 / 1.1, 1.3])
    expected = np.exp(logs) / np.exp(logs).mean()
    found = np.unique(drawn(market(forecast=0.25), steps=1)[:, 1].round(12))
    np.testing.assert_allclose(found, np.sort(expected), rtol=1e-9)


def test_a_step_of_two_bars_is_the_sum_of_both() -> None:
    fine, coarse = drawn(market()), drawn(market(), steps=1, step=2 * HOUR)
    np.testing.assert_allclose(coarse[:, 1], fine[:, 2], rtol=1e-12)


def test_any_column_takes_the_windows_of_the_others() -> None:
    """ETH's whole history gives six more windows; an own column has BTC's three alone."""
    both = np.column_stack([PRICE, np.exp(0.01 * np.arange(8) ** 2)])
    history = market(price=both).histories["h.csv"]
    flat = market(price=both).histories["f.csv"]
    own = windows_of(history, flat, ("BTC",), 2, "own")
    assert own.start.tolist() == [0, 1, 5]
    all_of_them = windows_of(history, flat, ("BTC",), 2, "any")
    pairs = set(zip(all_of_them.start.tolist(), all_of_them.column(0).tolist(), strict=True))
    assert pairs == {(0, 0), (1, 0), (5, 0), *((n, 1) for n in range(6))}
    # Two assets of one path take different columns, and windows that both of them have whole.
    two = windows_of(history, flat, ("BTC", "ETH"), 2, "any")
    assert np.all(two.column(0) != two.column(1))
    assert set(two.start.tolist()) == {0, 1, 5}


def test_windows_begin_at_forecasts_alone() -> None:
    where = market()
    every_other = PriceHistory(TIME[::2], ("BTC",), np.full((4, 1), 0.5))
    found = windows_of(where.histories["h.csv"], every_other, ("BTC",), 1, "own")
    assert found.start.tolist() == [0, 2, 6]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"step": 1_800.0}, "bars of 3600 seconds and the step is 1800"),
        ({"steps": 3}, "longer than a window"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        drawn(market(), **change)


def test_a_history_without_a_whole_window_is_refused() -> None:
    gaps = np.where(np.arange(8) % 2 == 0, PRICE, np.nan)
    with pytest.raises(InputError, match="without a gap"):
        drawn(market(price=gaps))


def test_standardised_moves_do_not_depend_on_the_level_of_the_past() -> None:
    """The history's volatility waves by a factor of four; the paths' does not follow it: forecasts
    that know the wave give windows of one size, so that kurtosis falls.
    """
    wild = of_model("filtered_history")
    flat = wild.histories["forecasts.csv"]
    same = PriceHistory(flat.time, flat.assets, np.full(flat.price.shape, 0.5))
    tame = {**wild.histories, "forecasts.csv": same}

    def kurtosis(where: Market) -> float:
        found = exogenous_paths(
            where, ("BTC",), step_seconds=HOUR, steps=1, paths=np.arange(5_000), seed=2
        )
        moves = np.log(found[:, 1, 0] / found[:, 0, 0])
        return float(np.mean(moves**4) / np.mean(moves**2) ** 2)

    assert kurtosis(wild) < kurtosis(replace(wild, histories=tame)) - 2.0
