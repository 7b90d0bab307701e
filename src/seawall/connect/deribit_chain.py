"""What a Deribit option chain and its history say: forwards, volatilities, the volatility's slope.

A chain file holds snapshots (all instruments of a currency at about one time) as rows. Everything
taken here is of the snapshot or of earlier ones: a Case must not know its own future. Prices of
options are in coin, implied volatility is the venue's mark volatility as a fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.valuation.black import black, greeks

if TYPE_CHECKING:
    import polars as pl

CHAIN = "options/deribit_btc_eth_chain_2026-01.parquet"
COLUMNS = (
    "timestamp",
    "instrument_name",
    "option_type",
    "strike",
    "expiry_datetime",
    "bid_price",
    "ask_price",
    "mark_price",
    "futures_price",
    "futures_instrument_name",
    "implied_volatility",
    "open_interest",
    "volume",
    "currency",
    "index_price",
)
# Near-the-money, about a month: the part of the surface whose level is followed through time.
NEAR_DAYS = (15.0, 50.0)
NEAR_MONEY = 0.04
FEWEST_SNAPSHOTS = 20


@dataclass(frozen=True)
class History:
    """What the snapshots up to one time say about a currency; see `history`.

    volatility         annual, realised, from index changes between snapshots
    volatility_error   its relative standard error, 1 / sqrt(2 x changes)
    implied_slope      change of implied volatility per unit of relative index change
    slope_error        standard error of that regression coefficient
    half_spread        median half bid-ask spread of near-the-money options, in volatility
    daily_volume       quote notional of options traded in the 24 h before the last snapshot
    log_returns        (changes,) of the index between snapshots
    """

    volatility: float
    volatility_error: float
    implied_slope: float
    slope_error: float
    half_spread: float
    daily_volume: float
    log_returns: NDArray[np.float64]


def read_chain(file: Path) -> pl.DataFrame:
    """Every row of a chain file with the columns used here; InputError when it is not one."""
    import polars as pl

    if file.is_dir():
        raise InputError("is a directory", file=str(file), expected="an option chain in Parquet")
    try:
        lazy = pl.scan_parquet(file)
        missing = [column for column in COLUMNS if column not in lazy.collect_schema()]
        if missing:
            raise InputError(
                "the column is missing",
                file=str(file),
                column=missing[0],
                expected=f"the columns {', '.join(COLUMNS)}",
            )
        text = ("instrument_name", "option_type", "futures_instrument_name", "currency")
        return (
            lazy.select(*(pl.col(c).cast(pl.String) if c in text else pl.col(c) for c in COLUMNS))
            .with_columns(pl.col("implied_volatility").cast(pl.Float64))
            .collect()
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"cannot be read ({first})", file=str(file), expected="an option chain in Parquet"
        ) from error


def snapshot_times(chain: pl.DataFrame) -> list[datetime]:
    """The times (UTC) of the snapshots, rising."""
    times: list[datetime] = chain["timestamp"].unique().sort().to_list()
    return times


def snapshot_at(chain: pl.DataFrame, at: datetime | None) -> pl.DataFrame:
    """The rows of the last snapshot not after ``at`` (UTC; None = the last of all).

    Raises InputError when the file has none so early.
    """
    import polars as pl

    times = snapshot_times(chain)
    earlier = [time for time in times if at is None or time <= at]
    if not earlier:
        first = f"{times[0]:%Y-%m-%d %H:%M}" if times else "none"
        raise InputError(
            f"there is no snapshot at or before {at:%Y-%m-%d %H:%M} UTC",
            column="timestamp",
            expected=f"a time from {first} UTC on",
        )
    return chain.filter(pl.col("timestamp") == earlier[-1])


def years_to_expiry(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Years of 365 days from each row's snapshot to its expiry."""
    milliseconds = (rows["expiry_datetime"] - rows["timestamp"]).dt.total_milliseconds()
    return milliseconds.to_numpy() / 1000.0 / SECONDS_PER_YEAR


def mark_error(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Absolute difference between Black(futures price, mark volatility) / F and the mark, coins."""
    forward = rows["futures_price"].to_numpy()
    value = black(
        forward,
        rows["strike"].to_numpy(),
        years_to_expiry(rows),
        rows["implied_volatility"].to_numpy(),
        (rows["option_type"] == "call").to_numpy(),
    )
    error: NDArray[np.float64] = np.abs(value / forward - rows["mark_price"].to_numpy())
    return error


def history(chain: pl.DataFrame, currency: str, until: datetime) -> History:
    """Volatility, its slope in the index, spreads and volume of ``currency`` up to ``until``.

    The slope is ordinary least squares with intercept of the change in mean near-the-money implied
    volatility (15 to 50 days, within 4% of the forward) on the relative index change between
    consecutive snapshots. The expiries behind that mean change as time passes, which adds noise.
    Raises InputError with fewer than 20 snapshots.
    """
    import polars as pl

    past = chain.filter((pl.col("currency") == currency) & (pl.col("timestamp") <= until))
    near = _near(past)
    level = (
        near.group_by("timestamp")
        .agg(pl.col("implied_volatility").mean(), pl.col("index_price").median())
        .sort("timestamp")
    )
    if level.height < FEWEST_SNAPSHOTS:
        raise InputError(
            f"{currency} has {level.height} snapshots up to {until:%Y-%m-%d %H:%M} UTC",
            column="timestamp",
            expected=f"at least {FEWEST_SNAPSHOTS}, to fit the slope of implied volatility",
        )
    index = level["index_price"].to_numpy()
    log_returns = np.diff(np.log(index))
    elapsed = (level["timestamp"][-1] - level["timestamp"][0]).total_seconds()
    slope, error = _regression(
        np.diff(index) / index[:-1], np.diff(level["implied_volatility"].to_numpy())
    )
    last = past.filter(pl.col("timestamp") == pl.col("timestamp").max())
    return History(
        volatility=float(np.sqrt(np.sum(log_returns**2) / elapsed * SECONDS_PER_YEAR)),
        volatility_error=float(1.0 / np.sqrt(2.0 * log_returns.size)),
        implied_slope=slope,
        slope_error=error,
        half_spread=_half_spread(_near(last)),
        daily_volume=float((last["volume"] * last["index_price"]).sum()),
        log_returns=log_returns,
    )


def _near(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows near the money and about a month from expiry."""
    import polars as pl

    days = pl.Series(years_to_expiry(rows) * 365.0)
    moneyness = (rows["strike"] / rows["futures_price"] - 1.0).abs()
    return rows.filter(days.is_between(*NEAR_DAYS) & (moneyness < NEAR_MONEY))


def _regression(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope of y on x with intercept, and its standard error."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    left = y - y.mean() - slope * centred
    return slope, float(np.sqrt(left @ left / (x.size - 2) / spread))


def _half_spread(rows: pl.DataFrame) -> float:
    """Median of (ask - bid) / 2 over vega, in volatility; rows without both quotes are left out."""
    import polars as pl

    quoted = rows.filter((pl.col("bid_price") > 0.0) & (pl.col("ask_price") > pl.col("bid_price")))
    if quoted.is_empty():
        raise InputError(
            "no near-the-money option has both a bid and an ask",
            column="bid_price",
            expected="quotes from which half the spread of implied volatility can be read",
        )
    forward = quoted["futures_price"].to_numpy()
    vega = greeks(
        forward,
        quoted["strike"].to_numpy(),
        years_to_expiry(quoted),
        quoted["implied_volatility"].to_numpy(),
        True,
    ).vega
    half = 0.5 * (quoted["ask_price"] - quoted["bid_price"]).to_numpy() * forward
    return float(np.median(half / vega))
