"""Fills between two Cases from their file: trades, forced closes, cash; refusals name the row."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from seawall.casefile.table import Row, rows
from seawall.exposure.pnl.fills import KINDS, TRANSFERS, Fill
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import PRICE, Quantity

NAMES = ("fills.csv", "fills.parquet")
COLUMNS = ("account", "kind")
OPTIONAL = ("time", "instrument", "size", "price", "underlying_price", "asset", "amount")
SIZE = Quantity("a change of size, bought above 0 and sold below 0", -1e24, 1e24)
PREMIUM = Quantity("a price, of an option its premium, not below 0", 0.0, 1e18)
AMOUNT = Quantity("units of the asset, received above 0 and paid below 0", -1e24, 1e24)


def fills_beside(folder: str | os.PathLike[str]) -> Path | None:
    """The fills file of a Case's folder, or None."""
    found = [Path(folder) / name for name in NAMES if (Path(folder) / name).is_file()]
    return found[0] if found else None


def read_fills(path: Path, between: tuple[datetime, datetime]) -> list[Fill]:
    """Every row of a fills file; raises InputError for the first that cannot be used.

    between: times of the two Cases; a row that states a time of its own is within them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})", file=str(path), expected="a table of fills"
        ) from error
    found = []
    for row in rows(data, path.name, COLUMNS, OPTIONAL):
        _in_time(row, between)
        found.append(_fill(row))
    return found


def _in_time(row: Row, between: tuple[datetime, datetime]) -> None:
    """Refuse a row of another stretch of time: last month's file would be counted whole."""
    if row.blank("time"):
        return
    first, last = between
    if not first <= row.time("time") <= last:
        words = f"a time from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}"
        raise row.refuse("time", "this is not between the two cases", words)


def _fill(row: Row) -> Fill:
    kind = row.word("kind", KINDS)
    instrument = None if row.blank("instrument") else row.name("instrument")
    size = None if row.blank("size") else row.number_in("size", SIZE)
    price = None if row.blank("price") else row.number_in("price", PREMIUM)
    amount = None if row.blank("amount") else row.number_in("amount", AMOUNT)
    asset = None if row.blank("asset") else row.name("asset")
    if size is None and amount is None:
        raise row.refuse("size", "neither a size nor an amount", "one of them at least")
    if size is not None and (instrument is None or price is None):
        column = "price" if price is None else "instrument"
        raise row.refuse(column, "the cell is empty", "instrument and price of what changed size")
    if amount is not None and asset is None:
        raise row.refuse("asset", "the cell is empty", "the asset in which the amount was paid")
    wrong = {"deposit": -1.0, "withdrawal": 1.0}
    if kind in TRANSFERS and (size is not None or (amount or 0.0) * wrong[kind] > 0.0):
        raise row.refuse("amount", f"this cannot be a {kind}", "an amount: in above 0, out below 0")
    underlying = None
    if not row.blank("underlying_price"):
        underlying = row.number_in("underlying_price", PRICE)
    return Fill(row.name("account"), kind, instrument, size, price, underlying, asset, amount)
