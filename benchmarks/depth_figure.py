"""DRE of the bundled case by depth, with its knee: `python benchmarks/depth_figure.py`.

Runs `seawall mechanism depth` on the bundled case (some minutes), writes `depth_figure.json` and
draws `docs/figures/depth-curve.svg`; `--draw` only draws.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from figure import COLOURS, FONT, GRID, INK, SOFT, Axis
from seawall.casefile import sample_case
from seawall.mechanism.depth_curve import depth_curve

HERE = Path(__file__).resolve().parent
DATA = HERE / "depth_figure.json"
FIGURE = HERE.parent / "docs" / "figures" / "depth-curve.svg"
PATHS, SEED = 400, 1
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 610, 70, 336
TICKS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02)
OURS, SHADE, KNEE = COLOURS[0], "#cfe0f2", COLOURS[1]


def text(x: float, y: float, words: str, colour: str, size: int, **more: str) -> str:
    style = "".join(f" {key.replace('_', '-')}='{value}'" for key, value in more.items())
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {FONT} fill='{colour}' font-size='{size}'{style}>"
        f"{escape(words)}</text>"
    )


def svg(found: dict[str, Any]) -> str:
    """The curve from full depth on the left to 2% on the right, its intervals and its joins."""
    curve, knee = found["curve"], found["knee"]
    x = Axis(curve[0]["depth"], curve[-1]["depth"], LEFT, RIGHT)

    def y(value: float) -> float:
        return BOTTOM + value * (TOP - BOTTOM)

    title = f"Impairment within {found['horizon_seconds'] / 3600:g} h as depth leaves"
    body = [f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>"]
    body.append(text(LEFT, 24, title, INK, 15, font_weight="600"))
    words = f"DRE of {found['scope']}, bundled case, {found['paths']} paths; band: 95% interval"
    body.append(text(LEFT, 44, words, SOFT, 12))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(f"<path d='M{LEFT} {y(share):.1f}H{RIGHT}' stroke='{GRID}'/>")
        body.append(text(LEFT - 8, y(share) + 4, f"{share:.0%}", SOFT, 12, text_anchor="end"))
    if knee is not None:
        body += joins(knee, x)
    upper = [f"{x.place(r['depth']):.1f},{y(r['dre']['high']):.1f}" for r in curve]
    lower = [f"{x.place(r['depth']):.1f},{y(r['dre']['low']):.1f}" for r in reversed(curve)]
    body.append(f"<polygon points='{' '.join(upper + lower)}' fill='{SHADE}' fill-opacity='0.8'/>")
    places = [(x.place(row["depth"]), y(row["dre"]["value"])) for row in curve]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    body.append(f"<polyline points='{line}' fill='none' stroke='{OURS}' stroke-width='2.5'/>")
    body += [f"<circle cx='{a:.1f}' cy='{b:.1f}' r='4' fill='{OURS}'/>" for a, b in places]
    body.append(f"<path d='M{LEFT} {BOTTOM}H{RIGHT}' stroke='{SOFT}'/>")
    for tick in TICKS:
        at = x.place(tick)
        body.append(f"<path d='M{at:.1f} {BOTTOM}v5' stroke='{SOFT}'/>")
        body.append(text(at, BOTTOM + 20, f"{tick:.0%}", SOFT, 12, text_anchor="middle"))
    axis = "depth of every market, share of the case's (logarithmic)"
    body.append(text((LEFT + RIGHT) / 2, BOTTOM + 44, axis, SOFT, 12, text_anchor="middle"))
    inside = "\n".join(body)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"width='{WIDTH}' height='{HEIGHT}' role='img' aria-label='{escape(title)}'>\n"
        f"{inside}\n</svg>\n"
    )


def joins(knee: dict[str, Any], x: Axis) -> list[str]:
    """Knee and shoulder as dashed lines with their intervals as bars above the plot."""
    out = []
    for name, colour in (("knee", KNEE), ("shoulder", SOFT)):
        one = knee[name]
        at, low, high = (x.place(one[key]) for key in ("value", "low", "high"))
        out.append(
            f"<path d='M{at:.1f} {TOP}V{BOTTOM}' stroke='{colour}' stroke-dasharray='5 4' "
            "stroke-width='1.5'/>"
        )
        out.append(f"<path d='M{high:.1f} {TOP}H{low:.1f}' stroke='{colour}' stroke-width='4'/>")
        words = f"{name} {one['value']:.0%}"
        middle = min(max(at, LEFT + 40), RIGHT - 50)
        out.append(
            text(middle, TOP - 8, words, colour, 13, text_anchor="middle", font_weight="600")
        )
    return out


if __name__ == "__main__":
    if "--draw" not in sys.argv[1:]:
        answer = depth_curve(sample_case(), paths=PATHS, seed=SEED)
        DATA.write_text(json.dumps(answer, indent=1) + "\n", "utf-8")
    FIGURE.write_text(svg(json.loads(DATA.read_text("utf-8"))), "utf-8")
