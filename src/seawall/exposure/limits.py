"""Limits: a reported number against its bound; what a breach's exit code comes from."""

from __future__ import annotations

from typing import Any

from seawall.case import Case, Limit
from seawall.foundation.errors import InputError


def evaluate(case: Case, result: dict[str, Any]) -> list[dict[str, Any]]:
    """The `limits` block: each limit's value in this result and whether it is breached.

    Raises InputError for a scope or a horizon that the result does not have.
    """
    out = []
    for limit in case.limits:
        value = _value(limit, result)
        out.append(
            {
                "name": limit.name,
                "measure": limit.measure,
                "scope": limit.scope,
                "horizon_seconds": limit.horizon_seconds,
                "value": value,
                "limit": limit.maximum,
                "breached": value is not None and value > limit.maximum,
            }
        )
    return out


def _value(limit: Limit, result: dict[str, Any]) -> float | None:
    if limit.measure in ("open_interest_share", "days_to_exit"):
        return _largest(limit, result)
    if limit.measure in ("fund_ruin", "bad_debt"):
        system = result["system"]
        if limit.scope != "protocol":
            name = limit.scope.removeprefix("venue:")
            if name not in system["venues"]:
                raise _unknown(limit, ["protocol", *(f"venue:{v}" for v in system["venues"])])
            system = system["venues"][name]
        key = "fund_ruin_probability" if limit.measure == "fund_ruin" else "bad_debt_mean"
        return None if system[key] is None else float(system[key])
    scopes = result["dre"]["scopes"]
    if limit.scope not in scopes:
        raise _unknown(limit, list(scopes))
    seconds = result["dre"]["horizons_seconds"]
    if limit.horizon_seconds is None:
        at = len(seconds) - 1
    elif limit.horizon_seconds in seconds:
        at = seconds.index(limit.horizon_seconds)
    else:
        return None
    key = {"dre": "probability"}.get(limit.measure, limit.measure)
    value = scopes[limit.scope][key][at]
    return None if value is None else float(value)


def _largest(limit: Limit, result: dict[str, Any]) -> float | None:
    accounts = {
        row["account"]: row[limit.measure]
        for row in sorted(result["concentration"], key=lambda row: row[limit.measure] or 0.0)
        if row[limit.measure] is not None and _owns(limit.scope, row["owner"])
    }
    return max((float(value) for value in accounts.values()), default=None)


def _owns(scope: str, owner: str) -> bool:
    return scope in ("protocol", f"desk:{owner}")


def _unknown(limit: Limit, known: list[str]) -> InputError:
    return InputError(
        f"limit {limit.name!r} has scope {limit.scope!r}, which this Case does not have",
        file="limits.toml",
        column="scope",
        expected=f"one of {', '.join(known)}",
    )
