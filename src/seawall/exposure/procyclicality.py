"""How much margin that follows the market adds to the market's own fall.

The Case runs twice on the same random numbers: with its dynamic margin and without. Reported are,
with 95% intervals by resampling paths,

- peak to trough: the largest over the smallest margin per notional along a path (1: static);
- largest call: the largest rise of margin per notional within ``call_seconds``, as a share of it;
- amplification: mean fall of the market price to its trough over that of the exogenous price, after
  a shock to one asset in the first step; branching ratio = 1 - 1 / amplification;
- forced sales and bad debt, quote, means over paths;

and the differences, dynamic less static. A difference whose interval holds 0 shows nothing.

Sources: Murphy, Vasios and Vause (2014), Bank of England financial stability paper 29 (peak to
trough, n-day calls on a constant portfolio); Brunnermeier and Pedersen (2009) for margin spirals.
Wrong when: the crowd tops up, or trades smaller because margin may rise; here it does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, chunk_of, draw, prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import FORCED
from seawall.case import Case
from seawall.exposure.impairment import bad_debt
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms

SLOT = "dynamic_margin"
RESAMPLES = 1_000
LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class _Outcome:
    """Per path (p,): falls of market and exogenous price to their troughs, as fractions of the
    start; forced sales and bad debt, quote; peak over trough and largest call of margin.
    """

    fall: Floats
    exogenous: Floats
    sold: Floats
    lost: Floats
    peak: Floats
    call: Floats


def with_dynamic_margin(case: Case, rule: Mapping[str, Any] | None) -> Case:
    """The Case with this rule at each venue of derivatives; None takes dynamic margin away."""
    rulebooks = {}
    for name, rules in case.rulebooks.items():
        slots = {slot: given for slot, given in rules.mechanisms.items() if slot != SLOT}
        if rule is not None and rules.liquidation.style != "keeper":
            slots[SLOT] = dict(rule)
        rulebooks[name] = replace(rules, mechanisms=slots)
    return replace(case, rulebooks=rulebooks)


def procyclicality(
    case: Case,
    *,
    asset: str | None = None,
    shock: float = -0.1,
    horizon_seconds: float = 14_400.0,
    call_seconds: float = 3_600.0,
    paths: int = 400,
    seed: int = 1,
) -> dict[str, Any]:
    """Static and dynamic margin side by side; ``asset`` None shocks the one with most notional.

    ``shock`` is a fraction, negative. Raises InputError for a Case without dynamic margin, with
    feedback off, for an asset that it does not have, and for a shock that is none.
    """
    if not any(SLOT in rules.mechanisms for rules in case.rulebooks.values()):
        raise InputError(
            f"no rulebook of case {case.name} has [mechanisms.{SLOT}]",
            expected="dynamic margin at one venue at least",
        )
    if case.market.scenario.label != "exogenous":
        raise InputError(
            f"the paths are labelled {case.market.scenario.label}: nothing that is sold moves them",
            expected="a scenario labelled exogenous",
        )
    if not -1.0 < shock < 0.0:
        raise InputError(f"a shock of {shock:g}", expected="a fraction between -1 and 0")
    dynamic, static = prepare(case), prepare(with_dynamic_margin(case, None))
    name = largest_asset(dynamic) if asset is None else asset
    if name not in dynamic.table.assets:
        raise InputError(
            f"asset {name!r}", expected=f"one of {', '.join(sorted(dynamic.table.assets))}"
        )
    steps = max(1, round(horizon_seconds / case.step_seconds))
    window = max(1, round(call_seconds / case.step_seconds))
    k = dynamic.table.assets.index(name)
    both = [_run(setup, k, shock, steps, window, paths, seed) for setup in (dynamic, static)]
    picks = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), np.arange(1), paths)[:, 0]
    sample = np.minimum((picks * paths).astype(np.int64), paths - 1)
    one, other = (_numbers(outcome, sample) for outcome in both)
    return {
        "asset": name,
        "shock": shock,
        "paths": paths,
        "horizon_seconds": steps * case.step_seconds,
        "call_seconds": window * case.step_seconds,
        "dynamic": {key: _interval(*values) for key, values in one.items()},
        "static": {key: _interval(*values) for key, values in other.items()},
        "difference": {
            key: _interval(one[key][0] - other[key][0], one[key][1] - other[key][1]) for key in one
        },
    }


def largest_asset(setup: Setup) -> str:
    """The asset in which most notional of derivatives is open, at the start."""
    rows = setup.table.rows
    price = setup.spot[setup.table.feed_asset][rows.feed] * rows.multiplier
    notional = np.where(rows.kind == 1, np.abs(rows.size), np.abs(rows.size) * price)
    held = segment_sums(np.where(rows.kind == 2, 0.0, notional), rows.asset, setup.spot.size)
    return setup.table.assets[int(np.argmax(held))]


def _run(
    setup: Setup, k: int, shock: float, steps: int, window: int, paths: int, seed: int
) -> _Outcome:
    parts, chunk = [], chunk_of(setup)
    for first in range(0, paths, chunk):
        number = np.arange(first, min(first + chunk, paths))
        runs = Runs(number, np.zeros_like(number))
        exogenous = draw(setup, (BASE,), runs, steps, seed)
        exogenous[:, 1:, k] *= 1.0 + shock
        factor = np.ones((number.size, steps + 1))
        watch = _watcher(setup, k, factor)
        tape, _ = run(setup, exogenous, draws=Draws(seed, number), observe=watch)
        spot = exogenous[:, 0, k]
        forced = np.isin(tape.kind, FORCED)
        parts.append(
            _Outcome(
                fall=1.0 - tape.trough[:, k] / spot,
                exogenous=1.0 - exogenous[:, :, k].min(axis=1) / spot,
                sold=segment_sums(tape.notional[forced], tape.path[forced], number.size),
                lost=segment_sums(bad_debt(tape), tape.path, number.size)
                + tape.open_deficit.sum(axis=1),
                peak=factor.max(axis=1) / factor.min(axis=1),
                call=_largest_call(factor, window),
            )
        )
    names = _Outcome.__dataclass_fields__
    return _Outcome(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _watcher(setup: Setup, k: int, factor: Floats) -> Callable[[int, State], None] | None:
    """Keeps the largest factor (p, s + 1) among the venues that scale the asset's margin."""
    if setup.scaling is None or setup.start_scale is None:
        return None
    feeds = setup.scaling.feed[setup.scaling.asset == k]
    if feeds.size == 0:
        return None
    factor[:, 0] = setup.start_scale[feeds].max()

    def watch(step: int, state: State) -> None:
        if state.scale is not None:
            factor[:, step] = state.scale.factor[:, feeds].max(axis=1)

    return watch


