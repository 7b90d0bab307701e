"""The parts of DRE as rows: what each adds, its interval, and where its bar begins and ends.

A waterfall: price starts at nothing, each channel where the one before has ended, total at nothing
again. Terminal page and HTML page print the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from seawall.report import findings, numbers
from seawall.report.columns import Line, Span, bar, clean, fit
from seawall.report.findings import Result

NOT_THERE = "not in the Case"
WHOLE = ("price", "total")


@dataclass(frozen=True)
class PartRow:
    """One part, in fractions; ``start`` and ``end`` of its bar; interval None where not known.

    there: False for a channel that the Case does not have
    """

    key: str
    value: float
    start: float
    low: float | None
    high: float | None
    there: bool

    @property
    def end(self) -> float:
        """Where the bar ends."""
        return self.start + self.value

    @property
    def name(self) -> str:
        """In words."""
        return findings.PART_NAMES.get(self.key, clean(self.key).replace("_", " "))

    @property
    def text(self) -> str:
        """In points, with its sign where it is added to what stands above it."""
        return numbers.points(self.value, self.key not in WHOLE) if self.there else "-"

    @property
    def interval(self) -> str:
        """Both ends in points: "[0.27 to 0.45]"; nothing where they are not known."""
        if not self.there:
            return NOT_THERE
        if self.low is None or self.high is None:
            return ""
        return f"[{numbers.points(self.low)} to {numbers.points(self.high)}]"


def part_rows(result: Result) -> tuple[str, list[PartRow]] | None:
    """(horizon, rows) of the headline's parts; None where the result has none."""
    found = findings.parts_row(result)
    if not found:
        return None
    horizon, parts = found
    has = result["dre"].get("parts_channels")
    low, high = parts.get("low") or {}, parts.get("high") or {}
    rows, at = [], 0.0
    for key, value in parts.items():
        if not isinstance(value, int | float):
            continue
        there = has is None or key in WHOLE or key in has
        start = 0.0 if key in WHOLE else at
        rows.append(PartRow(key, float(value), start, low.get(key), high.get(key), there))
        at = start + float(value)
    return horizon, rows


def paths_behind(result: Result) -> str:
    """From how many paths the parts are made, as a sentence without its end; nothing if all."""
    count, paths = result["dre"].get("parts_paths"), result["paths"]
    if count is None or count >= paths:
        return ""
    tilted = " and as many tilted ones" if "rare" in result else ""
    return f"channels from the first {count:,} of {paths:,} paths{tilted}"


def parts_block(result: Result, cells: int) -> list[Line]:
    """The title line, then one row per part with a bar of ``cells`` (0: none); [] without parts."""
    found = part_rows(result)
    if not found:
        return []
    horizon, rows = found
    known = any(row.interval for row in rows)
    ends = " [simulation 95%]" if known else ""
    most = max((abs(row.value) for row in rows), default=0.0) or 1.0
    wide = max(len(row.interval) for row in rows)
    lines: list[Line] = [(Span(f"Parts of DRE {horizon}, points{ends}"),)]
    for row in rows:
        drawn = bar(abs(row.value) / most, cells) if row.there and cells else ""
        lines.append(
            (
                Span(fit(row.name, 17)),
                Span(fit(row.text, 6, "r")),
                Span(" " + fit(row.interval, wide) if wide else "", "muted"),
                Span("  "),
                Span(drawn, "blue" if row.value >= 0.0 else "good"),
            )
        )
    said = paths_behind(result)
    return [*lines, (Span(said, "muted"),)] if said else lines


def largest_channel(shares: Mapping[str, Any]) -> str:
    """What adds most, as in "crowd feedback, +0.81 points"; nothing where no channel adds."""
    added = {k: v for k, v in shares.items() if isinstance(v, float) and k not in WHOLE}
    key = max(added, key=lambda name: added[name], default="")
    if not key or added[key] <= 0.0:
        return ""
    return f"{findings.PART_NAMES.get(key, key)}, {numbers.points(added[key], signed=True)} points"


HEIGHT = 16


def waterfall(rows: list[PartRow], limit: float | None) -> list[Markup]:
    """One drawing per row, all on one scale: the part as a bar, its interval as a line over it, the
    limit on DRE as an upright line through all.
    """
    places = [place for row in rows if row.there for place in _places(row)]
    bound = [] if limit is None else [limit]
    left, right = min([0.0, *places]), max([1e-12, *places, *bound])
    span = (right - left) * 1.04

    def x(value: float) -> float:
        return 2.0 + 96.0 * (value - left) / span

    upright = None if limit is None else x(limit)
    return [_row(row, x(0.0), [x(place) for place in _places(row)], upright) for row in rows]


def _places(row: PartRow) -> tuple[float, float, float, float]:
    """Start and end of the bar, both ends of the interval, where they are drawn."""
    low = row.value if row.low is None else row.low
    high = row.value if row.high is None else row.high
    return row.start, row.end, row.start + low, row.start + high


def _row(row: PartRow, zero: float, at: list[float], limit: float | None) -> Markup:
    start, end, low, high = at
    body = [f'<line x1="{zero:.2f}%" y1="0" x2="{zero:.2f}%" y2="{HEIGHT}" class="axis"/>']
    if row.there:
        kind = _colour(row)
        first, width = min(start, end), max(abs(end - start), 0.4)
        body.append(
            f'<rect x="{first:.2f}%" y="3" width="{width:.2f}%" height="10" class="{kind}"/>'
        )
        if high > low:
            body.append(
                f'<line x1="{low:.2f}%" y1="8" x2="{high:.2f}%" y2="8" class="whisker"/>'
                f'<line x1="{low:.2f}%" y1="5" x2="{low:.2f}%" y2="11" class="whisker"/>'
                f'<line x1="{high:.2f}%" y1="5" x2="{high:.2f}%" y2="11" class="whisker"/>'
            )
    if limit is not None:
        # Beyond the drawing's own edges, so that the rows' lines nearly meet.
        body.append(
            f'<line x1="{limit:.2f}%" y1="-9" x2="{limit:.2f}%" y2="{HEIGHT + 9}" '
            'class="limit thin"/>'
        )
    return Markup(
        f'<svg class="chart" width="100%" height="{HEIGHT}" aria-hidden="true">'
        f"{''.join(body)}</svg>"
    )


def _colour(row: PartRow) -> str:
    """Total and price alone by their own colours, what a channel adds or takes away by its sign."""
    if row.key in WHOLE:
        return "lead-part" if row.key == "total" else "part"
    return "less-part" if row.value < 0.0 else "fill-orange"
