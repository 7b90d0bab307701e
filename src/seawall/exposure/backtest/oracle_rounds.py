"""Recorded rounds of price feeds, and the market series that each feed follows.

A round is (feed, round_id, ts, price): what the feed showed from ``ts`` on. Round numbers are text,
because a proxy's number is phase x 2^64 + the aggregator's own number. Two rounds in one second:
the later number stands. A pause longer than twice the heartbeat is a hole in the *record* where
numbers are missing between the two rounds (or cannot be compared), and a late feed where they
follow one another: the first is left out, the second is counted.

The market of BTC/USD is the series of BTC in a dollar coin; of ETH/BTC, a series of that pair or
else the ratio of two. Wrong when: the market series is a perpetual or in another dollar coin; then
it has a basis to what the feed measures, which `oracle_fit` estimates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.table_file import text_table
from seawall.scenario.fit.prices import Prices, read_prices

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("feed", "round_id", "ts", "price")
DOLLARS = ("USD", "USDT", "USDC")
_PHASE = 1 << 64


@dataclass(frozen=True)
class Rounds:
    """One feed's rounds in order of time.

    time (n,) seconds since 1970, rising   price (n,)
    follows (n,) int: numbers from the round before to this one; 1 = none missing, 0 = unknown
    """

    feed: str
    time: Ints
    price: Floats
    follows: Ints

    def between(self, first: int, last: int) -> Rounds:
        """Rounds with first <= time < last."""
        keep = (self.time >= first) & (self.time < last)
        return Rounds(self.feed, self.time[keep], self.price[keep], self.follows[keep])


@dataclass(frozen=True)
class Series:
    """A market's closes at bar ends: time (t,) rising, log (t,) log-price, seconds of a bar."""

    name: str
    seconds: int
    time: Ints
    log: Floats


def read_rounds(files: Sequence[Path]) -> list[Rounds]:
    """Every feed of these files. Raises InputError for what is no record of rounds."""
    import polars as pl

    table = pl.concat([_read(file) for file in files]).unique(maintain_order=True)
    found = []
    for (feed,), rows in sorted(table.group_by("feed"), key=lambda pair: str(pair[0][0])):
        numbers = [_number(text) for text in rows["round_id"].to_list()]
        order = sorted(range(len(numbers)), key=lambda n: (rows["ts"][n], numbers[n] or 0))
        time = rows["ts"].to_numpy().astype(np.int64)[order]
        price = rows["price"].to_numpy()[order]
        last = np.append(np.diff(time) > 0, True)
        kept = [numbers[n] for n, stays in zip(order, last.tolist(), strict=True) if stays]
        # Rounds dropped for sharing a second are not missing: they are counted with the next.
        dropped = np.diff(np.flatnonzero(last), prepend=-1)
        follows = np.array(
            [0]
            + [
                _step(a, b, int(extra))
                for a, b, extra in zip(kept[:-1], kept[1:], dropped[1:], strict=True)
            ],
            dtype=np.int64,
        )
        found.append(Rounds(str(feed), time[last], price[last], follows[: int(last.sum())]))
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _step(before: int | None, after: int | None, rounds: int) -> int:
    if before is None or after is None or before // _PHASE != after // _PHASE:
        return 0
    return max(after - before - (rounds - 1), 0)


def holes(rounds: Rounds, heartbeat: float) -> list[tuple[int, int]]:
    """Stretches (from, until) in which the record, not the feed, is silent."""
    pause = np.diff(rounds.time)
    missing = rounds.follows[1:] != 1
    long = pause > 2.0 * heartbeat
    found = np.flatnonzero(missing & long)
    return [(int(rounds.time[n]), int(rounds.time[n + 1])) for n in found]


def market_of(feed: str, markets: Sequence[Prices]) -> Series | None:
    """The finest market series of a feed with the most bars, or None where there is none."""
    parts = [part.upper() for part in re.split(r"[^A-Za-z0-9]+", feed) if part]
    if len(parts) != 2:
        return None
    found = [one for prices in markets for one in [_series(parts[0], parts[1], prices)] if one]
    return min(found, key=lambda one: (one.seconds, -one.time.size), default=None)


def read_markets(files: Sequence[Path]) -> list[Prices]:
    """Each file's closes by themselves: files may have bars of different lengths."""
    return [read_prices([file]) for file in files]


def _series(base: str, quote: str, prices: Prices) -> Series | None:
    column = {name.upper(): n for n, name in enumerate(prices.assets)}
    with np.errstate(invalid="ignore"):
        log = np.log(prices.close)
    if base + quote in column:
        name, line = base + quote, log[:, column[base + quote]]
    elif quote in DOLLARS and base in column:
        name, line = base, log[:, column[base]]
    elif base in column and quote in column:
        name = f"{base} over {quote}"
        line = log[:, column[base]] - log[:, column[quote]]
    else:
        return None
    known = np.isfinite(line)
    if np.count_nonzero(known) < 2:
        return None
    # A bar is named by its beginning; its close stands at its end.
    end = prices.times[known] + prices.seconds
    return Series(name, prices.seconds, end, line[known])


def _read(file: Path) -> pl.DataFrame:
    import polars as pl

    # A round's number has more than 64 bits, and times come in several forms.
    table = text_table(file, COLUMNS, "rounds")
    try:
        table = table.select(
            pl.col("feed").cast(pl.String),
            pl.col("round_id").cast(pl.String),
            _seconds(table).cast(pl.Int64).alias("ts"),
            pl.col("price").cast(pl.Float64),
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"a column is of a type it cannot have ({str(error).splitlines()[0]})",
            file=str(file),
            expected="feed and round_id as text, ts as time or seconds since 1970, price a number",
        ) from error
    bad = table.filter(~(pl.col("price").is_finite() & (pl.col("price") > 0.0)).fill_null(False))
    if not bad.is_empty():
        raise InputError(
            f"a price is {bad['price'][0]}", file=str(file), column="price", expected="above 0"
        )
    return table.drop_nulls()


def _seconds(table: pl.DataFrame) -> pl.Expr:
    """The column ts as seconds since 1970: times, text of times in UTC, or numbers."""
    import polars as pl

    stamp = pl.col("ts")
    if table.schema["ts"] == pl.String and not table["ts"].str.contains(r"^\d+$").all():
        stamp = (
            stamp.str.replace(r"\s*(UTC|Z|\+00:00)$", "").str.replace("T", " ").str.to_datetime()
        )
        return stamp.dt.epoch("s")
    return stamp.dt.epoch("s") if table.schema["ts"].is_temporal() else stamp
