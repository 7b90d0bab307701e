"""`since_last` of the result: DRE before and after on the same random numbers, and its drivers.

The change of the headline scope's DRE at the horizon is the Shapley split, path by path, of the
game "is the scope impaired with these groups of fields from the later Case" (`hybrid.py`). Up to
MOST_EXACT drivers: all 2^n hybrids. More: the mean of one order (that of `drivers.KINDS`) and its
reverse, which also sums exactly but of what drivers do together gives each the half that these two
orders do. Groups that do not differ are no drivers, so theirs is exactly 0. The same split is made
of the mean of the worst 2.5% of losses (`tails.py`), which small changes move too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.engine import BASE, Runs, prepare
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job
from seawall.cascade.pieces.loops import choose
from seawall.cascade.pieces.run import run_job
from seawall.case import Case
from seawall.exposure.curve import last_step
from seawall.exposure.proportion import wilson
from seawall.exposure.shapley import along, coalitions, exact, from_orders
from seawall.exposure.signed_interval import mean_of, signed_interval
from seawall.exposure.since.drivers import Driver, changed, few
from seawall.exposure.since.hybrid import cash_moved, hybrid
from seawall.exposure.since.tails import Moved, level, moved, tail_size, tails, with_interval
from seawall.exposure.since.two import Two, accounts_of, two_cases, underlying
from seawall.exposure.since.words import sentence, was_and_now
from seawall.exposure.summary import Summaries
from seawall.foundation.errors import SeawallError

ASSUMPTION = "A17"
MOST_EXACT = 5
MOST_PATHS = 400
# Paths are cut to about so many path-steps over all hybrids, but never below LEAST_PATHS.
MOST_PATH_STEPS = 5_000_000
LEAST_PATHS = 100

Progress = Callable[[float, str], None]


def since_block(
    before: Case,
    after: Case,
    result: Mapping[str, Any],
    compute: Compute | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """`since_last` of docs/json.md. ``result`` is that of `check` on ``after``.

    ``before_recorded`` is left null: only who knows the earlier report can say it.
    Raises InputError for Cases that do not fit together.
    """
    two = two_cases(before, after)
    steps = last_step(result["horizon_seconds"], after.step_seconds)
    drivers = few(changed(two, cash_moved(two)), _notional(two))
    walks = _walks(len(drivers))
    count = min(
        result["paths"],
        MOST_PATHS,
        max(LEAST_PATHS, MOST_PATH_STEPS // (walks * max(steps, 1))),
    )
    seen: dict[frozenset[int], tuple[Floats, Floats, Floats]] = {}

    def run(members: frozenset[int]) -> tuple[Floats, Floats, Floats]:
        if members not in seen:
            if progress is not None:
                progress(0.99, f"what changed: {len(seen) + 1} of {walks} Cases")
            case = hybrid(two, [drivers[n] for n in sorted(members)], drivers)
            seen[members] = _answer(case, result, steps, count, compute or Compute())
        return seen[members]

    parts = _split(len(drivers), count, lambda members: run(members)[0])
    tail = _split(len(drivers), 1 + count, lambda members: run(members)[1])
    lost = _split(len(drivers), count, lambda members: run(members)[2])
    ends = run(frozenset()), run(frozenset(range(len(drivers))))
    moves = [moved(change, ends[0][1], ends[1][1]) for change in (ends[1][2] - ends[0][2], *lost)]
    none, full = ends[0][0], ends[1][0]
    block = {
        "before": _named(before),
        "after": _named(after),
        "seconds": (after.as_of - before.as_of).total_seconds(),
        "step_seconds": after.step_seconds,
        "step_seconds_before": before.step_seconds,
        "scope": result["headline"],
        "horizon_seconds": result["horizon_seconds"],
        "paths": count,
        "method": "exact" if len(drivers) <= MOST_EXACT else "two orders",
        "hybrids": len(seen),
        "dre_before": _share(none),
        "dre_after": _share(full),
        "before_recorded": None,
        "tail_paths": tail_size(count),
        **_level("tail_before", ends[0][1]),
        **_level("tail_after", ends[1][1]),
        "change": _part(full - none) | with_interval(ends[1][1] - ends[0][1], moves[0]),
        "drivers": _rows(two, drivers, parts, tail, moves[1:]),
    }
    return block | {"sentence": sentence(block)}


def _walks(drivers: int) -> int:
    """How many hybrids a split takes."""
    return 2**drivers if drivers <= MOST_EXACT else 2 * drivers


def _split(drivers: int, paths: int, value: Callable[[frozenset[int]], Floats]) -> Floats:
    """Parts (n, p) of each path."""
    if drivers == 0:
        return np.zeros((0, paths))
    if drivers <= MOST_EXACT:
        return exact(np.stack([value(_members(row)) for row in coalitions(drivers)]))
    forward = np.arange(drivers)
    rank = np.stack([forward, forward[::-1]])[:, None, :]
    come = along(rank)[:, :, 0]
    between = np.stack([np.stack([value(_members(row)) for row in order]) for order in come])
    ends = value(frozenset()), value(frozenset(range(drivers)))
    ranks = np.broadcast_to(rank, (2, paths, drivers))
    return from_orders(np.ascontiguousarray(ranks), ends[0], between, ends[1])


def _members(row: Bools) -> frozenset[int]:
    return frozenset(np.flatnonzero(row).tolist())


def _answer(
    case: Case, result: Mapping[str, Any], steps: int, paths: int, compute: Compute
) -> tuple[Floats, Floats, Floats]:
    """1 where the headline scope is impaired within the horizon (p,), else 0; `tails`; losses."""
    setup = prepare(case)
    loop = choose(compute.engine, setup)
    runs = Runs(np.arange(paths), np.zeros(paths, dtype=np.int64))
    keeper = Summaries(np.array([steps], dtype=np.int64))
    job = Job(setup, (BASE,), runs, steps, result["seed"], loop, keeper)
    found = run_job(job, compute).found[result["headline"]][1]
    losses = found.loss_by(steps)
    return (found.step <= steps).astype(np.float64), tails(losses), losses


def _named(case: Case) -> dict[str, str]:
    as_of = case.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": case.name, "as_of": as_of, "hash": case.digest}


def _share(hit: Floats) -> dict[str, float]:
    low, high = wilson(int(hit.sum()), hit.size)
    return {"probability": float(hit.mean()), "low": low, "high": high}


def _level(key: str, values: Floats) -> dict[str, float]:
    """The mean of the worst losses of one Case and its 95% interval, by ``key``."""
    low, high = level(values)
    return {key: float(values[0]), f"{key}_low": low, f"{key}_high": high}


def _part(values: Floats) -> dict[str, float]:
    """Mean over paths with its 95% interval."""
    mean = mean_of(values, np.zeros(values.size, dtype=np.int64), 1.0)
    low, high = signed_interval([] if mean is None else [mean])
    return {"part": float(values.mean()), "low": max(low, -1.0), "high": min(high, 1.0)}


def _rows(
    two: Two, drivers: Sequence[Driver], parts: Floats, tail: Floats, moves: Sequence[Moved]
) -> list[dict[str, Any]]:
    """A row for each driver, the largest part first."""
    rows = [
        {"driver": one.key, "kind": one.kind, "assets": list(one.assets)}
        | was_and_now(two, one)
        | _part(parts[n])
        | with_interval(tail[n], moves[n])
        for n, one in enumerate(drivers)
    ]
    return sorted(rows, key=lambda row: (-abs(float(row["part"])), -abs(float(row["tail"]))))


def _notional(two: Two) -> dict[str, float]:
    """Gross notional of desks by asset, in both Cases together."""
    out: dict[str, float] = {}
    for case in (two.before, two.after):
        market = case.market.assets
        for account in accounts_of(case.book).values():
            if account.name not in two.mixed and account.name not in two.moved:
                continue
            for row in account.holding.positions:
                coin = underlying(two, row.instrument)
                out[coin] = out.get(coin, 0.0) + abs(row.size) * market[coin].spot
            for coin, quantity in account.holding.balances.items():
                out[coin] = out.get(coin, 0.0) + abs(quantity) * market[coin].spot
    return out


def since_last(
    before: Case | None,
    after: Case,
    result: Mapping[str, Any],
    compute: Compute | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """`since_last` of the result, and its assumption; null where no earlier Case was given.

    Where some mixture of the Cases cannot be run it is null too, and a warning says why: the answer
    itself stands. Cases that do not fit together at all raise InputError (see `two.py`).
    """
    if before is None:
        return {"since_last": None}
    two_cases(before, after)
    try:
        block = since_block(before, after, result, compute, progress=progress)
    except SeawallError as error:
        said = f"what changed is not known: a mixture of both Cases cannot be run ({error})"
        return {"since_last": None, "warnings": [*result["warnings"], said]}
    known = list(result["assumptions"])
    used = known if ASSUMPTION in known else [*known, ASSUMPTION]
    return {"since_last": block, "assumptions": used}
