"""Bars as they are in files: gaps stay gaps, slips are refused in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seawall.foundation.errors import InputError
from seawall.scenario.fit.prices import read_prices, returns_of, split_time

START = datetime(2024, 1, 1, tzinfo=UTC)


def table(symbol: str, minutes: list[int], close: list[float]) -> pl.DataFrame:
    times = [START + timedelta(minutes=m) for m in minutes]
    return pl.DataFrame({"ts": times, "close": close, "symbol": symbol})


def written(folder: Path, *tables: pl.DataFrame, name: str = "bars.parquet") -> Path:
    file = folder / name
    whole = pl.concat(tables)
    if name.endswith("csv"):
        whole.write_csv(file)
    else:
        whole.write_parquet(file)
    return file


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_a_gap_makes_two_returns_missing_and_no_other(tmp_path: Path, name: str) -> None:
    # BTC has no bar at 15, ETH none at 30: each loses the returns into and out of its gap.
    btc = table("BTCUSDT", [0, 5, 10, 20, 25, 30], [100.0, 110.0, 121.0, 200.0, 220.0, 242.0])
    eth = table("ETHUSDT", [0, 5, 10, 15, 20, 25], [10.0, 11.0, 12.1, 13.31, 14.641, 16.1051])
    prices = read_prices([written(tmp_path, btc, eth, name=name)])
    assert prices.assets == ("BTC", "ETH")
    assert prices.seconds == 300
    found = returns_of(prices).log_return
    step = np.log(1.1)
    gap = np.nan
    np.testing.assert_allclose(found[:, 0], [step, step, gap, gap, step, step], rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], [step] * 5 + [gap], rtol=1e-12)


def test_a_bar_that_nobody_has_is_a_gap_too(tmp_path: Path) -> None:
    btc = table("BTCUSDT", [0, 5, 10, 25, 30], [1.0, 2.0, 4.0, 5.0, 10.0])
    found = returns_of(read_prices([written(tmp_path, btc)])).log_return[:, 0]
    step, gap = np.log(2.0), np.nan
    np.testing.assert_allclose(found, [step, step, gap, gap, gap, step])


def test_two_files_of_one_symbol_join(tmp_path: Path) -> None:
    one = written(tmp_path, table("X", [0, 5, 10], [1.0, 2.0, 4.0]), name="one.parquet")
    two = written(tmp_path, table("X", [15, 20], [8.0, 16.0]), name="two.parquet")
    found = returns_of(read_prices([one, two])).log_return[:, 0]
    np.testing.assert_allclose(found, np.log(2.0))


@pytest.mark.parametrize(
    ("minutes", "close", "said"),
    [
        ([0, 5, 5, 10], [1.0, 1.0, 1.0, 1.0], "has two bars at 2024-01-01 00:05"),
        ([0, 5, 10, 12], [1.0, 1.0, 1.0, 1.0], "00:12:00 UTC is not on that grid"),
        ([0, 5, 10, 15], [1.0, 0.0, 1.0, 1.0], "a close is 0"),
        ([0, 5, 10, 15], [1.0, float("nan"), 1.0, 1.0], "a close is nan"),
    ],
)
def test_slips_are_refused(
    tmp_path: Path, minutes: list[int], close: list[float], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_prices([written(tmp_path, table("X", minutes, close))])


def test_a_symbol_that_no_file_has_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, table("X", [0, 5, 10], [1.0, 1.0, 1.0]))
    with pytest.raises(InputError, match="no bar is of 'Y'"):
        read_prices([file], {"Y": "Y"})
    with pytest.raises(InputError, match="is not a file"):
        read_prices([tmp_path / "none.parquet"])


def test_the_fit_ends_where_it_is_told_and_judging_needs_bars(tmp_path: Path) -> None:
    minutes = [5 * n for n in range(1_500)]
    prices = read_prices([written(tmp_path, table("X", minutes, [1.0] * 1_500))])
    time = split_time(prices, None)
    assert prices.before(time).times.size == 1_000  # 2/3 of the way from bar 0 to bar 1,499
    told = split_time(prices, START + timedelta(minutes=5 * 699))
    assert prices.before(told).times.size == 700
    # The last fitted bar is where the first later return starts.
    assert prices.after(told).times.size == 801
    with pytest.raises(InputError, match="at least 500 on each side"):
        split_time(prices, START + timedelta(days=100))
