"""Whether a limit that holds would not hold at the end of the model interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import findings, numbers
from seawall.report.findings import Result

CHANCES = ("dre", "fund_ruin")


def model_reach(result: Result, limit: Mapping[str, Any]) -> float | None:
    """The end of the model interval that lies beyond a limit on a chance, as a fraction.

    None where it lies within, where there is none, where the limit is breached or has no value,
    and for other measures: only a chance of impairment has a model interval. A limit on the end of
    the interval itself (`model_high`) speaks for itself.
    """
    if limit["measure"] not in CHANCES or limit.get("end") or limit["breached"]:
        return None
    if limit.get("withheld") or not numbers.known(limit["value"]):
        return None
    dre = result["dre"]
    seconds = limit.get("horizon_seconds") or result["horizon_seconds"]
    entry = dre["scopes"].get(limit["scope"])
    if entry is None or seconds not in dre["horizons_seconds"]:
        return None
    least = limit.get("bound") == "minimum"
    key = "model_low" if least else "model_high"
    end = findings.at(entry, key, dre["horizons_seconds"].index(seconds))
    if not numbers.known(end):
        return None
    beyond = end < limit["limit"] if least else end > limit["limit"]
    return float(end) if beyond else None
