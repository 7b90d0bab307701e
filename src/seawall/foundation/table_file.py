"""A table in Parquet or CSV with the columns it must have; what is wrong is said of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.foundation.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def parsed_table(file: Path, columns: Sequence[str], what: str) -> pl.DataFrame:
    """A file's table; the cells of a CSV file as the numbers and times that they look like.

    what: the rows in a word or two ("bars"), for the errors. Raises InputError for a file that is
    not there, cannot be read or lacks one of the columns.
    """
    import polars as pl

    return _checked(file, columns, what, lambda: pl.read_csv(file, try_parse_dates=True))


def text_table(file: Path, columns: Sequence[str], what: str) -> pl.DataFrame:
    """As `parsed_table`; every cell of a CSV file as text."""
    import polars as pl

    return _checked(file, columns, what, lambda: pl.read_csv(file, infer_schema=False))


def _checked(
    file: Path, columns: Sequence[str], what: str, csv: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    import polars as pl

    expected = f"{what} in Parquet or CSV"
    if not file.is_file():
        raise InputError("is not a file", file=str(file), expected=expected)
    try:
        table = pl.read_parquet(file) if file.suffix == ".parquet" else csv()
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"cannot be read ({first})", file=str(file), expected=expected) from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            "the column is missing",
            file=str(file),
            column=missing[0],
            expected=f"the columns {', '.join(columns)}",
        )
    return table
