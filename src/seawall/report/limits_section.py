"""The limits on the terminal page: how much of each is used, and its state in a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import findings, numbers
from seawall.report.columns import (
    Column,
    Line,
    Span,
    bar,
    clean,
    column,
    fit,
    lines_of,
    more,
    rule,
    table,
    wrap,
)
from seawall.report.findings import Result
from seawall.report.model_reach import model_reach
from seawall.report.sections import PAIRED, ROWS
from seawall.report.verdict import side

HELD = ("within", "near")
OVER = "model interval over"
# What decides comes first; only limits of the last state may be cut.
ORDER = ("breached", "no value", "not resolved", OVER, "near", "within")


def limits(result: Result, width: int) -> list[Line]:
    """Each limit, how much of it is used, and its state in a word.

    In the order of ORDER, within a state that of the Case; every limit is there that is not
    simply within.
    """
    rows = result.get("limits") or []
    if not rows:
        return [rule("Limits", width), *lines_of(wrap("no limit is set in limits.toml", width))]
    ordered = sorted(((_state(result, row), row) for row in rows), key=lambda x: ORDER.index(x[0]))
    decide = sum(state != "within" for state, _ in ordered)
    states, shown = zip(*ordered[: max(ROWS + 4, decide)], strict=True)
    cells, over = (15, 8) if width >= PAIRED else (7, 3)
    words = {
        "breached": ("▲ BREACHED", "bad"),
        "no value": ("? no value", "strong"),
        "not resolved": ("? not resolved", "strong"),
    }

    def share(row: Mapping[str, Any]) -> str:
        part = findings.used(row)
        return numbers.UNKNOWN if part is None else f"{part:.0%}" if part < 99.99 else ">9999%"

    def gauge(row: Mapping[str, Any]) -> str:
        part = findings.used(row) or 0.0
        beyond = bar((part - 1) * cells / over, over) if part > 1 else ""
        return fit(bar(part, cells), cells) + ("┃" if part >= 1 else "│") + beyond

    def value(row: Mapping[str, Any]) -> str:
        if findings.limit_state(row) == "no value":
            return findings.why_no_value(result, row)
        return findings.measure_value(row, "value")

    def bound(row: Mapping[str, Any]) -> str:
        word = "min" if row.get("bound") == "minimum" else "of"
        return f"{word} {findings.measure_value(row, 'limit').rjust(7)}"

    columns = [
        column("", shown, lambda r: clean(r["name"]), "l", flexible=True),
        column("", shown, value),
        column("", shown, bound),
        column("", shown, share),
        Column("", [Span(gauge(r), "bad" if r["breached"] else "slate") for r in shown], drop=1),
        Column(
            "",
            [
                Span(f"{findings.limit_state(row)} *", "strong")
                if state == OVER
                else Span(*words.get(state, (state, "")))
                for state, row in zip(states, shown, strict=True)
            ],
        ),
    ]
    lines = [rule("Limits", width), *table(columns, width)]
    if sides := {side(row) for state, row in zip(states, shown, strict=True) if state == OVER}:
        way = sides.pop() if len(sides) == 1 else "beyond"
        said = f"* within by the estimate; the model interval reaches {way} the limit"
        lines += lines_of(wrap(said, width), "muted")
    return [*lines, *more(len(rows), len(shown), " limits")]


def _state(result: Result, row: Mapping[str, Any]) -> str:
    """The state by which a limit is ordered: OVER where the model interval reaches beyond it."""
    state = findings.limit_state(row)
    return OVER if state in HELD and model_reach(result, row) is not None else state
