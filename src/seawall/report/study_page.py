"""The terminal page of a study: what was asked in prose, one table, what follows from it in prose.

No line is wider than the terminal, and no cell is cut: where there is no room, cells go on in
further lines, and on the narrowest terminals a row becomes prose.
"""

from __future__ import annotations

from collections.abc import Sequence

from seawall.report.columns import Column, Line, Span, clean, paint, table, wrap


def study_page(
    head: Sequence[str],
    columns: Sequence[Column],
    foot: Sequence[str] = (),
    *,
    width: int = 100,
    colour: bool = False,
) -> str:
    """Prose, the table of ``columns``, prose; each sentence of prose in lines of its own."""
    width = max(1, width)
    shown = table(columns, width, indent=0) if columns and columns[0].cells else []
    return paint([*_prose(head, width), *shown, *_prose(foot, width)], width, colour)


def _prose(sentences: Sequence[str], width: int) -> list[Line]:
    """Sentences, each broken at spaces; what leads one stays in front of it."""
    lines: list[Line] = []
    for text in sentences:
        lead = len(text) - len(text.lstrip(" "))
        lines += [(Span(row),) for row in wrap(clean(text), width, lead, lead + 2)]
    return lines


def reach(low: float, high: float, form: str = "+,.4g") -> str:
    """An interval, as "-2.7 to +4.1"."""
    return f"{low:{form}} to {high:{form}}"
