"""Stationary block bootstrap: paths made of pieces of real history, all assets cut alike.

Idea: start at a random bar of history and follow it; before each bar, with chance bar / mean block
length, start anew at a random bar. All assets take the same bars, so their correlation stays, tails
and clustering within a block too. A bar is the log-return between two prices that are one bar apart
and both known for every asset; a gap ends a run of bars, and a block that reaches the end of its
run goes on at the start of a run drawn at random. So every bar is equally likely at every step
(with one run, this is the circular scheme of the source). A step of several bars adds them.

    log-return_i,t = g_i r_i,b(t) - c_i,t      c chosen so that E[S_t] = S_0 exactly

g makes history's volatility the one that market.toml states (``volatility = "stated"``), or is 1
(``"history"``). What (1 - n) scales under the label "exogenous": every return. A scale on
volatility does the same.

Source: Politis and Romano (1994), "The stationary bootstrap". Wrong about what never happened in
the history, about memory longer than a block, and about the trend of the history: E[S_t] = S_0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.record import number, word
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.market import PriceHistory
from seawall.scenario.draw import Draw

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Bootstrap:
    """Pieces of a history of prices.

    history         name of a table in the Case's folder ``history/`` (with its ending): a column
                    ``time`` (UTC) and one of prices, in quote, for each asset
    block_seconds   mean length of a block
    volatility      "stated": returns are scaled to the volatility of market.toml; "history": not
    """

    history: str
    block_seconds: float = number(POSITIVE_SECONDS)
    volatility: str = word(("stated", "history"), "stated")


@dataclass(frozen=True, eq=False)
class Bars:
    """Returns of a history, bar by bar.

    value     (n, k) log-returns of bars whose prices are known for every asset at both ends
    follows   (n,) the bar that follows each, -1 at the end of a run
    starts    (g,) the first bar of each run
    """

    value: Floats
    follows: Ints
    starts: Ints


def bars_of(history: PriceHistory, assets: tuple[str, ...], bar: int) -> Bars:
    """The bars of ``bar`` seconds that a history has for these assets.

    Raises InputError when there is none.
    """
    column = [history.assets.index(name) for name in assets]
    price = history.price[:, column]
    known = np.all(np.isfinite(price), axis=1)
    ends = known[1:] & known[:-1] & (np.diff(history.time) == bar)
    at = np.flatnonzero(ends)
    if at.size == 0:
        raise InputError(
            f"the history has no two prices {bar} seconds apart for {', '.join(assets)}",
            expected="a history in which all assets of the Case are known at the same times",
        )
    value = logarithm(price[at + 1] / price[at])
    follows = np.full(at.size, -1, dtype=np.int64)
    joined = np.flatnonzero(np.diff(at) == 1)
    follows[joined] = joined + 1
    first = np.ones(at.size, dtype=bool)
    first[joined + 1] = False
    return Bars(value, follows, np.flatnonzero(first))


def moves(law: Bootstrap, draw: Draw) -> Floats:
    """Log-returns (p, s, k).

    Raises InputError for a history that is missing, has no price of an asset that moves, or whose
    bars are longer than the step, do not divide it, or are longer than the mean block.
    """
    history = draw.market.histories.get(law.history)
    if history is None:
        raise InputError(
            f"the history {law.history!r} is not there", expected="a file of that name in history/"
        )
    assets = tuple(n for n, v in zip(draw.assets, draw.volatility, strict=True) if v > 0.0)
    bar = history.bar_seconds
    _check(law, draw, history, assets, bar)
    out = np.zeros((draw.paths.size, draw.steps, len(draw.assets)))
    if not assets or not draw.steps:
        return out
    bars = _bars(history, assets, bar)
    chance = bar / law.block_seconds
    per_step = round(draw.step_seconds / bar)
    walk = _walk(bars, draw, chance, per_step)
    for place, name in enumerate(assets):
        i = draw.assets.index(name)
        factor = _factor(law, bars.value[:, place], float(draw.volatility[i]), bar)
        scale, which = np.unique(draw.scale * factor, return_inverse=True)
        mean = np.stack(
            [_log_growth(bars, place, float(s), chance, draw.steps, per_step) for s in scale]
        )
        out[:, :, i] = walk[:, :, place] * scale[which][:, None] - mean[which]
    return out


@lru_cache(maxsize=8)
def _bars(history: PriceHistory, assets: tuple[str, ...], bar: int) -> Bars:
    return bars_of(history, assets, bar)


def _factor(law: Bootstrap, value: Floats, volatility: float, bar: int) -> float:
    """What an asset's returns are multiplied by before any scale."""
    if law.volatility == "history":
        return 1.0
    spread = float(value.std())
    if spread == 0.0:
        raise InputError("a price of the history never moves", expected='volatility = "history"')
    return volatility * math.sqrt(bar / SECONDS_PER_YEAR) / spread


