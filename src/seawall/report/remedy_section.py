"""The remedies on the terminal page: a table, cheapest first, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.report import findings, numbers, remedy_words
from seawall.report.columns import (
    Column,
    Line,
    Span,
    clean,
    column,
    lines_of,
    rule,
    table,
    with_marks,
    wrap,
)
from seawall.report.remedy_words import Result, Row

INDENT = 4  # cells that what a remedy does stands in below what is to be done


def remedies(result: Result, width: int) -> list[Line]:
    """The remedies that bring DRE under its limit, how they were found, and what other limits
    need.
    """
    return _remedies(result, width, clean(result.get("remedy_note") or ""))


def remedies_in_short(result: Result, width: int) -> list[Line]:
    """The same; how they were found is told only where none was."""
    rows = remedy_words.rows_of(result)
    return _remedies(result, width, "" if rows else clean(result.get("remedy_note") or ""))


def _remedies(result: Result, width: int, note: str) -> list[Line]:
    rows = remedy_words.rows_of(result)
    others = [clean(remedy_words.limit_action(one)) for one in result.get("limit_actions") or []]
    if not rows and not note and not others:
        return []
    lines: list[Line] = [rule(_title(result, rows), width)]
    if rows:
        lines += ranked(result, rows, width)
    caveat = remedy_words.caveat(result) if rows else ""
    for text in (caveat, note):
        if text:
            lines += lines_of(wrap(text, width), "muted" if rows else "")
    for text in others:
        lines += lines_of(wrap(text, width, 2, 4))
    if rows:
        lines[-1] = with_marks(lines[-1], _marks(result), width)
    return lines


def _title(result: Result, rows: Sequence[Row]) -> str:
    if not rows:
        return "Remedy"
    name = clean(rows[0].get("limit") or "DRE")
    quote = clean(result["case"]["quote"])
    if len(rows) == 1:
        return f"Remedy that brings {name} under its limit, {quote}"
    return f"Remedies that bring {name} under its limit, cheapest first, {quote}"


def _marks(result: Result) -> str:
    used = result.get("assumptions") or []
    return " ".join(name for name in ("A11", "A14") if name in used)


def ranked(result: Result, rows: Sequence[Row], width: int) -> list[Line]:
    """Two lines for each remedy: what to do; DRE after, cost, how long it takes, by when."""
    states = [remedy_words.state(row) for row in rows]
    columns = [
        column("", rows, lambda row: f"DRE {remedy_words.after(row)}"),
        column("", rows, _interval, drop=1),
        column("", rows, _costs, "l"),
        column("", rows, _lead_time, "l", drop=2),
        column("", rows, lambda row: f"by {remedy_words.due(result, row)}", "l"),
        Column("", [Span(text, style) for text, style in states]),
    ]
    told = table(columns, width, indent=INDENT)
    lines: list[Line] = []
    for n, row in enumerate(rows):
        action = f"{n + 1} {clean(remedy_words.action(row))}"
        lines += lines_of(wrap(action, width, 2, INDENT), "strong")
        # A terminal too narrow for columns has several lines a row, in order.
        lines += told[n * len(told) // len(rows) : (n + 1) * len(told) // len(rows)]
    return lines


def _interval(row: Row) -> str:
    ends = numbers.interval(row.get("low_after"), row.get("high_after"))
    return "" if ends == numbers.UNKNOWN else f"[{ends}]"


def _costs(row: Row) -> str:
    text = clean(remedy_words.cost(row, ""))
    return f"costs {text}" if numbers.known(row.get("cost")) else text


def _lead_time(row: Row) -> str:
    takes = remedy_words.takes(row)
    return takes if takes in ("at once", numbers.UNKNOWN) else f"takes {takes}"


def verdict(result: Result) -> str:
    """DRE against its limit in a sentence, of a result of `seawall remedy`."""
    over = [x for x in result["limits"] if x["breached"] and x["scope"] == result["headline"]]
    if not over:
        return f"no DRE limit of {result['headline']} is breached on these paths"
    first = over[0]
    value = findings.measure_value(first, "value")
    return (
        f"{result['headline']} is over its limit: {first['name']} {value}, "
        f"limit {findings.measure_value(first, 'limit')}"
    )
