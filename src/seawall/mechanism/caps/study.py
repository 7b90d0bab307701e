"""`seawall caps`: how large each exposure of a venue may become before a limit is broken.

Each exposure alone is multiplied by factors from a quarter to eight, on the same random numbers,
and every limit read from each run. The cap is at the first factor, going up, where a limit is not
kept: between it and the factor before it the cap is bisected (in log), and stays on the side that
keeps all limits. One factor beyond it is run as well, so that a reader sees whether more exposure
helps again. Then all caps at once: together they may break what each alone keeps, and are
scaled back by one factor until the limits hold.

Intervals and common random numbers: see `limits`. Wrong when depth grows with the exposure, when
new accounts are not like those there are, and beyond the scanned factors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import seawall
from seawall.book.book import Floats
from seawall.cascade.engine import populated, prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.case import Case
from seawall.exposure.curve import last_step
from seawall.foundation.errors import InputError
from seawall.mechanism.caps.keepers import keeper_rows
from seawall.mechanism.caps.limits import (
    Bound,
    Reading,
    bounds_of,
    measured,
    paths_needed,
    read,
)
from seawall.mechanism.caps.scaled import Exposure, exposures, scaled
from seawall.mechanism.paired_runs import Plan, run_paths

SCHEMA = "seawall/caps/1"
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
ROUNDS = 4
# Beyond the first factor that breaks a limit so many more are run: does more ever help?
BEYOND = 1
# All caps together are tried at these shares of themselves, then between two of them.
SHARES = (1.0, 0.75, 0.5, 0.25, 0.1)
LEAST_PATHS = 400
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Asked:
    """The Case compiled with its crowd, the venue, limits to keep and paths."""

    setup: Setup
    venue: str
    bounds: list[Bound]
    plan: Plan


def caps(
    case: Case,
    venue: str | None = None,
    *,
    limits: tuple[tuple[str, str, float], ...] = (),
    horizon_seconds: float = 86_400.0,
    paths: int | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Caps of one venue (by default the first that has accounts of others), with keepers' side.

    limits: (scope, measure, maximum) each. ``paths`` None: as many as the limits need to be shown,
    400 at least. Raises InputError for too few of them.
    """
    joined = replace(case, book=populated(case), crowds=())
    setup = prepare(joined)
    name = venue if venue is not None else _first_venue(setup)
    found = exposures(setup, name)
    bounds, assumed = bounds_of(case, name, limits, horizon_seconds)
    needed = paths_needed(bounds)
    count = max(LEAST_PATHS, needed) if paths is None else paths
    if count < needed:
        raise InputError(
            f"{count:,} paths cannot show that the limits are kept: not one ruined path among them "
            "leaves too wide an interval",
            file="--paths",
            expected=f"{needed:,} paths at least, or a higher limit",
        )
    steps = last_step(max(bound.horizon for bound in bounds), case.step_seconds)
    asked = Asked(setup, name, bounds, Plan(count, steps, seed))
    base = readings(asked, {})
    rows = []
    for n, one in enumerate(found):
        if progress is not None:
            progress(n / (len(found) + 1), one.name)
        rows.append(alone(asked, one, base))
    together = jointly(asked, found, rows)
    return _answer(case, asked, assumed, base, rows, together, keeper_rows(setup, name, found))


def _first_venue(setup: Setup) -> str:
    for name in setup.table.venues:
        try:
            exposures(setup, name)
        except InputError:
            continue
        return name
    raise InputError(
        f"no venue of case {setup.case.name} has accounts of others",
        expected="accounts of kind crowd, or a crowd in crowd.toml",
    )


def readings(asked: Asked, factors: Mapping[Exposure, float]) -> list[Reading]:
    """Each bound's number with exposures times their factors, on the plan's random numbers."""
    case = scaled(asked.setup, asked.venue, factors) if factors else asked.setup.case
    setup = prepare(case)

    def measure(setup: Setup, tape: Tape, state: State, _: Floats) -> dict[str, Floats]:
        return measured(setup, tape, state, asked.bounds)

    found = run_paths(setup, asked.plan, measure)
    return [read(bound, found[str(n)]) for n, bound in enumerate(asked.bounds)]


def keeps(asked: Asked, found: list[Reading]) -> bool:
    """Whether every limit is kept, intervals included."""
    return all(one.keeps(bound) for one, bound in zip(found, asked.bounds, strict=True))


def meets(asked: Asked, found: list[Reading]) -> bool:
    """Whether every number itself is within its maximum."""
    pairs = zip(found, asked.bounds, strict=True)
    return all(one.value <= bound.maximum for one, bound in pairs)


def alone(asked: Asked, one: Exposure, base: list[Reading]) -> dict[str, Any]:
    """The cap on one exposure while all others stay as they are."""
    known: dict[float, list[Reading]] = {1.0: base}

    def ask(factor: float) -> list[Reading]:
        if factor not in known:
            known[factor] = readings(asked, {one: factor})
        return known[factor]

    scan = _scan(asked, ask)
    binding = _binding(asked, list(scan.values()))
    factor, above = _edge(asked, scan, ask, keeps)
    plain, over = _edge(asked, scan, ask, meets)
    return {
        "exposure": one,
        "factor": factor,
        "above": above,
        "plain": None if over is None else plain,
        "binding": binding,
        "scan": [_point(asked, f, found) for f, found in scan.items()],
        "monotone": _monotone(list(scan.values())),
    }


