"""How much each number of a generated crowd matters: elasticities on common random numbers.

Idea: a crowd is drawn from few numbers that nobody knows well. Each is raised and lowered by the
same factor, all else and all random numbers equal, and the elasticity of an outcome Y is

    e = ln(mean Y_up / mean Y_down) / ln(factor_up / factor_down)

1 means that a tenth more of the number makes a tenth more of the outcome. Intervals at 95% resample
paths, the same in both runs. Outcomes: DRE (chance that any desk is impaired, or a venue where
there is no desk), mean bad debt, mean liquidated notional. An outcome that is zero on either side
in more than a twentieth of the resamples has no elasticity.

Numbers, by crowd: median leverage (of loans: the median buffer of the health factor, where less is
more leveraged), spread of leverage, concentration (log-sd of account sizes), long share, open
interest (of loans: total debt).
Wrong as a forecast of large changes: it is a slope, and the knee may be near; and where the number
is capped by the rulebook (leverage above the venue's largest changes nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import FORCED, Tape
from seawall.case import Case
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.exposure.impairment import bad_debt, desk_impairment, desks, venue_impairment
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.mechanism.paired_runs import LEVELS, Plan, resampled, run_paths

OUTCOMES = ("dre", "bad_debt", "liquidated")
# Resamples without an elasticity, at most.
MOST_WITHOUT = 0.05
LEAST_SHARE, LARGEST_SHARE = 0.01, 0.99


@dataclass(frozen=True)
class Change:
    """One number of one crowd: words, value, and the Case with it multiplied by a factor.

    ``reached``: the factor that comes of one asked for, less where the number has an upper bound.
    """

    venue: str
    number: str
    value: float
    scaled: Callable[[float], Case]
    reached: Callable[[float], float] = field(default=float)


def sensitivities(
    case: Case,
    plan: Plan,
    step: float = 0.15,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Elasticities of every outcome to every number; ``step`` 0.15: numbers x 1.15 and / 1.15.

    ``progress`` is told the share of runs that are done, and which number is next.
    Raises InputError for a Case without a generated crowd and a step outside 0 to 1.
    """
    if not case.crowds:
        raise InputError(f"case {case.name} has no generated crowd", expected="crowd.toml")
    if not 0.0 < step < 1.0:
        raise InputError(f"a step of {step:g}", expected="a fraction between 0 and 1")
    tell = progress or (lambda share, text: None)
    sample = resampled(plan)
    tell(0.0, "the crowd as it is")
    base = run_paths(prepare(case), plan, _outcomes)
    rows = []
    asked = list(changes(case))
    for place, change in enumerate(asked):
        tell((1 + 2 * place) / (1 + 2 * len(asked)), f"{change.venue}: {change.number}")
        factors = (1.0 + step, 1.0 / (1.0 + step))
        up, down = (run_paths(prepare(change.scaled(f)), plan, _outcomes) for f in factors)
        higher, lower = (change.reached(f) for f in factors)
        width = float(np.log(higher / lower))
        rows.append(
            {
                "venue": change.venue,
                "number": change.number,
                "value": change.value,
                "elasticity": {
                    name: _elasticity(up[name], down[name], width, sample) for name in OUTCOMES
                },
            }
        )
    return {
        "paths": plan.paths,
        "horizon_seconds": plan.steps * case.step_seconds,
        "step": step,
        "base": {name: float(base[name].mean()) for name in OUTCOMES},
        "rows": rows,
    }


def changes(case: Case) -> Iterator[Change]:
    """Every number of every crowd that can be scaled."""
    for place, spec in enumerate(case.crowds):
        yield from _of_crowd(case, place, spec)


def _of_crowd(case: Case, place: int, spec: CrowdSpec) -> Iterator[Change]:
    """Those of one crowd, in a scope of their own: they are asked for after the walk is over."""
    mix = spec.leverage["base"]

    def swap(new: CrowdSpec) -> Case:
        return replace(case, crowds=(*case.crowds[:place], new, *case.crowds[place + 1 :]))

    def mixed(new: LeverageMix) -> CrowdSpec:
        return replace(spec, leverage={**spec.leverage, "base": new})

    def median(f: float) -> Case:
        return swap(mixed(replace(mix, median=mix.median * f)))

    def spread(f: float) -> Case:
        return swap(mixed(replace(mix, log_sd=mix.log_sd * f)))

    def sizes(f: float) -> Case:
        return swap(replace(spec, size_log_sd=spec.size_log_sd * f))

    word = "median buffer of health factor" if spec.kind == "loans" else "median leverage"
    yield Change(spec.venue, word, mix.median, median)
    yield Change(spec.venue, "spread of leverage (log-sd)", mix.log_sd, spread)
    yield Change(spec.venue, "concentration (log-sd of sizes)", spec.size_log_sd, sizes)
    yield from _amounts(case, spec, swap)


def _amounts(case: Case, spec: CrowdSpec, swap: Callable[[CrowdSpec], Case]) -> Iterator[Change]:
    """Long share and open interest of perpetuals; total debt of loans."""
    if spec.kind == "loans":

        def debt(f: float) -> Case:
            return swap(replace(spec, total_debt=spec.total_debt * f))

        yield Change(spec.venue, "total debt", spec.total_debt, debt)
        return
    shares = dict(spec.long_share or {})

    def moved(f: float) -> dict[str, float]:
        return {k: float(np.clip(v * f, LEAST_SHARE, LARGEST_SHARE)) for k, v in shares.items()}

    def skewed(f: float) -> Case:
        return swap(replace(spec, long_share=moved(f)))

    def reached(f: float) -> float:
        return sum(moved(f).values()) / sum(shares.values())

    def deeper(f: float) -> Case:
        states = {
            name: replace(state, open_interest=state.open_interest * f)
            if state.open_interest is not None and name in (shares or {name})
            else state
            for name, state in case.market.instruments.items()
        }
        return replace(case, market=replace(case.market, instruments=states))

    if any(shares.values()):
        mean = float(np.mean(list(shares.values())))
        yield Change(spec.venue, "long share (mean)", mean, skewed, reached)
    yield Change(spec.venue, "open interest (all, x)", 1.0, deeper)


def _outcomes(setup: Setup, tape: Tape, state: State, exogenous: Floats) -> dict[str, Floats]:
    del state, exogenous
    last = tape.desk_equity.shape[1] - 1
    owners = desks(setup)
    hit = (
        [desk_impairment(setup, tape, owner).step <= last for owner in owners]
        if owners
        else [venue_impairment(setup, tape, None).step <= last]
    )
    forced = np.isin(tape.kind, FORCED)
    lost = segment_sums(bad_debt(tape), tape.path, tape.paths) + tape.open_deficit.sum(axis=1)
    return {
        "dre": np.any(hit, axis=0).astype(np.float64),
        "bad_debt": lost,
        "liquidated": segment_sums(tape.notional[forced], tape.path[forced], tape.paths),
    }


def _elasticity(
    up: Floats, down: Floats, width: float, sample: np.ndarray
) -> dict[str, float] | None:
    """The elasticity with its interval; None where it has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(up.mean() / down.mean()) / width
        others = np.log(up[sample].mean(axis=1) / down[sample].mean(axis=1)) / width
    known = np.isfinite(others)
    if not np.isfinite(value) or known.mean() < 1.0 - MOST_WITHOUT:
        return None
    low, high = np.quantile(others[known], LEVELS)
    return {"value": float(value), "low": float(low), "high": float(high)}
