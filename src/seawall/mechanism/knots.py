"""Market paths through the knots of an event: bridges between them, free noise after the last.

In log-prices, between neighbouring knots a and b of one asset,

    x_t = x_a + (t - a) / (b - a) (x_b - x_a) + B_t,   B a Brownian bridge of the stated volatility

and after an asset's last knot B runs freely from there. The noise of assets has one common factor.
The market arrives one step before a knot and stands still to it, where there is room: who is closed
at that price is closed before the knot, whose own step is then quiet.
These are paths of the *market*, everybody's forced orders included: `seawall.mechanism.replay`
looks for the exogenous prices behind them.

Source: the bridge as in any textbook. Wrong when the way between two knots was a jump, which a
bridge turns into a slide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.random import Stream, normals
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.events.event import Knots


@dataclass(frozen=True)
class Target:
    """price (p, s + 1, k) of the market, quote; at (s + 1, k) True at knots after the start; last
    (k,) step up to which an asset is steered, 0: not at all.
    """

    price: Floats
    at: Bools
    last: Ints


def target_paths(
    knots: Mapping[str, Knots],
    volatility: Mapping[str, float],
    common: float,
    assets: tuple[str, ...],
    spot: Floats,
    *,
    step_seconds: float,
    steps: int,
    paths: int,
    seed: int,
) -> Target:
    """Market paths of ``assets``; one without knots keeps its ``spot`` (k,).

    An asset's knots count as factors on their first, so that ``spot`` is where it starts.
    """
    noise = _noise(steps, len(assets), common, paths, seed)
    price = np.tile(spot, (paths, steps + 1, 1))
    at = np.zeros((steps + 1, len(assets)), dtype=bool)
    last = np.zeros(len(assets), dtype=np.int64)
    for k, name in enumerate(assets):
        if name not in knots:
            continue
        where = np.round(np.array(knots[name].seconds) / step_seconds).astype(np.int64)
        level = logarithm(np.array(knots[name].prices))
        inside = where <= steps
        where, level = where[inside], level[inside] - level[0]
        early = where[1:][np.diff(where) > 2] - 1
        where_all = np.sort(np.concatenate([where, early]))
        level_all = level[np.searchsorted(where, where_all)]
        sigma = volatility[name] * math.sqrt(step_seconds / SECONDS_PER_YEAR)
        walk = np.cumsum(sigma * noise[:, :, k], axis=1)
        log = _through(where_all, level_all, walk)
        price[:, :, k] = spot[k] * exponential(log)
        price[:, where, k] = spot[k] * exponential(level)
        at[where[1:], k] = True
        last[k] = where[-1]
    return Target(price, at, last)


def _noise(steps: int, assets: int, common: float, paths: int, seed: int) -> Floats:
    """Standard normal (p, s + 1, k) with one common factor; nothing at the start."""
    drawn = normals(seed, Stream.EVENT, np.arange(paths), np.arange(steps + 1), assets + 1)
    out = math.sqrt(common) * drawn[:, :, :1] + math.sqrt(1.0 - common) * drawn[:, :, 1:]
    out[:, 0] = 0.0
    return np.asarray(out)


def _through(where: Ints, level: Floats, walk: Floats) -> Floats:
    """Log-moves (p, s + 1) through ``level`` at steps ``where``, with the noise of ``walk``."""
    steps = np.arange(walk.shape[1])
    line = np.interp(steps, where, level)
    pinned = np.empty_like(walk)
    for p in range(walk.shape[0]):
        # Beyond the last knot interp keeps its last value: there the walk goes on from it.
        pinned[p] = walk[p] - np.interp(steps, where, walk[p, where])
    return line + pinned
