"""The tables of one Hyperliquid account as CSV: positions, and spot balances."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seawall.foundation.errors import InputError

COLUMNS = (
    "coin",
    "side",
    "size",
    "entry_price",
    "position_value",
    "unrealized_pnl",
    "leverage",
    "margin_used",
    "liquidation_price",
)


@dataclass(frozen=True)
class VenuePosition:
    """One row of the table, as the venue shows it.

    size signed, base units (long > 0); entry quote; notional quote >= 0; unrealised, margin_used
    quote; leverage the one set by the user; liquidation_price quote, None where there is none.
    """

    coin: str
    size: float
    entry: float
    notional: float
    unrealised: float
    leverage: float
    margin_used: float
    liquidation_price: float | None

    @property
    def mark(self) -> float:
        """Mark price, quote per base unit: notional / |size|."""
        return self.notional / abs(self.size)


def read_positions(file: Path) -> tuple[VenuePosition, ...]:
    """The rows of a position table (CSV), in its order; sizes signed by ``side``.

    Raises InputError naming the row and column of a missing column, a bad number, a side that is
    neither LONG nor SHORT or contradicts the sign of size, a size of zero or a coin given twice.
    """
    rows = _rows(file, COLUMNS)
    positions: list[VenuePosition] = []
    for number, row in rows:
        side, size = row["side"], _number(row, "size", file, number)
        if side not in ("LONG", "SHORT") or size == 0.0 or (size > 0.0) != (side == "LONG"):
            raise InputError(
                f"side {side!r} with size {size:g}",
                file=str(file),
                row=number,
                column="side",
                expected="LONG with a positive size or SHORT with a negative one",
            )
        if any(row["coin"] == p.coin for p in positions):
            raise InputError(
                f"coin {row['coin']!r} is given twice",
                file=str(file),
                row=number,
                column="coin",
                expected="one row per coin",
            )
        price = row["liquidation_price"]
        positions.append(
            VenuePosition(
                coin=row["coin"],
                size=size,
                entry=_positive(row, "entry_price", file, number),
                notional=_positive(row, "position_value", file, number),
                unrealised=_number(row, "unrealized_pnl", file, number),
                leverage=_positive(row, "leverage", file, number),
                margin_used=_positive(row, "margin_used", file, number),
                liquidation_price=_positive(row, "liquidation_price", file, number)
                if price
                else None,
            )
        )
    return tuple(positions)


def read_balances(file: Path) -> dict[str, float]:
    """Spot token -> quantity, from the balance table; InputError names a bad row and column."""
    return {
        row["coin"]: _number(row, "total", file, number)
        for number, row in _rows(file, ["coin", "total"])
    }


def _rows(file: Path, wanted: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV with their line numbers, after checking that the wanted columns are there."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = reader.fieldnames or []
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read ({error})", file=str(file), expected="a CSV") from error
    for column in wanted:
        if column not in columns:
            raise InputError(
                "the column is missing",
                file=str(file),
                column=column,
                expected=f"the columns {', '.join(wanted)}",
            )
    if not rows:
        raise InputError("there are no rows", file=str(file), expected="at least one row")
    return rows


def _number(row: Mapping[str, str], column: str, file: Path, line: int) -> float:
    """A finite number from one cell."""
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{row[column]!r} is not a number",
            file=str(file),
            row=line,
            column=column,
            expected="a finite number",
        )
    return value


def _positive(row: Mapping[str, str], column: str, file: Path, line: int) -> float:
    """A number above zero from one cell."""
    value = _number(row, column, file, line)
    if value <= 0.0:
        raise InputError(
            f"{value:g} is not positive",
            file=str(file),
            row=line,
            column=column,
            expected="a number above 0",
        )
    return value
