"""Implied volatility on every two-sided quote of the real chains, and Deribit's marks repriced.

Prices are in coin: times the future's price they are prices on the forward. A price that rounding
to a tick has put outside its bounds is not a failure; it is counted with its reason.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seawall.valuation import fastblack, implied
from seawall.valuation.implied import Reason, implied_quote

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SEAWALL_DATA") or ROOT / "../shared/data") / "options"
MONTHS = ("2025-12", "2026-01", "2026-02")
MILLISECONDS_PER_YEAR = 365 * 86_400_000.0

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="SEAWALL_DATA has no options: 0 chains read"),
]


def month(name: str) -> pl.DataFrame:
    chain = pl.read_parquet(FOLDER / f"deribit_btc_eth_chain_{name}.parquet")
    life = pl.col("expiry_datetime") - pl.col("timestamp")
    return chain.select(
        bid="bid_price",
        ask="ask_price",
        mark="mark_price",
        forward="futures_price",
        strike="strike",
        years=life.dt.total_milliseconds() / MILLISECONDS_PER_YEAR,
        volatility=pl.col("implied_volatility").cast(pl.Float64),
        call=pl.col("option_type").cast(pl.String) == "call",
    )


def crash() -> pl.DataFrame:
    chain = pl.read_csv(
        FOLDER / "deribit_btc_chain_2020-05-21_with_books.csv.gz", infer_schema_length=5000
    )
    life = pl.col("expiration_timestamp") - pl.col("timestamp")
    return chain.select(
        bid="best_bid_price",
        ask="best_ask_price",
        mark="mark_price",
        forward="underlying_price",
        strike="strike",
        years=life / MILLISECONDS_PER_YEAR,
        volatility=pl.col("mark_iv") / 100.0,
        call=pl.col("option_type") == "call",
    )


def summary() -> pl.DataFrame:
    chain = pl.read_csv(
        FOLDER / "deribit_eth_book_summary_2024-01-08.csv.gz", infer_schema_length=5000
    )
    day = pl.col("expire_date").str.to_titlecase().str.to_datetime("%d%b%y", time_unit="ms")
    # Options expire at 08:00 UTC.
    life = day.dt.timestamp("ms") + 8 * 3_600_000 - pl.col("creation_timestamp")
    return chain.select(
        bid="bid_price",
        ask="ask_price",
        mark="mark_price",
        forward="underlying_price",
        strike=pl.col("strike_price").cast(pl.Float64),
        years=life / MILLISECONDS_PER_YEAR,
        call=pl.col("option_type") == "C",
    )


def columns(chain: pl.DataFrame, *names: str) -> list[np.ndarray]:
    return [chain[name].to_numpy() for name in names]


def solve(chain: pl.DataFrame, name: str, capsys: pytest.CaptureFixture[str]) -> int:
    """Solve all two-sided quotes; those inside their bounds must be found and reprice."""
    fastblack.prepare()
    implied.prepare()
    chain = chain.filter((pl.col("bid") > 0.0) & (pl.col("ask") > 0.0))
    bid, ask, f, k, t, call = columns(chain, "bid", "ask", "forward", "strike", "years", "call")
    found = implied_quote(bid * f, ask * f, f, k, t, call)
    for side, coin in ((found.bid, bid), (found.ask, ask)):
        price = coin * f
        intrinsic = np.maximum(np.where(call, f - k, k - f), 0.0)
        inside = (price > intrinsic) & (price < np.where(call, f, k)) & (t > 0.0) & (bid <= ask)
        np.testing.assert_array_equal(side.found, inside)
        at = np.where(inside, side.volatility, 1.0)
        again = fastblack.greeks(f, k, t, at, call)
        attainable = 1e-14 * price + 7e-16 * again.vega * at
        assert (np.abs(again.value - price) <= attainable)[inside].all()
    both = found.bid.found & found.ask.found
    assert (found.bid.volatility <= found.ask.volatility)[both].all()
    outside = {
        reason.name.lower(): count
        for reason in Reason
        if reason != Reason.FOUND
        and (count := found.bid.counts().get(reason, 0) + found.ask.counts().get(reason, 0))
    }
    with capsys.disabled():
        print(f"\n{name}: {chain.height} two-sided quotes, outside their bounds: {outside}", end="")
    return chain.height


@pytest.mark.parametrize("name", MONTHS)
def test_every_two_sided_quote_of_a_month(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert solve(month(name), name, capsys) > 1_000


def test_every_two_sided_quote_of_2020(capsys: pytest.CaptureFixture[str]) -> None:
    assert solve(crash(), "2020-05-21", capsys) > 50


def test_every_two_sided_quote_of_2024(capsys: pytest.CaptureFixture[str]) -> None:
    assert solve(summary(), "2024-01-08", capsys) > 100


@pytest.mark.parametrize("name", [*MONTHS, "2020-05-21"])
def test_inverse_black_reprices_the_venues_marks(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Median absolute error of Black(forward, mark volatility) / forward <= 1.2e-5 coin."""
    fastblack.prepare()
    chain = crash() if name == "2020-05-21" else month(name)
    chain = chain.drop_nulls(["mark", "volatility", "forward"]).filter(pl.col("years") > 0.0)
    mark, f, k, t, vol, call = columns(
        chain, "mark", "forward", "strike", "years", "volatility", "call"
    )
    error = np.abs(fastblack.values(f, k, t, vol, call) / f - mark)
    with capsys.disabled():
        print(f"\n{name}: {mark.size} marks, median error {np.median(error):.2e} coin", end="")
    assert np.median(error) <= 1.2e-5
