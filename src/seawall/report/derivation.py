"""A margin's derivation as an indented tree; long lists of alike lines as tables.

Reads the nested dicts of the JSON: {name, value, unit, rule, parts}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report.columns import Column, Line, Span, clean, fit, table, width_of, wrap

Node = Mapping[str, Any]
NAME, VALUE = 40, 16  # cells of the name (with its indent) and of the value
FEWEST = 2  # alike siblings that make a table
STEP = 2


def tree(node: Node, width: int, depth: int = 0) -> list[Line]:
    """The lines of one derivation, parts below what they make, no line wider than ``width``."""
    lines = _line(node, width, depth)
    parts = node.get("parts", [])
    titles = _alike(parts) if len(parts) >= FEWEST else []
    if titles:
        return lines + _table(parts, titles, width, depth + 1)
    for part in parts:
        lines += tree(part, width, depth + 1)
    return lines


def amount(value: object) -> str:
    """A value as a derivation shows it: whole units whole, else to cents or six digits."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return clean("-" if value is None else value)
    if isinstance(value, int):
        return f"{value:,}"
    assert isinstance(value, float)
    value += 0.0  # a negative zero is a zero
    size = abs(value)
    if size >= 1e15:
        return f"{value:.6e}"
    return f"{value:,.2f}" if size >= 100 else f"{value:.6g}"


def _line(node: Node, width: int, depth: int) -> list[Line]:
    indent = 2 + STEP * depth
    name = max(12, min(NAME, width // 2) - indent)
    unit = clean(node.get("unit", ""))
    rule = clean(node.get("rule", ""))
    text = amount(node.get("value"))
    label = clean(node["name"])
    start = (
        Span(" " * indent),
        Span(fit(label, name), "strong" if depth == 0 else ""),
        Span(" " + fit(text, max(VALUE, len(text)), "r")),
        Span(f" {unit}" if unit and unit != "quote" else ""),
    )
    if not rule:
        return [start]
    used = width_of(start) + 2
    if used + len(rule) <= width:
        return [(*start, Span("  "), Span(rule, "muted"))]
    below = wrap(rule, width, indent + 2, indent + 2)
    return [start, *((Span(text, "muted"),) for text in below)]


def _alike(parts: Sequence[Node]) -> list[str]:
    """Titles of the columns when every part has leaves of the same names; none otherwise."""
    shapes = {tuple(leaf["name"] for leaf in part.get("parts", [])) for part in parts}
    deeper = any(leaf.get("parts") for part in parts for leaf in part.get("parts", []))
    return [] if deeper or len(shapes) != 1 else list(shapes.pop())


def _table(parts: Sequence[Node], titles: Sequence[str], width: int, depth: int) -> list[Line]:
    """Alike lines as rows: name, own value, one column for each leaf.

    What does not fit beside each other stands in a second table below; of columns that are zero in
    every row only the names are given.
    """
    indent, gap = 2 + STEP * depth, 2
    names = Column("", [Span(clean(p["name"])) for p in parts], flexible=True)
    own = [amount(p.get("value")) for p in parts]
    values = [[amount(leaf.get("value")) for leaf in p.get("parts", [])] for p in parts]
    columns: list[Column] = []
    zero: list[str] = []
    for k, title in enumerate(titles):
        if all(row[k] == "0" for row in values):
            zero.append(clean(title))
            continue
        column = Column(clean(title), [Span(row[k]) for row in values], "r")
        # The line's own value is one of its parts: shown once, first.
        if [row[k] for row in values] == own:
            columns.insert(0, column)
        else:
            columns.append(column)
    if not columns or [c.text for c in columns[0].cells] != own:
        columns.insert(0, Column("value", [Span(v) for v in own], "r"))
    lines: list[Line] = []
    while columns:
        room = width - indent - min(names.natural, max(12, width // 3))
        taken = 1
        while taken < len(columns):
            if sum(c.natural + gap for c in columns[: taken + 1]) > room:
                break
            taken += 1
        lines += table([names, *columns[:taken]], width, indent=indent, gap=gap)
        columns = columns[taken:]
    rules = list(dict.fromkeys(clean(p.get("rule", "")) for p in parts))
    if len(rules) == 1 and rules[0]:
        lines += [(Span(text, "muted"),) for text in wrap(rules[0], width, indent, indent)]
    if zero:
        lines += [(Span(t, "muted"),) for t in wrap(f"0 in all: {', '.join(zero)}", width, indent)]
    return lines
