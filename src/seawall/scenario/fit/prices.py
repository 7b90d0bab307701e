"""Price bars of several assets on one clock, where a gap stays a gap.

Idea: files hold one row per bar and symbol (columns ``ts``, ``close``, ``symbol``; Parquet or CSV,
times in UTC). The bar's length is the most frequent distance between neighbours. A return exists
where two bars stand exactly one bar apart; everything else is missing: nothing is filled forward,
nothing is drawn across a gap.

What is refused: two rows of one symbol at one time, prices that are not above zero, files whose
bars differ in length, times that are not on the grid. Wrong when a bar's close is not the price of
its end (a thin market prints its last trade there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.table_file import parsed_table

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("ts", "close", "symbol")
FEWEST_BARS = 500
# Without another word two thirds of the time are fitted to, and the last third judges.
FITTED_SHARE = 2.0 / 3.0


@dataclass(frozen=True)
class Prices:
    """Closes on one clock.

    assets        (k,) names        seconds   of a bar
    times         (t,) int, seconds since 1970 (UTC), rising by whole bars; a missing bar has no row
                  unless another asset has it
    close         (t, k) quote per unit, NaN where the asset has no bar
    """

    assets: tuple[str, ...]
    seconds: int
    times: Ints
    close: Floats

    def before(self, time: int) -> Prices:
        """The bars up to ``time``, it included."""
        keep = self.times <= time
        return Prices(self.assets, self.seconds, self.times[keep], self.close[keep])

    def after(self, time: int) -> Prices:
        """The bars from ``time`` on, it included: its close is where the first return starts."""
        keep = self.times >= time
        return Prices(self.assets, self.seconds, self.times[keep], self.close[keep])


@dataclass(frozen=True)
class Returns:
    """Log-returns of one bar on an unbroken clock.

    assets (k,), seconds of a bar; log_return (t, k), NaN where a bar is missing on either side.
    """

    assets: tuple[str, ...]
    seconds: int
    log_return: Floats


def returns_of(prices: Prices) -> Returns:
    """Log-returns on the whole clock from the first bar to the last, missing ones NaN."""
    if prices.times.size < 2:
        return Returns(prices.assets, prices.seconds, np.empty((0, len(prices.assets))))
    place = (prices.times - prices.times[0]) // prices.seconds
    log = np.full((int(place[-1]) + 1, len(prices.assets)), np.nan)
    log[place] = np.log(prices.close)
    return Returns(prices.assets, prices.seconds, np.diff(log, axis=0))


def read_prices(files: Sequence[Path], symbols: Mapping[str, str] | None = None) -> Prices:
    """The closes of these files; ``symbols`` {asset: symbol in the file}, None takes every symbol.

    An asset's own name, where none is given, is the symbol without USDT, USDC or USD at its end.
    Raises InputError for what the module's docstring refuses and for a symbol that no file has.
    """
    import polars as pl

    table = pl.concat([_read(file) for file in files]).sort("ts", "symbol")
    found: list[str] = table["symbol"].unique().sort().to_list()
    wanted = {asset_of(name): name for name in found} if symbols is None else dict(symbols)
    for name in wanted.values():
        if name not in found:
            raise InputError(
                f"no bar is of {name!r}",
                file=", ".join(str(file) for file in files),
                column="symbol",
                expected=f"one of {', '.join(found[:12])}",
            )
    table = table.filter(pl.col("symbol").is_in(list(wanted.values())))
    _refuse_twice(table, files)
    stamp = table["ts"].to_numpy().astype(np.int64)
    symbol = table["symbol"].to_numpy()
    seconds = _bar_seconds(stamp, symbol, files)
    times, row = np.unique(stamp, return_inverse=True)
    close = np.full((times.size, len(wanted)), np.nan)
    for column, name in enumerate(wanted.values()):
        mine = symbol == name
        close[row[mine], column] = table["close"].to_numpy()[mine]
    return Prices(tuple(wanted), seconds, times, close)


def asset_of(symbol: str) -> str:
    """BTCUSDT is BTC."""
    for quote in ("USDT", "USDC", "USD"):
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote)
    return symbol


def split_time(prices: Prices, until: datetime | None) -> int:
    """Where the fit ends and judging begins, seconds since 1970.

    ``until`` is inclusive of the bar that stands there; None: after two thirds of the time. Raises
    InputError when fewer than 500 bars stand on either side.
    """
    first, last = int(prices.times[0]), int(prices.times[-1])
    if until is None:
        time = first + round((last - first) * FITTED_SHARE)
    else:
        moment = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        time = int(moment.timestamp())
    early = int(np.sum(prices.times <= time))
    late = int(prices.times.size) - early
    if early < FEWEST_BARS or late < FEWEST_BARS:
        shown = datetime.fromtimestamp(time, UTC)
        raise InputError(
            f"{early:,} bars stand up to {shown:%Y-%m-%d %H:%M} UTC and {late:,} after it",
            expected=f"at least {FEWEST_BARS} on each side: one to fit, the other to judge the fit",
        )
    return time


def _read(file: Path) -> pl.DataFrame:
    """One file as columns ts (seconds), close, symbol."""
    import polars as pl

    table = parsed_table(file, COLUMNS, "bars")
    if not table.schema["ts"].is_temporal():
        raise InputError(
            f"times are of the type {table.schema['ts']}",
            file=str(file),
            column="ts",
            expected="dates and times in UTC, such as 2024-05-01 00:00:00",
        )
    try:
        table = table.select(
            pl.col("ts").dt.epoch("s"),
            pl.col("close").cast(pl.Float64),
            pl.col("symbol").cast(pl.String),
        )
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"cannot be read ({first})", file=str(file), expected="bars in Parquet or CSV"
        ) from error
    bad = table.filter(~(pl.col("close").is_finite() & (pl.col("close") > 0.0)))
    if not bad.is_empty():
        raise InputError(
            f"a close is {bad['close'][0]}", file=str(file), column="close", expected="above 0"
        )
    return table


def _refuse_twice(table: pl.DataFrame, files: Sequence[Path]) -> None:
    twice = table.filter(table.select("ts", "symbol").is_duplicated())
    if not twice.is_empty():
        shown = datetime.fromtimestamp(int(twice["ts"][0]), UTC)
        raise InputError(
            f"{twice['symbol'][0]} has two bars at {shown:%Y-%m-%d %H:%M} UTC",
            file=", ".join(str(file) for file in files),
            column="ts",
            expected="each bar of a symbol once, in one of the files",
        )


def _bar_seconds(stamp: Ints, symbol: NDArray[np.object_], files: Sequence[Path]) -> int:
    """The most frequent distance between neighbours, which all others must be multiples of."""
    place = ", ".join(str(file) for file in files)
    step = np.concatenate([np.diff(stamp[symbol == name]) for name in np.unique(symbol)])
    if step.size == 0:
        raise InputError("holds a single bar", file=place, expected=f"at least {FEWEST_BARS}")
    values, count = np.unique(step, return_counts=True)
    seconds = int(values[np.argmax(count)])
    off = (stamp - stamp[0]) % seconds != 0
    if np.any(off):
        shown = datetime.fromtimestamp(int(stamp[np.argmax(off)]), UTC)
        raise InputError(
            f"bars are {seconds} s apart, and {shown:%Y-%m-%d %H:%M:%S} UTC is not on that grid",
            file=place,
            column="ts",
            expected="bars of one length",
        )
    return seconds
