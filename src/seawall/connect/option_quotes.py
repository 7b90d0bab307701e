"""A chain file's option quotes as arrays: one snapshot for a surface, all for how smiles move."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from seawall.connect.deribit_chain import years_to_expiry
from seawall.foundation.errors import InputError
from seawall.valuation.stickiness import Money, Moves, money_of
from seawall.valuation.surface_quotes import ChainRows, usable_quotes

if TYPE_CHECKING:
    import polars as pl

LONGEST_INTERVAL = timedelta(hours=12)
DAYS_PER_YEAR = 365.0


def underlyings(snapshot: pl.DataFrame) -> list[str]:
    """The currencies that a snapshot holds, in order."""
    return sorted(str(name) for name in snapshot["currency"].unique().to_list())


def chain_rows(snapshot: pl.DataFrame, underlying: str) -> ChainRows:
    """The rows of ``underlying`` in one snapshot; prices in coin, missing quotes as NaN.

    Raises InputError when the snapshot has none, or an option is neither a call nor a put.
    """
    import polars as pl

    known = underlyings(snapshot)
    if underlying not in known:
        raise InputError(
            f"there is no option on {underlying!r}",
            column="currency",
            expected=f"one of {', '.join(known)}" if known else "a chain with rows",
        )
    rows = snapshot.filter(pl.col("currency") == underlying)
    kinds = sorted(str(kind) for kind in rows["option_type"].unique().to_list())
    if not set(kinds) <= {"call", "put"}:
        raise InputError(
            f"an option is of the type {(set(kinds) - {'call', 'put'}).pop()!r}",
            column="option_type",
            expected="call or put",
        )
    as_of: datetime = rows["timestamp"][0]

    def numbers(column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    return ChainRows(
        underlying=underlying,
        as_of=as_of,
        years=years_to_expiry(rows),
        forward=numbers("futures_price"),
        strike=numbers("strike"),
        call=(rows["option_type"] == "call").to_numpy(),
        bid=numbers("bid_price"),
        ask=numbers("ask_price"),
    )


def smile_moves(chain: pl.DataFrame, underlying: str, until: datetime | None) -> Moves:
    """How level and skew at the money moved between consecutive snapshots not after ``until``.

    Snapshots more than 12 hours apart are not neighbours: what happened in a gap is not known.
    Snapshots or expiries without enough quotes near the money are passed over.
    """
    import polars as pl

    rows = chain.filter(pl.col("currency") == underlying)
    if until is not None:
        rows = rows.filter(pl.col("timestamp") <= until)
    moves: list[tuple[float, float, float, int, float]] = []
    before: tuple[datetime, dict[datetime, Money]] | None = None
    for interval, snapshot in enumerate(rows.sort("timestamp").partition_by("timestamp")):
        time: datetime = snapshot["timestamp"][0]
        now = _moneys(snapshot, underlying)
        if before is not None and time - before[0] <= LONGEST_INTERVAL:
            for expiry, money in now.items():
                old = before[1].get(expiry)
                if old is not None:
                    moves.append(
                        (
                            money.volatility - old.volatility,
                            old.skew,
                            float(np.log(money.forward / old.forward)),
                            interval,
                            old.years * DAYS_PER_YEAR,
                        )
                    )
        before = (time, now)
    table = np.array(moves, dtype=np.float64).reshape(-1, 5)
    return Moves(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int64), table[:, 4])


def _moneys(snapshot: pl.DataFrame, underlying: str) -> dict[datetime, Money]:
    """The smile at the money by expiry; none where the snapshot cannot be used."""
    try:
        quotes = usable_quotes(chain_rows(snapshot, underlying))
    except InputError:
        return {}
    time: datetime = snapshot["timestamp"][0]
    found = {}
    for expiry in quotes.expiries:
        money = money_of(expiry)
        if money is not None:
            # To the minute: years to expiry are a quotient and do not give the second back.
            at = time + timedelta(days=expiry.years * DAYS_PER_YEAR) + timedelta(seconds=30)
            found[at.replace(second=0, microsecond=0)] = money
    return found
