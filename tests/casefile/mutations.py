"""Ways to spoil a good Case folder, each a function of the folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

Mutation = Callable[[Path], None]
# (what is done, what the sentence has to say); a row number is that of an editor, header = 1
Refusals = dict[str, tuple[Mutation, str]]


def sub(name: str, old: str, new: str) -> Mutation:
    """Replace a text that stands in the file once at least."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text, f"{old!r} is no longer in the sample's {name}"
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def cell(name: str, row: int, column: str, value: str) -> Mutation:
    """Put a value into one cell of a table, whatever the sample has there."""

    def change(folder: Path) -> None:
        lines = (folder / name).read_text().split("\n")
        cells = lines[row - 1].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[row - 1] = ",".join(cells)
        (folder / name).write_text("\n".join(lines))

    return change


def key(name: str, table: str, key: str, value: str) -> Mutation:
    """Put a value behind the first ``key =`` after a header, whatever the sample has there."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        pattern = rf"({re.escape(table)}.*?^{re.escape(key)} = )[^#\n]*"
        changed, count = re.subn(
            pattern, lambda found: found.group(1) + value, text, count=1, flags=re.S | re.M
        )
        assert count == 1, f"{table} {key} is no longer in the sample's {name}"
        (folder / name).write_text(changed)

    return change


def append(name: str, data: bytes) -> Mutation:
    def change(folder: Path) -> None:
        with (folder / name).open("ab") as stream:
            stream.write(data)

    return change


def add(name: str, line: str) -> Mutation:
    return append(name, f"{line}\n".encode())


def write(name: str, data: bytes) -> Mutation:
    return lambda folder: (folder / name).write_bytes(data) and None


def drop(name: str) -> Mutation:
    return lambda folder: (folder / name).unlink()


def empty_book(folder: Path) -> None:
    for name in ("positions.csv", "balances.csv"):
        header = (folder / name).read_text().splitlines()[0]
        (folder / name).write_text(header + "\n")


def truncated_parquet(folder: Path) -> None:
    import polars

    polars.read_csv(folder / "positions.csv").write_parquet(folder / "positions.parquet")
    data = (folder / "positions.parquet").read_bytes()
    (folder / "positions.parquet").write_bytes(data[: len(data) // 2])
    (folder / "positions.csv").unlink()


def loop(name: str) -> Mutation:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(folder / name)

    return change


def pipe(folder: Path) -> None:
    (folder / "balances.csv").unlink()
    os.mkfifo(folder / "balances.csv")
