"""One table of a TOML file, read key by key; every refusal names the file, the line and the key."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity, choices

LONGEST_NAME = 200


@dataclass(frozen=True)
class Section:
    """Values of one TOML table with the place they came from.

    values  as tomllib gives them     file  name printed in refusals
    path    keys that lead here       text  the file's text, searched for the line of a key
    """

    values: Mapping[str, object]
    file: str
    path: tuple[str, ...] = ()
    text: str = ""

    def refuse(self, key: str | None, problem: str, expected: str | None = None) -> InputError:
        """An error on ``key`` of this table, or on the whole table when ``key`` is None."""
        path = self.path if key is None else (*self.path, key)
        subject = f"{'.'.join(path)} {problem}" if path else problem
        return InputError(subject, file=self.file, row=line_of(self.text, path), expected=expected)

    def only(self, *known: str) -> None:
        """Refuse any key that is not in ``known``, naming the nearest one that is."""
        for key in self.values:
            if key not in known:
                raise self.refuse(key, "is not a known key", choices(key, known))

    def has(self, key: str) -> bool:
        """True when the table gives ``key``."""
        return key in self.values

    def number(self, key: str, quantity: Quantity, default: float | None = None) -> float:
        """The number at ``key``, checked against ``quantity``; ``default`` when it is absent."""
        if key not in self.values:
            if default is None:
                raise self.refuse(key, "is missing", quantity.words)
            return default
        return self.as_number(key, self.values[key], quantity)

    def optional_number(self, key: str, quantity: Quantity) -> float | None:
        """The number at ``key``, or None when it is absent."""
        return self.number(key, quantity) if key in self.values else None

    def as_number(self, key: str, value: object, quantity: Quantity) -> float:
        """``value`` (found under ``key``) as a float inside ``quantity``'s bounds."""
        # bool is an int in Python; "true" for a fee is a mistake, not a 1.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, f"is {shown(value)}, not a number", quantity.words)
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if not quantity.holds(number):
            raise self.refuse(key, f"is {shown(value)}", quantity.words)
        return number

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """The whole number at ``key``, from ``low`` to ``high``."""
        words = f"a whole number from {low} to {high}"
        if key not in self.values and default is not None:
            return default
        value = self.values.get(key)
        if value is None:
            raise self.refuse(key, "is missing", words)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(key, f"is {shown(value)}", words)
        return value

    def name(self, key: str, default: str | None = None) -> str:
        """The text at ``key``: printable, not empty, at most 200 characters."""
        if key not in self.values and default is not None:
            return default
        value = self.values.get(key)
        if value is None:
            raise self.refuse(key, "is missing", "a text in quotes")
        if not isinstance(value, str) or not is_name(value):
            raise self.refuse(key, f"is {shown(value)}", "a printable text in quotes")
        return value

    def note(self, key: str) -> str:
        """The text at ``key``, of any length up to 2,000 characters: a source, a reason."""
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip() or len(value) > 2000:
            problem = "is missing" if value is None else f"is {shown(value)}"
            raise self.refuse(key, problem, "the page or file that the numbers come from")
        return value

    def word(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """The text at ``key``, one of ``known``."""
        names = tuple(known)
        if key not in self.values and default is None:
            raise self.refuse(key, "is missing", choices("", names))
        value = self.name(key, default)
        if value not in names:
            raise self.refuse(key, f"is {shown(value)}", choices(value, names))
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """The list of texts at ``key``; empty when it is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(
            isinstance(item, str) and is_name(item) for item in value
        ):
            raise self.refuse(key, f"is {shown(value)}", "a list of texts in quotes")
        return tuple(value)

    def time(self, key: str) -> datetime:
        """The UTC time at ``key``."""
        words = "a time in UTC such as 2026-01-30T16:00:00Z"
        value = self.values.get(key)
        if value is None:
            raise self.refuse(key, "is missing", words)
        moment = value if isinstance(value, datetime) else None
        if isinstance(value, str):
            moment = utc_time(value)
        if moment is None:
            raise self.refuse(key, f"is {shown(value)}, not a time", words)
        problem = zone_problem(moment)
        if problem:
            raise self.refuse(key, f"is {moment.isoformat()}, {problem}", words)
        return moment

    def day(self, key: str) -> date:
        """The date at ``key`` (TOML date, or text in the same form)."""
        value = self.values.get(key)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = date.fromisoformat(value)
        if isinstance(value, datetime) or not isinstance(value, date):
            problem = "is missing" if value is None else f"is {shown(value)}"
            raise self.refuse(key, problem, "a date such as 2026-01-30")
        return value

    def section(self, key: str) -> Section:
        """The table at ``key``; an empty one when it is absent."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, f"is {shown(value)}", f"a table [{'.'.join((*self.path, key))}]")
        return Section(value, self.file, (*self.path, key), self.text)

    def sections(self, key: str) -> tuple[Section, ...]:
        """The tables in the array at ``key``; none when it is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(
                key, f"is {shown(value)}", f"a list of tables [[{'.'.join((*self.path, key))}]]"
            )
        return tuple(
            Section(item, self.file, (*self.path, f"{key}[{number}]"), self.text)
            for number, item in enumerate(value, start=1)
        )

    def numbers(self, quantity: Quantity) -> dict[str, float]:
        """Every key of this table as a number of the same kind."""
        return {key: self.number(key, quantity) for key in self.values}


def shown(value: object) -> str:
    """A value as it is quoted back to the user: short, on one line."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    try:
        text = repr(value)
    except ValueError:  # an integer too long for Python to print
        text = "a number with thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def is_name(text: str) -> bool:
    """True for a text that can stand in a table: printable, not blank, at most 200 characters."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip()


def utc_time(text: str) -> datetime | None:
    """An ISO 8601 time, or None when ``text`` is not one; the zone is checked by the caller."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if "T" in text or " " in text else None


def zone_problem(moment: datetime) -> str | None:
    """Why ``moment`` is not usable as a UTC time, or None."""
    offset = moment.utcoffset()
    if offset is None:
        return "which has no time zone"
    if offset != timedelta(0):
        return "which is not UTC"
    if not 2009 <= moment.year <= 2200:
        return "which is outside the years 2009 to 2200"
    return None


def parse_toml(data: bytes, file: str) -> Section:
    """The top table of a TOML file; invalid text is refused with its line."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise InputError("holds bytes that are not UTF-8 text", file=file, row=row) from None
    try:
        return Section(tomllib.loads(text), file, (), text)
    except RecursionError:
        raise InputError("nests its tables too deeply to be read", file=file) from None
    except ValueError as error:  # TOMLDecodeError, impossible dates, endless integers
        message = str(error)
        found = re.search(r"\(at line (\d+)", message)
        line = int(found.group(1)) if found else None
        reason = re.sub(r"\s*\(at .*\)$", "", message)[:120]
        twice = reason.startswith(("Cannot declare", "Cannot overwrite"))
        once = "each table and key once: put the keys of the second table into the first"
        expected = once if twice else None
        raise InputError(
            f"is not valid TOML ({reason})", file=file, row=line, expected=expected
        ) from None


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The line on which the key at ``path`` stands, or its table; None when it is not found.

    A plain scan of headers and ``key =``: enough to point a reader to the place, and only used
    once something is wrong.
    """
    if not text or not path:
        return None
    wanted = [re.sub(r"\[\d+\]$", "", key) for key in path]
    counts = {tuple(wanted[: depth + 1]): _count(key) for depth, key in enumerate(path)}
    table: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        header = re.match(r"\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$", stripped)
        assigned = re.match(r"((?:\"[^\"]*\"|'[^']*'|[\w\-.\s])+?)\s*=", stripped)
        if header:
            table = _split_key(header.group(1))
            if stripped.startswith("[["):
                seen[tuple(table)] = seen.get(tuple(table), 0) + 1
            keys = table
        elif assigned:
            keys = table + _split_key(assigned.group(1))
        else:
            continue
        if keys != wanted[: len(keys)] or not all(
            seen.get(part, count) == count for part, count in counts.items() if count
        ):
            continue
        if best is None or len(keys) > best[0]:
            best = (len(keys), number)
    return best[1] if best else None


def _count(key: str) -> int:
    found = re.search(r"\[(\d+)\]$", key)
    return int(found.group(1)) if found else 0


def _split_key(text: str) -> list[str]:
    parts = re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", text)
    return [part.strip("\"'") for part in parts]
