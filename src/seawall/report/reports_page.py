"""The terminal page of `seawall report list`: the reports of a folder, the last first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap

MOST = 40


def render(result: Mapping[str, Any], width: int = 100, colour: bool = False) -> str:
    """The page for one list (seawall/reports/1), no line wider than ``width``."""
    width = max(1, width)
    rows = list(reversed(result["reports"]))
    if not rows:
        return paint([(Span("No report has been kept in this folder yet"),)], width, colour)
    over = sum(any(x["breached"] for x in row["limits"]) for row in rows)
    many = f"{len(rows):,} report" + ("" if len(rows) == 1 else "s")
    said = f"{many}, {over:,} with a breached limit; the last of {numbers.moment(rows[0]['as_of'])}"
    lines: list[Line] = [(Span(text),) for text in wrap(said, width, 0)]
    shown = rows[:MOST]

    def state(row: Mapping[str, Any]) -> Span:
        names = [clean(x["name"]) for x in row["limits"] if x["breached"]]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            return Span(f"▲ {names[0]}{more}", "bad")
        return Span("✓ within" if row["limits"] else "○ no limits")

    columns = [
        Column("", [Span(f"{row['number']:,}") for row in shown], "r"),
        Column("seal", [Span(clean(str(row["seal"])[:8])) for row in shown], "l"),
        Column("case", [Span(clean(row["case"])) for row in shown], "l", flexible=True),
        Column("as of", [Span(numbers.moment(row["as_of"])) for row in shown], "l"),
        Column("DRE", [Span(numbers.percent(row["dre"])) for row in shown], "r"),
        Column("limits", [state(row) for row in shown], "l", wraps=True),
    ]
    lines += [(), rule("Reports, the last first", width), *table(columns, width)]
    if len(rows) > MOST:
        lines.append((Span(f"  and {len(rows) - MOST:,} more in the JSON", "muted"),))
    return paint(lines, width, colour)
