"""The remedies on the terminal page: a table, cheapest first, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.report import findings, numbers, remedy_words
from seawall.report.columns import Column, Line, Span, clean, rule, table, with_marks, wrap
from seawall.report.remedy_words import Result, Row


def remedies(result: Result, width: int) -> list[Line]:
    """The remedies that bring DRE under its limit, and what brings other limits under."""
    rows = remedy_words.rows_of(result)
    note = clean(result.get("remedy_note") or "")
    others = [clean(remedy_words.limit_action(one)) for one in result.get("limit_actions") or []]
    if not rows and not note and not others:
        return []
    lines: list[Line] = [rule(_title(result, rows), width)]
    if rows:
        lines += ranked(result, rows, width)
    caveat = remedy_words.caveat(result) if rows else ""
    for text in (caveat, note):
        if text:
            lines += [(Span(line, "muted" if rows else ""),) for line in wrap(text, width, 2, 2)]
    for text in others:
        lines += [(Span(line),) for line in wrap(text, width, 2, 4)]
    if rows:
        lines[-1] = with_marks(lines[-1], _marks(result), width)
    return lines


def _title(result: Result, rows: Sequence[Row]) -> str:
    if not rows:
        return "Remedy"
    name = clean(rows[0].get("limit") or "DRE")
    if len(rows) == 1:
        return f"Remedy that brings {name} under its limit"
    return f"Remedies that bring {name} under its limit, cheapest first"


def _marks(result: Result) -> str:
    used = result.get("assumptions") or []
    return " ".join(name for name in ("A11", "A14") if name in used)


def ranked(result: Result, rows: Sequence[Row], width: int) -> list[Line]:
    """A line for each remedy: what, DRE after, cost, how long it takes, and by when."""
    quote = clean(result["case"]["quote"])

    def cells(texts: list[str], style: str = "") -> list[Span]:
        return [Span(text, style) for text in texts]

    def interval(row: Row) -> str:
        return numbers.interval(row.get("low_after"), row.get("high_after"))

    states = [remedy_words.state(row) for row in rows]
    return table(
        [
            Column("", cells([str(n + 1) for n in range(len(rows))]), "r"),
            Column("", cells([clean(remedy_words.action(r)) for r in rows], "strong"), wraps=True),
            Column("DRE after", cells([remedy_words.after(row) for row in rows]), "r"),
            Column("simulation 95%", cells([interval(row) for row in rows]), "r", drop=2),
            Column(
                f"cost, {quote}", cells([clean(remedy_words.cost(row, "")) for row in rows]), "r"
            ),
            Column("takes", cells([remedy_words.takes(row) for row in rows]), "r", drop=1),
            Column("must land by", cells([remedy_words.due(result, row) for row in rows])),
            Column("", [Span(text, style) for text, style in states]),
        ],
        width,
    )


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
