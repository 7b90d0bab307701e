"""Dated incidents from a CSV of the exploits table: when, who, what kind, how much.

Losses below the threshold are left out and counted: the source lists few of them, so what a fit
says is the hazard of an incident of that size or more (see `severity` for what lies below). Two
rows of one date and name are two incidents. A missing amount counts as one above the threshold; a
missing return is unknown, not zero.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.kinds import KINDS, kind_of
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THRESHOLD = 100_000.0
COLUMNS = ("date", "name", "technique", "amount", "bridgeHack", "targetType", "returnedFunds")
SMALL = "a loss below the threshold"


@dataclass(frozen=True)
class Incidents:
    """n incidents in order of date.

    day (n,) days since 1970-01-01; kind (n,) index into KINDS; name; amount, returned (n,) USD,
    not a number where unknown; left_out {reason: count}; rows of the file
    """

    day: Ints
    kind: Ints
    name: tuple[str, ...]
    amount: Floats
    returned: Floats
    left_out: Mapping[str, int]
    rows: int

    def where(self, chosen: NDArray[np.bool_]) -> Incidents:
        """The incidents that are ``chosen`` (n,)."""
        names = tuple(name for name, keep in zip(self.name, chosen, strict=True) if keep)
        return Incidents(
            self.day[chosen],
            self.kind[chosen],
            names,
            self.amount[chosen],
            self.returned[chosen],
            self.left_out,
            self.rows,
        )


def read_incidents(files: Sequence[Path], threshold: float = THRESHOLD) -> Incidents:
    """The incidents of several files together, with what was left out and why.

    Raises InputError for a file that is not there, lacks a column or holds a wrong date or amount.
    """
    kept, left_out, rows = [], Counter[str](), 0
    for file in files:
        for number, row in _rows(file):
            rows += 1
            day = _day(file, number, row["date"])
            amount = _amount(file, number, "amount", row["amount"])
            returned = _amount(file, number, "returnedFunds", row["returnedFunds"])
            kind, why = kind_of(row)
            if kind is None:
                left_out[why] += 1
            elif amount < threshold:
                left_out[SMALL] += 1
            else:
                kept.append((day, KINDS.index(kind), row["name"], amount, returned))
    kept.sort(key=lambda one: one[0])
    return Incidents(
        day=np.array([one[0] for one in kept], dtype=np.int64),
        kind=np.array([one[1] for one in kept], dtype=np.int64),
        name=tuple(one[2] for one in kept),
        amount=np.array([one[3] for one in kept], dtype=np.float64),
        returned=np.array([one[4] for one in kept], dtype=np.float64),
        left_out=dict(sorted(left_out.items())),
        rows=rows,
    )


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    return table_rows(file, COLUMNS, "a table of exploits as DefiLlama publishes it")


def table_rows(file: Path, columns: Sequence[str], what: str) -> list[tuple[int, dict[str, str]]]:
    """(row number, row) of a CSV with these columns; further ones are not read.

    Raises InputError for a file that cannot be read, or lacks one of them.
    """
    if not file.is_file():
        raise InputError("there is no such file", file=str(file), expected=what)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            known = list(reader.fieldnames or [])
            missing = [name for name in columns if name not in known]
            if missing:
                raise InputError(
                    f"the columns are {', '.join(known[:8]) or 'none'}, without "
                    f"{', '.join(missing)}",
                    file=file.name,
                    expected=f"{what}: {', '.join(columns)}",
                )
            return [
                (n, {k: (row.get(k) or "") for k in columns}) for n, row in enumerate(reader, 2)
            ]
    except (UnicodeDecodeError, csv.Error):
        raise InputError("this is no CSV in UTF-8", file=file.name, expected=what) from None


def _day(file: Path, number: int, text: str) -> int:
    return day_number(file.name, number, "date", text)


def day_number(file: str, number: int, column: str, text: str) -> int:
    """Days since 1970-01-01 of a date as text; raises InputError with its place."""
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise InputError(
            f"{text!r} is no date", file=file, row=number, column=column, expected="2022-11-08"
        ) from None
    return (found - date(1970, 1, 1)).days


def _amount(file: Path, number: int, column: str, text: str) -> float:
    """An amount of USD, not a number where the cell is empty."""
    if not text.strip():
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e15:
        raise InputError(
            f"{text!r} is no amount",
            file=file.name,
            row=number,
            column=column,
            expected="USD, 0 or more, or an empty cell",
        )
    return value
