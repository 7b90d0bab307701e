"""The terminal page of `seawall cash`: answer, ladder by venue, transfers, shocks, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, lead

Result = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
HOURS = (1, 4, 8, 12, 16, 24, 48, 72, 168)
TOP, MIDDLE = 0.99, 0.95
EVENTS = 6
# Events that name less than this share of the book's notional say little about it.
TELLING = 0.5


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.exposure.cash`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_ladder, _top_ups, _transfers, _shocks, _events):
        body = section(result, width)
        if body:
            lines += [(), *body]
    lines += [(), *((Span(t, "muted"),) for t in wrap(_note(result), width))]
    return paint(lines, width, colour)


def _at(
    block: Mapping[str, Any], level: float, place: int = -1
) -> tuple[float, float, float | None]:
    """A quantile of a ladder at an hour: value, low, high."""
    row = next(q for q in block["quantiles"] if q["level"] == level)
    high = None if row["high"] is None else float(row["high"][place])
    return float(row["value"][place]), float(row["low"][place]), high


def _verdict(result: Result, width: int) -> list[Line]:
    hours, desk = result["hours"][-1], clean(result["desk"])
    alone = result["together"]["alone"]
    chance, quote = float(alone["chance"][-1]), clean(result["case"]["quote"])
    short = [v for v in result["venues"] if v["short_now"] > 0.0]
    if short:
        total = sum(float(v["short_now"]) for v in short)
        names = ", ".join(clean(v["venue"]) for v in short)
        said = f"desk:{desk} lacks {numbers.money(total)} {quote} of {result['margin']} margin now,"
        lines = lead(Span("▲ SHORT", "bad"), f"{said} at {names}", width)
    elif chance == 0.0:
        top = numbers.none_seen(result["paths"])
        said = (
            f"desk:{desk} needs no cash within {hours} h on any path (chance {numbers.below(top)})"
        )
        lines = lead(Span("■ OK", "good"), said, width)
    else:
        value, low, high = _at(alone, TOP)
        said = (
            f"desk:{desk} needs cash within {hours} h on {numbers.percent(chance)} of paths; "
            f"{numbers.money(value)} {quote} covers 99% of them [{_reach(low, high)}]"
        )
        lines = lead(Span("● CASH", "strong"), said, width)
    worst = max(result["venues"], key=lambda v: _at(v, TOP)[0])
    value, low, high = _at(worst, TOP)
    if value > 0.0:
        said = f"{clean(worst['venue'])}: {numbers.money(value)} at 99% [{_reach(low, high)}]"
        lines += lead(Span("  Most at"), said, width)
    case = result["case"]
    said = (
        f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, {quote}, "
        f"{result['paths']:,} paths, seed {result['seed']}"
    )
    return lines + lead(Span("  Case"), said, width)


def _reach(low: float, high: float | None) -> str:
    if high is None:
        return f"{numbers.money(low)} or more, too few paths for an upper end"
    return f"{numbers.money(low)} to {numbers.money(high)}"


def _marks(result: Result) -> list[int]:
    """Places in the list of hours that are printed, the last always."""
    hours = result["hours"]
    return [n for n, h in enumerate(hours) if h in HOURS or n == len(hours) - 1]


def _ladder(result: Result, width: int) -> list[Line]:
    hours, marks = result["hours"], _marks(result)
    rows: list[dict[str, Any]] = []
    for venue in result["venues"]:
        for level in (MIDDLE, TOP):
            rows.append({"name": venue["venue"], "level": level, "block": venue})
    if len(result["venues"]) > 1:
        for level in (MIDDLE, TOP):
            rows.append(
                {"name": "all venues", "level": level, "block": result["together"]["alone"]}
            )
    columns = [
        column("venue", rows, lambda r: clean(r["name"]) if r["level"] == MIDDLE else "", "l"),
        column("paths", rows, lambda r: f"{r['level']:.0%}"),
    ]
    for n in marks:
        cells = [Span(_money(_at(r["block"], r["level"], n)[0])) for r in rows]
        columns.append(Column(f"{hours[n]} h", cells, "r"))
    columns.append(column("95% interval", rows, _last, "l", drop=1))
    columns.append(column("chance", rows, lambda r: _chance(result, r), drop=2))
    title = f"Needed by that hour to stay above {result['margin']} margin"
    lines = [rule(title, width), *table(columns, width)]
    if len(result["venues"]) > 1:
        said = "accounts are summed path by path, so quantiles do not add up to those of their sum"
        lines += [(Span(t, "muted"),) for t in wrap(said, width)]
    return lines


def _money(value: float) -> str:
    return "-" if value == 0.0 else numbers.money(value)


def _last(row: Mapping[str, Any]) -> str:
    value, low, high = _at(row["block"], row["level"])
    if value == 0.0 and high == 0.0:
        return "none"
    return f"{_money(low)} to {'?' if high is None else _money(high)}"


def _chance(result: Result, row: Mapping[str, Any]) -> str:
    if row["level"] != MIDDLE:
        return ""
    chance = float(row["block"]["chance"][-1])
    seen = round(chance * result["paths"])
    return numbers.probability(chance, seen, row["block"]["chance_high"][-1])


def _top_ups(result: Result, width: int) -> list[Line]:
    rows = [a for a in result["accounts"] if a["top_up"] > 0.0]
    hours = result["hours"][-1]
    title = f"Top-up of each account that holds on 99% of paths for {hours} h"
    spare = [a for a in result["accounts"] if a["never_needed"] > 0.0]
    names = ", ".join(f"{clean(a['account'])} {numbers.money(a['never_needed'])}" for a in spare)
    said = f"never needed on 99% of paths, so free to send: {names or 'nothing'}"
    free: list[Line] = [(Span(t, "muted"),) for t in wrap(said, width)]
    if not rows:
        return [rule(title, width), (Span("  none is needed"),), *free]
    columns = [
        column("account", rows, lambda r: clean(r["account"]), "l", flexible=True),
        column("venue", rows, lambda r: clean(r["venue"]), "l", drop=1),
        column("", rows, lambda r: "repay" if r["repays"] else "add", "l"),
        column("amount", rows, lambda r: numbers.amount(r["top_up"])),
        column("", rows, lambda r: clean(r["asset"]), "l"),
        column("needed on", rows, lambda r: f"{numbers.percent(r['chance'][-1])} of paths"),
        column("there by", rows, _there_by),
    ]
    return [rule(title, width), *table(columns, width), *free]


def _there_by(row: Mapping[str, Any]) -> str:
    """When money must have landed: where the hour begins in which it is first needed."""
    hour = row["from_hour"]
    if not hour:
        return "-"
    return "now" if hour == 1 else f"{hour - 1} h"


def _transfers(result: Result, width: int) -> list[Line]:
    if len(result["accounts"]) < 2:
        return []
    together = result["together"]
    minutes = together["lead_seconds"] / 60.0
    rows = [
        ("every account on its own", together["alone"]),
        (f"what is never needed is sent now, {minutes:.0f} min to land", together["sent"]),
        ("one purse at every moment (no venue allows it)", together["pooled"]),
    ]
    last = result["hours"][-1]
    columns = [
        column("", rows, lambda r: r[0], "l", wraps=True),
        column("95%", rows, lambda r: _money(_at(r[1], MIDDLE)[0])),
        column("99%", rows, lambda r: _money(_at(r[1], TOP)[0])),
        column("95% interval of the 99%", rows, lambda r: _interval(r[1]), "l", drop=1),
        column("paths that need it", rows, lambda r: numbers.percent(r[1]["chance"][-1])),
    ]
    return [rule(f"From outside within {last} h", width), *table(columns, width)]


def _interval(block: Mapping[str, Any]) -> str:
    _, low, high = _at(block, TOP)
    return f"{_money(low)} to {'?' if high is None else _money(high)}"


def _shocks(result: Result, width: int) -> list[Line]:
    rows = result["shocks"]
    if not rows:
        return []
    if not any(r["total"] > 0.0 for r in rows):
        names = ", ".join(clean(r["name"]) for r in rows)
        said = f"none of these needs any cash: {names}"
        return [rule("Named shocks", width), *((Span(t),) for t in wrap(said, width))]
    venues = [v["venue"] for v in result["venues"]]
    columns = [column("shock, at once", rows, lambda r: clean(r["name"]), "l", flexible=True)]
    for venue in venues:
        cells = [Span(_money(r["by_venue"][venue])) for r in rows]
        columns.append(Column(clean(venue), cells, "r"))
    columns.append(column("together", rows, lambda r: _money(r["total"])))
    return [rule("Named shocks", width), *table(columns, width)]


def _events(result: Result, width: int) -> list[Line]:
    rows = [e for e in result["events"] if e["moved"] >= TELLING]
    if not rows:
        said = "  no past event names half of what the desk holds"
        return [rule("Past events", width), (Span(said),)]
    shown = rows[:EVENTS]
    venues = [v["venue"] for v in result["venues"]]
    columns = [column("event", shown, lambda r: clean(r["name"]), "l", flexible=True)]
    for venue in venues:
        cells = [Span(_money(r["by_venue"][venue])) for r in shown]
        columns.append(Column(clean(venue), cells, "r", drop=1))
    columns += [
        column("together", shown, lambda r: _money(r["total"])),
        column("after", shown, _after),
        column("moved", shown, lambda r: numbers.percent(r["moved"], 0), drop=2),
    ]
    said = "moved: share of the book's notional in coins that the event names; others as its basket"
    more = len(result["events"]) - len(shown)
    if more > 0:
        said += f"; {more} more in the JSON"
    lines = [rule("Past events, replayed", width), *table(columns, width)]
    return [*lines, *((Span(t, "muted"),) for t in wrap(said, width))]


def _after(row: Mapping[str, Any]) -> str:
    return "-" if row["by_seconds"] is None else f"{row['by_seconds'] / 3600:.1f} h"


def _note(result: Result) -> str:
    return (
        "As if no money came and nobody closed the desk; the crowd is closed as always. Money lost "
        "at a venue that fails is not in it. A3 A14 A15"
    )
