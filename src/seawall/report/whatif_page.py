"""The terminal page of `seawall whatif`: four states of a desk, account by account.

Before, after the trade, after the shock, after both: the eye compares down a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import (
    away,
    column,
    far,
    lead,
    nearest,
    state_of,
    where,
)

Result = Mapping[str, Any]
UNCHANGED = "unchanged"
NAMES = {
    "before": "before",
    "trade": "after trade",
    "shock": "after shock",
    "both": "after both",
    UNCHANGED: UNCHANGED,
}
Row = tuple[str, Mapping[str, Any]]  # state, entry


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.whatif.whatif_answer`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_first, _margin, _prices, _greeks):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def _verdict(result: Result, width: int) -> list[Line]:
    """The last state's verdict, what was asked, and the Case."""
    last = result["states"][-1]
    after = NAMES[last["name"]]
    below = [a for a in last["accounts"] if a["liquidatable"]]
    was = {a["margin_account"] for a in result["states"][0]["accounts"] if a["liquidatable"]}
    if below:
        names = ", ".join(clean(a["margin_account"]) for a in below[:3])
        new = [a for a in below if a["margin_account"] not in was]
        tail = "" if new else ", as before"
        lines = lead(
            Span("▲ BELOW", "bad"), f"{after}: below maintenance margin: {names}{tail}", width
        )
    else:
        said = f"{after}: no margin account is below its maintenance margin"
        lines = lead(Span("■ OK", "good"), said, width)
    if result["trades"]:
        trades = ", ".join(_trade(t) for t in result["trades"])
        where_to = f" in {clean(result['account'])}: at the mark, no fee, no impact"
        lines += lead(Span("  Trade"), trades + where_to, width)
    if result["shock"]["spot"] or result["shock"]["volatility"]:
        lines += lead(Span("  Shock"), _shock(result["shock"]), width)
    case = result["case"]
    words = f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, amounts in "
    return lines + lead(Span("  Case"), words + clean(case["quote"]), width)


def _trade(trade: Mapping[str, Any]) -> str:
    size = numbers.amount(trade["size"])
    sign = "" if size.startswith("-") else "+"
    return f"{sign}{size} {clean(trade['instrument'])} at {numbers.price(trade['price'])}"


def _shock(shock: Mapping[str, Any]) -> str:
    moves = [f"{clean(name)} {far(move)}" for name, move in shock["spot"].items()]
    if shock["volatility"]:
        moves.append(f"every implied volatility x {1 + shock['volatility']:.2f}")
    follow = "shares follow, " if shock["spot"] else ""
    return ", ".join(moves) + f"; {follow}all else unchanged"


def _first(result: Result, width: int) -> list[Line]:
    """Which account and leg is nearest to its end, state by state."""
    rows = [(state["name"], state["first"]) for state in result["states"]]
    known: list[Row] = [(name, first) for name, first in rows if first is not None]
    lines: list[Line] = [rule("First to die", width)]
    if known:
        columns = [
            column("", known, lambda r: NAMES[r[0]], "l"),
            column("account", known, lambda r: clean(r[1]["account"]), "l", flexible=True),
            column("leg", known, lambda r: _leg(r[1]), "l", flexible=True),
            column("liq price", known, lambda r: where(r[1])),
            column("distance", known, lambda r: away(r[1])),
        ]
        lines += table(columns, width)
    for name, first in rows:
        if first is None:
            said = f"{NAMES[name]}: no move of a single price liquidates any account"
            lines += [(Span(text),) for text in wrap(said, width)]
    return lines


