"""The liquidation map as a drawing: notional by price above, amplification below, one price axis.

Falls are blue and stand left of today's price, rises orange and right of it; the desk's own share
is ink at the foot of a bar. Amplification has a logarithmic scale, since a squeeze can be tenfold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from seawall.report import numbers
from seawall.report.drawing import lettering, line, nice_step, rect, stretched, svg, track

BARS_TOP, BARS_END = 56.0, 216.0
RATIO_TOP, RATIO_END = 260.0, 336.0
HEIGHT = 378
RATIOS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def liquidation_chart(name: str, moves: Sequence[float], one: Mapping[str, Any]) -> Markup:
    """The map of one asset; moves: the bounds of its bars as fractions of today's price.

    one: an entry of ``liquidation_map.assets``, with ``own``, the desk's nearest price in it or
    None, as a fraction away from today's.
    """
    first, last = moves[0], moves[-1]

    def x(move: float) -> float:
        return 100.0 * (move - first) / (last - first)

    body = _bars(moves, one, x)
    body += _today(one, x)
    shocks = [s for s in one["shocks"] if numbers.known(s["ratio"])]
    if shocks:
        body += _amplification(shocks, x)
    end = RATIO_END if shocks else BARS_END
    body += _price_axis(moves, one["price"], x, end)
    total = sum(one["crowd"]) + sum(one["desk"])
    said = f"Liquidation map of {name}: {numbers.money(total)} between {first:+.0%} and {last:+.0%}"
    return svg(round(end) + HEIGHT - round(RATIO_END), said, body)


def _bars(moves: Sequence[float], one: Mapping[str, Any], x: Callable[[float], float]) -> list[str]:
    crowd, desk = one["crowd"], one["desk"]
    most = max((c + d for c, d in zip(crowd, desk, strict=True)), default=0.0)
    body: list[str] = []
    step = nice_step(most, 4) if most > 0.0 else 1.0
    top = max(step, math.ceil(most / step - 1e-9) * step)

    def y(amount: float) -> float:
        return BARS_END - (BARS_END - BARS_TOP) * amount / top

    for n in range(round(top / step) + 1):
        body.append(line(0, y(n * step), 100, y(n * step), "axis" if n == 0 else "grid"))
        body.append(lettering(0, y(n * step) + 4, numbers.money(n * step), "mute", "end", -8))
    for n, (others, own) in enumerate(zip(crowd, desk, strict=True)):
        left, width = x(moves[n]), x(moves[n + 1]) - x(moves[n])
        colour = "fill-blue" if moves[n + 1] <= 0.0 else "fill-orange"
        gap = 0.12 * width
        for low, high, cls in ((0.0, own, "fill-ink"), (own, own + others, colour)):
            if high > low:
                body.append(rect(left + gap / 2, y(high), width - gap, y(low) - y(high), cls))
    return body


def _today(one: Mapping[str, Any], x: Callable[[float], float]) -> list[str]:
    """The line at today's price, and the one at which the desk's own leg is liquidated."""
    end = RATIO_END if one["shocks"] else BARS_END
    body = [
        line(x(0.0), BARS_TOP - 14, x(0.0), end, "dashed"),
        lettering(x(0.0), BARS_TOP - 20, f"now {numbers.price(one['price'])}", "mute"),
    ]
    own = one.get("own")
    if own is not None:
        left = own < 0.0
        said = f"desk {numbers.price(one['price'] * (1.0 + own))}"
        body += [
            line(x(own), BARS_TOP - 30, x(own), BARS_END, "mark"),
            lettering(x(own), BARS_TOP - 34, said, "strong halo", "start" if left else "end"),
        ]
    return body


def _amplification(shocks: Sequence[Mapping[str, Any]], x: Callable[[float], float]) -> list[str]:
    """The lower panel: one line for falls and one for rises, each dot a shock that was run."""
    most = max(max(s["ratio"], s["high"] or 0.0) for s in shocks)
    ticks = [r for r in RATIOS if r < most] or [1.0]
    ticks = [*ticks, next((r for r in RATIOS if r >= most and r > ticks[-1]), most)]
    low, span = math.log(ticks[0]), math.log(ticks[-1] / ticks[0])

    def y(ratio: float) -> float:
        share = (math.log(max(ratio, 1e-9)) - low) / span
        return RATIO_END - (RATIO_END - RATIO_TOP) * min(max(share, 0.0), 1.0)

    shown = ticks if len(ticks) <= 5 else [ticks[0], *ticks[2:-1:2], ticks[-1]]
    body = []
    for tick in shown:
        body.append(line(0, y(tick), 100, y(tick), "axis" if tick == ticks[0] else "grid"))
        body.append(lettering(0, y(tick) + 4, f"{tick:g}x", "mute", "end", -8))
    for side, cls in ((-1.0, "track"), (1.0, "track rises")):
        mine = sorted((s for s in shocks if s["shock"] * side > 0.0), key=lambda s: s["shock"])
        if not mine:
            continue
        points = [(x(s["shock"]), y(s["ratio"])) for s in mine]
        body.append(stretched(HEIGHT, [track(points, cls)]))
        for shock, (px, py) in zip(mine, points, strict=True):
            if shock["low"] is not None and shock["high"] is not None:
                body.append(line(px, y(shock["low"]), px, y(shock["high"]), "whisker"))
            dot = "dot" if side < 0.0 else "dot rises"
            body.append(f'<circle cx="{px:.2f}%" cy="{py:.1f}" r="3.5" class="{dot}"/>')
        top = max(mine, key=lambda s: s["ratio"])
        if top["ratio"] >= 1.05:
            said = f"{numbers.ratio(top['ratio'])} at {top['shock']:+.0%}".replace("-", "−")
            px = x(top["shock"])
            anchor = "start" if px < 18 else "end" if px > 82 else "middle"
            body.append(lettering(px, y(top["ratio"]) - 9, said, "strong halo", anchor))
    return body


def _price_axis(
    moves: Sequence[float], price: float, x: Callable[[float], float], end: float
) -> list[str]:
    body = [line(0, end, 100, end, "axis")]
    for move in (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3):
        if not moves[0] <= move <= moves[-1]:
            continue
        px = x(move)
        body.append(line(px, end, px, end + 5, "axis"))
        said = "now" if move == 0.0 else f"{move:+.0%}".replace("-", "−")
        body.append(lettering(px, end + 19, said, "mute"))
        if move in (-0.2, 0.0, 0.2):
            body.append(lettering(px, end + 35, numbers.price(price * (1.0 + move)), "mute small"))
    return body
