"""The answer of `seawall backtest --chains` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = 8
WORDS = {
    "time": "time",
    "spot": "spot (hedge included)",
    "basis": "basis",
    "level": "smile: level",
    "skew": "smile: skew",
    "curvature": "smile: curvature",
    "own": "smile: the leg's own",
    "delta": "delta (hedge included)",
    "gamma": "gamma",
    "vega": "vega",
    "vanna": "vanna",
    "volga": "volga",
    "theta": "theta",
    "higher_order": "higher order",
}


def render(result: Mapping[str, Any], *, width: int, colour: bool) -> str:
    """The page; ``width`` and ``colour`` as for the other pages, neither changes it."""
    total, move = result["total"], result["largest_move"]
    lines = [
        f"P&L explain of a delta-hedged book, {_counted(result['intervals'])} between snapshots; "
        "coin's worth in quote",
        f"Unexplained: {total['ratio']:.2%} of gross leg P&L in all, median {_ratio(result)}; "
        f"{result['within_tolerance']} intervals within {result['tolerance']:.0%}",
        f"  gross leg P&L {total['gross']:,.0f}; without the hedges {total['options_gross']:,.0f}, "
        f"unexplained {total['options_ratio']:.2%} of it",
        f"  |unexplained| {total['unexplained_gross']:,.0f}, of which rounding can be "
        f"{total['rounding']:,.0f}",
        f"  net P&L {total['net']:,.0f}; net unexplained {total['unexplained_net']:,.0f}; "
        f"half the bid-ask of the book {total['half_spread'] / result['intervals']:,.0f} "
        "an interval",
        "",
        *_both_ways("All intervals", total),
        *_both_ways(
            f"Largest move: index {move['index_move']:+.2%}, {move['begin']} to {move['end']}, "
            f"unexplained {move['ratio']:.2%}",
            move,
        ),
        *_exceptions(result),
    ]
    return "\n".join(lines)


def _ratio(result: Mapping[str, Any]) -> str:
    return f"{result['median_ratio']:.2%}"


def _both_ways(title: str, found: Mapping[str, Any]) -> list[str]:
    """Full revaluation and Taylor side by side."""
    left = [(WORDS[name], value) for name, value in found["revalued"].items()]
    right = [(WORDS[name], value) for name, value in found["taylor"].items()]
    rest = ("unexplained", found["unexplained_net"])
    left.append(rest)
    right.append(rest)
    lines = [title, f"  {'full revaluation':24}{'quote':>16}    {'Taylor':24}{'quote':>16}"]
    for n in range(max(len(left), len(right))):
        one, other = (
            f"{side[n][0]:24}{side[n][1]:16,.0f}" if n < len(side) else " " * 40
            for side in (left, right)
        )
        lines.append(f"  {one}    {other}".rstrip())
    lines.append(f"  {'net P&L':24}{found['net']:16,.0f}")
    return [*lines, ""]


def _exceptions(result: Mapping[str, Any]) -> list[str]:
    found = result["exceptions"]
    if not found:
        return ["No interval is above the tolerance."]
    lines = [f"Above the tolerance: {len(found)} intervals, the worst first (all in --json)"]
    for row in found[:SHOWN]:
        lines.append(
            f"  {row['begin'][:16]}  {row['ratio']:7.2%} of {row['gross']:14,.0f}: {row['cause']}"
        )
    return lines


def _counted(intervals: int) -> str:
    return "1 interval" if intervals == 1 else f"{intervals} intervals"
