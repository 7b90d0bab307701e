"""A volatility surface's fit on one page of a terminal: the answer, each expiry, what was left out.

Takes the dict that `report_json` of the surface report gives (docs/surface.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, bar, clean, paint, rule, table, wrap

Report = Mapping[str, Any]
Expiry = Mapping[str, Any]

_BAR = 8
_DAYS_PER_YEAR = 365.0


def render(report: Report, width: int = 100, colour: bool = False) -> str:
    """The page of `seawall surface` for one underlying; no line wider than ``width`` cells."""
    width = max(20, width)
    lines = _answer(report, width)
    lines += [(), rule("Fit by expiry (volatility points)", width), *_fit(report, width)]
    lines += [(), rule("Smile and arbitrage by expiry", width), *_smile(report, width)]
    lines += [(), rule("Parameters (raw SVI, and a bump)", width), *_parameters(report, width)]
    lines += [(), rule("Quotes left out", width), *_left_out(report, width)]
    if report["stickiness"]:
        lines += [(), rule("How volatility follows spot", width), *_stickiness(report, width)]
    return paint(lines, width, colour)


def _answer(report: Report, width: int) -> list[Line]:
    free = report["arbitrage_free"]
    when = numbers.moment(report["as_of"]) if report["as_of"] else "time not said"
    head = (
        Span(f"{clean(report['underlying'])} volatility surface", "strong"),
        Span(f"  {when}  "),
        Span(
            "free of static arbitrage" if free else "NOT free of arbitrage",
            "good" if free else "bad",
        ),
    )
    inside = sum(expiry["inside"] for expiry in report["expiries"])
    used = report["used"]
    text = [
        f"{inside} of {used} fitted volatilities lie between bid and ask "
        f"({numbers.percent(report['inside_share'], 1)}; eSSVI alone "
        f"{numbers.percent(report['essvi_inside_share'], 1)}). Root mean square distance from the "
        f"middle {_points(report['rmse'])} volatility points. {_worst(report)}",
        _method(report),
    ]
    lines: list[Line] = [head]
    for sentence in text:
        lines += [(Span(line),) for line in wrap(sentence, width)]
    return lines


def _method(report: Report) -> str:
    expiries = report["expiries"]
    name = f"Curve: {report['curve']} at each of {len(expiries)} expiries, "
    if report["curve"] == "eSSVI":
        name += "because nothing with more shape passed the checks"
    else:
        name += f"found in {_times(report['rounds'])}"
    least = min(expiry["check"]["least_density"] for expiry in expiries)
    steps = [e["check"]["least_step"] for e in expiries if e["check"]["least_step"] is not None]
    wing = max(expiry["check"]["steepest"] for expiry in expiries)
    grows = f"least growth of variance in time {_small(min(steps))}; " if steps else ""
    return (
        f"{name}. Least density g {_small(least)} (0 or more: no butterfly); {grows}"
        f"steepest wing {wing:.2f} (Lee: 2)."
    )


def _times(rounds: int) -> str:
    return "1 search" if rounds == 1 else f"{rounds} searches"


def _worst(report: Report) -> str:
    worst = max(report["expiries"], key=lambda expiry: abs(expiry["worst"]))
    if worst["worst_strike"] is None:
        return "None lies outside."
    side = "above the ask" if worst["worst"] > 0 else "below the bid"
    return (
        f"Farthest outside: {_points(abs(worst['worst']))} points {side}, strike "
        f"{numbers.price(worst['worst_strike'])}, {_expiry(report, worst)}."
    )


def _fit(report: Report, width: int) -> list[Line]:
    expiries = report["expiries"]

    def column(title: str, cell: Callable[[Expiry], str], **more: Any) -> Column:
        style = more.pop("style", "")
        return Column(title, [Span(cell(e), style) for e in expiries], **{"align": "r", **more})

    return table(
        [
            column("expiry", lambda e: _expiry(report, e), align="l"),
            column("days", lambda e: f"{e['years'] * _DAYS_PER_YEAR:.1f}"),
            column("forward", lambda e: numbers.price(e["forward"]), drop=3),
            column("used", lambda e: str(e["used"])),
            column("left out", lambda e: str(sum(e["dropped"].values())), drop=4),
            column("inside", lambda e: numbers.percent(e["inside"] / e["used"], 0)),
            column(
                "", lambda e: bar(e["inside"] / e["used"], _BAR), align="l", style="blue", drop=6
            ),
            column("eSSVI", lambda e: numbers.percent(e["essvi_inside"] / e["used"], 0), drop=5),
            column("half spread", lambda e: _points(e["half_spread"]), drop=2),
            column("rms miss", lambda e: _points(e["rmse"])),
            column("worst outside", _outside, drop=1),
        ],
        width,
    )


def _outside(expiry: Expiry) -> str:
    if expiry["worst_strike"] is None:
        return "none"
    return f"{expiry['worst'] * 100:+.2f} at {numbers.price(expiry['worst_strike'])}"


def _smile(report: Report, width: int) -> list[Line]:
    expiries = report["expiries"]

    def column(title: str, cell: Callable[[Expiry], str], **more: Any) -> Column:
        return Column(title, [Span(cell(e)) for e in expiries], **{"align": "r", **more})

    verdicts = [
        Span("ok", "good") if e["check"]["passed"] else Span("ARBITRAGE", "bad") for e in expiries
    ]
    return table(
        [
            column("expiry", lambda e: _expiry(report, e), align="l"),
            column("at the money", lambda e: numbers.percent(e["money"], 1)),
            column("skew", lambda e: f"{e['skew']:+.2f}"),
            column("steepest wing", lambda e: f"{e['check']['steepest']:.3f}"),
            column("least g", lambda e: _small(e["check"]["least_density"])),
            column("least growth", lambda e: _small(e["check"]["least_step"])),
            Column("check", verdicts),
        ],
        width,
    )


def _parameters(report: Report, width: int) -> list[Line]:
    expiries = report["expiries"]
    names = list(expiries[0]["parameters"])
    dates = Column("expiry", [Span(_expiry(report, e)) for e in expiries])
    columns = [
        Column(name, [Span(f"{e['parameters'][name]:.5f}") for e in expiries], "r")
        for name in names
    ]
    return table([dates, *columns], width)


def _left_out(report: Report, width: int) -> list[Line]:
    dropped = report["dropped"]
    total = sum(dropped.values())
    sentences = [
        f"{total} of {total + report['used']} quotes: "
        + (", ".join(f"{number} {reason}" for reason, number in dropped.items()) or "none")
        + "."
    ]
    for expiry in report["unusable"]:
        told = ", ".join(f"{number} {reason}" for reason, number in expiry["dropped"].items())
        days = expiry["years"] * _DAYS_PER_YEAR
        sentences.append(f"Not fitted: the expiry in {days:.1f} days ({told}).")
    lines = [line for text in sentences for line in wrap(text, width)]
    return [(Span(line),) for line in lines]


def _stickiness(report: Report, width: int) -> list[Line]:
    terms = report["stickiness"]

    def column(title: str, cell: Callable[[Mapping[str, Any]], str], **more: Any) -> Column:
        cells = [Span(cell(t["fitted"]) if t["fitted"] else numbers.UNKNOWN) for t in terms]
        return Column(title, cells, **{"align": "r", **more})

    names = [f"{t['from_days']:.0f} to {t['below_days']:.0f} days" for t in terms[:-1]]
    lines = table(
        [
            Column("expiries", [Span(name) for name in [*names, "all"]]),
            column("skew-stickiness R", lambda f: f"{f['ratio']:.2f}"),
            column("standard error", lambda f: f"{f['error']:.2f}"),
            column("intervals", lambda f: str(f["intervals"]), drop=2),
            column("explained", lambda f: numbers.percent(f["explained"], 0), drop=1),
            column("by sticky strike", lambda f: numbers.percent(f["strike_explained"], 0), drop=3),
        ],
        width,
    )
    text = (
        "Volatility at the money moves by R x skew x ln(spot move): 0 is sticky delta, 1 sticky "
        "strike. Explained: share of its squared changes between snapshots."
    )
    return [*lines, *((Span(line, "muted"),) for line in wrap(text, width))]


def _expiry(report: Report, expiry: Expiry) -> str:
    """The expiry's date, or its days when the time of the quotes is not known."""
    if not report["as_of"]:
        return f"{expiry['years'] * _DAYS_PER_YEAR:.1f} d"
    day = datetime.fromisoformat(report["as_of"]) + timedelta(days=expiry["years"] * _DAYS_PER_YEAR)
    return f"{day:%Y-%m-%d}"


def _points(value: float) -> str:
    """A volatility in points, two decimals."""
    return f"{value * 100:.2f}"


def _small(value: float | None) -> str:
    """A number near zero that must not be negative."""
    if value is None:
        return numbers.UNKNOWN
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.0e}".replace("e-0", "e-")
