"""`seawall backtest --incidents`: hazards fitted until a date, judged on what came after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seawall
from seawall.exposure.counterparty.at_risk import AtRisk
from seawall.exposure.counterparty.fitted import (
    Fitted,
    at_risk_list,
    fit_until,
    hazards_block,
    list_block,
    parameters_block,
)
from seawall.exposure.counterparty.forecast import Forecast, Law, poisson
from seawall.exposure.counterparty.incidents import THRESHOLD, Incidents, read_incidents
from seawall.exposure.counterparty.judge import against, judged
from seawall.exposure.counterparty.kinds import KINDS, SHOWN
from seawall.exposure.counterparty.loss_given import losses
from seawall.exposure.counterparty.months import (
    counts,
    last_whole_month,
    month_number,
    month_of,
    month_text,
)
from seawall.exposure.counterparty.severity import fit_severity
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[float, str], None]

SCHEMA = "seawall/backtest/incidents/1"
JUDGED_YEARS = 2
# Half an incident where a comparison saw none: a rate of 0 would score minus infinity. None of
# kinds that a file cannot show.
AT_LEAST = np.array([0.5 if kind in SHOWN else 0.0 for kind in KINDS])
GROWTHS = (0.5, 2.0)


def backtest_incidents(
    files: Sequence[Path],
    *,
    listed: Path | None = None,
    fitted: tuple[date | None, date] | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The dict of docs/backtests.md for incident files; ``fitted`` from (None: the first), until.

    Raises InputError for files that cannot be read, and where either part is too short.
    """
    incidents = read_incidents(files)
    first, last, end = _span(incidents, fitted)

    def tick(share: float, words: str) -> None:
        if progress is not None:
            progress(share, words)

    tick(0.0, "fitting")
    at_risk = at_risk_list(listed, end)
    frozen = fit_until(incidents, at_risk, first, last, seed)
    seen = counts(incidents.day, incidents.kind, last + 1, end, len(KINDS))
    tick(0.3, "judging")
    laws = {"frozen": _frozen(frozen, seen), "updated": _updated(incidents, at_risk, frozen, seen)}
    result = {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "seed": seed,
        "files": [file.name for file in files],
        "rows": incidents.rows,
        "left_out": dict(incidents.left_out),
        "threshold": THRESHOLD,
        "list": list_block(at_risk, None if listed is None else listed.name),
        "fitted": {
            "from": month_text(first),
            "until": month_text(last),
            "incidents": int(frozen.counts.sum()),
        },
        "parameters": parameters_block(frozen),
        "hazards": hazards_block(frozen),
        "severity": _severity(frozen, incidents, last),
        "loss_given_failure": {
            claim.value: asdict(loss)
            for claim, loss in losses(frozen.incidents.kind, frozen.matched.lost).items()
        },
        "judged": {
            "from": month_text(last + 1),
            "until": month_text(end),
            "months": int(seen.shape[0]),
            "incidents": int(seen.sum()),
            **{name: _scores(laws[name], seen, last, seed) for name in laws},
        },
    }
    tick(0.8, "sensitivity")
    result["growth"] = _growth(incidents, frozen, seen, (first, last, end), seed)
    tick(1.0, "done")
    return result


def _span(incidents: Incidents, fitted: tuple[date | None, date] | None) -> tuple[int, int, int]:
    """First and last month of the fit, and the last month judged: that of the last incident."""
    if not incidents.day.size:
        raise InputError("no incident of a kind that counts", file="--incidents")
    month = month_of(incidents.day)
    first, end = int(month[0]), int(month[-1])
    last = end - end % 12 - 12 * (JUDGED_YEARS - 1) - 1
    if fitted is not None:
        begin, until = fitted
        first = first if begin is None else month_number(begin)
        last = last_whole_month(until)
    if not first < last < end:
        raise InputError(
            f"incidents run from {month_text(int(month[0]))} to {month_text(end)}, and the fit "
            f"from {month_text(first)} to {month_text(last)}",
            file="--fitted",
            expected="a date with incidents before it and after it",
        )
    return first, last, end


Laws = dict[str, tuple[list[Law], Law, Forecast | None]]


def _frozen(found: Fitted, seen: Ints) -> Laws:
    """Laws of every month from what was known at the end of the fit."""
    ahead = found.ahead(seen.shape[0])
    ones = np.ones((seen.shape[0], 1))
    year = np.maximum(found.counts[-12:].sum(axis=0), AT_LEAST) / 12.0
    whole = np.maximum(found.counts.sum(axis=0), AT_LEAST) / found.counts.shape[0]
    return {
        "model": ([ahead.kind(k) for k in range(len(KINDS))], ahead.total(), ahead),
        "constant_rate": _rates(ones * whole),
        "last_year": _rates(ones * year),
    }


def _rates(rate: Floats) -> tuple[list[Law], Law, None]:
    return [poisson(rate[:, k]) for k in range(rate.shape[1])], poisson(rate.sum(axis=1)), None


