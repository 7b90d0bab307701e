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
