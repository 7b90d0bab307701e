"""What charts are drawn with: SVG text, positions across in percent of the width, scales' ticks.

Letters keep their size and positions stretch, so one drawing serves a phone and a wide screen.
Bands and lines sit in a stretched inner picture of 1,000 units across.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from seawall.report.typography import true_minus


def svg(height: int, label: str, body: Sequence[str]) -> Markup:
    """The whole drawing; ``label`` says to a screen reader what it shows."""
    return Markup(
        f'<svg class="chart" width="100%" height="{height}" role="img" '
        f'aria-label="{escape(true_minus(label))}">{"".join(body)}</svg>'
    )


def lettering(
    x: float, y: float, said: str, cls: str = "", anchor: str = "middle", dx: int = 0
) -> str:
    """Words at x percent, moved by ``dx`` pixels."""
    return (
        f'<text x="{x:.2f}%" y="{y:.1f}" dx="{dx}" text-anchor="{anchor}" class="{cls}">'
        f"{escape(true_minus(said))}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> str:
    """A straight line between two points."""
    return f'<line x1="{x1:.2f}%" y1="{y1:.1f}" x2="{x2:.2f}%" y2="{y2:.1f}" class="{cls}"/>'


def rect(x: float, y: float, width: float, height: float, cls: str) -> str:
    """A rectangle; a negative width is none."""
    return (
        f'<rect x="{x:.2f}%" y="{y:.1f}" width="{max(width, 0):.2f}%" height="{height:.1f}" '
        f'class="{cls}"/>'
    )


def nice_step(span: float, count: int) -> float:
    """A step of 1, 2 or 5 times a power of ten that cuts ``span`` into at most ``count`` parts."""
    raw = max(span, 1e-300) / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next((m * power for m in (1, 2, 5) if m * power >= raw * (1 - 1e-9)), 10 * power)


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks at 1 and 3 times powers of ten around [low, high]; powers alone when that is many."""
    first, last = math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1
    for steps in ((1, 3), (1,)):
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in steps]
        start = max(i for i, t in enumerate(ticks) if t <= low * (1 + 1e-9))
        stop = min((i for i, t in enumerate(ticks) if t >= high * (1 - 1e-9)), default=-1)
        chosen = ticks[start : stop + 1] if stop > start else ticks[start : start + 2]
        if len(chosen) <= 9:
            return chosen
    skip = math.ceil(len(chosen) / 8)
    return chosen[::-skip][::-1]


def stretched(height: int, shapes: Sequence[str]) -> str:
    """Shapes whose positions across are thousandths of the width."""
    return (
        f'<svg x="0" y="0" width="100%" height="{height}" viewBox="0 0 1000 {height}" '
        f'preserveAspectRatio="none">{"".join(shapes)}</svg>'
    )


def track(points: Sequence[tuple[float, float]], cls: str) -> str:
    """A line through points, (percent across, y), for `stretched`."""
    drawn = " ".join(f"{x * 10:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{drawn}" class="{cls}"/>'


def band(xs: Sequence[float], low: Sequence[float], high: Sequence[float], cls: str) -> str:
    """The area between two lines over the same places across, for `stretched`."""
    edge = [f"{x * 10:.1f},{y:.1f}" for x, y in zip(xs, high, strict=True)]
    edge += [f"{x * 10:.1f},{y:.1f}" for x, y in reversed(list(zip(xs, low, strict=True)))]
    return f'<polygon points="{" ".join(edge)}" class="{cls}"/>'


def apart(places: Sequence[float], least: float, high: float) -> list[float]:
    """Places of labels, in their order, moved so that ``least`` lies between any two of them and
    none is beyond ``high``.
    """
    order = sorted(range(len(places)), key=lambda n: places[n])
    out = list(places)
    for before, here in pairwise(order):
        out[here] = max(out[here], out[before] + least)
    bound = high
    for n in reversed(order):
        out[n] = min(out[n], bound)
        bound = out[n] - least
    return out
