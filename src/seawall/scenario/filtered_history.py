"""Filtered history: windows of real history, each at the volatility of today instead of its own.

Idea: a path is one window of history from a random start on, with all its jumps, clusters and
extremes; its moves are divided by the volatility that was forecast when it began and multiplied by
the one that market.toml states. With f_b the forecast at start b, v the stated volatility:

    log S_t / S_0 = (v / f_b) (log P_(b+t) - log P_b) - c_t(v)     c so that E[S_t] = S_0 exactly

The forecasts are a table of their own (annual volatility by time and asset), so any forecast will
do, and a window can begin only at its times: at whole bars, say, of a history with prices within
bars. All assets take the same window (``columns = "own"``). Where assets are few and windows long,
``columns = "any"`` lets each path take the columns of other assets as well: all are moved on by the
same random number of columns, around the end, so that assets of a path stay different ones.
Gaps: a window with a gap in it is not drawn. Longer paths than a window are refused.

Source: Hull and White (1998), "Incorporating volatility updating into the historical simulation
method"; Barone-Adesi, Giannopoulos and Vosper (1999). Wrong where the size of standardised moves
depends on the level of volatility, about what never happened, and where few windows do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.record import number, word
from seawall.market import PriceHistory
from seawall.scenario.draw import Draw

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Prices of windows that the mean growth looks at together: they stay inside the caches.
_TOGETHER = 500_000


@dataclass(frozen=True)
class FilteredHistory:
    """Windows of a history at another volatility.

    history         name of a table of prices in the Case's folder, as a bootstrap has it
    forecasts       name of a table of annual volatilities with the same columns: what was forecast
                    at each time, for the window that begins there
    window_seconds  length of a window: the longest path
    columns         "own": an asset's windows are of its own column; "any": of all columns
    """

    history: str
    forecasts: str
    window_seconds: float = number(POSITIVE_SECONDS)
    columns: str = word(("own", "any"), "own")


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows that a path may take.

    log_price (t, k), forecast (t, k) on the history's unbroken clock, NaN where there is none
    start (n,), turn (n,) place of the first price, and by how many columns each is moved on
    own (a,) each asset's own column
    """

    log_price: Floats
    forecast: Floats
    start: Ints
    turn: Ints
    own: Ints

    def column(self, place: int) -> Ints:
        """The column that asset ``place`` takes in each window, (n,)."""
        return np.asarray((self.own[place] + self.turn) % self.log_price.shape[1])


