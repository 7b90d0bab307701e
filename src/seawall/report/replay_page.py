"""The terminal page of `seawall replay`: published beside simulated, what came first, who paid.

One event has a page of its own, all events a table of outcomes with the score above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, lead

Result = Mapping[str, Any]
MET, MISSED = "met", "missed"
# Measures in the digits of a price.
PRICES = ("trough", "peak")


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page of one event, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_outcomes, _desks, _first, _payers, _prices, _left_out, _assumptions):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def render_all(result: Result, width: int = 100, colour: bool = False) -> str:
    """The score of all events, then each outcome in a line."""
    width = max(1, width)
    score = result["score"]
    met = f"{score['scored_hits']} of {score['scored']} published outcomes met"
    held = f"{score['predicted_hits']} of {score['predicted']} predicted ranges held"
    frozen = f"{score['frozen_hits']} of {score['frozen']} where the numbers were chosen"
    lines = lead(Span("SCORE", "strong"), f"{met}; {held}; {frozen}.", width)
    rows = [(e, o) for e in result["events"] for o in e["outcomes"]]
    columns = [
        column("event", rows, lambda r: clean(r[0]["event"]), "l"),
        column("role", rows, lambda r: r[0]["role"], "l", drop=2),
        column("outcome", rows, lambda r: _name(r[1]), "l", wraps=True),
        column("published", rows, lambda r: _of(r[1], "published")),
        column("predicted", rows, lambda r: _of(r[1], "predicted"), drop=1),
        column("simulated", rows, lambda r: _middle(r[1])),
        column("", rows, lambda r: MET if r[1]["hit"] else MISSED, "l"),
    ]
    return paint([*lines, (), *table(columns, width)], width, colour)


def render_list(events: Sequence[Mapping[str, str]], width: int = 100, colour: bool = False) -> str:
    """Names and titles of the events."""
    columns = [
        column("event", events, lambda e: clean(e["name"]), "l"),
        column("venues", events, lambda e: clean(e["venue_type"]), "l", drop=1),
        column("", events, lambda e: clean(e["title"]), "l", wraps=True),
    ]
    return paint(table(columns, max(1, width)), max(1, width), colour)


def _verdict(result: Result, width: int) -> list[Line]:
    outcomes = result["outcomes"]
    met = sum(bool(o["hit"]) for o in outcomes)
    style = "good" if outcomes and met == len(outcomes) else "strong"
    runs = result["paths"] * result["crowds"]
    text = f"{met} of {len(outcomes)} published outcomes met by the median of {runs} runs"
    if result["case"] is not None:
        style, text = "strong", f"{clean(result['case'])} under the event's prices and depth"
    lines = lead(Span("EVENT", style), f"{clean(result['title'])}", width)
    lines += lead(Span("", ""), f"{text}.", width)
    lines += [(Span(row, "muted"),) for row in wrap(clean(result["what"]), width)]
    knots = result["knots"]
    said = (
        f"{numbers.moment(result['start'])}, {result['steps']} steps of "
        f"{numbers.horizon(result['step_seconds'])}, {result['accounts']:,} accounts. The market "
        f"meets the knots within {numbers.percent(knots['largest_miss'], 3)}"
    )
    if knots["passed_within_a_step"]:
        said += f"; {knots['passed_within_a_step']} of {knots['met']} were passed within a step"
    return [*lines, *((Span(row, "muted"),) for row in wrap(f"{said}.", width))]


def _outcomes(result: Result, width: int) -> list[Line]:
    rows = result["outcomes"]
    if not rows:
        return []
    columns = [
        column("outcome", rows, _name, "l", wraps=True),
        column("published", rows, lambda o: _of(o, "published")),
        column("simulated", rows, _middle),
        column("5 to 95%", rows, _spread, drop=1),
        column("", rows, lambda o: MET if o["hit"] else MISSED, "l"),
        column("unit", rows, lambda o: clean(o["unit"]), "l", wraps=True),
    ]
    return [rule("What happened", width), *table(columns, width)]


def _name(outcome: Result) -> str:
    of = outcome["asset"] or outcome["venue"]
    name = str(outcome["measure"]).replace("_", " ")
    return clean(f"{name}, {of}" if of else name)


def _range(low_high: Sequence[float] | None, prices: bool = False) -> str:
    if low_high is None:
        return numbers.UNKNOWN
    written = numbers.price if prices else numbers.money
    low, high = (written(x) for x in low_high)
    return low if low == high else f"{low} to {high}"


def _of(outcome: Result, key: str) -> str:
    """A range of an outcome, in the digits of what it measures."""
    return _range(outcome[key], outcome["measure"] in PRICES)


def _middle(outcome: Result) -> str:
    median = outcome["simulated"]["median"]
    return numbers.price(median) if outcome["measure"] in PRICES else numbers.money(median)


def _spread(outcome: Result) -> str:
    simulated = outcome["simulated"]
    if simulated["median"] is None:
        return numbers.UNKNOWN
    return _range((simulated["low"], simulated["high"]), outcome["measure"] in PRICES)


def _desks(result: Result, width: int) -> list[Line]:
    rows = result["desks"]
    if not rows:
        return []
    columns = [
        column("desk", rows, lambda d: clean(d["owner"]), "l", wraps=True),
        column("impaired", rows, lambda d: numbers.percent(d["impaired_share"], 0)),
        column("first after", rows, lambda d: _seconds(d["first_seconds"])),
        column("loss", rows, lambda d: numbers.money(d["loss"]["median"])),
        column("5 to 95%", rows, lambda d: _range((d["loss"]["low"], d["loss"]["high"])), drop=1),
    ]
    return [rule("Your desks", width), *table(columns, width)]


def _seconds(levels: Result) -> str:
    median = levels["median"]
    return numbers.UNKNOWN if median is None else f"{median:,.0f} s"


def _first(result: Result, width: int) -> list[Line]:
    lines = [rule("First", width)]
    for name, words in (("liquidation", "liquidation"), ("adl", "auto-deleveraging")):
        found = result["first"][name]
        text = f"{words}: none"
        if found["share"] > 0:
            text = (
                f"{words}: {_seconds(found)} after the start, on "
                f"{numbers.percent(found['share'], 0)} of the runs"
            )
        lines += [(Span(row),) for row in wrap(text, width)]
    return lines


def _payers(result: Result, width: int) -> list[Line]:
    quote = clean(result["quote"])
    paid = [f"{name} {numbers.money(x)}" for name, x in result["who_pays"].items() if x != 0]
    text = f"Mean over runs, {quote}: {', '.join(paid) if paid else 'nobody'}."
    if any(x < 0 for x in result["who_pays"].values()):
        text += " Below zero: received."
    debt, closed = result["bad_debt"], result["liquidated"]
    more = (
        f"Liquidated {numbers.money(closed['median'])} ({_range((closed['low'], closed['high']))}),"
        f" bad debt {numbers.money(debt['median'])} ({_range((debt['low'], debt['high']))})."
    )
    body = [*wrap(text, width), *wrap(more, width)]
    return [rule("Who paid", width), *((Span(row),) for row in body)]


def _prices(result: Result, width: int) -> list[Line]:
    rows = list(result["trough"])
    columns = [
        column("market price", rows, clean, "l"),
        column("lowest", rows, lambda a: numbers.price(result["trough"][a]["median"])),
        column("highest", rows, lambda a: numbers.price(result["peak"][a]["median"])),
    ]
    return [rule("Prices", width), *table(columns, width)]


def _left_out(result: Result, width: int) -> list[Line]:
    return _notes("Left out", result["left_out"], width)


def _assumptions(result: Result, width: int) -> list[Line]:
    notes = list(result["assumptions"])
    if result["knots"]["assumed"]:
        notes.append(f"Knots not published: {', '.join(result['knots']['assumed'])}.")
    return _notes("Assumed", notes, width)


def _notes(title: str, notes: Sequence[str], width: int) -> list[Line]:
    if not notes:
        return []
    rows = [row for note in notes for row in wrap(f"- {clean(note)}", width, 2, 4)]
    return [rule(title, width), *((Span(row),) for row in rows)]
