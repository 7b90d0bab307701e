"""Figures of scenarios: paths of one asset, and what repeated draws of them have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from docsbuild.figures.crash import Floats
from docsbuild.svg import Figure, Series
from seawall.market import AssetState, Market, PriceHistory
from seawall.scenario import heavy_tail
from seawall.scenario.heavy_tail import HeavyTail
from seawall.scenario.paths import exogenous_paths

STEP = 3600.0
HOURS = 24 * 14
AS_OF = datetime(2026, 1, 30, 16, tzinfo=UTC)
BTC = AssetState(spot=100.0, index=100.0, oracle=100.0, volatility=0.6, depth=1e9, daily_volume=1e9)


def _paths(market: Market, paths: int = 3, steps: int = HOURS, seed: int = 4) -> Floats:
    drawn = exogenous_paths(
        market,
        ("BTC",),
        step_seconds=STEP,
        steps=steps,
        paths=np.arange(paths),
        seed=seed,
    )
    return np.asarray(drawn)[:, :, 0]


def _market(model: str, **law: object) -> Market:
    base = Market(as_of=AS_OF, assets={"BTC": BTC}, instruments={}, jump_beta={"BTC": 1.0})
    table = {model: law} if law else {}
    return replace(base, scenario=replace(base.scenario, model=model, parameters=table))


def _lines(title: str, alt: str, market: Market) -> Figure:
    paths = _paths(market)
    days = np.arange(paths.shape[1]) / 24.0
    rows = [Series(f"path {n + 1}", days, p) for n, p in enumerate(paths)]
    return Figure(title, alt, "days", "price", rows)


def plain() -> Figure:
    """Diffusion, with and without common jumps."""
    base = _market("jump_diffusion")
    jumps = replace(
        base,
        scenario=replace(base.scenario, jumps_per_year=60.0, jump_mean=-0.03, jump_volatility=0.05),
    )
    return _lines(
        "Three paths at 60% volatility with jumps that come five times a month and fall by 3% on "
        "average; the mean of all paths stays at 100.",
        "Three jagged lines from 100 over two weeks; some fall by several percent in a step.",
        jumps,
    )


def exciting() -> Figure:
    """Jumps that bring more jumps."""
    law: dict[str, object] = {
        "base_rate": 60.0,
        "branching": 0.7,
        "decay_seconds": 7200.0,
        "law": "normal",
        "jump_mean": -0.01,
        "jump_volatility": 0.02,
    }
    return _lines(
        "Jumps come in bursts: each brings 0.7 further ones on average within hours.",
        "Three lines, quiet for days, with clusters of sharp moves.",
        _market("self_exciting", **law),
    )


def wandering() -> Figure:
    """Volatility with a memory."""
    law: dict[str, object] = {"deviation": 1.0, "decay_seconds": 86400.0 * 2, "leverage": -0.5}
    return _lines(
        "Quiet days and stormy days: volatility wanders and rises when prices fall.",
        "Three lines whose roughness changes over time.",
        _market("stochastic_volatility", **law),
    )


def _history(spread: Floats) -> PriceHistory:
    moves = np.random.default_rng(11).normal(0.0, 0.006, spread.size) * spread
    price = 100.0 * np.exp(np.cumsum(moves))
    last = int(AS_OF.timestamp())
    time = np.arange(last - 3600 * (spread.size - 1), last + 1, 3600, dtype=np.int64)
    return PriceHistory(time=time, assets=("BTC",), price=price[:, None])


def resampled() -> Figure:
    """Blocks of history."""
    spread = np.where(np.arange(2000) % 500 < 60, 3.0, 0.7)
    market = _market("bootstrap", history="made", block_seconds=86400.0)
    return _lines(
        "Blocks of a made history, a day long on average, put together at random: its storms come "
        "back as storms.",
        "Three lines, with short stormy stretches between calm ones.",
        replace(market, histories={"made": _history(spread)}),
    )


def filtered() -> Figure:
    """Whole windows of history, at today's volatility."""
    spread = np.where(np.arange(2000) % 500 < 60, 3.0, 0.7)
    history = _history(spread)
    forecast = replace(history, price=(0.6 * spread)[:, None])
    market = _market(
        "filtered_history", history="made", forecasts="said", window_seconds=STEP * HOURS
    )
    return _lines(
        "Whole windows of history, each divided by the volatility forecast when it began: storms "
        "and calms look alike at first.",
        "Three lines of similar roughness at the start.",
        replace(market, histories={"made": history, "said": forecast}),
    )


def heavy() -> Figure:
    """The chance of a move beyond so many deviations."""
    x = np.linspace(0.5, 6.0, 56)
    law = heavy_tail.standard(HeavyTail(left_index=3.0, right_index=4.0))
    grid = np.linspace(-9.0, np.log10(0.4), 400)
    low = 10.0**grid
    moves = heavy_tail.quantiles(law, low, 1.0 - low)
    heavy_side = np.interp(-x, moves, grid)
    normal = np.array([_normal_tail(v) for v in x])
    return Figure(
        "The chance of a fall beyond so many deviations: 3.5 deviations are rare, six are not "
        "impossible.",
        "On a logarithmic scale the normal law bends down steeply, the heavy tail almost straight.",
        "standard deviations",
        "log10 of the chance",
        (
            Series("heavy tail, index 3", x, heavy_side),
            Series("normal", x, np.log10(normal), dash=True),
        ),
    )


def _normal_tail(x: float) -> float:
    return 0.5 * math.erfc(x / math.sqrt(2.0))


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "scenario.paths": (plain,),
    "scenario.self_exciting": (exciting,),
    "scenario.stochastic_volatility": (wandering,),
    "scenario.bootstrap": (resampled,),
    "scenario.filtered_history": (filtered,),
    "scenario.heavy_tail": (heavy,),
}
