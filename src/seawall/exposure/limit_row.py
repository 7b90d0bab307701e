"""One row of `limits`: a number held to its bound, and the state of the limit in a word.

breached      the value is beyond the bound
no value      there is no number
not resolved  the value is within, but its simulation interval reaches beyond: paths are too few
near          within, and above 85% of the maximum (below the minimum over 85%)
within        the rest
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seawall.case import Limit

NEAR = 0.85
BREACHED, NO_VALUE, NOT_RESOLVED = "breached", "no value", "not resolved"
UNITS = {
    "dre": "fraction",
    "model_high": "fraction",
    "open_interest_share": "fraction",
    "fund_ruin": "fraction",
    "days_to_exit": "days",
}


@dataclass(frozen=True)
class Measured:
    """A number with its simulation interval (None: not known, or it has none) and who drives it."""

    value: float | None
    low: float | None = None
    high: float | None = None
    breacher: str | None = None


NOT_MEASURED = Measured(None)


def limit_row(limit: Limit, found: Measured, scope: str, unit: str | None = None) -> dict[str, Any]:
    """The row of a limit; ``unit`` of the number, by default that of its measure."""
    value = {"low": found.low, "high": found.high}.get(limit.end or "", found.value)
    held = {
        "name": limit.name,
        "measure": limit.measure,
        "number": limit.number,
        "scope": scope,
        "horizon_seconds": limit.horizon_seconds,
        "end": limit.end,
        "value": value,
        "low": found.low,
        "high": found.high,
        "limit": limit.bound,
        "bound": "maximum" if limit.minimum is None else "minimum",
        "unit": unit or UNITS.get(limit.measure, "quote"),
        "hysteresis": limit.hysteresis,
        "after": limit.after,
    }
    breached = value is not None and _beyond(value, held)
    row = held | {"breached": breached, "state": _state(held, breached)}
    return row | {"breacher": found.breacher if breached else None}


def _beyond(value: float, row: Mapping[str, Any]) -> bool:
    bound = float(row["limit"])
    return value > bound if row["bound"] == "maximum" else value < bound


def _state(row: Mapping[str, Any], breached: bool) -> str:
    if breached:
        return BREACHED
    if row["value"] is None:
        return NO_VALUE
    end = row["high"] if row["bound"] == "maximum" else row["low"]
    if row["end"] is None and end is not None and _beyond(end, row):
        return NOT_RESOLVED
    share = used(row)
    return "near" if share is not None and share >= NEAR else "within"


def used(row: Mapping[str, Any]) -> float | None:
    """Value over a maximum, a minimum over the value; None where that says nothing."""
    value, bound = row["value"], row["limit"]
    if row["bound"] == "minimum":
        value, bound = bound, value
    if value is None or bound is None or bound <= 0 or value < 0:
        return None
    return float(value) / float(bound)
