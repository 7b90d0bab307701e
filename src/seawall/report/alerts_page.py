"""The terminal page of `seawall alerts`: what stands now, then what happened, the last first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import findings, numbers
from seawall.report.alerts_words import SIGNS
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap

MOST = 40


def render(result: Mapping[str, Any], width: int = 100, colour: bool = False) -> str:
    """The page for one answer (seawall/alerts/1), no line wider than ``width``."""
    width = max(1, width)
    standing, events = result["standing"], list(reversed(result["events"]))
    many = f"{result['reports']:,} report" + ("" if result["reports"] == 1 else "s")
    if standing:
        names = ", ".join(clean(row["name"]) for row in standing[:3])
        more = f" and {len(standing) - 3:,} more" if len(standing) > 3 else ""
        said = f"{_count(len(standing))} after {many}: {names}{more}"
        lines: list[Line] = _lead(Span("▲ STANDING", "bad"), said, width)
    else:
        lines = _lead(Span("✓ QUIET", "good"), f"no alert stands after {many}", width)
    if standing:
        lines += [(), rule("Standing", width), *_standing(standing, width)]
    title = "What happened, the last first"
    if result["since"]:
        title += f", after report {result['since']:,}"
    lines += [(), rule(title, width)]
    if not events:
        return paint([*lines, (Span("  no alert was raised or cleared"),)], width, colour)
    lines += _events(events[:MOST], width)
    if len(events) > MOST:
        lines.append((Span(f"  and {len(events) - MOST:,} more in the JSON", "muted"),))
    return paint(lines, width, colour)


def _standing(rows: list[Mapping[str, Any]], width: int) -> list[Line]:
    columns = [
        Column("case", [Span(clean(r["case"])) for r in rows], "l", flexible=True),
        Column("limit", [Span(clean(r["name"])) for r in rows], "l", wraps=True),
        Column("value", [Span(findings.measure_value(r, "value")) for r in rows], "r"),
        Column("limit", [Span(findings.measure_value(r, "limit")) for r in rows], "r"),
        Column("driven by", [Span(clean(r.get("breacher") or "-")) for r in rows], "l", wraps=True),
        Column("since", [Span(numbers.moment(str(r["since"]))) for r in rows], "l"),
    ]
    return table(columns, width)


def _events(rows: list[Mapping[str, Any]], width: int) -> list[Line]:
    columns = [
        Column("as of", [Span(numbers.moment(str(r["as_of"]))) for r in rows], "l"),
        Column("report", [Span(f"{r['report']:,}") for r in rows], "r"),
        Column("", [SIGNS[r["kind"]] for r in rows], "l"),
        Column("case", [Span(clean(r["case"])) for r in rows], "l", flexible=True, drop=2),
        Column("limit", [Span(clean(r["name"])) for r in rows], "l", wraps=True),
        Column("value", [Span(findings.measure_value(r, "value")) for r in rows], "r"),
        Column("limit", [Span(findings.measure_value(r, "limit")) for r in rows], "r"),
        Column(
            "driven by",
            [Span(clean(r.get("breacher") or "-")) for r in rows],
            "l",
            wraps=True,
            drop=1,
        ),
    ]
    return table(columns, width)


def _count(number: int) -> str:
    return "1 alert stands" if number == 1 else f"{number:,} alerts stand"


def _lead(label: Span, said: str, width: int) -> list[Line]:
    start = label.text + "   "
    first, *rest = wrap(said, width, len(start), 4)
    head = (label, Span("   "), Span(first.lstrip()))
    return [head, *((Span(text),) for text in rest)]
