"""Knots called an own reading lie in the bars of their hour, where the data has the day."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.scenario.events import load_event

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[3] / "../shared/data"))
SPOT = "spot_1h_4_assets_2019-06_2021-06.parquet"
HALF_HOURLY = "perp_30m_20_assets_2023-01_2025-08.parquet"
PERP = "perp_1h_24_assets_2020-10_2024-06.parquet"
# Event, asset, file, symbol, knots that the event itself calls assumed.
HOURLY = [
    ("2020-03-12-maker", "ETH", SPOT, "ETHUSDT", ()),
    ("2021-05-19-lenders", "BTC", PERP, "BTCUSDT", ()),
    ("2021-05-19-lenders", "ETH", PERP, "ETHUSDT", ()),
    ("2021-05-19-maker", "ETH", PERP, "ETHUSDT", ()),
    ("2022-11-08-ftx", "BTC", PERP, "BTCUSDT", (0,)),
    ("2022-11-08-ftx", "ETH", PERP, "ETHUSDT", (0,)),
    ("2022-11-08-ftx", "SOL", PERP, "SOLUSDT", (0,)),
    ("2023-08-17-btc", "BTC", PERP, "BTCUSDT", (2,)),
    ("2023-08-17-btc", "ETH", PERP, "ETHUSDT", (2,)),
    ("2024-08-05-market", "BTC", HALF_HOURLY, "BTCUSDT", ()),
    ("2024-08-05-market", "ETH", HALF_HOURLY, "ETHUSDT", ()),
]
# A knot at a full hour may be that hour's open or the close before: half a percent between venues.
SLACK = 0.005


def rows(file: str, symbol: str, day: datetime) -> list[dict[str, Any]]:
    """Rows of a symbol from a day before to two days after, times without zone (UTC)."""
    path = DATA / "prices" / file
    if not path.exists():
        print(f"SKIPPED: {file} is absent; SEAWALL_DATA names its folder")
        pytest.skip("no real data")
    import polars as pl

    frame = pl.scan_parquet(path).filter(pl.col("symbol").cast(pl.String) == symbol)
    when = pl.col("ts").cast(pl.Datetime("us")).dt.replace_time_zone(None)
    about = when.is_between(day - timedelta(days=1), day + timedelta(days=2))
    return frame.filter(about).with_columns(when).sort("ts").collect().to_dicts()


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "asset", "file", "symbol", "assumed"), HOURLY)
def test_hourly_bars_hold_the_knots(
    name: str, asset: str, file: str, symbol: str, assumed: tuple[int, ...]
) -> None:
    event = load_event(name)
    knots = event.knots[asset]
    start = event.start.replace(tzinfo=None)
    bars = {row["ts"]: row for row in rows(file, symbol, start)}
    for n, (second, price) in enumerate(zip(knots.seconds, knots.prices, strict=True)):
        when = start + timedelta(seconds=second)
        hour = when.replace(minute=0, second=0)
        near = [hour] if when != hour else [hour, hour - timedelta(hours=1)]
        low = min(bars[h]["low"] for h in near)
        high = max(bars[h]["high"] for h in near)
        slack = 0.03 if n in assumed else SLACK
        assert low * (1 - slack) <= price <= high * (1 + slack), f"{when}: {price}"


@pytest.mark.realdata
def test_usdc_is_bitcoin_in_dollars_over_bitcoin_in_usdc() -> None:
    file = "spot_1m_btc_usdc_depeg_2023-03.parquet"
    event = load_event("2023-03-11-usdc")
    start, knots = event.start.replace(tzinfo=None), event.knots["USDC"]
    usd = {row["ts"]: row["close"] for row in rows(file, "BTCUSD", start)}
    kraken = {row["ts"]: row["close"] for row in rows(file, "BTCUSDC-KRAKEN", start)}
    implied = {when: usd[when] / price for when, price in kraken.items() if when in usd}
    for second, price in zip(knots.seconds, knots.prices, strict=True):
        when = start + timedelta(seconds=second)
        near = [x for t, x in implied.items() if abs((t - when).total_seconds()) <= 300]
        assert min(near) - 1e-3 <= price <= max(near) + 1e-3, f"{when}: {price}"
    day = [x for t, x in implied.items() if start <= t < start + timedelta(hours=20)]
    assert min(knots.prices) == pytest.approx(min(day), abs=1e-3)


@pytest.mark.realdata
def test_steth_is_the_chain_oracles_round_and_crv_the_hourly_price() -> None:
    path = DATA / "oracle" / "chainlink_mainnet_rounds_2022-01_2024-01.parquet"
    first = load_event("2022-11-22-crv")
    at = first.start.replace(tzinfo=None)
    crv = rows("coingecko_1h_aave_tokens_2021-01_2023-02.parquet", "CRV", at)
    near = [r["usd"] for r in crv if abs((r["ts"] - at).total_seconds()) < 300]
    assert first.knots["CRV"].prices[0] == pytest.approx(near[0], rel=1e-3)
    import polars as pl

    when = pl.col("ts").cast(pl.Datetime("us")).dt.replace_time_zone(None)
    frame = pl.read_parquet(path).with_columns(when)
    june = frame.filter(
        (pl.col("feed").cast(pl.String) == "stETH/ETH")
        & (pl.col("ts") >= datetime(2022, 6, 11))
        & (pl.col("ts") < datetime(2022, 6, 13))
    )
    rounds = [float(p) for p in june.sort("ts")["price"]]
    knots = load_event("2022-06-12-steth").knots["stETH"]
    assert list(knots.prices) == pytest.approx(rounds, abs=1e-4)
