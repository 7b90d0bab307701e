"""The volatility of the next hours or days, from past bars: a blend of memories, and the clock.

With v_j the exponentially weighted mean of what moved in past bars (`bars.activity`), j by
half-life:

    ln forecast^2 = level + sum_j w_j ln v_j + hour(clock) + day(clock),   sum_j w_j = 1

"memory": one v, of memory 0.85 a day, the one that `exposure.backtest.price_tails` chose for value
at risk. "blend": weights by least squares of what moved within the horizon on the v_j, all assets
together. "blend by the clock": the same with the hour of the day and the day of the week at which
the horizon begins. The weights sum to 1, so that a market of another level of volatility than the
fitted one is said right. The level is such that forecast^2 is the mean square of log-moves over the
horizon, in years.

Source: Corsi (2009), "A simple approximate long-memory model of realized volatility", for the
blend; its logarithms as there. Wrong at a jump of volatility that no past bar knows of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.bars import Series, activity
from seawall.foundation.units import SECONDS_PER_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HOUR, DAY = 3_600, 86_400
HALF_LIVES = (4 * HOUR, 12 * HOUR, 2 * DAY, 10 * DAY, 30 * DAY)
# Memory 0.85 a day as a half-life.
PLAIN_HALF_LIFE = round(DAY * math.log(0.5) / math.log(0.85))
KINDS = ("memory", "blend", "blend by the clock")
# Nothing is said before this many bars, or this much time, has been seen.
LEAST_BARS, LEAST_SECONDS = 20, 5 * DAY
# Below this nothing moves; the logarithm needs a bound.
SMALLEST = 1e-14
# Every so many horizons of a series teach the forecast: neighbours say the same.
TAUGHT_STRIDE = 5


@dataclass(frozen=True)
class Forecast:
    """How volatility is forecast.

    half_lives (j,) seconds; weights (j,), sum 1; hour (24,), day (7,) added to ln variance;
    level added too.
    """

    kind: str
    half_lives: tuple[int, ...]
    weights: Floats
    hour: Floats
    day: Floats
    level: float

    def __call__(self, one: Series) -> Floats:
        """Annual volatility (t,) forecast at the end of each bar; NaN where nothing is said."""
        log = np.log(memories(one, self.half_lives)) @ self.weights + self.level
        hour, day = clock(one.end)
        out: Floats = np.exp(0.5 * (log + self.hour[hour] + self.day[day]))
        return out


def clock(end: Ints) -> tuple[Ints, Ints]:
    """Hour of the day and day of the week (0 = Thursday), UTC."""
    return end // HOUR % 24, end // DAY % 7


def memories(one: Series, half_lives: Sequence[int]) -> Floats:
    """Weighted means of past activity (t, j), NaN before enough was seen and where no bar is."""
    from scipy.signal import lfilter

    seen = activity(one)
    known = np.isfinite(seen)
    square = np.where(known, seen, 0.0)
    least = max(LEAST_BARS, LEAST_SECONDS // one.seconds)
    enough = (np.cumsum(known) >= least) & np.isfinite(one.close)
    out = np.empty((seen.size, len(half_lives)))
    for j, half_life in enumerate(half_lives):
        keep = 0.5 ** (one.seconds / half_life)
        # The weights of bars that are known are summed beside them, so that gaps leave no hole.
        total = lfilter([1.0], [1.0, -keep], square)
        weight = lfilter([1.0], [1.0, -keep], known.astype(np.float64))
        out[:, j] = np.maximum(total / np.maximum(weight, 1e-300), SMALLEST)
    out[~enough] = np.nan
    return out


@dataclass(frozen=True)
class Sample:
    """Horizons that a forecast is fitted on: bars (n,) of a series at which they begin."""

    one: Series
    at: Ints


def fit_forecast(kind: str, samples: Sequence[Sample], bars: int, longest: int) -> Forecast:
    """The forecast of ``kind`` for a horizon of so many bars; memories up to ``longest`` seconds.

    ``samples`` hold whole horizons without gaps within the fitted stretch.
    """
    seconds = samples[0].one.seconds
    if kind == "memory":
        half_lives: tuple[int, ...] = (max(PLAIN_HALF_LIFE, seconds),)
    else:
        usable = tuple(x for x in HALF_LIVES if seconds / 2 <= x <= longest)
        half_lives = usable or (max(PLAIN_HALF_LIFE, seconds),)
    known = [_known(sample, half_lives, bars) for sample in samples]
    logs = np.concatenate([x for x, _, _ in known])
    moved = np.concatenate([y for _, y, _ in known])
    end = np.concatenate([e for _, _, e in known])
    weights, hour, day = np.zeros(len(half_lives)), np.zeros(24), np.zeros(7)
    weights[-1] = 1.0
    by_clock = kind == "blend by the clock"
    if len(half_lives) > 1 or by_clock:
        weights, hour, day = _least_squares(logs, moved, end, by_clock)
    shaped = Forecast(kind, half_lives, weights, hour, day, 0.0)
    return replace(shaped, level=_level(shaped, samples, bars))


def _known(sample: Sample, half_lives: tuple[int, ...], bars: int) -> tuple[Floats, Floats, Ints]:
    """Logs of memories (n, j), log of the mean activity over the horizon (n,), times (n,)."""
    logs = np.log(memories(sample.one, half_lives)[sample.at])
    seen = np.concatenate([[0.0], np.cumsum(np.nan_to_num(activity(sample.one)))])
    moved = np.log(np.maximum((seen[sample.at + bars + 1] - seen[sample.at + 1]) / bars, SMALLEST))
    good = np.all(np.isfinite(logs), axis=1)
    return logs[good], moved[good], sample.one.end[sample.at][good]


def _least_squares(
    logs: Floats, moved: Floats, end: Ints, by_clock: bool
) -> tuple[Floats, Floats, Floats]:
    """Weights that sum to 1: what is regressed are distances from the slowest memory."""
    slowest = logs[:, -1]
    columns = [np.ones((slowest.size, 1)), logs[:, :-1] - slowest[:, None]]
    others = columns[1].shape[1]
    if by_clock:
        of_hour, of_day = clock(end)
        columns += [np.eye(24)[of_hour][:, 1:], np.eye(7)[of_day][:, 1:]]
    found = np.linalg.lstsq(np.concatenate(columns, axis=1), moved - slowest, rcond=None)[0]
    weights = np.append(found[1 : 1 + others], 1.0 - found[1 : 1 + others].sum())
    hour, day = np.zeros(24), np.zeros(7)
    if by_clock:
        hour[1:], day[1:] = found[1 + others : 24 + others], found[24 + others :]
    return weights, hour, day


def _level(shaped: Forecast, samples: Sequence[Sample], bars: int) -> float:
    """What makes forecast^2 the mean square of log-moves over the horizon, per year."""
    years = bars * samples[0].one.seconds / SECONDS_PER_YEAR
    ratios = []
    for sample in samples:
        said = shaped(sample.one)[sample.at]
        move = sample.one.close[sample.at + bars] - sample.one.close[sample.at]
        ratios.append((move / said) ** 2)
    every = np.concatenate(ratios)
    mean = float(np.mean(every[np.isfinite(every)]))
    return math.log(max(mean, SMALLEST) / years)