def _scan(asked: Asked, ask: Callable[[float], list[Reading]]) -> dict[float, list[Reading]]:
    """Readings by factor, going up, until the numbers themselves and one factor more are over."""
    out: dict[float, list[Reading]] = {}
    broken = 0
    for factor in FACTORS:
        out[factor] = ask(factor)
        broken += not meets(asked, out[factor])
        if broken > BEYOND:
            break
    return out


def _edge(
    asked: Asked,
    scan: Mapping[float, list[Reading]],
    ask: Callable[[float], list[Reading]],
    holds: Callable[[Asked, list[Reading]], bool],
) -> tuple[float | None, float | None]:
    """The largest factor found below the first that fails, and the smallest found to fail above it.

    (None, smallest factor) where even that fails; (largest factor, None) where none does.
    """
    good: float | None = None
    for factor, found in scan.items():
        if not holds(asked, found):
            if good is None:
                return None, factor
            low, high = good, factor
            for _ in range(ROUNDS):
                middle = float(np.sqrt(low * high))
                low, high = (middle, high) if holds(asked, ask(middle)) else (low, middle)
            return low, high
        good = factor
    return good, None


def _point(asked: Asked, factor: float, found: list[Reading]) -> dict[str, Any]:
    numbers = [{"value": one.value, "high": one.high} for one in found]
    return {"factor": factor, "numbers": numbers, "keeps": keeps(asked, found)}


def _binding(asked: Asked, scan: list[list[Reading]]) -> int | None:
    """Place of the first limit that is not kept, going up; None where all are."""
    for found in scan:
        for n, (one, bound) in enumerate(zip(found, asked.bounds, strict=True)):
            if not one.keeps(bound):
                return n
    return None


def _monotone(scan: list[list[Reading]]) -> bool:
    """Whether no number falls anywhere as the exposure grows."""
    values = np.array([[one.value for one in found] for found in scan])
    return bool(np.all(np.diff(values, axis=0) >= -1e-12))


def jointly(
    asked: Asked, found: tuple[Exposure, ...], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """All caps at once: do the limits hold, and by what share must all be scaled back?

    Exposures without a cap within the scan stay as they are now.
    """
    at = {
        one: row["factor"]
        for one, row in zip(found, rows, strict=True)
        if row["factor"] is not None and row["above"] is not None
    }
    if not at:
        return {"share": None, "keeps": None, "numbers": None, "tried": []}

    def ask(share: float) -> list[Reading]:
        return readings(asked, {one: share * factor for one, factor in at.items()})

    tried, kept = [], None
    failed: float | None = None
    for share in SHARES:
        numbers = ask(share)
        tried.append(_point(asked, share, numbers))
        if keeps(asked, numbers):
            kept = share
            break
        failed = share
    if kept is not None and failed is not None:
        for _ in range(ROUNDS - 1):
            middle = float(np.sqrt(kept * failed))
            kept, failed = (middle, failed) if keeps(asked, ask(middle)) else (kept, middle)
    last = None if kept is None else ask(kept)
    numbers_block = None if last is None else _point(asked, kept or 0.0, last)["numbers"]
    return {"share": kept, "keeps": kept == 1.0, "numbers": numbers_block, "tried": tried}


def _answer(
    case: Case,
    asked: Asked,
    assumed: bool,
    base: list[Reading],
    rows: list[dict[str, Any]],
    together: dict[str, Any],
    keepers: list[dict[str, Any]],
) -> dict[str, Any]:
    share = together["share"]
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "case": {"name": case.name, "hash": case.digest, "quote": case.quote},
        "as_of": case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "venue": asked.venue,
        "seed": asked.plan.seed,
        "paths": asked.plan.paths,
        "horizon_seconds": asked.plan.steps * case.step_seconds,
        "limits": [
            {
                "scope": bound.scope,
                "measure": bound.measure,
                "maximum": bound.maximum,
                "horizon_seconds": bound.horizon,
                "now": now.value,
                "now_high": now.high,
                "kept": now.keeps(bound),
            }
            for bound, now in zip(asked.bounds, base, strict=True)
        ],
        "limits_assumed": assumed,
        "factors": list(FACTORS),
        "caps": [_cap_block(row, share) for row in rows],
        "together": together,
        "keepers": keepers,
        "assumptions": ["A1", "A4", "A7", "A9", "A16"],
    }


def _cap_block(row: dict[str, Any], share: float | None) -> dict[str, Any]:
    one: Exposure = row["exposure"]
    capped = row["factor"] is not None and row["above"] is not None
    amount = one.amount(row["factor"]) if row["factor"] is not None else None
    joint = one.amount(share * row["factor"]) if capped and share is not None else None
    return {
        "kind": one.kind,
        "asset": one.asset,
        "name": one.name,
        "now": one.amount(1.0),
        "of_others": one.others,
        "cap": amount if capped else None,
        "cap_units": amount / one.price if capped and amount is not None else None,
        "cap_together": joint,
        "factor": row["factor"],
        "factor_above": row["above"],
        "factor_plain": row["plain"],
        "binding": row["binding"],
        "monotone": row["monotone"],
        "scan": row["scan"],
    }
