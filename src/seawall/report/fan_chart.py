"""The fan as a drawing: bands of prices over time, and what has been closed by force, below.

Half of the paths lie in the inner band, 90% and 98% in the outer ones. Dashed is the lowest
quantile of the price that nobody's orders have moved; the upright line is a deadline.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from seawall.report import numbers
from seawall.report.drawing import apart, band, lettering, line, nice_step, stretched, svg, track

TOP, END = 14.0, 262.0
LOWER_TOP, LOWER_END, HEIGHT = 292.0, 356.0, 382
BANDS = ((0, 6, "model"), (1, 5, "simulation"), (2, 4, "inner"))
LOW, MIDDLE = 0, 3
# A liquidation price further out than this, in heights of the fan, is not drawn.
FURTHEST = 0.6
# A horizon is cut into as many parts as make whole units of time.
CUTS = (4, 6, 5, 3, 2)


def fan_chart(
    name: str, fan: Mapping[str, Any], one: Mapping[str, Any], deadline: float | None
) -> Markup:
    """The fan of one asset of the `fan` block; deadline: seconds, of a remedy, or None."""
    times: Sequence[float] = fan["times_seconds"]
    quantiles, levels = one["quantiles"], fan["levels"]
    last = times[-1] or 1.0

    def x(seconds: float) -> float:
        return 100.0 * seconds / last

    low, high, own = _range(one)
    step = nice_step(high - low, 6)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step

    def y(price: float) -> float:
        return END - (END - TOP) * (price - low) / (high - low)

    body = []
    for n in range(round((high - low) / step) + 1):
        price = low + n * step
        body.append(line(0, y(price), 100, y(price), "grid"))
        body.append(lettering(0, y(price) + 4, numbers.price(price), "mute", "end", -8))
    xs = [x(t) for t in times]
    drawn = [
        band(xs, [y(p) for p in quantiles[a]], [y(p) for p in quantiles[b]], cls)
        for a, b, cls in BANDS
    ]
    drawn.append(track([(px, y(p)) for px, p in zip(xs, quantiles[MIDDLE], strict=True)], "middle"))
    without = one["without_orders"]
    if without:
        drawn.append(track([(px, y(p)) for px, p in zip(xs, without, strict=True)], "without"))
    body.append(stretched(HEIGHT, drawn))
    body += _ends(levels, quantiles, without, y)
    if own is not None:
        body += _own(one, own, y)
    body += _time_axis(last, x, LOWER_END)
    body += _closed(fan, xs)
    if deadline is not None and 0.0 <= deadline <= last:
        px = x(deadline)
        body.append(line(px, TOP, px, LOWER_END, "dashed"))
        side = "start" if px < 60 else "end"
        dx = 5 if px < 60 else -5
        top = TOP + 10
        if own is not None and abs(top - _own_place(one, own, y)) < 20:
            top = END - 8  # the words of the liquidation price stand there
        body.append(lettering(px, top, "remedy due", "small halo", side, dx))
    ends = ", ".join(
        f"{_level(level)} {numbers.price(row[-1])}"
        for level, row in zip(levels, quantiles, strict=True)
    )
    return svg(HEIGHT, f"{name} at {numbers.long_horizon(last)}: {ends}", body)


def _level(level: float) -> str:
    return "median" if level == 0.5 else f"{level * 100:g}%"


def _range(one: Mapping[str, Any]) -> tuple[float, float, float | None]:
    """Lowest and highest price to draw, and the liquidation price where it is near enough."""
    rows = [*one["quantiles"], one["without_orders"] or []]
    low, high = min(min(r) for r in rows if r), max(max(r) for r in rows if r)
    if high <= low:
        low, high = low * 0.99, high * 1.01
    own = (one["liquidation"] or {}).get("price")
    if own is None:
        return low, high, None
    reach = FURTHEST * (high - low)
    if not low - reach <= own <= high + reach:
        return low, high, None
    return min(low, own), max(high, own), own


def _ends(
    levels: Sequence[float],
    quantiles: Sequence[Sequence[float]],
    without: Sequence[float] | None,
    y: Callable[[float], float],
) -> list[str]:
    """What each quantile is at the horizon, at the right edge, kept apart."""
    rows = [
        (y(row[-1]), f"{_level(level)} {numbers.price(row[-1])}", level == 0.5)
        for level, row in zip(levels, quantiles, strict=True)
    ]
    if without:
        rows.append((y(without[-1]), f"no crowd {numbers.price(without[-1])}", False))
    places = apart([place for place, _, _ in rows], 15.0, END)
    return [
        lettering(100, place + 4, said, "strong" if strong else "small", "start", 7)
        for place, (_, said, strong) in zip(places, rows, strict=True)
    ]


def _own(one: Mapping[str, Any], price: float, y: Callable[[float], float]) -> list[str]:
    """The line at which the likeliest leg to die is liquidated."""
    account = str(one["liquidation"]["account"]).rpartition("/")[2]
    said = f"{account} liquidated at {numbers.price(price)}"
    place = _own_place(one, price, y)
    return [
        line(0, y(price), 100, y(price), "bound over"),
        lettering(0, place, said, "over small halo", "start", 5),
    ]


def _own_place(one: Mapping[str, Any], price: float, y: Callable[[float], float]) -> float:
    """Where the words of the liquidation price stand: under a line below today's price."""
    below = price <= one["start"]
    return y(price) + (14 if below and y(price) + 16 < END else -6)


def _time_axis(last: float, x: Callable[[float], float], end: float) -> list[str]:
    hours = last / 3_600.0
    parts = next((n for n in CUTS if (hours / n).is_integer()), 4)
    body = [line(0, end, 100, end, "axis")]
    for n in range(parts + 1):
        seconds = last * n / parts
        body.append(line(x(seconds), end, x(seconds), end + 5, "axis"))
        said = "now" if n == 0 else numbers.horizon(seconds)
        body.append(lettering(x(seconds), end + 20, said, "mute"))
    return body


def _closed(fan: Mapping[str, Any], xs: Sequence[float]) -> list[str]:
    """The lower panel: notional closed by force so far, median, 95 and 99%."""
    rows = fan["liquidated"]
    most: float = max(rows[-1])
    body = [
        lettering(
            0, LOWER_TOP - 8, "closed by force so far, all accounts", "mute small halo", "start"
        )
    ]
    if most <= 0.0:
        body.append(lettering(0, LOWER_END - 10, "none up to 99% of paths", "small", "start"))
        return body

    def y(amount: float) -> float:
        return LOWER_END - (LOWER_END - LOWER_TOP) * amount / most

    zero = [LOWER_END] * len(xs)
    shapes = [
        band(xs, zero, [y(v) for v in rows[n]], cls)
        for n, cls in ((6, "model"), (5, "simulation"), (MIDDLE, "inner"))
    ]
    body.insert(0, stretched(HEIGHT, shapes))
    ends = [(y(rows[n][-1]), n) for n in (6, 5, MIDDLE)]
    places = apart([place for place, _ in ends], 14.0, LOWER_END)
    for place, (_, n) in zip(places, ends, strict=True):
        said = f"{_level(fan['levels'][n])} {numbers.money(rows[n][-1])}"
        body.append(lettering(100, place + 4, said, "small", "start", 7))
    return body
