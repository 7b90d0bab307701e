"""The terminal page of `seawall report verify`: unchanged or altered, then what and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Line, Span, clean, paint, rule, wrap

MOST = 20


def render(result: Mapping[str, Any], width: int = 100, colour: bool = False) -> str:
    """The page for one answer (seawall/verify/1), no line wider than ``width``."""
    width = max(1, width)
    faults = result["faults"]
    files = len(dict.fromkeys(x["file"] for x in faults))
    if faults:
        many = f"{files} file" + ("" if files == 1 else "s")
        lines = _lead(Span("▲ ALTERED", "bad"), f"{clean(result['file'])}: {many}", width)
    else:
        said = f"{clean(result['file'])} is as it was written"
        lines = _lead(Span("✓ UNCHANGED", "good"), said, width)
    if faults:
        lines += [(), rule("What changed", width)]
        for fault in faults[:MOST]:
            lines += _text(_fault(fault), width)
        if len(faults) > MOST:
            lines += _text(f"and {len(faults) - MOST:,} more in the JSON", width)
    lines += [(), rule("What was looked at", width)]
    lines += _text("; ".join(clean(x) for x in result["looked_at"]), width)
    if result["seal"]:
        lines += _text(_which(result), width)
    for note in result["notes"]:
        lines += _text(f"! {clean(note)}", width)
    return paint(lines, width, colour)


def _fault(fault: Mapping[str, Any]) -> str:
    place = clean(fault["file"])
    if fault["line"] is not None:
        place += f", line\xa0{fault['line']:,}"
    return f"{place}: {clean(fault['what'])}"


def _which(result: Mapping[str, Any]) -> str:
    """Which report it is, with the seal in full: what can be written down elsewhere."""
    words = f"report {result['number']}" if result["number"] else "a report"
    words += f" on {clean(result['case'])}" if result["case"] else ""
    words += f", written {numbers.moment(str(result['written']))}" if result["written"] else ""
    after = f", after {clean(str(result['previous'])[:8])}" if result["previous"] else ""
    return f"{words}{after}; seal {clean(result['seal'])}"


def _lead(label: Span, said: str, width: int) -> list[Line]:
    start = label.text.ljust(12) + " "
    first, *rest = wrap(said, width, len(start), 4)
    head = (label, Span(start[len(label.text) :]), Span(first.lstrip()))
    return [head, *((Span(text),) for text in rest)]


def _text(said: str, width: int) -> list[Line]:
    return [(Span(text),) for text in wrap(said, width, 2, 4)]
