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
    """Alike lines as rows: name, own value, one column for each leaf, and the rule when short."""
    columns = [
        Column("", [Span(clean(p["name"])) for p in parts], flexible=True),
        Column("value", [Span(amount(p.get("value"))) for p in parts], "r"),
    ]
    values = [[amount(leaf.get("value")) for leaf in p.get("parts", [])] for p in parts]
    own = [amount(p.get("value")) for p in parts]
    for k, title in enumerate(titles):
        cells = [row[k] for row in values]
        if cells == own:  # the line's own value under its own name
            columns[1] = Column(clean(title), columns[1].cells, "r")
            continue
        columns.append(Column(clean(title), [Span(c) for c in cells], "r", drop=len(titles) - k))
    rules = [clean(p.get("rule", "")) for p in parts]
    if len(set(rules)) > 1:
        columns.append(Column("", [Span(r, "muted") for r in rules], drop=99))
    return table(columns, width, indent=2 + STEP * depth)
