"""The terminal page of `seawall shocks`: each account's worst shock, and one account's grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, far, lead

Result = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
CROWD_ROWS = 10  # accounts of the crowd on the page; the JSON has all
COLUMNS = 9  # moves of price across the page; the JSON has all


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.whatif.shocks_answer`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_accounts, _grid, _crowd):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def _verdict(result: Result, width: int) -> list[Line]:
    below = [a for a in result["accounts"] if a["after"] < 0.0]
    scope = clean(result["scope"])
    if below:
        names = ", ".join(clean(a["account"]) for a in below[:3])
        more = f" and {len(below) - 3} more" if len(below) > 3 else ""
        said = f"{scope}: equity below 0 under the worst shock: {names}{more}"
        lines = lead(Span("▲ BELOW", "bad"), said, width)
    else:
        said = f"{scope}: no shock of the grid takes an account's equity below 0"
        lines = lead(Span("■ OK", "good"), said, width)
    spot, volatility = result["spot"], result["volatility"]
    moves = (
        f"{', '.join(clean(a) for a in result['assets']) or 'no asset'} {far(spot[0])} to "
        f"{far(spot[-1])} x every implied volatility {far(volatility[0])} to "
        f"{far(volatility[-1])}: {len(spot)} x {len(volatility)} shocks; nobody trades"
    )
    lines += lead(Span("  Shocks"), moves, width)
    case = result["case"]
    words = f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, amounts in "
    return lines + lead(Span("  Case"), words + clean(case["quote"]), width)


def _columns(rows: Rows) -> list[Column]:
    states = [("▲ BELOW", "bad") if r["after"] < 0.0 else ("ok", "") for r in rows]
    return [
        column("account", rows, lambda r: clean(r["account"]), "l", flexible=True),
        column("venue", rows, lambda r: clean(r["venue"]), "l", flexible=True, drop=2),
        column("equity", rows, lambda r: numbers.money(r["equity"])),
        column("worst change", rows, lambda r: numbers.money(r["change"])),
        column("equity then", rows, lambda r: numbers.money(r["after"])),
        column("price", rows, lambda r: _move(r["worst"], "spot")),
        column("volatility", rows, lambda r: _move(r["worst"], "volatility"), drop=1),
        Column("", [Span(text, style) for text, style in states]),
    ]


def _move(worst: Mapping[str, Any] | None, name: str) -> str:
    """A move of the worst shock; a dash without one."""
    if worst is None or worst[name] is None:
        return "-"
    return f"{worst[name] * 100:+.1f}%"


def _accounts(result: Result, width: int) -> list[Line]:
    return [rule("Worst shock", width), *table(_columns(result["accounts"]), width)]


def _grid(result: Result, width: int) -> list[Line]:
    """Change of equity: one row for each move of volatility, one column for each of price."""
    grid = result["grid"]
    if grid is None:
        return []
    spot, volatility = result["spot"], result["volatility"]
    step = -(-(len(spot) - 1) // (COLUMNS - 1))
    shown = sorted({*range(0, len(spot), step), len(spot) - 1})
    rows = range(len(volatility))
    columns = [column("volatility", rows, lambda v: f"{volatility[v] * 100:+.1f}%")]
    for place in shown:
        cells = [Span(numbers.money(grid["change"][v][place])) for v in rows]
        columns.append(Column(f"{spot[place] * 100:+.1f}%", cells, "r"))
    lines = [rule(f"Change of equity of {clean(grid['account'])} by move of price", width)]
    lines += table(columns, width)
    if len(shown) < len(spot):
        said = f"{len(spot) - len(shown)} moves of price between these are in the JSON"
        lines += [(Span(text, "muted"),) for text in wrap(said, width)]
    return lines


def _crowd(result: Result, width: int) -> list[Line]:
    """How many of the crowd end below 0, and those that lose the largest part of their equity."""
    rows = result["crowd"]
    if not rows:
        return []
    below = [r for r in rows if r["after"] < 0.0]
    lost = sum(-r["after"] for r in below)
    said = (
        f"{len(below):,} of {len(rows):,} accounts of the crowd end below 0 under their own worst "
        f"shock, by {numbers.money(lost)} in all; the largest losses:"
    )
    worst = sorted(rows, key=lambda r: (float(r["change"]), str(r["account"])))[:CROWD_ROWS]
    lines: list[Line] = [rule("Crowd", width)]
    lines += [(Span(text),) for text in wrap(said, width)]
    return [*lines, *table(_columns(worst), width)]