def _walk(bars: Bars, draw: Draw, chance: float, per_step: int) -> Floats:
    """Sums of the bars that each path takes in each step, (p, s, a)."""
    out = np.zeros((draw.paths.size, draw.steps, bars.value.shape[1]))
    count, runs = bars.follows.size, bars.starts.size
    place = np.zeros(draw.paths.size, dtype=np.int64)
    for t in range(draw.steps):
        step = np.array([t], dtype=np.int64)
        drawn = uniforms(draw.seed, Stream.HISTORY, draw.paths, step, per_step)[:, 0]
        for b in range(per_step):
            u = drawn[:, b]
            if t == 0 and b == 0:
                place = np.minimum((u * count).astype(np.int64), count - 1)
            else:
                ended = bars.follows[place] < 0
                run = np.minimum(((u - chance) / (1.0 - chance or 1.0) * runs), runs - 1)
                onward = bars.starts[np.maximum(run, 0.0).astype(np.int64)]
                following = np.where(ended, onward, bars.follows[place])
                anew = np.minimum((u / chance * count).astype(np.int64), count - 1)
                place = np.where(u < chance, anew, following)
            out[:, t] += bars.value[place]
    return out


@lru_cache(maxsize=32)
def _log_growth(
    bars: Bars, place: int, scale: float, chance: float, steps: int, per_step: int
) -> Floats:
    """Log of what E[S] grows by in each step before it is taken off, (s,).

    The mean of exp(sum of returns) by the bar a path is in: from one bar to the next the weight of
    each is multiplied by its growth and handed on as paths are.
    """
    if scale == 0.0:
        return np.zeros(steps)
    grow = exponential(scale * bars.value[:, place])
    count = grow.size
    inner = np.flatnonzero(bars.follows >= 0)
    ends = np.flatnonzero(bars.follows < 0)
    weight = np.full(count, 1.0 / count)
    out = np.zeros(steps)
    for t in range(steps):
        for b in range(per_step):
            if t or b:
                onward = np.full(count, chance / count)
                onward[bars.follows[inner]] += (1.0 - chance) * weight[inner]
                onward[bars.starts] += (1.0 - chance) * weight[ends].sum() / bars.starts.size
                weight = onward
            weight = weight * grow
            total = float(weight.sum())
            weight /= total
            out[t] += math.log(total)
    return out


def _check(
    law: Bootstrap, draw: Draw, history: PriceHistory, assets: tuple[str, ...], bar: int
) -> None:
    missing = [name for name in assets if name not in history.assets]
    if missing:
        raise InputError(
            f"the history {law.history!r} has no column {missing[0]!r}",
            expected="a column for each asset of the Case whose volatility is not 0",
        )
    if bar == 0:
        raise InputError(f"the history {law.history!r} has no bar", expected="two prices or more")
    if bar > draw.step_seconds or draw.step_seconds % bar:
        raise InputError(
            f"the history {law.history!r} has bars of {bar} seconds and the step is "
            f"{draw.step_seconds:g} seconds",
            expected="a step of one bar or a whole number of bars",
        )
    if bar > law.block_seconds:
        raise InputError(
            f"block_seconds is {law.block_seconds:g} and a bar of {law.history!r} has {bar}",
            expected="blocks of one bar or more",
        )