def _margin(result: Result, width: int) -> list[Line]:
    rows = _by_account(result)
    states = [state_of(entry) for _, entry in rows]
    columns = [
        Column("account", _once(rows, "margin_account"), flexible=True),
        column("", rows, lambda r: NAMES[r[0]], "l"),
        column("equity", rows, lambda r: numbers.money(r[1]["equity"])),
        column("initial", rows, lambda r: numbers.money(r[1]["initial"])),
        column("maint.", rows, lambda r: numbers.money(r[1]["maintenance"])),
        column("ratio", rows, lambda r: numbers.ratio(r[1]["ratio"]), drop=1),
        column("buffer", rows, lambda r: numbers.money(r[1]["buffer"])),
        Column("", [Span(text, style) for text, style in states]),
    ]
    return [rule("Margin", width), *table(columns, width)]


def _prices(result: Result, width: int) -> list[Line]:
    """Nearest liquidation price of every account in every state."""
    rows = _by_account(result)
    columns = [
        Column("account", _once(rows, "margin_account"), flexible=True),
        column("", rows, lambda r: NAMES[r[0]], "l"),
        column("leg", rows, lambda r: _leg(nearest(r[1])), "l", flexible=True, drop=1),
        column("liq price", rows, lambda r: where(nearest(r[1]))),
        column("distance", rows, lambda r: away(nearest(r[1]))),
    ]
    note = "nearest in daily sigmas; that price moves, all others stay"
    muted: list[Line] = [(Span(text, "muted"),) for text in wrap(note, width)]
    return [rule("Liquidation prices", width), *table(columns, width), *muted]


def _leg(threat: Mapping[str, Any] | None) -> str:
    return "-" if threat is None else f"{clean(threat['leg'])} {clean(threat['side'])}"


def _greeks(result: Result, width: int) -> list[Line]:
    names: dict[str, None] = {}
    for state in result["states"]:
        names.update(dict.fromkeys(e["asset"] for e in state["greeks"]))
    rows: list[Row] = []
    for name in names:
        seen: list[Row] = [
            (state["name"], e)
            for state in result["states"]
            for e in state["greeks"]
            if e["asset"] == name
        ]
        rows += [(UNCHANGED, seen[0][1])] if _same(seen, len(result["states"])) else seen
    if not rows:
        return []
    columns = [
        Column("asset", _once(rows, "asset"), flexible=True),
        column("", rows, lambda r: NAMES[r[0]], "l"),
        column("delta coin", rows, lambda r: numbers.amount(_coin(r[1])), drop=1),
        column("delta", rows, lambda r: numbers.money(r[1]["delta"])),
        column("gamma 1%", rows, lambda r: numbers.money(r[1]["gamma"])),
        column("vega 1 pt", rows, lambda r: numbers.money(r[1]["vega"])),
        column("theta 1 d", rows, lambda r: numbers.money(r[1]["theta"])),
    ]
    title = f"Greeks of the accounts shown, coins included, {clean(result['case']['quote'])}"
    return [rule(title, width), *table(columns, width)]


def _coin(entry: Mapping[str, Any]) -> float:
    return float(entry["delta"]) / float(entry["spot"])


def _by_account(result: Result) -> list[Row]:
    """Account by account, its states under each other; one row where nothing changes it."""
    names: dict[str, None] = {}
    for state in result["states"]:
        names.update(dict.fromkeys(a["margin_account"] for a in state["accounts"]))
    rows: list[Row] = []
    for name in names:
        seen: list[Row] = [
            (state["name"], entry)
            for state in result["states"]
            for entry in state["accounts"]
            if entry["margin_account"] == name
        ]
        rows += [(UNCHANGED, seen[0][1])] if _same(seen, len(result["states"])) else seen
    return rows


def _same(rows: list[Row], states: int) -> bool:
    """True when an entry is there in every state and says the same in each."""
    return len(rows) == states > 1 and all(entry == rows[0][1] for _, entry in rows)


def _once(rows: list[Row], key: str) -> list[Span]:
    """A name where it starts, blanks below."""
    out, last = [], None
    for _, entry in rows:
        out.append(Span(clean(entry[key]) if entry[key] != last else ""))
        last = entry[key]
    return out
