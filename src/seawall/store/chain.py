"""A folder of reports: how it is laid out, and its reports in order.

    head.json            how many reports there are, and the seal of the last
    000001-3f9c02aa/     a report: its number and the start of its seal
      report.json        the answer with its manifest       report.html   its page, if asked for
      summary.json       what lists and alerts read         lines.json    marks of every line
      case/...           the Case's files                   presets/...   presets they start from

Names that begin with a dot are the lock and what is being written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.foundation.errors import InputError
from seawall.foundation.json_text import dumps

SCHEMA = "seawall/reports/1"
HEAD, REPORT, PAGE = "head.json", "report.json", "report.html"
SUMMARY, LINES, CASE, PRESETS = "summary.json", "lines.json", "case", "presets"
NAME = re.compile(r"(\d{6,9})-([0-9a-f]{8})")
LIMIT_KEYS = (
    *("name", "measure", "number", "scope", "horizon_seconds", "value", "limit", "bound", "unit"),
    *("breached", "state", "breacher", "hysteresis", "after"),
)


@dataclass(frozen=True)
class Head:
    """Where the chain ends: ``count`` reports, the last with the seal ``last``; None: no report."""

    count: int
    last: str | None

    @property
    def text(self) -> str:
        """The file head.json."""
        return dumps({"schema": SCHEMA, "count": self.count, "last": self.last})


@dataclass(frozen=True)
class Entry:
    """A folder of the chain by its name: number, start of the seal."""

    number: int
    seal: str
    folder: Path


def name_of(number: int, seal: str) -> str:
    """The name of a report's folder."""
    return f"{number:06d}-{seal[:8]}"


def entries(folder: Path) -> list[Entry]:
    """The reports of a chain by the names of their folders, in order."""
    found = []
    for place in folder.iterdir():
        match = NAME.fullmatch(place.name)
        if match is not None and place.is_dir():
            found.append(Entry(int(match.group(1)), match.group(2), place))
    return sorted(found, key=lambda x: (x.number, x.seal))


def read_head(folder: Path) -> Head | None:
    """Where the chain ends by its head.json; None where there is no such file.

    Raises InputError where it cannot be read.
    """
    path = folder / HEAD
    if not path.exists():
        return None
    expected = f"`seawall report verify {folder}` to say what was altered"
    try:
        read = json.loads(path.read_text("utf-8"))
        head = Head(int(read["count"]), read["last"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "is not the head of a chain of reports", file=str(path), expected=expected
        ) from None
    return head


def summary(result: Mapping[str, Any]) -> dict[str, Any]:
    """What lists and alerts need to know of a sealed report."""
    manifest, horizons = result["manifest"], result["dre"]["horizons_seconds"]
    scope = result["dre"]["scopes"].get(result["headline"], {})
    along = scope.get("probability") or [None]
    at = horizons.index(result["horizon_seconds"]) if result["horizon_seconds"] in horizons else -1
    return {
        "number": manifest["number"],
        "seal": manifest["seal"],
        "previous": manifest["previous"],
        "written": manifest["written"],
        "case": result["case"]["name"],
        "as_of": result["case"]["as_of"],
        "quote": result["case"]["quote"],
        "paths": result["paths"],
        "horizon_seconds": result["horizon_seconds"],
        "headline": result["headline"],
        "dre": along[at],
        "limits": [{key: row.get(key) for key in LIMIT_KEYS} for row in result["limits"]],
    }


def summaries(folder: Path) -> list[dict[str, Any]]:
    """The summaries of all reports of a chain, in order.

    Raises InputError for a folder that is no chain, for a summary that cannot be read, and where a
    report is missing: what it raised would never be told.
    """
    head = read_head(folder) if folder.is_dir() else None
    if head is None:
        raise InputError(
            "is not a folder of reports",
            file=str(folder),
            expected="one that `seawall check CASE --reports DIR` wrote",
        )
    out = []
    for entry in entries(folder):
        path = entry.folder / SUMMARY
        try:
            read = json.loads(path.read_text("utf-8"))
            if not isinstance(read, dict) or not isinstance(read.get("limits"), list):
                raise ValueError("no summary")
        except (OSError, ValueError):
            raise InputError(
                "cannot be read as the summary of a report",
                file=str(path),
                expected=f"`seawall report verify {folder}` to say what was altered",
            ) from None
        out.append(read)
    _whole(folder, head, out)
    return out


def _whole(folder: Path, head: Head, found: list[dict[str, Any]]) -> None:
    """Refuse a chain from which a report is missing, by the links that its summaries tell."""
    seals = [None, *(row.get("seal") for row in found)]
    links = [row.get("previous") for row in found]
    if links != seals[:-1] or head.last not in seals:
        raise InputError(
            "a report of the chain is missing or altered",
            file=str(folder),
            expected=f"`seawall report verify {folder}` to say which",
        )
