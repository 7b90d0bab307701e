"""The venue's own delta and vega on a whole chain: Deribit's, one of every option it listed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from seawall.book import AccountKind, Book
from seawall.instruments import Option
from seawall.market import AssetState, InstrumentState, Market
from seawall.valuation.revalue import revalue

DATA = Path(os.environ.get("SEAWALL_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
CHAIN = DATA / "options" / "deribit_btc_eth_chain_2026-02.parquet"


@pytest.mark.realdata
def test_delta_and_vega_are_those_that_deribit_publishes() -> None:
    """Coin-settled options: the venue's delta is Black's, its vega dollars per point.

    The file's forward and mark volatility are of slightly other moments than the venue's Greeks,
    so medians over the chain are compared, at three times what was measured (3.7e-4 and 2.0e-3).
    """
    if not CHAIN.exists():
        print(f"SKIPPED: {CHAIN.name} is absent; SEAWALL_DATA names its folder")
        pytest.skip("SEAWALL_DATA holds no Deribit chain")
    import polars as pl

    frame = pl.read_parquet(CHAIN).filter(pl.col("currency").cast(pl.String) == "BTC")
    when: datetime = frame["timestamp"].max()  # type: ignore[assignment]
    hour = frame.filter(pl.col("timestamp") > pl.lit(when) - pl.duration(hours=1))
    hour = hour.unique("instrument_name", keep="last", maintain_order=True)
    rows = hour.filter(pl.col("expiry_datetime") > pl.lit(when) + pl.duration(days=1)).to_dicts()
    assert len(rows) > 300
    spot = float(np.median([row["index_price"] for row in rows]))
    items = tuple(
        Option(
            row["instrument_name"],
            "BTC",
            "BTC",
            row["expiry_datetime"],
            row["strike"],
            row["option_type"] == "call",
        )
        for row in rows
    )
    states = {
        row["instrument_name"]: InstrumentState(
            mark=row["futures_price"], implied_volatility=row["implied_volatility"]
        )
        for row in rows
    }
    count = len(items)
    book = Book(
        ("a",), ("v",), ("o",), (AccountKind.DESK,), items, ("BTC",),
        np.zeros(count, dtype=np.int64), np.arange(count), np.ones(count), np.zeros(count),
        np.zeros(count, dtype=bool), np.zeros(count),
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0),
    )  # fmt: skip
    coin = AssetState(spot, spot, spot, 0.5, 1e9, 1e9)
    found = revalue(book, Market(when, {"BTC": coin}, states), when.timestamp())
    delta = np.abs(found.delta - np.array([row["delta"] for row in rows]))
    theirs = np.array([row["vega"] for row in rows])
    # Our vega is of the coin premium turned into dollars at spot: Black's over forward / spot.
    basis = np.array([row["futures_price"] for row in rows]) / spot
    vega = np.abs(found.vega * basis / 100.0 / np.maximum(theirs, 1e-9) - 1.0)[theirs > 1.0]
    print(
        f"{count} options: median |delta - Deribit's| {np.median(delta):.1e}, "
        f"median relative difference of vega {np.median(vega):.1e}"
    )
    assert np.median(delta) < 1.1e-3
    assert np.median(vega) < 6e-3
