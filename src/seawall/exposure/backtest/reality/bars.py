"""Bars with their lowest and highest prices, each series on an unbroken clock with gaps as gaps.

A bar's lowest and highest price are extremes of everything that was traded within it, so whether a
barrier was reached is known exactly from bars, whatever their length; only the order of the two
within a bar is not, which matters to nobody with a barrier on one side. Bars shorter than an hour
are put together to hours, with the same extremes; an hour that lacks one of its bars is a gap.

Where a path of prices is needed, a bar is three of them, a third of a bar apart: lowest and highest
(the lowest first where the bar rose, else the highest), then the close. Files without ``low`` and
``high`` have closes alone: barriers are then seen at the ends of bars, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.prices import asset_of, read_prices

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR = 3_600
POINTS = 3


@dataclass(frozen=True)
class Series:
    """One asset's bars on an unbroken clock.

    name, source  asset, and the file it came from
    seconds       of a bar
    end           (t,) when each bar ends, seconds since 1970
    low, high, close  (t,) logarithms, NaN where there is no bar
    extremes      False where the file has closes alone
    """

    name: str
    source: str
    seconds: int
    end: Ints
    low: Floats
    high: Floats
    close: Floats
    extremes: bool

    @property
    def label(self) -> str:
        """The asset and its file: a name that no other series has."""
        return f"{self.name} of {self.source}"


def read_series(files: Sequence[Path]) -> list[Series]:
    """The bars of all files, hours where they were shorter.

    Raises InputError as `read_prices`, and for a lowest or highest price that is no price.
    """
    out: list[Series] = []
    for file in files:
        prices = read_prices([file])
        extremes = _extremes(file)
        place = (prices.times - prices.times[0]) // prices.seconds
        count = int(place[-1]) + 1
        end = prices.times[0] + prices.seconds * np.arange(1, count + 1, dtype=np.int64)
        for column, name in enumerate(prices.assets):
            close = np.full(count, np.nan)
            close[place] = np.log(prices.close[:, column])
            low, high = close.copy(), close.copy()
            if name in extremes:
                at = (extremes[name][0] - prices.times[0]) // prices.seconds
                low[at] = np.fmin(close[at], np.log(extremes[name][1]))
                high[at] = np.fmax(close[at], np.log(extremes[name][2]))
            one = Series(name, file.name, prices.seconds, end, low, high, close, name in extremes)
            out.append(hourly(one))
    return out


def _extremes(file: Path) -> dict[str, tuple[Ints, Floats, Floats]]:
    """{asset: (beginnings of bars, lowest, highest price)}; empty without those columns."""
    import polars as pl

    table = pl.read_parquet(file) if file.suffix == ".parquet" else _csv(file)
    if not {"low", "high"} <= set(table.columns):
        return {}
    try:
        table = table.select(
            pl.col("ts").dt.epoch("s"),
            pl.col("low").cast(pl.Float64),
            pl.col("high").cast(pl.Float64),
            pl.col("symbol").cast(pl.String),
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"low and high cannot be read ({str(error).splitlines()[0]})",
            file=str(file),
            expected="numbers",
        ) from error
    for name in ("low", "high"):
        bad = table.filter(~(pl.col(name).is_finite() & (pl.col(name) > 0.0)))
        if not bad.is_empty():
            raise InputError(
                f"a price is {bad[name][0]}", file=str(file), column=name, expected="above 0"
            )
    found = {}
    for (symbol,), part in table.drop_nulls().group_by("symbol"):
        columns = (part[name].to_numpy() for name in ("ts", "low", "high"))
        begin, low, high = columns
        found[asset_of(str(symbol))] = (begin.astype(np.int64), low, high)
    return found


def _csv(file: Path) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv(file, try_parse_dates=True)


def hourly(one: Series) -> Series:
    """The same in hours, where bars are shorter and divide one; hours begin on the hour."""
    if one.seconds >= HOUR or HOUR % one.seconds:
        return one
    each = HOUR // one.seconds
    into = (one.end - 1) // HOUR
    first, count = int(into[0]), int(into[-1] - into[0]) + 1
    slot = (one.end - one.seconds - first * HOUR) // one.seconds
    shape = (count, each)

    def laid(values: Floats) -> Floats:
        out = np.full(count * each, np.nan)
        out[slot] = values
        return out.reshape(shape)

    close = laid(one.close)
    whole = np.all(np.isfinite(close), axis=1)
    low = np.where(whole, laid(one.low).min(axis=1), np.nan)
    high = np.where(whole, laid(one.high).max(axis=1), np.nan)
    end = (first + 1 + np.arange(count, dtype=np.int64)) * HOUR
    last = np.where(whole, close[:, -1], np.nan)
    return Series(one.name, one.source, HOUR, end, low, high, last, one.extremes)


def points(one: Series) -> Floats:
    """Log-prices of a path through each bar (t, 3): both extremes, then the close."""
    before = np.concatenate([[np.nan], one.close[:-1]])
    rose = one.close >= np.where(np.isfinite(before), before, one.close)
    first = np.where(rose, one.low, one.high)
    second = np.where(rose, one.high, one.low)
    return np.stack([first, second, one.close], axis=1)


def activity(one: Series) -> Floats:
    """What moved within each bar (t,): sum of squared log-moves along its path from the close
    before; NaN where either close is missing. Up to a factor, its variance.
    """
    path = np.column_stack([np.concatenate([[np.nan], one.close[:-1]]), points(one)])
    return np.asarray((np.diff(path, axis=1) ** 2).sum(axis=1))
