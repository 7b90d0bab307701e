"""The tail on the terminal page: VaR and ES by method, what leaving adds; protocol at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers, tail_words
from seawall.report.columns import Column, Line, Span, clean, rule, table, with_marks, wrap
from seawall.report.findings import Result, level_text

DESKS = 3
SCOPES = 6


def tail(result: Result, width: int) -> list[Line]:
    """Each desk's table and what leaving adds."""
    desks = tail_words.tail_desks(result)
    lines: list[Line] = []
    for desk in desks[:DESKS]:
        lines += [*([()] if lines else []), *_desk(result, desk, width)]
    if len(desks) > DESKS:
        lines.append((Span(f"  and {len(desks) - DESKS:,} more desks in the JSON", "muted"),))
    return lines


def tail_in_short(result: Result, width: int) -> list[Line]:
    """The tables alone."""
    lines: list[Line] = []
    for desk in tail_words.tail_desks(result)[:DESKS]:
        lines += [*([()] if lines else []), *_numbers(result, desk, width)]
    return lines


def _numbers(result: Result, desk: Mapping[str, Any], width: int) -> list[Line]:
    scale, letter = tail_words.scale_of(desk)
    rows = tail_words.known_rows(desk)
    horizon = numbers.horizon(result["tail"]["horizon_seconds"])
    unit = f"{letter} {clean(result['case']['quote'])}".strip()
    title = f"Tail: loss of desk:{clean(desk['owner'])} over {horizon}, {unit}"
    return [rule(title, width), *_table(_columns(result, rows, scale), width)]


def _desk(result: Result, desk: Mapping[str, Any], width: int) -> list[Line]:
    lines = _numbers(result, desk, width)
    said = [
        *tail_words.not_known(desk),
        tail_words.rests_on(result, desk),
        tail_words.power_words(result, desk),
        tail_words.slowly(result, desk),
        tail_words.at_once(result, desk),
        tail_words.by_spread(desk),
    ]
    for text in said:
        if text:
            lines += [(Span(line),) for line in wrap(text, width, 2, 4)]
    stated = set(result.get("assumptions") or [])
    marks = " ".join(mark for mark in ("A3", "A6", "A12", "A13") if mark in stated)
    return [*lines[:-1], with_marks(lines[-1], marks, width)]


def _table(columns: list[Column], width: int) -> list[Line]:
    """One table where it fits; else that of VaR, then that of ES: no level is left out."""
    if 2 + sum(column.natural + 1 for column in columns) - 1 <= width:
        return table(columns, width)
    method, numbers_of = columns[0], columns[1:]
    half = len(numbers_of) // 2
    first, second = ([method, *some] for some in (numbers_of[:half], numbers_of[half:]))
    return [*table(first, width), *table(second, width)]


def _columns(result: Result, rows: list[Mapping[str, Any]], scale: float) -> list[Column]:
    """A column of methods and one for each number, the interval under it."""
    names = [
        span
        for row in rows
        for span in (
            Span(tail_words.method_words(row)),
            *_under(row, [Span("  95% interval", "muted")]),
        )
    ]
    columns = [Column(f"method ({result['paths']:,} paths)", names, "l", flexible=True)]
    levels = result["tail"]["levels"]
    for short, key in tail_words.COLUMNS:
        for i, level in enumerate(levels):
            cells: list[Span] = []
            for row in rows:
                found = tail_words.cell(row, key, i, scale)
                cells += [Span(found.value), *_under(row, [Span(found.interval, "muted")])]
            columns.append(Column(f"{short} {level_text(level)}", cells, "r"))
    return columns


def _under(row: Mapping[str, Any], spans: list[Span]) -> list[Span]:
    """The second line of a row, for methods that have intervals."""
    return spans if any(numbers.known(end) for end in row["value_at_risk_low"]) else []


def protocol_at_risk(result: Result, width: int) -> list[Line]:
    """Value and liquidations at risk of the protocol and its venues, and what they mean."""
    lines = protocol_at_risk_in_short(result, width)
    if not lines:
        return []
    lines += [(Span(line, "muted"),) for line in wrap(tail_words.DEFINITIONS, width)]
    stated = set(result.get("assumptions") or [])
    return [*lines[:-1], with_marks(lines[-1], "A7" if "A7" in stated else "", width)]


def protocol_at_risk_in_short(result: Result, width: int) -> list[Line]:
    """The table alone."""
    rows = tail_words.at_risk_rows(result)
    if not rows:
        return []
    shown = rows[:SCOPES]
    columns = [
        Column("", [Span(name) for name, _, _ in shown], "l", flexible=True),
        Column("value at risk", [Span(text) for _, text, _ in shown], "r"),
        Column("liquidations at risk", [Span(text) for _, _, text in shown], "r"),
    ]
    horizon = numbers.horizon(result["horizon_seconds"])
    lines = [rule(f"Protocol at risk within {horizon}, 95%", width), *table(columns, width)]
    if len(rows) > SCOPES:
        lines.append((Span(f"  and {len(rows) - SCOPES:,} more in the JSON", "muted"),))
    return lines
