"""A small chart as one line of SVG: readable in light and dark, no script, no font of its own.

Colours are classes of `site.css`, which follows the reader's scheme; a series is told by its label
and its dashes as well as by its colour.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 720.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 66.0, 16.0, 34.0, 46.0
MOST_POINTS = 500


@dataclass(frozen=True)
class Series:
    """One row of numbers: ``kind`` line, step, points or bars; ``dash`` for another line."""

    name: str
    x: ArrayLike
    y: ArrayLike
    kind: str = "line"
    dash: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart: what it shows as ``title``, what a reader who cannot see it is told as ``alt``."""

    title: str
    alt: str
    x: str
    y: str
    series: Sequence[Series]
    names: Sequence[str] = ()  # labels below groups of bars, in place of numbers
    y_from: float | None = None  # the axis reaches at least from here ...
    y_to: float | None = None  # ... to here
    marks: Sequence[tuple[float, str]] = field(default=())  # upright lines with a word


def ticks(low: float, high: float, wanted: int = 5) -> NDArray[np.float64]:
    """Round numbers from at most ``low`` to at least ``high``."""
    if not high > low:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return np.arange(first, last + 1) * step


def number(value: float) -> str:
    """A tick's text, without trailing noughts."""
    text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:.3g}"
    return "0" if abs(value) < 1e-12 else text


def draw(figure: Figure) -> str:
    """The chart as ``<figure>`` on one line."""
    rows = [_floats(s.y) for s in figure.series]
    low = min([float(np.nanmin(r)) for r in rows] + _given(figure.y_from))
    high = max([float(np.nanmax(r)) for r in rows] + _given(figure.y_to))
    if any(s.kind == "bars" for s in figure.series):
        low, high = min(low, 0.0), max(high, 0.0)
    up = ticks(low, high)
    frame = _Frame(figure, up)
    parts = [
        f'<figure class="sw-fig"><svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{html.escape(figure.alt)}">',
        *frame.axes(),
        *frame.marks(),
        *frame.rows(),
        *frame.key(),
        "</svg>",
        f"<figcaption>{html.escape(figure.title)}</figcaption></figure>",
    ]
    return "".join(parts)


def _given(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=float).ravel()


class _Frame:
    """The scales of one chart and the pieces drawn on them."""

    def __init__(self, figure: Figure, up: NDArray[np.float64]) -> None:
        self.figure, self.up = figure, up
        self.bars = [s for s in figure.series if s.kind == "bars"]
        if figure.names:
            self.low, self.high = -0.5, len(figure.names) - 0.5
        else:
            every = np.concatenate([_floats(s.x) for s in figure.series])
            gaps = np.diff(np.unique(every))
            pad = float(gaps.min()) * 0.5 if self.bars and gaps.size else 0.0
            self.low, self.high = float(every.min()) - pad, float(every.max()) + pad

    def across(self, x: float) -> float:
        return LEFT + (x - self.low) / ((self.high - self.low) or 1.0) * (WIDTH - LEFT - RIGHT)

    def above(self, y: float) -> float:
        share = (y - self.up[0]) / (self.up[-1] - self.up[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def axes(self) -> list[str]:
        figure, foot = self.figure, HEIGHT - BOTTOM
        parts = []
        for value in self.up:
            y = self.above(float(value))
            parts.append(f'<path class="grid" d="M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}"/>')
            parts.append(_text(LEFT - 8, y + 4, number(float(value)), "end"))
        if self.up[0] < 0 < self.up[-1]:
            parts.append(
                f'<path class="axis" d="M{LEFT:g} {self.above(0):.1f}H{WIDTH - RIGHT:g}"/>'
            )
        parts.append(f'<path class="axis" d="M{LEFT:g} {foot:g}H{WIDTH - RIGHT:g}"/>')
        if figure.names:
            places = [(float(i), name) for i, name in enumerate(figure.names)]
        else:
            found = ticks(self.low, self.high, 7)
            inside = found[(found >= self.low - 1e-9) & (found <= self.high + 1e-9)]
            places = [(float(v), number(float(v))) for v in inside]
        parts += [_text(self.across(x), foot + 18, name, "middle") for x, name in places]
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, figure.x, "middle", "name"))
        parts.append(_text(4, 14, figure.y, "start", "name"))
        return parts

    def marks(self) -> list[str]:
        parts = []
        for x, word in self.figure.marks:
            at = self.across(x)
            parts.append(f'<path class="mark" d="M{at:.1f} {TOP:g}V{HEIGHT - BOTTOM:g}"/>')
            side, gap = ("end", -5) if at > WIDTH * 0.75 else ("start", 5)
            parts.append(_text(at + gap, TOP + 11, word, side, "said"))
        return parts

    def rows(self) -> list[str]:
        return [self._row(n, series) for n, series in enumerate(self.figure.series)]

    def _row(self, n: int, series: Series) -> str:
        x, y = _floats(series.x), _floats(series.y)
        style = f"s{n}{' dash' if series.dash else ''}"
        if series.kind == "bars":
            return self._bars(style, series, x, y)
        if series.kind == "points":
            dots = zip(x, y, strict=True)
            return "".join(
                f'<circle class="{style}" cx="{self.across(a):.1f}" '
                f'cy="{self.above(b):.1f}" r="3.5"/>'
                for a, b in dots
            )
        if series.kind == "line" and x.size > MOST_POINTS:
            x, y = (v[:: math.ceil(x.size / MOST_POINTS)] for v in (x, y))
        path, pen = [], "M"
        for k, (a, b) in enumerate(zip(x, y, strict=True)):
            if math.isnan(b):
                pen = "M"
                continue
            if series.kind == "step" and pen == "L" and not math.isnan(y[k - 1]):
                path.append(f"H{self.across(a):.1f}")
            path.append(f"{pen}{self.across(a):.1f} {self.above(b):.1f}")
            pen = "L"
        return f'<path class="line {style}" d="{"".join(path)}"/>'

    def _bars(
        self, style: str, series: Series, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> str:
        order, count = self.bars.index(series), len(self.bars)
        gaps = np.diff(np.unique(x))
        room = (float(gaps.min()) if gaps.size else 1.0) / (self.high - self.low or 1.0)
        each = min(room * (WIDTH - LEFT - RIGHT) * 0.8 / count, 60.0)
        parts = []
        for a, b in zip(x, y, strict=True):
            left = self.across(a) + (order - count / 2) * each
            top, foot = self.above(max(b, 0.0)), self.above(min(b, 0.0))
            parts.append(
                f'<rect class="{style}" x="{left:.1f}" y="{top:.1f}" '
                f'width="{max(each - 1, 1):.1f}" height="{max(foot - top, 0):.1f}"/>'
            )
        return "".join(parts)

    def key(self) -> list[str]:
        if len(self.figure.series) == 1:
            return []
        parts, at = [], WIDTH - RIGHT
        for n, series in reversed(list(enumerate(self.figure.series))):
            at -= 7.6 * len(series.name) + 36
            dash = " dash" if series.dash else ""
            parts.append(f'<path class="line s{n}{dash}" d="M{at:.1f} 20h20"/>')
            parts.append(_text(at + 25, 24, series.name, "start", "said"))
        return parts


def _text(x: float, y: float, text: str, anchor: str, style: str = "tick") -> str:
    return (
        f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{html.escape(text)}</text>"
    )
