"""An alert in one line, for the terminal page of `check` and for `seawall alerts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import findings, numbers
from seawall.report.columns import Span, clean

SIGNS = {
    "raised": Span("▲ RAISED", "bad"),
    "cleared": Span("✓ CLEARED", "good"),
    "withdrawn": Span("○ WITHDRAWN", "strong"),
    "standing": Span("▲ STANDING", "strong"),
}

KINDS = ("raised", "cleared", "withdrawn")  # of what is new, in the order of telling


def standing_words(found: Mapping[str, Any]) -> str:
    """How many of the standing alerts were raised by earlier reports; nothing where none was."""
    old = len(found["standing"]) - len(found["raised"])
    return f"{old:,} raised earlier still stand{'s' if old == 1 else ''}" if old else ""


def what(row: Mapping[str, Any], kind: str) -> str:
    """The limit, its value against its bound, who drives it, since when it stood."""
    value, bound = findings.measure_value(row, "value"), findings.measure_value(row, "limit")
    text = f"{clean(row['name'])}: {value}, limit {bound}"
    if row.get("breacher"):
        text += f", driven by {clean(row['breacher'])}"
    if kind == "withdrawn":
        text = f"{clean(row['name'])}: the Case no longer has this limit of {bound}"
    if kind != "raised" and row.get("since"):
        text += f", since {numbers.moment(str(row['since']))}"
    return text
