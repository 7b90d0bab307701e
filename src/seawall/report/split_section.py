"""Terminal sections of what was asked for: kinds that count, DRE by leg, asset, venue, accounts."""

from __future__ import annotations

from seawall.report import findings, split_rows
from seawall.report.columns import Column, Line, Span, bar, clean, rule, table, wrap
from seawall.report.findings import Result

SHOWN = 10


def split(result: Result, width: int) -> list[Line]:
    """All of them, each with its title; no line where nothing was asked for."""
    blocks = [_kinds(result, width), *_splits(result, width), _accounts(result, width)]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [*([()] if lines else []), *block]
    return lines


def _note(text: str, width: int) -> list[Line]:
    return [(Span(line, "muted"),) for line in wrap(clean(text), width)]


def _kinds(result: Result, width: int) -> list[Line]:
    if not split_rows.chosen(result):
        return []
    rows = split_rows.kinds(result)
    head = findings.headline(result)
    columns = [
        Column("kind", [Span(row["name"]) for row in rows]),
        Column("", [Span("counts" if row["counts"] else "does not count") for row in rows]),
        Column("paths", [Span(row["share"]) for row in rows], "r"),
        Column("", [Span(clean(row["sentence"])) for row in rows], wraps=True),
    ]
    title = f"What counts as impairment, share of paths in {head.horizon}, first or not"
    return [rule(title, width), *table(columns, width)]


def _splits(result: Result, width: int) -> list[list[Line]]:
    out = []
    for one in split_rows.splits(result):
        rows = one["rows"]
        most = max((abs(row["value"]) for row in rows), default=0.0) or 1.0
        columns = [
            Column(one["by"], [Span(clean(row["name"])) for row in rows], wraps=True),
            Column("account", [Span(clean(row["where"])) for row in rows], flexible=True, drop=2)
            if any(row["where"] for row in rows)
            else Column("", [Span("") for _ in rows]),
            Column("points", [Span(row["text"]) for row in rows], "r"),
            Column("95%", [Span(row["interval"]) for row in rows], "r"),
            Column(
                "",
                [
                    Span(
                        bar(max(row["value"], 0.0) / most, 10), "slate" if row["total"] else "blue"
                    )
                    for row in rows
                ],
                drop=1,
            ),
        ]
        title = f"Parts of DRE {one['horizon']} by {one['by']}, points"
        out.append([rule(title, width), *table(columns, width), *_note(one["note"], width)])
    return out


def _accounts(result: Result, width: int) -> list[Line]:
    found = split_rows.accounts(result)
    if not found:
        return []
    title = f"Accounts by DRE {found['horizon']} x equity"
    lines = [rule(title, width)]
    rows = found["rows"][:SHOWN]
    if rows:
        columns = [
            Column("account", [Span(clean(row["account"])) for row in rows], flexible=True),
            Column("venue", [Span(clean(row["venue"])) for row in rows], drop=2),
            Column("", [Span(row["kind"]) for row in rows], drop=1),
            Column("equity", [Span(row["equity"]) for row in rows], "r"),
            Column("DRE", [Span(row["dre"]) for row in rows], "r"),
            Column("simulation 95%", [Span(row["interval"]) for row in rows], "r"),
            Column("x equity", [Span(row["stake"]) for row in rows], "r"),
        ]
        lines += table(columns, width)
    more = len(found["rows"]) - len(rows)
    if more > 0:
        lines.append((Span(f"  and {more} more in the JSON", "muted"),))
    return lines + _note(found["summary"], width)
