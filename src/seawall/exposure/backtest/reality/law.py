"""The chance that an account is liquidated, from windows of history at today's volatility.

The scenario model is `seawall.scenario.filtered_history`, its windows the horizons of the fitted
stretch, of all assets alike (standardised moves of crypto assets have much the same law, and a
week's are few in one asset alone). What `seawall check` says of a Case with one account on it
depends on the volatility v, which side the account takes and how far away its liquidation is. So
instead of drawing paths anew for each account, all windows are looked at once per volatility:

    chance(v, d) = share of windows whose lowest log-price v z_t - c_t(v) is at or below -d

and in the same way above for short accounts: the limit of `check` for many paths. Volatility is
rounded to steps of 2%, on which the answer is exact. A test holds it equal to `check` itself
(`one_account`), path by path, on the windows that `check` draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.accounts import Account
from seawall.exposure.backtest.reality.bars import POINTS, Series, points
from seawall.exposure.backtest.reality.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP = 0.02
# Prices of all windows together: what a run has time for.
MOST_PRICES, MOST_WINDOWS = 800_000, 24_000
_TOGETHER = 200_000


@dataclass(frozen=True)
class Taken:
    """The horizons of one series that are taken as windows: the bars (n,) at which they begin."""

    one: Series
    at: Ints


def whole(one: Series, bars: int) -> Ints:
    """Bars (n,) at whose close a horizon of so many bars can begin: none of its closes missing."""
    known = np.concatenate([[0], np.cumsum(np.isfinite(one.close))])
    size = one.close.size
    if size <= bars:
        return np.zeros(0, dtype=np.int64)
    all_there = known[bars + 1 :] - known[: size - bars] == bars + 1
    return np.flatnonzero(all_there)


def thinned(taken: Sequence[Taken], bars: int, most: int = MOST_PRICES) -> list[Taken]:
    """Every so many of them where they are too many; the stride shares no factor with a week of
    hours, so that each hour of the week is taken as often.
    """
    count = sum(t.at.size for t in taken)
    allowed = max(1, min(MOST_WINDOWS, most // (POINTS * bars)))
    stride = max(1, math.ceil(count / allowed))
    while math.gcd(stride, 168) > 1:
        stride += 1
    return [Taken(t.one, t.at[::stride]) for t in taken]


def windows(taken: Sequence[Taken], forecast: Forecast, bars: int) -> Floats:
    """Log-prices over forecast volatility (n, 3 x bars) along each window."""
    out = []
    for t in taken:
        log, said = points(t.one), forecast(t.one)[t.at]
        good = np.isfinite(said)
        at, said = t.at[good], said[good]
        path = log[at[:, None] + np.arange(1, bars + 1)].reshape(at.size, POINTS * bars)
        out.append((path - t.one.close[at][:, None]) / said[:, None])
    return np.concatenate(out)


@dataclass(frozen=True)
class Law:
    """Lowest and highest log-price of every window at every volatility of the grid.

    first         number of the first volatility: exp(STEP x number)
    lowest, highest  (g, n), sorted along windows
    """

    first: int
    lowest: Floats
    highest: Floats

    def chances(self, accounts: Sequence[Account]) -> Floats:
        """Chance of liquidation (g, a) of each account at each volatility."""
        out = np.empty((self.lowest.shape[0], len(accounts)))
        count = self.lowest.shape[1]
        reach = np.array([account.distance for account in accounts])
        long = np.array([account.side == "long" for account in accounts], dtype=bool)
        for row in range(out.shape[0]):
            below = np.searchsorted(self.lowest[row], -reach[long], side="right")
            above = count - np.searchsorted(self.highest[row], reach[~long], side="left")
            out[row, long], out[row, ~long] = below / count, above / count
        return out


def number_of(volatility: Floats) -> Ints:
    """The nearest volatility of the grid, by its number."""
    return np.asarray(np.rint(np.log(volatility) / STEP), dtype=np.int64)


def volatility_of(number: int) -> float:
    """The volatility of a number."""
    return math.exp(STEP * number)


def law_of(paths: Floats, numbers: Ints) -> Law:
    """The law at these volatilities and all between, from windows (n, s)."""
    first, last = int(numbers.min()), int(numbers.max())
    used = np.zeros(last - first + 1, dtype=bool)
    used[numbers - first] = True
    lowest = np.full((used.size, paths.shape[0]), np.nan)
    highest = np.full_like(lowest, np.nan)
    for row in np.flatnonzero(used):
        low, high = extremes(paths, volatility_of(first + int(row)))
        lowest[row], highest[row] = np.sort(low), np.sort(high)
    return Law(first, lowest, highest)


def extremes(paths: Floats, volatility: float) -> tuple[Floats, Floats]:
    """Lowest and highest log-price (n,) of each window, with E[S] kept at the start's price."""
    count = paths.shape[0]
    together = max(1, _TOGETHER // paths.shape[1])
    parts = [slice(first, first + together) for first in range(0, count, together)]
    total = np.zeros(paths.shape[1])
    for part in parts:
        total += np.exp(volatility * paths[part]).sum(axis=0)
    growth = np.log(total / count)
    low, high = np.empty(count), np.empty(count)
    for part in parts:
        path = volatility * paths[part] - growth
        low[part], high[part] = path.min(axis=1), path.max(axis=1)
    return low, high


def outcomes(one: Series, at: Ints, bars: int, accounts: Sequence[Account]) -> NDArray[np.bool_]:
    """Which account (n, a), opened at each of these bars, was liquidated within the horizon."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    # A filter of `bars` values whose window begins one bar after the opening.
    shift = 1 + bars // 2
    lowest = minimum_filter1d(np.nan_to_num(one.low, nan=np.inf), bars, mode="nearest")
    highest = maximum_filter1d(np.nan_to_num(one.high, nan=-np.inf), bars, mode="nearest")
    fall = one.close[at] - lowest[at + shift]
    rise = highest[at + shift] - one.close[at]
    out = np.empty((at.size, len(accounts)), dtype=bool)
    for column, account in enumerate(accounts):
        out[:, column] = (fall if account.side == "long" else rise) >= account.distance
    return out
