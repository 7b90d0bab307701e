"""The alerts of `check --reports` in the terminal: one line for each that is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report.alerts_words import KINDS, SIGNS, standing_words, what
from seawall.report.columns import Line, Span, rule, wrap

LABEL = 14


def alerts(result: Mapping[str, Any], width: int) -> list[Line]:
    """What this report raised, cleared or lost; how many stand. Nothing outside a chain."""
    found = result.get("alerts")
    if not found:
        return []
    lines: list[Line] = [rule("Alerts, new since the report before", width)]
    for kind in KINDS:
        for row in found[kind]:
            lines += _line(SIGNS[kind], what(row, kind), width)
    if len(lines) == 1:
        lines.append((Span("  none is new"),))
    if said := standing_words(found):
        lines += [(Span(text),) for text in wrap(said, width)]
    return lines


def _line(label: Span, said: str, width: int) -> list[Line]:
    if width < 40:
        return [(Span(text),) for text in wrap(f"{label.text} {said}", width, 2, 4)]
    start = label.text.ljust(LABEL - 2)
    first, *rest = wrap(said, width, LABEL, LABEL)
    head = (Span("  "), label, Span(start[len(label.text) :]), Span(first.lstrip()))
    return [head, *((Span(text),) for text in rest)]