def moves(law: FilteredHistory, draw: Draw) -> Floats:
    """Log-returns (p, s, k).

    Raises InputError for a table that is missing or lacks an asset that moves, for bars that do not
    divide the step, for paths longer than a window, and where no window is whole.
    """
    out = np.zeros((draw.paths.size, draw.steps, len(draw.assets)))
    assets = tuple(n for n, v in zip(draw.assets, draw.volatility, strict=True) if v > 0.0)
    if not assets or not draw.steps:
        return out
    history, forecasts = _table(draw, law.history), _table(draw, law.forecasts)
    bar = history.bar_seconds
    _check(law, draw, bar)
    every = round(draw.step_seconds / bar)
    length = int(law.window_seconds // draw.step_seconds)
    windows = windows_of(history, forecasts, assets, length * every, law.columns)
    drawn = uniforms(draw.seed, Stream.WINDOW, draw.paths, np.zeros(1, dtype=np.int64), 1)[:, 0, 0]
    count = windows.start.size
    taken = np.minimum((drawn * count).astype(np.int64), count - 1)
    for place, name in enumerate(assets):
        i = draw.assets.index(name)
        volatility, which = np.unique(draw.scale * draw.volatility[i], return_inverse=True)
        path = standardised(windows, place, taken, draw.steps, every)
        path *= volatility[which][:, None]
        growth = [_log_growth(windows, place, float(v), length, every) for v in volatility]
        path -= np.stack(growth)[which][:, : draw.steps]
        out[:, :, i] = np.diff(path, axis=1, prepend=0.0)
    return out


@lru_cache(maxsize=8)
def windows_of(
    history: PriceHistory, forecasts: PriceHistory, assets: tuple[str, ...], bars: int, columns: str
) -> Windows:
    """All whole windows of this many bars.

    Raises InputError for a column that is missing, times off the history's grid, and no window.
    """
    for name in assets if columns == "own" else (*assets, *history.assets):
        if name not in history.assets or name not in forecasts.assets:
            raise InputError(
                f"the histories have no column {name!r}",
                expected="a column of prices and one of forecasts for each asset that moves",
            )
    bar, first = history.bar_seconds, int(history.time[0])
    place = (history.time - first) // bar
    begin = (forecasts.time - first) // bar
    off = np.any((history.time - first) % bar) or np.any((forecasts.time - first) % bar)
    if off:
        raise InputError(
            f"a time of the histories is not on a grid of {bar} seconds",
            expected="whole bars between all times of prices and forecasts",
        )
    log = np.full((int(place[-1]) + 1, len(history.assets)), np.nan)
    log[place] = logarithm(history.price)
    order = [forecasts.assets.index(n) if n in forecasts.assets else -1 for n in history.assets]
    forecast = np.full(log.shape, np.nan)
    inside = (begin >= 0) & (begin < log.shape[0])
    for column, source in enumerate(order):
        if source >= 0:
            forecast[begin[inside], column] = forecasts.price[inside, source]
    own = np.array([history.assets.index(name) for name in assets])
    good = _whole(log, bars) & np.isfinite(forecast)
    turns = range(log.shape[1]) if columns == "any" else range(1)
    fits = np.stack([np.all(good[:, (own + r) % log.shape[1]], axis=1) for r in turns], axis=1)
    start, turn = np.nonzero(fits)
    if start.size == 0:
        raise InputError(
            f"no window of {bars} bars without a gap begins at a forecast",
            expected="a longer history, or shorter windows",
        )
    return Windows(log, forecast, start, turn, own)


def _whole(log: Floats, bars: int) -> NDArray[np.bool_]:
    """Where a window of this many bars has all its prices, (t, k)."""
    out = np.zeros(log.shape, dtype=bool)
    if log.shape[0] > bars:
        known = np.cumsum(np.isfinite(log), axis=0)
        before = np.vstack([np.zeros((1, log.shape[1]), dtype=known.dtype), known])
        out[: log.shape[0] - bars] = before[bars + 1 :] - before[: -bars - 1] == bars + 1
    return out


def standardised(windows: Windows, place: int, taken: Ints, steps: int, every: int) -> Floats:
    """Log-price of these windows against their start, over the forecast there, (p, s)."""
    start, column = windows.start[taken], windows.column(place)[taken]
    at = start[:, None] + every * np.arange(1, steps + 1)
    path = windows.log_price[at, column[:, None]] - windows.log_price[start, column][:, None]
    path /= windows.forecast[start, column][:, None]
    return np.asarray(path)


@lru_cache(maxsize=32)
def _log_growth(windows: Windows, place: int, volatility: float, length: int, every: int) -> Floats:
    """Log of what E[S] would have grown by at each step, (s,), over all windows alike."""
    if volatility == 0.0:
        return np.zeros(length)
    total, count = np.zeros(length), windows.start.size
    together = max(1, _TOGETHER // length)
    for first in range(0, count, together):
        taken = np.arange(first, min(first + together, count))
        path = standardised(windows, place, taken, length, every)
        total += exponential(volatility * path).sum(axis=0)
    return np.asarray(logarithm(total / count))


def _table(draw: Draw, name: str) -> PriceHistory:
    found = draw.market.histories.get(name)
    if found is None:
        raise InputError(
            f"the history {name!r} is not there", expected="a file of that name in the Case"
        )
    return found


def _check(law: FilteredHistory, draw: Draw, bar: int) -> None:
    if bar == 0 or bar > draw.step_seconds or draw.step_seconds % bar:
        raise InputError(
            f"the history {law.history!r} has bars of {bar} seconds and the step is "
            f"{draw.step_seconds:g} seconds",
            expected="a step of one bar or a whole number of bars",
        )
    longest = law.window_seconds // draw.step_seconds * draw.step_seconds
    if draw.steps * draw.step_seconds > longest:
        raise InputError(
            f"paths of {draw.steps * draw.step_seconds:g} seconds are longer than a window of "
            f"{law.window_seconds:g}",
            expected="a horizon within the window, or a model fitted with longer windows",
        )
