"""The limits on the terminal page: how much of each is used, and its state in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from seawall.report.verdict import driver, side

HELD = ("within", "near")
OVER = "model interval over"
# What decides comes first; only limits of the last state may be cut.
ORDER = ("breached", "no value", "not resolved", OVER, "near", "within")


def limits(result: Result, width: int) -> list[Line]:
    """Each limit, how much of it is used, its state in a word, and who drives those breached.

    In the order of ORDER, within a state that of the Case.
    """
    return _limits(result, width, len(result.get("limits") or []))


def limits_in_short(result: Result, width: int) -> list[Line]:
    """The same of twelve limits; more where more are not simply within: none of those is cut."""
    return _limits(result, width, ROWS + 4)


def _limits(result: Result, width: int, most: int) -> list[Line]:
    rows = result.get("limits") or []
    if not rows:
        return [rule("Limits", width), *lines_of(wrap("no limit is set in limits.toml", width))]
    ordered = sorted(((_state(result, row), row) for row in rows), key=lambda x: ORDER.index(x[0]))
    decide = sum(state != "within" for state, _ in ordered)
    states, shown = zip(*ordered[: max(most, decide)], strict=True)
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
    heading, driven = _driven(shown, width)
    lines = [rule(heading, width), *table(columns, width), *driven]
    if sides := {side(row) for state, row in zip(states, shown, strict=True) if state == OVER}:
        way = sides.pop() if len(sides) == 1 else "beyond"
        said = f"* within by the estimate; the model interval reaches {way} the limit"
        lines += lines_of(wrap(said, width), "muted")
    return [*lines, *more(len(rows), len(shown), " limits")]


def _driven(rows: Sequence[Mapping[str, Any]], width: int) -> tuple[str, list[Line]]:
    """The heading, which names who drives every breach where it is one and there is room for it;
    else the lines that name, below the table, who drives which.
    """
    breached = [row for row in rows if row["breached"]]
    by: dict[str, list[str]] = {}
    for row in breached:
        if name := driver(row):
            by.setdefault(clean(name), []).append(clean(row["name"]))
    title = "Limits"
    if len(by) == 1 and all(driver(row) for row in breached):
        many = {1: "the breach is", 2: "both breaches are"}.get(len(breached), "all breaches are")
        heading = f"{title}: {many} driven by {next(iter(by))}"
        if len(heading) <= width - 6:
            return heading, []
    lines: list[Line] = []
    for name, names in by.items():
        lines += lines_of(wrap(f"▲ {'; '.join(names)}: driven by {name}", width, 2, 4))
    return title, lines


def _state(result: Result, row: Mapping[str, Any]) -> str:
    """The state by which a limit is ordered: OVER where the model interval reaches beyond it."""
    state = findings.limit_state(row)
    return OVER if state in HELD and model_reach(result, row) is not None else state
