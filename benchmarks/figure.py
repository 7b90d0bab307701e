"""A chart of curves on logarithmic axes as SVG, without any package: for the docs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 500, 56, 340
# Colours that stay apart for the colour-blind; the first is ours.
COLOURS = ("#0b5cad", "#c4570c", "#5b8c2a", "#7a4fa3")
GRID, INK, SOFT = "#e3e6ea", "#1f2933", "#5f6b7a"
FONT = "font-family='system-ui, sans-serif'"
LABEL_GAP = 16.0  # between the names at the ends of the curves


@dataclass(frozen=True)
class Figure:
    """One chart: title, what stands on the axes, and curves by name, all numbers > 0."""

    title: str
    x: str
    y: str
    curves: Mapping[str, Points]


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from ``low`` to ``high`` between two places on the page."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value stands."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


HALO = "stroke='#ffffff' stroke-width='4' paint-order='stroke'"


def svg(figure: Figure) -> str:
    """The chart as one SVG file."""
    points = [point for curve in figure.curves.values() for point in curve]
    x = _axis([p[0] for p in points], LEFT, RIGHT, padded=False)
    y = _axis([p[1] for p in points], BOTTOM, TOP, padded=True)
    body = [f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>"]
    body.append(_text(LEFT, 24, figure.title, INK, 15, "start", "600"))
    body.append(_text(LEFT, 44, figure.y, SOFT, 12, "start"))
    body.append(_text((LEFT + RIGHT) / 2, BOTTOM + 42, figure.x, SOFT, 12))
    for value in _ticks(y.low, y.high, few=True):
        at = y.place(value)
        body.append(f"<path d='M{LEFT} {at:.1f}H{RIGHT}' stroke='{GRID}'/>")
        body.append(_text(LEFT - 8, at + 4, _short(value), SOFT, 12, "end"))
    for value in _ticks(x.low, x.high, few=x.high / x.low > 100):
        at = x.place(value)
        body.append(f"<path d='M{at:.1f} {BOTTOM}v5' stroke='{SOFT}'/>")
        body.append(_text(at, BOTTOM + 20, _short(value), SOFT, 12))
    body.append(f"<path d='M{LEFT} {BOTTOM}H{RIGHT}' stroke='{SOFT}'/>")
    labels: list[str] = []
    names = _apart({name: y.place(curve[-1][1]) for name, curve in figure.curves.items()})
    for (name, curve), colour in zip(figure.curves.items(), COLOURS, strict=False):
        body += _curve(curve, x, y, colour)
        end = x.place(curve[-1][0]) + 12
        label = _text(end, names[name] + 4, name, colour, 13, "start", "600")
        # Where a curve ends early its name stands on others' lines, and is read on white.
        labels.append(label.replace("<text", f"<text {HALO}", 1))
    body += labels
    inside = "\n".join(body)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"width='{WIDTH}' height='{HEIGHT}' role='img' aria-label='{escape(figure.title)}'>\n"
        f"{inside}\n</svg>\n"
    )


def _curve(curve: Points, x: Axis, y: Axis, colour: str) -> list[str]:
    places = [(x.place(a), y.place(b)) for a, b in curve]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    path = f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='2.5'/>"
    dots = [f"<circle cx='{a:.1f}' cy='{b:.1f}' r='4' fill='{colour}'/>" for a, b in places]
    return [path, *dots]


def _axis(values: Sequence[float], start: float, end: float, *, padded: bool) -> Axis:
    """From the smallest to the largest value; padded: to the whole powers of ten around them."""
    low, high = min(values), max(values)
    if padded:
        low = 10.0 ** math.floor(math.log10(low) + 1e-9)
        high = 10.0 ** math.ceil(math.log10(high) - 1e-9)
    return Axis(low, max(high, 1.001 * low), start, end)


def _ticks(low: float, high: float, *, few: bool) -> list[float]:
    """Powers of ten, or also twice and five times them, within the axis."""
    steps = (1.0,) if few else (1.0, 2.0, 5.0)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    all_of_them = [s * 10.0**n for n in range(first, last + 1) for s in steps]
    return [v for v in all_of_them if low * 0.999 <= v <= high * 1.001]


def _apart(places: Mapping[str, float]) -> dict[str, float]:
    """Where names stand so that none covers another, in the order of their curves' ends."""
    out: dict[str, float] = {}
    previous = -math.inf
    for name in sorted(places, key=places.__getitem__):
        previous = out[name] = max(places[name], previous + LABEL_GAP)
    return out


def _short(value: float) -> str:
    """1,000,000 as 1M; small numbers as they are."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    size: int,
    anchor: str = "middle",
    weight: str = "400",
) -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    style = f"fill='{colour}' font-size='{size}' font-weight='{weight}'"
    return f"<text {place} {FONT} {style}>{escape(text)}</text>"
