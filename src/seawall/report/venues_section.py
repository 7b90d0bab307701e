"""The same accounts under several venues' rules: one table, and a sentence where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, rule, table, wrap

Result = Mapping[str, Any]


def venues_section(result: Result, width: int) -> list[Line]:
    """A block for each account: venues with an answer, most margin first, then those without."""
    lines: list[Line] = []
    accounts = dict.fromkeys(row["account"] for row in result["venues"])
    for account in accounts:
        rows = [row for row in result["venues"] if row["account"] == account]
        answered = sorted(
            (row for row in rows if row["reason"] is None), key=lambda r: -float(r["maintenance"])
        )
        count = f"{len(rows)} venues' rules" if len(rows) != 1 else "one venue's rules"
        if lines:
            lines.append(())
        lines += [rule(f"{clean(account)} under {count}, side by side", width)]
        if answered:
            lines += table(_columns(answered), width)
        refused = [row for row in rows if row["reason"] is not None]
        if refused:
            lines += [(Span(f"  no answer from {len(refused)}:", "muted"),)]
        for row in refused:
            said = f"{clean(row['venue'])}: {_short(clean(row['reason']))}"
            lines += [(Span(text, "muted"),) for text in wrap(said, width, 4, 6)]
    return lines


def _short(reason: str) -> str:
    """The sentence with a long list in it cut after two names; the JSON has all of it."""

    def cut(found: re.Match[str]) -> str:
        names = found.group(1).split(", ")
        if len(names) <= 3:
            return found.group(0)
        return f"{', '.join(names[:2])} and {len(names) - 2} more"

    return re.sub(r"\[('[^\]]*')\]", cut, reason)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    def cells(text: list[str], style: str = "") -> list[Span]:
        return [Span(t, style) for t in text]

    states = [
        (_liquidated(row), "bad")
        if row["liquidated"]
        else ("< initial", "strong")
        if row["equity"] < row["initial"]
        else ("ok", "")
        for row in rows
    ]
    return [
        Column("venue", cells([clean(r["venue"]) for r in rows])),
        Column("equity", cells([numbers.money(r["equity"]) for r in rows]), "r"),
        Column("initial", cells([numbers.money(r["initial"]) for r in rows]), "r"),
        Column("maint.", cells([numbers.money(r["maintenance"]) for r in rows]), "r"),
        Column(
            "buffer",
            cells([numbers.money(r["equity"] - r["maintenance"]) for r in rows]),
            "r",
            drop=1,
        ),
        Column("leverage", cells([_leverage(r["leverage"]) for r in rows]), "r", drop=2),
        Column("rules as of", cells([clean(r["as_of"]) for r in rows]), "l", drop=3),
        Column("", [Span(text, style) for text, style in states]),
    ]


def _liquidated(row: Mapping[str, Any]) -> str:
    count, whole = len(row["liquidated"]), row["margin_accounts"]
    return "▲ liquidated" if whole == 1 else f"▲ {count} of {whole} liquidated"


def _leverage(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def exact_section(result: Result, width: int) -> list[Line]:
    """Whole units, as the venue's own code counts and rounds."""
    if not result["exact"]:
        return []
    lines: list[Line] = [rule("In the venue's own whole units", width)]
    for row in result["exact"]:
        who = f"{clean(row['account'])} at {clean(row['venue'])}"
        if row["reason"] is not None:
            said = f"{who}: {clean(row['reason'])}"
            lines += [(Span(text, "muted"),) for text in wrap(said, width, 2, 4)]
            continue
        for margin in row["margins"]:
            unit = f"1e-{margin['decimals']} {clean(margin['asset'])}"
            said = (
                f"{who}, units of {unit}: equity {margin['equity']:,}, initial "
                f"{margin['initial']:,}, maintenance {margin['maintenance']:,}, "
                f"{'liquidatable' if margin['liquidatable'] else 'not liquidatable'}"
            )
            lines += [(Span(text),) for text in wrap(said, width, 2, 4)]
            for sentence in margin["rounded"][:3]:
                lines += [(Span(t, "muted"),) for t in wrap(clean(sentence), width, 4, 6)]
            if len(margin["rounded"]) > 3:
                more = f"    and {len(margin['rounded']) - 3} more inputs rounded"
                lines.append((Span(more, "muted"),))
    return lines
