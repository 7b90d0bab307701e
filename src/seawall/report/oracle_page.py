"""The answer of `seawall backtest --oracle` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEASURE_WORDS = {
    "gap_p50": "gap p50, bp",
    "gap_p99": "gap p99, bp",
    "gap_p999": "gap p99.9, bp",
    "recovery_p50": "recovery p50, s",
    "recovery_p99": "recovery p99, s",
    "pause_mean": "between rounds, mean, s",
    "pause_p50": "between rounds, p50, s",
    "pause_p99": "between rounds, p99, s",
}
CANDIDATES = 3


def render(result: Mapping[str, Any], *, width: int, colour: bool) -> str:
    """The page; ``width`` and ``colour`` as for the other pages, neither changes it."""
    found = result["within"]
    lines = [
        "Price feeds: a model fitted to recorded rounds, judged once on later ones",
        f"{found['count']} of {found['of']} recorded values lie within the model's 95% interval.",
        "Gap = |oracle / market - 1| at bar ends, the market's basis included. A recovery runs",
        "from a close with a gap at or above the deviation until it is below again.",
        "",
    ]
    for row in result["feeds"]:
        lines += [*_feed(row), ""]
    return "\n".join(lines).rstrip()


def _feed(row: Mapping[str, Any]) -> list[str]:
    rounds, own = row["rounds"], " (its own)"
    lines = [
        f"{row['feed']}",
        f"  {rounds['fitted']:,} rounds fitted, {row['first'][:10]} to {row['until'][:10]}"
        f"{own if row['until_is_own'] else ''}; {rounds['judged']:,} judged, to {row['last'][:10]}",
    ]
    lines += [
        f"  rounds are missing from the record: {hole['from']} to {hole['until']} UTC; left out"
        for hole in row.get("holes", [])
    ]
    if "fitted" in row:
        lines += _fitted(row["fitted"])
    if "reason" in row:
        return [*lines, f"  not judged: {row['reason']}"]
    lines += [
        f"  market: {row['market']}, bars of {row['bar_seconds']:,} s; whole stretches: "
        f"{row['stretches']['fitted']} fitted, {row['stretches']['judged']} judged",
        "  forms, by distance from the fitted part in standard errors:",
    ]
    lines += [f"    {one['score']:5.2f}  {one['words']}" for one in row["candidates"][:CANDIDATES]]
    chosen, loop = row["judged"]["chosen"], row["judged"]["loop"]
    lines += _judged("as chosen", chosen)
    if loop["words"] != chosen["words"]:
        lines += _judged("as a rulebook can state it", loop)
    lines += ["  For a rulebook:"]
    return [*lines, *(f"    {line}".rstrip() for line in row["rulebook"].splitlines())]


def _fitted(found: Mapping[str, Any]) -> list[str]:
    phase = found["clock_phase_seconds"]
    clock = "it starts anew with every round"
    if phase is not None:
        clock = f"it is a clock of its own, which strikes {phase:,.0f} s into its period"
    lines = [
        f"  deviation {_span(found['deviation'], 1e2, 4)}%; heartbeat "
        f"{_span(found['heartbeat_seconds'], 1.0, 0)} s,",
        f"  {clock}",
        f"  rounds that neither rule explains: {_span(found['unexplained_per_day'], 1.0, 2)} a day",
    ]
    if "delay_seconds" in found:
        lines += [
            f"  delay {_span(found['delay_seconds'], 1.0, 0)} s; feed over market "
            f"{_span(found['basis_mean'], 1e4, 1)} bp (basis),",
            f"  weeks differ by {_span(found['basis_weeks'], 1e4, 1)} bp, days of a week by "
            f"{_span(found['basis_days'], 1e4, 1)} bp; noise {_span(found['noise'], 1e4, 1)} bp",
        ]
    return lines


def _span(found: Mapping[str, float | None], factor: float, digits: int) -> str:
    value, low, high = found["value"], found["low"], found["high"]
    if value is None:
        return "-"
    shown = f"{factor * value:,.{digits}f}"
    if low is None or high is None:
        return shown
    return f"{shown} [{factor * low:,.{digits}f}, {factor * high:,.{digits}f}]"


def _judged(title: str, found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"  Judged {title}:",
        f"    {found['words']}",
        f"    {'':23}{'recorded':>21}{'model':>21}{'ratio':>19}",
    ]
    for key, words in MEASURE_WORDS.items():
        row = found["measures"][key]
        factor, digits = (1e4, 1) if key.startswith("gap") else (1.0, 0)
        cells = [_span(row[name], factor, digits) for name in ("recorded", "model")]
        cells.append(_span(row["ratio"], 1.0, 2))
        verdict = "within" if row["within"] else "OUTSIDE"
        table = f"{cells[0]:>21}{cells[1]:>21}{cells[2]:>19}"
        lines.append(f"    {words:23}{table}  {verdict}")
    return lines
