"""Histories of prices that a Case brings: one column of time, one of prices for each asset."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from seawall.casefile.history_name import KEY, MODELS, inside
from seawall.casefile.table import columns, rows
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import PRICE
from seawall.foundation.section import Section
from seawall.market import PriceHistory

TIME = "time"


def read_histories(top: Section, contents: Mapping[str, bytes]) -> dict[str, PriceHistory]:
    """The histories that market.toml names, its own and its scenario's, by name.

    Raises InputError for a name that is no table of the Case's folder, and as `history_of`.
    """
    out: dict[str, PriceHistory] = {}
    places = [(top, KEY)]
    for model, keys in MODELS.items():
        places += [(top.section("scenario").section(model), key) for key in keys]
    for table, key in places:
        if not table.has(key):
            continue
        name = table.name(key)
        if not inside(name):
            raise table.refuse(key, f"is {name!r}", "a table of this case's folder: hourly.csv")
        if name not in contents:
            raise table.refuse(key, f"is {name!r}, which is not there", "it in the case folder")
        if name not in out:
            out[name] = history_of(contents[name], name)
    return out


def history_of(data: bytes, file: str) -> PriceHistory:
    """Prices from the bytes of a CSV or Parquet table; an empty cell is a gap.

    Raises InputError with file, row and column for what is no time, no price, or out of order.
    """
    assets = tuple(name for name in columns(data, file) if name != TIME)
    if not assets:
        raise InputError("has no column of prices", file=file, expected="a column for each asset")
    times: list[int] = []
    prices: list[list[float]] = []
    for row in rows(data, file, (TIME,), assets):
        moment = round(row.time(TIME).timestamp())
        if times and moment <= times[-1]:
            raise row.refuse(TIME, "is not after the row before", "rows in order of time")
        times.append(moment)
        prices.append([math.nan if row.blank(a) else row.number_in(a, PRICE) for a in assets])
    if not times:
        raise InputError("has no prices", file=file, expected="a row for each time")
    return PriceHistory(np.array(times, dtype=np.int64), assets, np.array(prices))


def history_csv(history: PriceHistory) -> str:
    """The table as text; what is not known is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([TIME, *history.assets])
    for moment, prices in zip(history.time.tolist(), history.price.tolist(), strict=True):
        text = datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
        writer.writerow([text, *("" if math.isnan(price) else repr(price) for price in prices)])
    return stream.getvalue()
