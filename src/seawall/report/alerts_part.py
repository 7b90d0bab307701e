"""The alerts of `check --reports` on the HTML page: what is new, and how many stand."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from seawall.report.alerts_words import KINDS, SIGNS, standing_words, what
from seawall.report.findings import Result
from seawall.report.templates import Explain, Marks, filled


def alerts_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """A line for each alert that this report raised, cleared or lost; nothing where there is none.

    A report that is not kept in a chain has no alerts, one that is may have none to tell.
    """
    del explain, marks
    found = result.get("alerts")
    if not found:
        return Markup("")
    rows = [_row(row, kind) for kind in KINDS for row in found[kind]]
    standing = standing_words(found)
    if not rows and not standing:
        return Markup("")
    return filled(
        "alerts.html.jinja", {"finding": _finding(len(rows)), "rows": rows, "standing": standing}
    )


def _row(row: Result, kind: str) -> dict[str, Any]:
    sign, _, word = SIGNS[kind].text.partition(" ")
    return {"kind": kind, "sign": sign, "word": word.lower(), "text": what(row, kind)}


def _finding(count: int) -> str:
    if not count:
        return "No alert is new since the report before"
    return f"{count} alert{' is' if count == 1 else 's are'} new since the report before"
