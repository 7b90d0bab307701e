"""A book of options out of a chain's snapshots, held from each snapshot to the next.

The book of an interval: the ``legs`` options with the largest open interest at its beginning that
stand in both snapshots and have not expired at its end, each of the size of its open interest,
every second one short. So it changes only as open interest does, and is nobody's in particular.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.connect.deribit_chain import years_to_expiry
from seawall.connect.option_quotes import LONGEST_INTERVAL
from seawall.exposure.pnl.intervals import Interval, Ticks
from seawall.exposure.pnl.option_legs import OptionLegs, Seen

if TYPE_CHECKING:
    import polars as pl

# Deribit publishes volatility in percent with two decimals and marks with six.
TICKS = Ticks(volatility=1e-4, mark=1e-6)


def neighbours(chain: pl.DataFrame) -> list[tuple[datetime, datetime]]:
    """Snapshot times that follow one another within twelve hours: gaps are gaps."""
    times: list[datetime] = chain["timestamp"].unique().sort().to_list()
    return [(a, b) for a, b in pairwise(times) if b - a <= LONGEST_INTERVAL]


def intervals(chain: pl.DataFrame, legs: int) -> Iterator[Interval]:
    """The book of every interval between neighbouring snapshots, in order of time."""
    parts = {key[0]: part for key, part in chain.partition_by("timestamp", as_dict=True).items()}
    for begin, end in neighbours(chain):
        both = parts[begin].join(parts[end], on="instrument_name", suffix="_after")
        both = both.sort(["open_interest", "instrument_name"], descending=[True, False])
        both = both.filter(both["expiry_datetime"] > end).head(legs)
        if both.height:
            yield _interval(both, begin, end)


def _interval(rows: pl.DataFrame, begin: datetime, end: datetime) -> Interval:
    import polars as pl

    group = rows.select(pl.struct("currency", "expiry_datetime").rank("dense"))
    coin = rows.select(pl.col("currency").rank("dense"))
    sign = np.where(np.arange(rows.height) % 2 == 0, 1.0, -1.0)
    after = rows.select(
        *(
            pl.col(f"{name}_after").alias(name)
            for name in rows.columns
            if f"{name}_after" in rows.columns
        )
    )
    return Interval(
        begin,
        end,
        OptionLegs(
            name=tuple(rows["instrument_name"].to_list()),
            size=sign * _numbers(rows, "open_interest"),
            strike=_numbers(rows, "strike"),
            call=(rows["option_type"] == "call").to_numpy(),
            smile=group.to_series().to_numpy().astype(np.int64) - 1,
            coin=coin.to_series().to_numpy().astype(np.int64) - 1,
        ),
        _seen(rows),
        _seen(after),
    )


def _seen(rows: pl.DataFrame) -> Seen:
    return Seen(
        index=_numbers(rows, "index_price"),
        forward=_numbers(rows, "futures_price"),
        years=years_to_expiry(rows),
        volatility=_numbers(rows, "implied_volatility"),
        mark=_numbers(rows, "mark_price"),
        bid=_numbers(rows, "bid_price"),
        ask=_numbers(rows, "ask_price"),
    )


def _numbers(rows: pl.DataFrame, column: str) -> NDArray[np.float64]:
    import polars as pl

    return rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
