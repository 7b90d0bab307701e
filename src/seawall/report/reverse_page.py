"""The terminal page of `seawall reverse`: the smallest shock that impairs, and what was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, lead

Result = Mapping[str, Any]
# Moves of prices that a sentence names; the JSON has all.
NAMED = 4
KINDS = {
    "liquidation": "is liquidated",
    "negative_equity": "falls below zero equity",
    "adl": "is auto-deleveraged",
    "socialised": "pays a socialised loss",
    "claims_lost": "loses claims",
    "loss_fraction": "has lost most when the loss passes its limit",
}
NORMS = {
    "l2": "l2: root of the sum of squares over the axes",
    "linf": "linf: the largest of the axes",
    "l1": "l1: the sum over the axes",
}


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall reverse`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_sets, _moves, _notes):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def _verdict(result: Result, width: int) -> list[Line]:
    answer, scope = result["answer"], clean(result["scope"])
    if answer is None:
        text = f"{scope}: none of the axes asked for can change anything"
        lines = lead(Span("■ NO SHOCK", "good"), text, width)
    elif answer["norm"] is None:
        reach = answer["certificate"]["checked"]
        text = f"{scope}: no shock of the grid up to {reach:.2f} units impairs it"
        lines = lead(Span("■ NO SHOCK", "good"), text, width)
    elif answer["norm"] == 0.0:
        text = f"{scope} is impaired without any shock: {broken(answer['breaks'])}"
        lines = lead(Span("▲ NOW", "bad"), text, width)
    else:
        text = f"{scope} breaks at {answer['norm']:.2f} units: {shock_words(answer['shock'])}"
        lines = lead(Span("▲ BREAKS", "bad"), text, width)
        lines += lead(Span("  First"), broken(answer["breaks"]), width)
        lines += lead(Span("  Between"), certificate_words(result), width)
    case = result["case"]
    words = (
        f"{clean(case['name'])}, {clean(numbers.moment(result['as_of']))}; the shock at once, then "
        f"{result['settling_seconds'] / 60:g} minutes in which prices stand still but for orders"
    )
    return lines + lead(Span("  Case"), words, width)


def shock_words(shock: Mapping[str, Any]) -> str:
    """As "SOL -11.9% (2.7 daily sigmas), depth x0.40, oracles 12 s later"."""
    moves: Sequence[Mapping[str, Any]] = shock["spot"]
    parts = [
        f"{clean(m['asset'])} {m['fraction'] * 100:+.1f}% ({abs(m['daily_sigmas']):.1f} sigmas)"
        for m in moves[:NAMED]
    ]
    if len(moves) > NAMED:
        parts.append(f"{len(moves) - NAMED} more assets by less")
    if shock["volatility"] != 1.0:
        parts.append(f"volatility x{shock['volatility']:.2f}")
    if shock["depth"] != 1.0:
        parts.append(f"depth x{shock['depth']:.2f}")
    if shock["latency_seconds"]:
        parts.append(f"oracles {shock['latency_seconds']:g} s later")
    return ", ".join(parts) or "nothing moves"


def broken(breaks: Mapping[str, Any]) -> str:
    """What is impaired first, as a sentence without its full stop."""
    if not breaks["account"]:
        who = f"venue {clean(breaks['venue'])}"
        what = f"{who}: bad debt exceeds its insurance layer"
    else:
        what = f"{clean(breaks['account'])} {KINDS[breaks['kind']]}"
        if breaks["instrument"]:
            what += f", by its {clean(breaks['instrument'])} {breaks['side']}"
    loss, minutes = breaks["loss"], breaks["seconds"] / 60
    ends = f"a loss of {numbers.money(loss)}" if loss >= 0 else f"a gain of {numbers.money(-loss)}"
    return f"{what}, {minutes:g} minutes after the shock; the scope ends with {ends}"


def certificate_words(result: Result) -> str:
    """What was tried below the answer."""
    answer = result["answer"]
    proof = answer["certificate"]
    if proof["checked"] < answer["norm"]:
        return f"{proof['checked']:.2f} and {answer['norm']:.2f}: the grid was tried up to there"
    where = f" on {proof['directions']} directions of prices" if proof["directions"] else ""
    return (
        f"{proof['low']:.2f} and {answer['norm']:.2f}: of {proof['points']:,} points of the grid "
        f"with a smaller norm, {proof['spacing']:g} units apart{where}, none impairs"
    )


def _sets(result: Result, width: int) -> list[Line]:
    rows = result["sets"]
    if not rows:
        return []
    unit = result["reach"]
    columns = [
        column("over", rows, lambda r: " + ".join(r["over"]), "l", wraps=True),
        column("units", rows, lambda r: _size(r, unit)),
        column("between", rows, _between),
        column("shock", rows, lambda r: _short(r["shock"]), "l", wraps=True),
        column("what breaks first", rows, lambda r: _first(r["breaks"]), "l", wraps=True),
        column("grid", rows, lambda r: f"{r['certificate']['spacing']:g}", drop=1),
        column("points", rows, lambda r: f"{r['certificate']['points']:,}", drop=2),
    ]
    title = f"Smallest shock by axes, {NORMS[result['norm']]}"
    return [rule(title, width), *table(columns, width)]


def _size(row: Mapping[str, Any], reach: float) -> str:
    if row["norm"] is None:
        return f"> {min(reach, row['certificate']['checked']):.2f}"
    return f"{row['norm']:.2f}"


def _between(row: Mapping[str, Any]) -> str:
    if row["norm"] is None:
        return "-"
    return f"{row['certificate']['low']:.2f} to {row['norm']:.2f}"


def _short(shock: Mapping[str, Any] | None) -> str:
    if shock is None:
        return "none within reach"
    first = {**shock, "spot": shock["spot"][:1]}
    more = len(shock["spot"]) - 1
    tail = f"; {more} more assets" if more > 0 else ""
    return shock_words(first) + tail


def _first(breaks: Mapping[str, Any] | None) -> str:
    if breaks is None:
        return "-"
    if not breaks["account"]:
        return f"venue {clean(breaks['venue'])}"
    leg = f" {clean(breaks['instrument'])}" if breaks["instrument"] else ""
    return f"{clean(breaks['account'])}{leg}: {breaks['kind'].replace('_', ' ')}"


def _moves(result: Result, width: int) -> list[Line]:
    """Prices of the answer, asset by asset."""
    answer = result["answer"]
    if not answer or not answer["shock"] or not answer["shock"]["spot"]:
        return []
    rows = answer["shock"]["spot"]
    columns = [
        column("asset", rows, lambda r: clean(r["asset"]), "l"),
        column("price", rows, lambda r: numbers.price(r["price"])),
        column("move", rows, lambda r: f"{r['fraction'] * 100:+.1f}%"),
        column("daily sigmas", rows, lambda r: f"{r['daily_sigmas']:+.2f}"),
    ]
    return [rule("Prices of the smallest shock", width), *table(columns, width)]


def _notes(result: Result, width: int) -> list[Line]:
    units = result["units"]
    said = [
        "One unit is one daily sigma of prices (of several assets: their distance under the case's "
        f"correlation), a factor {_factor(units['volatility'])} on volatility, "
        f"1/{_factor(units['depth'])} on depth and {units['latency']['seconds']:g} s on oracles."
    ]
    said += [f"{axis.capitalize()} cannot matter: {text}." for axis, text in result["idle"].items()]
    ray = result["ray"]
    if ray and not ray["monotone"]:
        few = ", ".join(f"{x:.2f}" for x in ray["unharmed"][:4])
        said.append(
            f"Not monotone: further out in the same direction it is unharmed again, at {few} units "
            "among others."
        )
    said.append(
        f"{result['tried']:,} shocks were tried. No noise, no failure; where whatever is worse on "
        "every axis also impairs, nothing below the lower number does along these directions."
    )
    return [(Span(row, "muted"),) for text in said for row in wrap(text, width)]


def _factor(unit: Mapping[str, Any]) -> str:
    import math

    tail = "" if unit["stated"] else " (assumed, A16)"
    return f"{math.exp(unit['log']):.2f}{tail}"