def _largest_call(factor: Floats, window: int) -> Floats:
    """Largest rise (p,) of factors (p, s + 1) within ``window`` steps, as a share."""
    call = np.zeros(factor.shape[0])
    for length in range(1, min(window, factor.shape[1] - 1) + 1):
        rise = factor[:, length:] / factor[:, :-length] - 1.0
        np.maximum(call, rise.max(axis=1), out=call)
    return call


def _numbers(outcome: _Outcome, sample: np.ndarray) -> dict[str, tuple[float, Floats]]:
    """Each number and its resampled values (b,)."""

    def mean(values: Floats) -> tuple[float, Floats]:
        return float(values.mean()), values[sample].mean(axis=1)

    amplification = float(outcome.fall.mean() / outcome.exogenous.mean())
    resampled = outcome.fall[sample].mean(axis=1) / outcome.exogenous[sample].mean(axis=1)
    return {
        "peak_to_trough": mean(outcome.peak),
        "largest_call": mean(outcome.call),
        "amplification": (amplification, resampled),
        "branching_ratio": (1.0 - 1.0 / amplification, 1.0 - 1.0 / resampled),
        "forced_sales": mean(outcome.sold),
        "bad_debt": mean(outcome.lost),
    }


def _interval(value: float, resampled: Floats) -> dict[str, float]:
    low, high = np.quantile(resampled, LEVELS)
    return {"value": float(value), "low": float(low), "high": float(high)}
