"""Limits: a reported number against its bound; what a breach's exit code comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seawall.case import Case, Limit
from seawall.case.case import NUMBER
from seawall.exposure.curve import last_step, whole_steps
from seawall.exposure.impairment import Impairment
from seawall.exposure.limit_row import NOT_MEASURED, Measured, limit_row
from seawall.exposure.mean_interval import mean_interval
from seawall.exposure.tail.sample import tail_of
from seawall.foundation.errors import InputError

OF_OWNERS = ("open_interest_share", "days_to_exit")
# {measure: level} of a desk's tail on the paths.
VALUE_AT_RISK = {"var_95": 0.95, "var_975": 0.975, "var_99": 0.99}
SHORTFALL = {"es_95": 0.95, "es_975": 0.975, "es_99": 0.99}


def limit_horizons(case: Case, horizon_seconds: float) -> list[float]:
    """Horizons of the Case's limits that lie within a run of this length.

    Raises InputError for one at which no step ends.
    """
    out = []
    for limit in case.limits:
        seconds = limit.horizon_seconds
        if seconds is None or seconds > horizon_seconds:
            continue
        if not whole_steps(seconds, case.step_seconds):
            raise InputError(
                f"limit {limit.name!r} is on a horizon of {seconds:,.10g} s, no whole number of "
                f"steps of {case.step_seconds:,.10g} s",
                file="limits.toml",
                column="horizon",
                expected="a multiple of the step, or a shorter step",
            )
        out.append(seconds)
    return out


def beyond_the_run(case: Case, horizon_seconds: float) -> list[Limit]:
    """Limits on a longer horizon than the run's: they get no value, and the result says so."""
    return [x for x in case.limits if (x.horizon_seconds or 0.0) > horizon_seconds]


def duration(seconds: float) -> str:
    """Seconds as `--horizon` takes them, in the largest unit that is whole: 7d, 36h, 90s."""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.10g}s"


def evaluate(
    case: Case,
    dre: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    found: Mapping[str, tuple[str, Impairment]],
) -> list[dict[str, Any]]:
    """The `limits` block: each limit's value in this result and whether it is breached.

    dre, rows: the result's `dre` and `concentration`; found: impairments by scope. Raises
    InputError for a scope that the measure does not have. A limit without a value (severity of too
    few impaired paths, unknown open interest, a horizon beyond the run) is not breached; a chance
    that is over its maximum before the end of its horizon is.
    """
    out = []
    for limit in case.limits:
        if limit.measure == NUMBER:
            measured = NOT_MEASURED  # when the whole result is there: `number_limits`
        elif limit.measure in OF_OWNERS:
            measured = _largest(limit, rows, list(found))
        elif limit.measure in VALUE_AT_RISK | SHORTFALL:
            measured = _of_tail(limit, case, dre["horizons_seconds"], found)
        else:
            measured = _at_horizon(limit, case, dre, found)
        out.append(limit_row(limit, measured, limit.scope))
    return out


def _at_horizon(
    limit: Limit,
    case: Case,
    dre: Mapping[str, Any],
    found: Mapping[str, tuple[str, Impairment]],
) -> Measured:
    """Value of a measure at the limit's own horizon (without one, the run's)."""
    of_system = limit.measure in ("fund_ruin", "bad_debt")
    known = [s for s in found if not (of_system and s.startswith("desk:"))]
    if limit.scope not in known:
        raise _unknown(limit, known)
    seconds = dre["horizons_seconds"]
    wanted = seconds[-1] if limit.horizon_seconds is None else limit.horizon_seconds
    if wanted > seconds[-1]:
        return _already(limit, dre["scopes"][limit.scope])
    if limit.measure == "bad_debt":
        # The loss of a venue, and of the protocol, is its bad debt so far.
        loss = found[limit.scope][1].loss_by(last_step(wanted, case.step_seconds))
        return Measured(float(loss.mean()), *mean_interval(loss, 0.0))
    key = {"dre": "probability", "fund_ruin": "probability"}.get(limit.measure, limit.measure)
    entry, at = dre["scopes"][limit.scope], seconds.index(wanted)
    value = entry[key][at]
    if key in ("expected_loss", "expected_shortfall") and value is not None:
        return Measured(value, entry[f"{key}_low"][at], entry[f"{key}_high"][at])
    if key != "probability" or value is None:
        return Measured(None if value is None else float(value))
    return Measured(float(value), float(entry["low"][at]), float(entry["high"][at]))


def _already(limit: Limit, entry: Mapping[str, Any]) -> Measured:
    """A probability at the end of a run that is too short for its limit, where it is over a maximum
    already: with time it can only grow.
    """
    value = float(entry["probability"][-1])
    grows = limit.measure in ("dre", "fund_ruin") and limit.maximum is not None
    if not grows or value <= limit.bound:
        return NOT_MEASURED
    return Measured(value, float(entry["low"][-1]), float(entry["high"][-1]))


def _of_tail(
    limit: Limit,
    case: Case,
    seconds: Sequence[float],
    found: Mapping[str, tuple[str, Impairment]],
) -> Measured:
    """VaR or ES of a desk's losses at the limit's own horizon (without one, the run's).

    None for an ES with fewer than ten paths beyond its level.
    """
    known = [s for s in found if s.startswith("desk:") and not s.endswith("/loss")]
    if limit.scope not in known:
        raise _unknown(limit, known or ["desk:OWNER, of a Case that has a desk"])
    wanted = seconds[-1] if limit.horizon_seconds is None else limit.horizon_seconds
    if wanted > seconds[-1]:
        return NOT_MEASURED
    level = (VALUE_AT_RISK | SHORTFALL)[limit.measure]
    losses = found[limit.scope][1].loss_by(last_step(wanted, case.step_seconds))
    tail = tail_of(np.sort(losses), level)
    estimate = tail.value_at_risk if limit.measure in VALUE_AT_RISK else tail.expected_shortfall
    return Measured(estimate.value, estimate.low, estimate.high)


def _largest(limit: Limit, rows: Sequence[Mapping[str, Any]], scopes: list[str]) -> Measured:
    """Largest value of one owner, of those in the scope; of each owner the whole book counts."""
    known = ["protocol", *(s for s in scopes if s.startswith("desk:") and not s.endswith("/loss"))]
    if limit.scope not in known:
        raise _unknown(limit, known)
    key = f"owner_{limit.measure}"
    mine = [
        row
        for row in rows
        if limit.scope in ("protocol", f"desk:{row['owner']}") and row[key] is not None
    ]
    if not mine:
        return NOT_MEASURED
    worst = max(mine, key=lambda row: float(row[key]))
    return Measured(float(worst[key]), breacher=f"{worst['account']} ({worst['instrument']})")


def _unknown(limit: Limit, known: list[str]) -> InputError:
    return InputError(
        f"limit {limit.name!r} has scope {limit.scope!r}, which this Case does not have for "
        f"{limit.measure}",
        file="limits.toml",
        column="scope",
        expected=f"one of {', '.join(known)}",
    )
