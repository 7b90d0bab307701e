"""A folder of reports: how it is laid out, and its reports in order.

    head.json            how many reports there are, and the seal of the last
    000001-3f9c02aa/     a report: its number and the start of its seal
      report.json        the answer with its manifest       report.html   its page, if asked for
      summary.json       what lists and alerts read         lines.json    marks of every line
      case/...           the Case's files                   presets/...   presets they start from

Names that begin with a dot are the lock and what is being written. A summary is believed only where
it follows from the sealed report beside it: else one line changed there would silence an alert.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.exposure.manifest import seal_of
from seawall.foundation.errors import InputError
from seawall.foundation.json_text import dumps

SCHEMA = "seawall/reports/1"
HEAD, REPORT, PAGE = "head.json", "report.json", "report.html"
SUMMARY, LINES, CASE, PRESETS = "summary.json", "lines.json", "case", "presets"
NAME = re.compile(r"(\d{6,9})-([0-9a-f]{8})")
# Keys of a report that its summary is made of, beside the manifest.
SUMMED_UP = ("case", "paths", "horizon_seconds", "headline", "dre", "limits")
TOP_LEVEL = re.compile(rb'^  "(\w+)": ', re.MULTILINE)
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
    """The summaries of all reports of a chain, in order, each as its sealed report has it.

    Raises InputError, naming the file, for a summary that does not follow from the report beside it
    and for a report that is not as it was sealed, as far as the summary tells of it; for a folder
    that is no chain, and where a report is missing: what it raised would never be told.
    """
    head = read_head(folder) if folder.is_dir() else None
    if head is None:
        raise InputError(
            "is not a folder of reports",
            file=str(folder),
            expected="one that `seawall check CASE --reports DIR` wrote",
        )
    out = [_believed(folder, entry) for entry in entries(folder)]
    _whole(folder, head, out)
    return out


def _believed(folder: Path, entry: Entry) -> dict[str, Any]:
    """A report's summary, checked against the report's seal."""
    report, path = entry.folder / REPORT, entry.folder / SUMMARY
    expected = f"`seawall report verify {folder}` to say what was altered"
    try:
        told = _sealed_summary(report.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        told = None
    if told is None:
        raise InputError("is not as it was sealed", file=str(report), expected=expected)
    try:
        kept = path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise InputError(what, file=str(path), expected=expected) from None
    if kept != dumps(told).encode():
        what = f"is not the summary of the {REPORT} beside it"
        raise InputError(what, file=str(path), expected=expected)
    return told


def _sealed_summary(text: bytes) -> dict[str, Any] | None:
    """The summary of a report's JSON; None where that is not as its seal says.

    Only the sections that are summed up are read and hashed: an eighth of the time that all take.
    """
    parts = sections_of(text)
    manifest = json.loads(parts["manifest"])["manifest"]
    if seal_of(manifest) != manifest["seal"]:
        return None
    hashes = {key: hashlib.sha256(parts[key]).hexdigest() for key in SUMMED_UP}
    if any(manifest["sections"][key] != hashes[key] for key in SUMMED_UP):
        return None
    read = {key: json.loads(parts[key])[key] for key in SUMMED_UP}
    return summary({**read, "manifest": manifest})


def sections_of(text: bytes) -> dict[str, bytes]:
    """The sections of a report by key, each as the text that its hash is made of.

    JSON as `dumps` writes it has two spaces before the keys of the top level, and nowhere else at
    the start of a line: a text has no line breaks within.
    """
    starts = list(TOP_LEVEL.finditer(text))
    ends = [*(start.start() for start in starts[1:]), text.rfind(b"}")]
    return {
        start.group(1).decode(): b"{\n" + text[start.start() : end].rstrip(b",\n") + b"\n}\n"
        for start, end in zip(starts, ends, strict=True)
    }


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
