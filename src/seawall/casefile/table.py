"""One table of a Case, row by row, whether it is CSV or Parquet; refusals name row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from seawall.casefile.folder import LONGEST_LINE
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity, choices
from seawall.foundation.section import is_name, shown, utc_time, zone_problem

# Blank lines that may follow the last row; a file of nothing else is refused before its end.
MOST_BLANK = 1000


@dataclass(frozen=True)
class Row:
    """One row: the texts of its cells by column. ``number`` counts from 1, the header being 1."""

    file: str
    number: int
    cells: Mapping[str, str]

    def refuse(self, column: str, problem: str, expected: str | None = None) -> InputError:
        """An error on one cell of this row."""
        return InputError(
            problem, file=self.file, row=self.number, column=column, expected=expected
        )

    def blank(self, column: str) -> bool:
        """True when the column is absent or the cell is empty."""
        return not self.cells.get(column)

    def name(self, column: str) -> str:
        """The text of a cell that may not be empty."""
        text = self.cells.get(column, "")
        if not text:
            raise self.refuse(column, "the cell is empty", "a name")
        if not is_name(text):
            raise self.refuse(column, f"{shown(text)} cannot be a name", "up to 200 plain letters")
        return text

    def word(self, column: str, known: Sequence[str], default: str | None = None) -> str:
        """The text of a cell, one of ``known``."""
        if default is not None and self.blank(column):
            return default
        text = self.name(column)
        if text not in known:
            raise self.refuse(column, f"{shown(text)} is not known", choices(text, known))
        return text

    def index(self, column: str, known: Mapping[str, int], what: str) -> int:
        """The place of a cell's name in ``known``; ``what`` says where such names are listed."""
        text = self.name(column)
        place = known.get(text)
        if place is None:
            near = choices(text, known)
            raise self.refuse(column, f"{shown(text)} is not {what}", near)
        return place

    def number_in(self, column: str, quantity: Quantity) -> float:
        """The number in a cell, checked against ``quantity``."""
        text = self.cells.get(column, "")
        if not text:
            raise self.refuse(column, "the cell is empty", quantity.words)
        try:
            # float() would also take 1_000 and digits of other scripts: not what a reader sees.
            if "_" in text or not text.isascii():
                raise ValueError
            value = float(text)
        except ValueError:
            raise self.refuse(column, f"{shown(text)} is not a number", quantity.words) from None
        if not quantity.holds(value):
            raise self.refuse(column, f"{shown(text)} cannot be used", quantity.words)
        return value

    def time(self, column: str) -> datetime:
        """The UTC time in a cell."""
        words = "a time in UTC such as 2026-02-27T08:00:00Z"
        text = self.cells.get(column, "")
        if not text:
            raise self.refuse(column, "the cell is empty", words)
        moment = utc_time(text)
        if moment is None:
            raise self.refuse(column, f"{shown(text)} is not a time", words)
        problem = zone_problem(moment)
        if problem:
            raise self.refuse(column, f"{shown(text)} is a time {problem}", words)
        return moment


def rows(
    data: bytes, file: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Row]:
    """Rows of a table with the ``required`` columns, in the file's order.

    data  the file's bytes     file  its name; the ending says whether it is CSV or Parquet

    Raises InputError for a missing, unknown or repeated column, a row with too few or too many
    cells, an empty row, text that is not UTF-8. Rows come one at a time, so the first bad cell of a
    large file stops the reading.
    """
    read = _parquet_rows if file.endswith(".parquet") else _csv_rows
    lines = read(data, file)
    _, header = next(lines)
    _check_header(header, file, required, optional)
    for number, cells in lines:
        yield Row(file, number, dict(zip(header, cells, strict=True)))


def columns(data: bytes, file: str) -> list[str]:
    """Names of a table's columns, as its file has them; raises InputError as `rows` does."""
    read = _parquet_rows if file.endswith(".parquet") else _csv_rows
    _, header = next(read(data, file))
    return header


def _check_header(
    header: Sequence[str], file: str, required: Sequence[str], optional: Sequence[str]
) -> None:
    known = [*required, *optional]
    if len(header) == 1 and header[0] not in known:
        for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in header[0]:
                raise InputError(
                    f"separates columns by {word}", file=file, row=1, expected="commas"
                )
    for place, column in enumerate(header):
        if column in header[:place]:
            raise InputError("the column appears twice", file=file, row=1, column=column[:60])
        if column not in known:
            missing = [name for name in required if name not in header]
            raise InputError(
                "the column is not known",
                file=file,
                row=1,
                column=column[:60],
                expected=choices(column, missing or known),
            )
    for column in required:
        if column not in header:
            raise InputError(
                "the column is missing",
                file=file,
                row=1,
                column=column,
                expected=f"the columns {', '.join(required)}",
            )


def _csv_rows(data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of a CSV file, the header first; a byte order mark is passed over."""
    # newline="" leaves line ends to the csv module; splitlines would cut at form feeds as well.
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(_lines(stream, file), strict=True)
    width = 0
    blank: int | None = None
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            number = reader.line_num
            if not any(cells):
                if width == 0:
                    raise InputError("is empty", file=file, row=number, expected="a header")
                blank = blank or number
                if number - blank < MOST_BLANK:
                    continue
            if blank is not None:  # blank lines at the end are harmless, between rows they are not
                raise InputError("the row is empty", file=file, row=blank, expected="a full row")
            if any("\n" in cell or "\r" in cell for cell in cells):
                raise InputError("a cell runs over several lines", file=file, row=number)
            if width and len(cells) != width:
                raise InputError(
                    f"the row has {len(cells)} cells", file=file, row=number, expected=str(width)
                )
            width = width or len(cells)
            yield number, cells
    except csv.Error as error:
        number = max(reader.line_num, 1)
        raise InputError(f"is not CSV ({error})", file=file, row=number) from None
    except UnicodeDecodeError as error:
        # ``error.start`` counts inside the decoder's own chunk: find the place in the whole file.
        raise InputError(
            "holds bytes that are not UTF-8 text", file=file, row=_bad_row(data) or 1
        ) from error
    if width == 0:
        raise InputError("is empty", file=file, row=1, expected="a header")


def _lines(stream: io.TextIOWrapper, file: str) -> Iterator[str]:
    """Lines of a text, each of a length that fits in memory however large the file is."""
    row = 0
    while line := stream.readline(LONGEST_LINE + 1):
        row += 1
        if len(line) > LONGEST_LINE:
            raise InputError(f"has a line of more than {LONGEST_LINE:,} bytes", file=file, row=row)
        yield line


def _bad_row(data: bytes) -> int | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return None


def _parquet_rows(data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    """As `_csv_rows`, from Parquet: numbers and times are written out, empty cells are null."""
    import polars  # here, because it takes 0.2 s and only Parquet tables need it

    try:
        frame = polars.read_parquet(io.BytesIO(data))
    except BaseException as error:  # a Rust panic is not an Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise InputError(
            "is not a whole Parquet file (cut short or damaged)", file=file, expected="it whole"
        ) from None
    yield 1, frame.columns
    for number, record in enumerate(frame.iter_rows(), start=2):
        yield number, [_text(value) for value in record]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).strip()