def _updated(incidents: Incidents, at_risk: AtRisk, frozen: Fitted, seen: Ints) -> Laws:
    """Laws of each calendar year from what was known before it; the method stays as it was."""
    means, constant, before = [], [], []
    end = frozen.last + seen.shape[0]
    month = frozen.last + 1
    while month <= end:
        stop = min(end, month - month % 12 + 11)
        known = frozen
        if month > frozen.last + 1:
            known = fit_until(incidents, at_risk, frozen.first, month - 1, frozen.seed)
        many = stop - month + 1
        means.append(known.ahead(many).mean)
        whole = np.maximum(known.counts.sum(axis=0), AT_LEAST) / known.counts.shape[0]
        constant.append(np.tile(whole, (many, 1)))
        year = np.maximum(known.counts[-12:].sum(axis=0), AT_LEAST) / 12.0
        before.append(np.tile(year, (many, 1)))
        month = stop + 1
    ahead = Forecast(np.concatenate(means, axis=1))
    return {
        "model": ([ahead.kind(k) for k in range(len(KINDS))], ahead.total(), ahead),
        "constant_rate": _rates(np.concatenate(constant)),
        "last_year": _rates(np.concatenate(before)),
    }


def _scores(laws: Laws, seen: Ints, last: int, seed: int) -> dict[str, Any]:
    """Every law's scores by kind, in total and over kinds together, by month; and the years."""
    total = seen.sum(axis=1)
    model = laws["model"]
    by_kind: dict[str, dict[str, Any]] = {}
    for kind in SHOWN:
        k = KINDS.index(kind)
        by_kind[kind.value] = _compared(
            {name: found[0][k] for name, found in laws.items()}, seen[:, k], seed
        )
    ahead = model[2]
    assert ahead is not None
    return {
        "total": _compared({name: found[1] for name, found in laws.items()}, total, seed),
        "by_kind": by_kind,
        "log_score_of_all_kinds": {
            name: float(
                sum(law.log_probability(seen[:, k]).mean() for k, law in enumerate(found[0]))
            )
            for name, found in laws.items()
        },
        "years": _years(ahead, laws, seen, last),
    }


def _compared(laws: dict[str, Law], seen: Ints, seed: int) -> dict[str, Any]:
    out: dict[str, Any] = {name: judged(law, seen) for name, law in laws.items()}
    out["against"] = {
        name: against(laws["model"], law, seen, seed)
        for name, law in laws.items()
        if name != "model"
    }
    return out


def _years(ahead: Forecast, laws: Laws, seen: Ints, last: int) -> list[dict[str, Any]]:
    """By calendar year, in total and by kind: expected, 95% interval, seen, the others' means."""
    year = 1970 + (last + 1 + np.arange(seen.shape[0])) // 12
    rows = []
    for k in (None, *(KINDS.index(kind) for kind in SHOWN)):
        law = ahead.years(year, k)
        low, high = law.quantile(0.025), law.quantile(0.975)
        for n, y in enumerate(np.unique(year)):
            here = year == y
            came = seen[here].sum() if k is None else seen[here, k].sum()
            row = {
                "year": int(y),
                "months": int(here.sum()),
                "kind": "total" if k is None else KINDS[k].value,
                "expected": float(law.expected[n]),
                "low": int(low[n]),
                "high": int(high[n]),
                "seen": int(came),
            }
            for name in ("constant_rate", "last_year"):
                chosen = laws[name][1] if k is None else laws[name][0][k]
                row[name] = float(chosen.expected[here].sum())
            rows.append(row)
    return rows


def _severity(found: Fitted, incidents: Incidents, last: int) -> dict[str, Any] | None:
    """The law of amounts above the threshold, and how the later amounts fell in its 90%."""
    law = fit_severity(found.incidents.amount, THRESHOLD)
    if law is None:
        return None
    later = incidents.amount[month_of(incidents.day) > last]
    later = later[np.isfinite(later)]
    low, high = law.quantile(0.05), law.quantile(0.95)
    inside = float(((later >= low) & (later <= high)).mean()) if later.size else None
    return {
        "amounts": law.count,
        "mu": law.mu,
        "sigma": law.sigma,
        "median": law.quantile(0.5),
        "low_90": low,
        "high_90": high,
        "share_below_threshold": law.unseen,
        "judged_amounts": int(later.size),
        "judged_inside_90": inside,
        "returned_known": int(np.isfinite(found.incidents.returned).sum()),
    }


def _growth(
    incidents: Incidents, base: Fitted, seen: Ints, span: tuple[int, int, int], seed: int
) -> list[dict[str, Any]] | None:
    """Half and double the assumed growth: what it does to the forecast and to the score."""
    if not base.listed.assumed:
        return None
    first, last, end = span
    rows = []
    for factor in (1.0, *GROWTHS):
        found = base
        if factor != 1.0:
            found = fit_until(incidents, at_risk_list(None, end, factor), first, last, seed)
        law = found.ahead(seen.shape[0]).total()
        rows.append(
            {
                "factor": factor,
                "expected": float(law.expected.sum()),
                "log_score": float(law.log_probability(seen.sum(axis=1)).mean()),
            }
        )
    return rows
