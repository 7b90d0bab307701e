"""How often a day liquidates an account, and the margin that a day calls in 1 of 100.

A day's adverse move is how far the price goes against a position from the close before the day, as
a share of that price: the fall to the lowest price for long, the rise to the highest for short.

    frequency      share of days on which it reaches an account's liquidation price, by leverage
    margin         its 99% quantile: by a generalised extreme value law fitted to the daily moves,
                   by a normal first passage with the deviation of daily returns, and as observed

The law is fitted by L-moments: with l1, l2, t3 of the sample, c = 2 / (3 + t3) - ln 2 / ln 3,

    k = 7.8590 c + 2.9554 c^2        a = l2 k / ((1 - 2^-k) G(1 + k))
    x = l1 - a (1 - G(1 + k)) / k    quantile(F) = x + a (1 - (-ln F)^k) / k

Source: Hosking, Wallis and Wood (1985), Technometrics 27, for the fit; Cheng, Deng, Wang and Yu
(arXiv:2102.04591) for the question, on bitcoin futures of one venue. All dates are used: this says
what was, and judges no forecast. Wrong as a margin for tomorrow: volatility clusters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.accounts import SIDES, Account, accounts_of
from seawall.exposure.backtest.reality.bars import Series
from seawall.exposure.backtest.reality.law import outcomes, whole
from seawall.exposure.backtest.reality.peers import first_passage

Floats = NDArray[np.float64]

DAY = 86_400
CALLED = 0.01
# Fewer days than this have no 99% quantile worth a line.
LEAST_DAYS = 250


def forced_liquidations(series: Sequence[Series]) -> dict[str, Any]:
    """The key ``forced_liquidations`` of docs/backtests.md; assets with too few days left out."""
    rows = []
    for one in series:
        if DAY % one.seconds:
            continue
        bars = DAY // one.seconds
        at = whole(one, bars)
        at = at[one.end[at] % DAY == 0]
        if at.size >= LEAST_DAYS:
            rows.append(_row(one, at, bars))
    return {"called": CALLED, "assets": rows, "leverage": _by_leverage(rows)}


def _row(one: Series, at: NDArray[np.int64], bars: int) -> dict[str, Any]:
    accounts = accounts_of(one.name, DAY)
    broke = outcomes(one, at, bars, accounts).mean(axis=0)
    deviation = float(np.std(one.close[at + bars] - one.close[at]))
    sides = {}
    for side in SIDES:
        adverse = adverse_moves(one, at, bars, side)
        sides[side] = {
            "extreme_value": extreme_value_quantile(adverse, 1.0 - CALLED),
            "normal": normal_margin(deviation, side),
            "observed": float(np.quantile(adverse, 1.0 - CALLED)),
            "frequency": {
                f"{account.leverage:g}": float(share)
                for account, share in zip(accounts, broke, strict=True)
                if account.side == side
            },
        }
    return {"asset": one.name, "file": one.source, "days": int(at.size), **sides}


def _by_leverage(rows: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """Frequencies over all assets that have an account of that leverage, weighted by days."""
    out = []
    keys = {key for row in rows for key in row["long"]["frequency"]}
    for key in sorted(keys, key=float):
        mine = [row for row in rows if key in row["long"]["frequency"]]
        days = np.array([row["days"] for row in mine], dtype=np.float64)
        found: dict[str, float] = {"leverage": float(key), "days": float(days.sum())}
        for side in SIDES:
            share = np.array([row[side]["frequency"][key] for row in mine])
            found[side] = float(days @ share / days.sum())
        out.append(found)
    return out


def adverse_moves(one: Series, at: NDArray[np.int64], bars: int, side: str) -> Floats:
    """How far each horizon goes against ``side``, as a share of the price at its beginning."""
    into = at[:, None] + np.arange(1, bars + 1)
    if side == "long":
        return np.asarray(-np.expm1(one.low[into].min(axis=1) - one.close[at]))
    return np.asarray(np.expm1(one.high[into].max(axis=1) - one.close[at]))


def extreme_value_quantile(sample: Floats, level: float) -> float:
    """Quantile of the generalised extreme value law with the sample's L-moments."""
    k, scale, place = extreme_value_fit(sample)
    if abs(k) < 1e-9:
        return float(place - scale * math.log(-math.log(level)))
    return float(place + scale * (1.0 - (-math.log(level)) ** k) / k)


def extreme_value_fit(sample: Floats) -> tuple[float, float, float]:
    """Shape k (below 0: heavy tail), scale and place of the law."""
    x = np.sort(sample)
    n = x.size
    rank = np.arange(n)
    b0 = float(x.mean())
    b1 = float(np.sum(rank / (n - 1.0) * x) / n)
    b2 = float(np.sum(rank * (rank - 1.0) / ((n - 1.0) * (n - 2.0)) * x) / n)
    l2, l3 = 2.0 * b1 - b0, 6.0 * b2 - 6.0 * b1 + b0
    if l2 <= 0.0:
        return 0.0, 0.0, b0
    c = 2.0 / (3.0 + l3 / l2) - math.log(2.0) / math.log(3.0)
    k = 7.8590 * c + 2.9554 * c * c
    if abs(k) < 1e-9:
        scale = l2 / math.log(2.0)
        return 0.0, scale, b0 - 0.5772156649015329 * scale
    gamma = math.gamma(1.0 + k)
    scale = l2 * k / ((1.0 - 2.0**-k) * gamma)
    return k, scale, b0 - scale * (1.0 - gamma) / k


def normal_margin(deviation: float, side: str) -> float:
    """The move, as a share of the price, that a normal first passage reaches in 1 of 100 days."""
    if deviation <= 0.0:
        return 0.0
    low, high = 0.0, 20.0 * deviation
    for _ in range(80):
        middle = 0.5 * (low + high)
        # An account without maintenance at this distance: leverage from the move.
        move = -math.expm1(-middle) if side == "long" else math.expm1(middle)
        chance = float(first_passage(Account(side, 1.0 / move, 0.0), deviation))
        low, high = (middle, high) if chance > CALLED else (low, middle)
    return -math.expm1(-high) if side == "long" else math.expm1(high)
