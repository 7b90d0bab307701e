"""What changed since an earlier Case: on the terminal, and by the same rows on the HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, bar, clean, rule, table, with_marks, wrap
from seawall.report.findings import Result

ROWS = 10


def since_last(result: Result, width: int) -> list[Line]:
    """The change in a sentence, its drivers as a table, and what it rests on."""
    block = result.get("since_last")
    if not isinstance(block, Mapping) or "dre_before" not in block:
        return []
    lines = [rule(clean(since(block)), width)]
    lines += [(Span(text),) for text in wrap(clean(block["sentence"]), width)]
    rows = drivers(block)
    if rows:
        lines += table(_columns(rows, block), width)
    lines += [(Span(text, "muted"),) for text in wrap(rests_on(result), width)]
    marked = "A17" if "A17" in result["assumptions"] else ""
    return [*lines[:-1], with_marks(lines[-1], marked, width)]


def since(block: Mapping[str, Any], words: bool = False) -> str:
    """What the report is held against: "Since 2026-01-29 16:00 UTC"; a Case of the same moment by
    its name, where that is another.
    """
    before, after = block["before"], block["after"]
    when = numbers.moment(before["as_of"])
    if when != numbers.moment(after["as_of"]):
        return f"Since {numbers.moment(before['as_of'], words=words)}"
    if before["name"] != after["name"]:
        return f"Against {before['name']}"
    return "Against the earlier Case of the same moment"


def _columns(rows: list[dict[str, Any]], block: Mapping[str, Any]) -> list[Column]:
    most = max((abs(row["value"]) for row in rows), default=0.0) or 1.0
    total = change(block)
    return [
        Column("driver", [Span(clean(r["name"])) for r in (*rows, total)], wraps=True),
        Column("was", [Span(r["was"]) for r in (*rows, total)], "r", drop=2),
        Column("now", [Span(r["now"]) for r in (*rows, total)], "r", drop=2),
        Column("points", [Span(r["text"]) for r in (*rows, total)], "r"),
        Column("95%", [Span(r["interval"]) for r in (*rows, total)], "r", drop=1),
        Column("worst 2.5%", [Span(r["tail"]) for r in (*rows, total)], "r"),
        Column("95%", [Span(r["tail_interval"]) for r in (*rows, total)], "r", drop=1),
        Column(
            "",
            [
                Span(bar(abs(r["value"]) / most, 10), "orange" if r["value"] > 0 else "")
                for r in rows
            ]
            + [Span("")],
            drop=3,
        ),
    ]


def drivers(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the drivers that move a path or the tail, the largest first, one for the others."""
    moving = [row for row in block["drivers"] if _moves(block, row)]
    shown = moving if len(moving) <= ROWS else moving[: ROWS - 1]
    rows = [_row(row) for row in shown]
    rest = moving[len(shown) :]
    if rest:
        sums = {key: sum(row[key] for row in rest) for key in ("part", "tail")}
        name = f"{len(rest)} smaller drivers"
        rows.append(_row({"name": name, "was": None, "now": None, **sums}))
    return rows


def _moves(block: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a driver moves a path, or the tail by a share of it that can be seen."""
    most = max(abs(one["tail"]) for one in block["drivers"])
    return bool(row["part"] != 0.0 or (most > 0.0 and abs(row["tail"]) > 0.01 * most))


def change(block: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the whole change: DRE before and after."""
    whole = _row({"name": "DRE", "kind": "", "was": None, "now": None, **block["change"]})
    was, now = (numbers.percent(block[key]["probability"]) for key in ("dre_before", "dre_after"))
    return whole | {"was": was, "now": now}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "value": float(row["part"]),
        "text": numbers.points(row["part"], signed=True),
        "interval": ""
        if "low" not in row
        else f"{numbers.points(row['low'])} to {numbers.points(row['high'])}",
        "tail": numbers.money(row["tail"])
        if row["tail"] <= 0.0
        else f"+{numbers.money(row['tail'])}",
        "tail_interval": ""
        if "tail_low" not in row
        else f"{numbers.money(row['tail_low'])} to {numbers.money(row['tail_high'])}",
        "was": _number(row, "was"),
        "now": _number(row, "now"),
    }


def _number(row: Mapping[str, Any], key: str) -> str:
    value, kind = row.get(key), row.get("kind")
    if value is None:
        return ""
    if kind == "spot":
        return numbers.price(value)
    if kind == "volatility":
        return f"{value:.1%}"
    return numbers.money(value)


def rests_on(result: Result) -> str:
    """How the parts were made, in a sentence or two."""
    block = result["since_last"]
    still = sum(not _moves(block, row) for row in block["drivers"])
    text = f"On {block['paths']:,} of {result['paths']:,} paths, the same random numbers before "
    text += f"and after; {block['hybrids']:,} mixtures of both Cases, "
    text += (
        "Shapley values, 95% over paths."
        if block["method"] == "exact"
        else "the mean of one order of the drivers and its reverse, 95% over paths."
    )
    if still:
        noun = "change moves" if still == 1 else "changes move"
        text += f" {still} other {noun} neither DRE nor the worst losses."
    steps = block["step_seconds"]
    if block["step_seconds_before"] != steps:
        text += f" Both run in steps of {steps:,.10g} s; the earlier Case itself has steps of "
        text += f"{block['step_seconds_before']:,.10g} s, and its own DRE may differ."
    if block["before_recorded"] is not None:
        text += f" The earlier report said {numbers.percent(block['before_recorded'])}."
    if "rare" in result:
        text += " Plain paths alone: the DRE above also rests on tilted ones."
    return text
