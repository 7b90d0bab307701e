"""Moves of the past over a horizon, of all assets together: as they were, and in today's size.

A move is the sum of the log-returns of the bars that follow each other over the horizon, of the
same bars for every asset; windows overlap by all but one bar. Where the history is so short that
fewer than LEAST_WINDOWS would not overlap, or its bars are longer than the horizon, windows are
taken shorter, or of one bar, and moves are stretched by the square root of time; both are stated.

Filtered: each bar's return, over the scale that its asset had before that bar, times the scale it
has now (Hull and White 1998; Barone-Adesi, Giannopoulos and Vosper 1999). The scale is the
exponentially weighted one of `exposure.tail.scale`; its memory is .85 a day, what `seawall
backtest` chose on real prices (docs/backtests.md). The first BURN bars, from which the scale
begins, are left out.

Wrong when the history holds no crisis and one comes; when bars that are apart by a gap would have
moved together; when volatility returns to its mean within the horizon (filtered); and the square
root of time is wrong for moves that are not independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.exposure.tail.scale import BURN, scales
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_DAY
from seawall.market import PriceHistory
from seawall.scenario.bootstrap import Bars, bars_of

# Memory of the scale, a day: the choice of `seawall backtest` on real prices.
MEMORY = 0.85
# Windows that do not overlap, below which windows are shortened; and below which nothing is said.
LEAST_WINDOWS = 100
FEWEST = 40


@dataclass(frozen=True)
class Moves:
    """Log-returns over the horizon.

    value        (w, n) of each window and asset, in the order of time
    overlap      how many windows cover one bar
    stretch      factor that the square root of time put on them; 1: none
    independent  how many windows there would be without overlap
    """

    value: Floats
    overlap: int
    stretch: float

    @property
    def independent(self) -> int:
        """As declared above."""
        return max(int(self.value.shape[0]) // self.overlap, 1)


def past_bars(history: PriceHistory, assets: tuple[str, ...]) -> Bars:
    """The history's bars of these assets.

    Raises InputError where it has no column of one, no two prices a bar apart, or too few bars.
    """
    missing = [name for name in assets if name not in history.assets]
    if missing:
        raise InputError(f"the price history has no column for {', '.join(missing)}")
    bars = bars_of(history, assets, history.bar_seconds)
    if bars.value.shape[0] < FEWEST + BURN:
        raise InputError(
            f"the price history has {bars.value.shape[0]} bars with prices of "
            f"{', '.join(assets)}, and {FEWEST + BURN} are the fewest"
        )
    return bars


def as_they_were(bars: Bars, bar_seconds: float, seconds: float) -> Moves:
    """Moves over ``seconds`` of the past, unscaled."""
    return _windows(bars.value, _runs(bars), bar_seconds, seconds)


def in_todays_size(bars: Bars, bar_seconds: float, seconds: float) -> Moves:
    """The same of filtered returns."""
    memory = MEMORY ** (bar_seconds / SECONDS_PER_DAY)
    size = scales(bars.value**2, memory)
    still = size <= 0.0
    size = np.where(still, 1.0, size)
    filtered = np.where(still[:-1], 0.0, bars.value / size[:-1] * size[-1])
    return _windows(filtered[BURN:], _runs(bars)[BURN:], bar_seconds, seconds)


def _runs(bars: Bars) -> Ints:
    """Which unbroken run each bar (b,) belongs to."""
    begins = np.zeros(bars.value.shape[0], dtype=np.int64)
    begins[bars.starts] = 1
    return np.cumsum(begins)


def _windows(value: Floats, run: Ints, bar_seconds: float, seconds: float) -> Moves:
    """Sums over windows of bars of one run; see the module's docstring."""
    fits = math.floor(seconds / bar_seconds + 1e-9)
    bars = max(1, min(fits, value.shape[0] // LEAST_WINDOWS))
    total = np.concatenate([np.zeros((1, value.shape[1])), np.cumsum(value, axis=0)])
    whole = run[bars - 1 :] == run[: run.size - bars + 1]
    moves = (total[bars:] - total[:-bars])[whole]
    if moves.shape[0] // bars < FEWEST:
        raise InputError(
            f"the price history has {moves.shape[0] // bars} windows of {bars} bars without a gap, "
            f"and {FEWEST} are the fewest"
        )
    stretch = math.sqrt(seconds / (bars * bar_seconds))
    return Moves(moves * stretch, bars, stretch)
