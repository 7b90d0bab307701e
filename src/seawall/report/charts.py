"""The page's charts as SVG text: no script, sharp in print, readable at any width.

Positions across are percentages of the width and letters keep their size, so one drawing serves a
phone and a wide screen; only bands and lines sit in a stretched inner picture. Colours are classes
of page.css, so the dark page recolours them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from seawall.report import loss_words, numbers
from seawall.report.drawing import lettering, line, log_ticks, nice_step, rect, svg


@dataclass(frozen=True)
class Point:
    """One horizon of the DRE curve; probabilities as fractions, None where not known."""

    seconds: float
    probability: float | None
    low: float | None
    high: float | None
    model_low: float | None
    model_high: float | None
    seen: int | None
    limit: float | None = None
    breached: bool = False

    @property
    def text(self) -> str:
        """The probability as printed."""
        return numbers.probability(self.probability, self.seen, self.high)


def strip(point: Point, label: str) -> Markup:
    """The interval strip: DRE on a straight scale from zero, both intervals, the limit."""
    ends = [point.probability, point.high, point.model_high, point.limit]
    top = max([v for v in ends if v is not None and math.isfinite(v)] + [1e-9]) * 1.12
    step = nice_step(top, 6)
    top = math.ceil(top / step - 1e-9) * step

    def x(value: float) -> float:
        return 1.5 + 97.0 * min(value / top, 1.0)

    def anchor(value: float) -> str:
        return "start" if x(value) < 14 else "end" if x(value) > 86 else "middle"

    body = []
    low, high = point.model_low, point.model_high
    if low is not None and high is not None:
        body.append(rect(x(low), 44, x(high) - x(low), 22, "model"))
    if point.low is not None and point.high is not None:
        body.append(rect(x(point.low), 44, x(point.high) - x(point.low), 22, "simulation"))
    if low is not None and high is not None:
        # The model interval's ends in figures, unless the other bar covers them.
        left = low if point.low is None else point.low
        right = high if point.high is None else point.high
        if 9 < x(low) <= x(left):
            body.append(lettering(x(low), 60, numbers.percent(low, 1), "mute", "end", -7))
        if 91 > x(high) >= x(right):
            body.append(lettering(x(high), 60, numbers.percent(high, 1), "mute", "start", 7))
    if point.probability is not None:
        p = point.probability
        body.append(f'<circle cx="{x(p):.2f}%" cy="55" r="7" class="dot"/>')
        said = f"{label} {point.text}"
        bound = x(point.limit) if point.limit is not None else None
        # The limit's line would run through the words: they stand beside it then.
        if bound is None or abs(bound - x(p)) > 14:
            body.append(lettering(x(p), 37, said, "strong", anchor(p)))
        elif max(bound, x(p)) < 70:
            body.append(lettering(max(bound, x(p)), 37, said, "strong", "start", 9))
        else:
            body.append(lettering(min(bound, x(p)), 37, said, "strong", "end", -9))
    if point.limit is not None:
        body.append(line(x(point.limit), 20, x(point.limit), 75, "limit"))
        text = f"limit {numbers.percent(point.limit)}"
        body.append(lettering(x(point.limit), 14, text, "over", anchor(point.limit)))
    body.append(line(1.5, 75, 98.5, 75, "axis"))
    for index in range(round(top / step) + 1):
        value = index * step
        body.append(line(x(value), 75, x(value), 80, "axis"))
        body.append(lettering(x(value), 95, f"{float(f'{value * 100:.6g}'):g}%", "mute"))
    told = f"{label} is {point.text} on a scale from 0 to {numbers.percent(top)}"
    return svg(100, told, body)


TOP, BOTTOM, HEIGHT = 18.0, 330.0, 362


def curve(points: Sequence[Point], scope: str) -> Markup:
    """DRE by horizon, both scales logarithmic, both bands, limits as short bars.

    Empty when no horizon has a case: a logarithmic scale has no place for zero.
    """
    values = [
        v
        for p in points
        for v in (p.probability, p.low, p.high, p.model_low, p.model_high, p.limit)
        if v is not None and v > 1e-12
    ]
    if not values or not any(p.probability for p in points):
        return Markup("")
    high = max(values)
    ticks = log_ticks(max(min(values), high * 1e-5), high)
    bottom, span = math.log(ticks[0]), math.log(ticks[-1] / ticks[0])
    first, last = math.log(points[0].seconds), math.log(points[-1].seconds)

    def x(seconds: float) -> float:
        return 50.0 if last == first else 4 + 92 * (math.log(seconds) - first) / (last - first)

    def y(value: float) -> float:
        share = (math.log(max(value, 1e-300)) - bottom) / span
        return BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0)

    body = []
    for tick in ticks:
        body.append(line(0, y(tick), 100, y(tick), "grid"))
        text = f"{float(f'{tick * 100:.3g}'):g}%"
        body.append(lettering(0, y(tick) + 4, text, "mute", "end", -8))
    xs = [x(p.seconds) for p in points]
    inner = _bands(xs, [(p.model_low, p.model_high) for p in points], y, "model")
    inner += _bands(xs, [(p.low, p.high) for p in points], y, "simulation")
    seen = [(x(p.seconds), y(p.probability)) for p in points if p.probability]
    if len(seen) > 1:
        track = " ".join(f"{px * 10:.1f},{py:.1f}" for px, py in seen)
        inner.append(f'<polyline points="{track}" class="track"/>')
    body.append(
        f'<svg x="0" y="0" width="100%" height="{HEIGHT}" viewBox="0 0 1000 {HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(inner)}</svg>'
    )
    body.append(line(0, BOTTOM, 100, BOTTOM, "axis"))
    previous = -100.0
    for index, point in enumerate(points):
        px = xs[index]
        if px - previous >= 8:  # labels of close horizons would overlap
            body.append(lettering(px, BOTTOM + 22, numbers.horizon(point.seconds), "mute"))
            previous = px
        body += _mark(point, px, y, last=index == len(points) - 1)
    said = ", ".join(f"{p.text} at {numbers.long_horizon(p.seconds)}" for p in points)
    return svg(HEIGHT, f"DRE of {scope}: {said}", body)


def _bands(
    xs: Sequence[float],
    ends: Sequence[tuple[float | None, float | None]],
    y: Callable[[float], float],
    cls: str,
) -> list[str]:
    """Each run of known intervals as a filled area; a run of one as an upright bar."""
    shapes: list[str] = []
    run: list[tuple[float, float, float]] = []
    for index in range(len(xs) + 1):
        low, high = ends[index] if index < len(xs) else (None, None)
        if low is not None and high is not None:
            run.append((xs[index] * 10, y(low), y(high)))
            continue
        if len(run) == 1:
            px, bottom, top = run[0]
            shapes.append(
                f'<rect x="{px - 8:.1f}" y="{top:.1f}" width="16" height="{bottom - top:.1f}" '
                f'class="{cls}"/>'
            )
        elif run:
            edge = [f"{px:.1f},{top:.1f}" for px, _, top in run]
            edge += [f"{px:.1f},{bottom:.1f}" for px, bottom, _ in reversed(run)]
            shapes.append(f'<polygon points="{" ".join(edge)}" class="{cls}"/>')
        run = []
    return shapes


def _mark(point: Point, px: float, y: Callable[[float], float], last: bool) -> list[str]:
    """The dot and the words of one horizon, and its limit."""
    body: list[str] = []
    value = point.probability if point.probability else point.high
    if value is None:
        return body
    py = y(value)
    if point.probability:
        body.append(f'<circle cx="{px:.2f}%" cy="{py:.1f}" r="5" class="dot"/>')
    else:  # nothing seen: the bar marks the upper end, the value lies somewhere below
        body.append(line(px - 2, py, px + 2, py, "track"))
    if last:
        # The limit's bar would run through the words: they stand at its end then.
        close = point.limit is not None and abs(y(point.limit) - py) < 12
        body.append(
            lettering(
                px + (4 if close else 0),
                py + 5,
                point.text,
                "strong halo",
                "start",
                7 if close else 11,
            )
        )
    else:
        body.append(lettering(px, py - 12, point.text, "strong halo"))
    if point.limit is None:
        return body
    ly = y(point.limit)
    over = "over" if point.breached else ""
    body.append(line(px - 4, ly, px + 4, ly, "bound " + over))
    side = ly + 4
    if last and abs(side - py - 5) < 17:
        side = py + 5 + (17 if ly > py else -17)
    text = f"limit {float(f'{point.limit * 100:.4g}'):g}%"
    body.append(lettering(px + 4, side, text, f"small halo {over}", "start", 7))
    return body


@dataclass(frozen=True)
class Slice:
    """One payer of the stacked bar; a gain is negative."""

    name: str
    amount: float
    colour: str
    share: float | None


def stacked(slices: Sequence[Slice], loss: float) -> Markup:
    """Who pays as one bar: payers to the right of zero, gains to its left, the loss above."""
    paid = sum(s.amount for s in slices if s.amount > 0)
    gain = -sum(s.amount for s in slices if s.amount < 0)
    if paid + gain <= 0:
        return Markup("")
    scale = 98.0 / (paid + gain)
    zero = 1.0 + gain * scale
    body, right, left = [], zero, zero
    for part in slices:
        width = abs(part.amount) * scale
        if part.amount > 0:
            start, right = right, right + width
        else:
            left -= width
            start = left
        body.append(rect(start, 34, width, 40, f"fill-{part.colour} slice"))
        if width >= 12 and part.share is not None:
            words = f"{part.name} " if width >= 45 else ""
            share = f"{part.share * 100:.0f}%"
            text = words + (">99%" if 0.99 < part.share < 1 else share)
            cls = "onblue" if part.colour in ("blue", "ink") else "onfill"
            body.append(lettering(start + width / 2, 59, text, cls + " strong"))
    end = zero + max(loss, 0.0) * scale
    body += [
        line(zero, 26, zero, 84, "axis"),
        line(zero, 26, end, 26, "axis"),
        line(end, 22, end, 30, "axis"),
    ]
    text = loss_words.balance(loss, paid, gain)
    at_start = zero < 55
    body.append(lettering(zero, 17, text, "strong", "start" if at_start else "end", 2))
    step = nice_step(paid, 4)
    for index in range(int(paid / step + 1e-9) + 1):
        px = zero + index * step * scale
        body.append(
            lettering(
                px,
                100,
                numbers.money(index * step),
                "mute",
                "end" if px > 92 else "start" if px < 3 else "middle",
            )
        )
    said = "; ".join(f"{s.name} {loss_words.loss(s.amount)}" for s in slices)
    return svg(106, f"Who pays: {said}; {text}", body)
