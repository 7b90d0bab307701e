"""Delta hedging in this market against the continuous ideal: the gap, and what it is made of.

Dealers sell calls at Black's value and hedge them through the loop's market (slot ``hedgers``, rule
``strikes``) until they deliver. In continuous time, without cost and impact, they end with nothing;
what they end with is the gap. On the same random numbers the market is run

    free      infinite depth, no cost, no band                 -> discretisation
    banded    infinite depth, band and cost                    -> band (before costs), cost
    constant  the Case's depth as it is on a calm day          -> impact
    whole     depth that thins, by whichever rule the Case has -> thinning

and each part is the difference from the run before, so that they add up to the gap path by path.
Without cost the part of costs is zero to the last bit, with infinite depth the parts of impact and
thinning, and discretisation goes to zero as the square root of the step.

The market is the Case's (depth, volatility, impact law, recovery, makers); prices are a diffusion
with the option's own volatility, and nobody else trades. Closed forms in `hedging_theory`. Wrong
when volatility differs from the implied one, prices jump, or the crowd's forced orders come as well
(slot ``hedgers`` in a Case shows those); the premium charges nothing for any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Floats
from seawall.cascade.draws import Draws
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, compile_setup
from seawall.cascade.state import PathWorlds
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.mechanism import hedging_theory as theory
from seawall.scenario.paths import exogenous_paths
from seawall.valuation.black import black

PARTS = ("discretisation", "band", "cost", "impact", "thinning")
THINNING_SLOTS = ("depth", "makers", "depth_schedule")
KEPT_SLOTS = ("impact", *THINNING_SLOTS)
RESAMPLES = 500
LEVELS = (0.025, 0.975)
CHUNK = 2_000


@dataclass(frozen=True)
class Hedge:
    """What is sold and how it is hedged.

    asset, notional   calls on so much of it, quote at the spot of the start
    strike            over spot         days, steps   to expiry, and hedges until then
    cost              fraction of the notional traded
    band              quote, or risk_aversion per quote for Whalley-Wilmott's band, None without
    """

    asset: str
    notional: float
    strike: float = 1.0
    days: float = 30.0
    steps: int = 720
    cost: float = 0.0
    band: float = 0.0
    risk_aversion: float | None = None


def hedging_gap(case: Case, hedge: Hedge, *, paths: int, seed: int) -> dict[str, Any]:
    """Mean and standard deviation of the gap and of its parts, with 95% intervals, quote."""
    parts = gap_parts(case, hedge, paths=paths, seed=seed)
    state = case.market.assets[hedge.asset]
    units, strike = hedge.notional / state.spot, hedge.strike * state.spot
    years = hedge.days * SECONDS_PER_DAY / SECONDS_PER_YEAR
    option = (state.spot, strike, years, state.volatility)
    premium = units * float(black(state.spot, strike, years, state.volatility, True))
    total = sum((parts[name] for name in PARTS), np.zeros(paths))
    pick = _resampled(paths, seed)
    return {
        "asset": hedge.asset,
        "notional": hedge.notional,
        "strike": strike,
        "days": hedge.days,
        "steps": hedge.steps,
        "depth": state.depth if np.isfinite(state.depth) else None,
        "volatility": state.volatility,
        "premium": premium,
        "paths": paths,
        "seed": seed,
        "gap": _described(total, pick),
        "parts": {name: _described(parts[name], pick) for name in PARTS},
        "closed_forms": {
            "discretisation_deviation": units
            * theory.discretisation_deviation(*option, hedge.steps),
            # 0 less, not a minus: a loss of nothing is not shown as -0.
            "cost_mean_without_band": 0.0
            - units * theory.cost_mean(*option, hedge.steps, hedge.cost),
            "impact_mean_without_memory": 0.0 - theory.impact_mean(*option, state.depth, units),
        },
    }


def gap_parts(case: Case, hedge: Hedge, *, paths: int, seed: int) -> dict[str, Floats]:
    """Each part of the gap (p,), quote; gains > 0."""
    free = replace(hedge, cost=0.0, band=0.0, risk_aversion=None)
    first, _ = _results(case, free, np.inf, paths, seed, thins=False)
    second, costs = _results(case, hedge, np.inf, paths, seed, thins=False)
    third, _ = _results(case, hedge, 1.0, paths, seed, thins=False)
    fourth, _ = _results(case, hedge, 1.0, paths, seed, thins=True)
    return {
        "discretisation": first,
        "band": second + costs - first,
        "cost": -costs,
        "impact": third - second,
        "thinning": fourth - third,
    }


def _results(
    case: Case, hedge: Hedge, depth: float, paths: int, seed: int, *, thins: bool
) -> tuple[Floats, Floats]:
    """What the dealers end with (p,), costs included, and those costs, quote.

    ``depth`` is a factor on the Case's; where nothing ``thins``, depth is that of a calm day.
    """
    setup = _compiled(case, hedge, thins)
    found = [
        _chunk(setup, hedge, depth, np.arange(at, min(at + CHUNK, paths)), seed)
        for at in range(0, paths, CHUNK)
    ]
    ended, costs = zip(*found, strict=True)
    return np.concatenate(ended), np.concatenate(costs)


def _chunk(
    setup: Setup, hedge: Hedge, depth: float, number: np.ndarray, seed: int
) -> tuple[Floats, Floats]:
    exogenous = exogenous_paths(
        setup.case.market,
        setup.table.assets,
        step_seconds=setup.step_seconds,
        steps=hedge.steps,
        paths=number,
        seed=seed,
    )
    count = number.size
    nothing = np.zeros(count, dtype=np.int64)
    worlds = PathWorlds(nothing, np.full(count, depth), nothing > 0)
    _, state = run(setup, exogenous, worlds=worlds, draws=Draws(seed, number))
    memory, asset = state.market_agents.hedgers, setup.table.assets.index(hedge.asset)
    if memory is None:
        raise AssertionError("the study runs without its hedgers")
    spot = float(setup.spot[asset])
    units, strike = hedge.notional / spot, hedge.strike * spot
    option = setup.case.market.assets[hedge.asset]
    years = hedge.days * SECONDS_PER_DAY / SECONDS_PER_YEAR
    premium = units * float(black(spot, strike, years, option.volatility, True))
    last = state.market[:, asset]
    payoff = units * np.maximum(last - strike, 0.0)
    # At the start they own what hedges them, bought at the spot: -memory.start units.
    gains = -memory.start[:, 0] * (last - spot) + memory.held[:, 0] * last + memory.cash[:, 0]
    return premium - payoff + gains, memory.costs[:, 0]


def _compiled(case: Case, hedge: Hedge, thins: bool) -> Setup:
    """The Case's market with nobody in it but the dealers, at the study's step."""
    if hedge.asset not in case.market.assets or hedge.asset == case.quote:
        known = [name for name in case.market.assets if name != case.quote]
        raise InputError(f"asset {hedge.asset!r}", expected=choices(hedge.asset, known))
    venue = _venue(case)
    state = case.market.assets[hedge.asset]
    strike = {
        "asset": hedge.asset,
        "strike": hedge.strike * state.spot,
        "size": -hedge.notional / state.spot,
        "days": hedge.days,
        "volatility": state.volatility,
    }
    hedgers: dict[str, Any] = {"rule": "strikes", "venue": venue, "strikes": [strike]}
    hedgers |= {"cost": hedge.cost, "band": hedge.band}
    if hedge.risk_aversion is not None:
        hedgers["risk_aversion"] = hedge.risk_aversion
    kept: Mapping[str, object] = {
        slot: rule
        for slot, rule in case.market.mechanisms.items()
        if slot in KEPT_SLOTS and (thins or slot not in THINNING_SLOTS)
    }
    scenario = replace(
        case.market.scenario,
        model="diffusion",
        label="exogenous",
        branching_ratio=0.0,
        thinning=case.market.scenario.thinning if thins else 0.0,
    )
    market = replace(
        case.market, scenario=scenario, instruments={}, mechanisms={**kept, "hedgers": hedgers}
    )
    rulebook = replace(case.rulebooks[venue], mechanisms={})
    alone = replace(
        case,
        book=_empty_book(case, venue),
        market=market,
        rulebooks={venue: rulebook},
        crowds=(),
        limits=(),
    )
    step_seconds = hedge.days * SECONDS_PER_DAY / hedge.steps
    return compile_setup(alone, alone.book, step_seconds)


def _venue(case: Case) -> str:
    """The first venue of the Case with an order book."""
    for name, rulebook in case.rulebooks.items():
        if rulebook.liquidation.style != "keeper":
            return name
    raise InputError("the case has no venue with an order book", expected="one to hedge at")


def _empty_book(case: Case, venue: str) -> Book:
    """One account with a balance in quote, which never trades."""
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Book(
        account_names=("bystander",),
        account_venue=(venue,),
        account_owner=("bystander",),
        account_kind=(AccountKind.CROWD,),
        instruments=(),
        assets=case.book.assets,
        position_account=none,
        position_instrument=none,
        size=nothing,
        entry=nothing,
        isolated=none > 0,
        isolated_margin=nothing,
        balance_account=np.zeros(1, dtype=np.int64),
        balance_asset=np.array([case.book.assets.index(case.quote)], dtype=np.int64),
        quantity=np.ones(1),
    )


def _resampled(paths: int, seed: int) -> np.ndarray:
    """Which paths each resample takes, (r, p)."""
    drawn = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), [0], paths)[:, 0]
    picked: np.ndarray = np.minimum((drawn * paths).astype(np.int64), paths - 1)
    return picked


def _described(values: Floats, pick: np.ndarray) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of a part, with intervals by resampling paths."""
    sample = values[pick]
    out = {}
    for name, value, again in (
        ("mean", values.mean(), sample.mean(axis=1)),
        ("deviation", values.std(ddof=1), sample.std(axis=1, ddof=1)),
    ):
        low, high = np.quantile(again, LEVELS)
        out[name] = {"value": float(value), "low": float(low), "high": float(high)}
    return out
