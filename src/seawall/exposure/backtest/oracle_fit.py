"""A feed's rules from its recorded rounds and the market beside them.

deviation   where the moves of early rounds begin: of all moves x of rounds well before the
            heartbeat, the one with the most rounds in [x, 1.04 x) less those in [x / 1.04, x).
            Rounds that neither rule explains lie below it and do not blur the edge.
heartbeat   the pause at which most rounds come: the mode of the pauses on a grid of 1%, then the
            median of those within 3% of it. Where the rounds of the heartbeat stand at one place of
            its period (resultant length above 0.9 in each third of the last third of the time), it
            is a clock of its own, which a deviation does not start anew: ``phase``.
extra       rounds a second that neither rule explains.
delay       d at which |log price - log market(t - d) - basis| of heartbeat rounds is smallest, mean
            absolute value; rounds by deviation would bias it: they were chosen for their price.
basis       feed over market (a perpetual, or another dollar coin): its mean; the deviation and the
            memory of its weekly means; the deviation of daily medians about them, which are taken
            to forget in a day; noise: what is left within the day beyond what the market may do
            between two closes (Brownian bridge). Below six weeks all of it is in the days.

Source: the rule is that of Chainlink's price feeds; Karatzas and Shreve (1991, section 5.6) for the
bridge. Wrong when: the feed's parameters changed within the fitted part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.oracle_rounds import Rounds, Series
from seawall.foundation.arrays import expand_ranges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400
WEEK = 7 * DAY
EDGE = 1.04
EARLY = 0.9
SELDOM = 0.02
# Fewer early rounds than this and the deviation is a guess.
FEWEST_EDGE = 10
FEWEST_WEEKS = 6
CLOCK = 0.9
DELAYS = range(0, 301, 5)


@dataclass(frozen=True)
class Rule:
    """When a feed sends: deviation (fraction), heartbeat (s), phase (s into the heartbeat's period
    at which its clock strikes, None = the heartbeat starts anew with every round), extra (per s).
    """

    deviation: float
    heartbeat: float
    phase: float | None
    extra: float


@dataclass(frozen=True)
class Basis:
    """The feed's own price over the market series, in logs: mean, deviation of weeks and their
    memory (s), of days about their week, of the noise within a day. ``delay`` in seconds.
    """

    mean: float
    weeks: float
    memory: float
    days: float
    noise: float
    delay: float


def fit_rule(rounds: Rounds, weeks: Sequence[Ints] = ()) -> tuple[Rule, list[Rule]] | None:
    """The rule of these rounds and that of each resample of their weeks (numbers of weeks since
    1970, with repeats); None for fewer than 30 rounds.
    """
    pause = np.diff(rounds.time).astype(np.float64)
    move = np.abs(rounds.price[1:] / rounds.price[:-1] - 1.0)
    whole = rounds.follows[1:] <= 1
    pause, move, time = pause[whole], move[whole], rounds.time[1:][whole]
    if pause.size < 30:
        return None
    rule = _rule(pause, move, time, _clock(pause, time))
    found = []
    for chosen in weeks:
        row = rows_of(time, chosen)
        found.append(rule if row.size < 30 else _rule(pause[row], move[row], time[row], rule.phase))
    return rule, found


def rows_of(time: Ints, weeks: Ints) -> Ints:
    """Rows (m,) of the rounds of these weeks, as often as a week is named."""
    order = np.argsort(time // WEEK, kind="stable")
    of = (time // WEEK)[order]
    first, last = np.searchsorted(of, weeks), np.searchsorted(of, weeks, side="right")
    _, index = expand_ranges(first.astype(np.int64), (last - first).astype(np.int64))
    return order[index]


def _rule(pause: Floats, move: Floats, time: Ints, phase: float | None) -> Rule:
    heartbeat = _heartbeat(pause)
    deviation = _edge(move[pause < EARLY * heartbeat], move)
    explained = (np.abs(pause / heartbeat - 1.0) < 0.03) | (move >= 0.99 * deviation)
    if phase is not None:
        away = np.abs((time - phase + heartbeat / 2) % heartbeat - heartbeat / 2)
        explained |= away < 0.02 * heartbeat
    extra = float(np.sum(~explained)) / float(pause.sum())
    return Rule(deviation, heartbeat, phase, extra)


def _clock(pause: Floats, time: Ints) -> float | None:
    """Where the heartbeat's clock strikes, from the last third of the time; None = no clock."""
    heartbeat = _heartbeat(pause)
    late = time >= time[0] + 2 * (time[-1] - time[0]) // 3
    due = late & (np.abs(pause / heartbeat - 1.0) < 0.03)
    if due.sum() < 20 or np.any(np.bincount(_third(time[due]), minlength=3) < 5):
        return None
    turn = np.exp(2j * np.pi * (time[due] % heartbeat) / heartbeat)
    # A rule that starts anew wanders; all three parts must point the same way.
    parts = [turn[_third(time[due]) == n].mean() for n in range(3)]
    if min(abs(part) for part in parts) < CLOCK or abs(turn.mean()) < CLOCK:
        return None
    return float(np.angle(turn.mean()) / (2.0 * np.pi) * heartbeat % heartbeat)


def _third(time: Ints) -> Ints:
    length = max(int(time[-1] - time[0]), 1)
    return np.asarray(np.minimum(3 * (time - time[0]) // length, 2), dtype=np.int64)


def _heartbeat(pause: Floats) -> float:
    """The mode of pauses, weighted by their length: many short pauses are no heartbeat.

    No pause is much longer than a heartbeat: where more than a fiftieth are, deviations always came
    first, and all that is known of the heartbeat is the longest pause.
    """
    cell = np.round(np.log(pause) / 0.01).astype(np.int64)
    values, inverse = np.unique(cell, return_inverse=True)
    weight = np.bincount(inverse, pause)
    near = np.array([weight[np.abs(values - value) <= 1].sum() for value in values])
    middle = math.exp(0.01 * float(values[int(np.argmax(near))]))
    if np.mean(pause > 1.1 * middle) > SELDOM:
        return float(pause.max())
    return float(np.median(pause[np.abs(pause / middle - 1.0) < 0.03]))


def _edge(early: Floats, every: Floats) -> float:
    """Where deviations begin; where few rounds are early, the largest move that came on time."""
    if early.size < FEWEST_EDGE:
        return float(every.max())
    x = np.sort(early[early > 1e-6])

    def count(low: Floats, high: Floats) -> Ints:
        return np.searchsorted(x, high) - np.searchsorted(x, low)

    score = count(x, EDGE * x) - count(x / EDGE, x)
    return float(x[int(np.argmax(score))])


def fit_basis(
    rounds: Rounds, series: Series, rule: Rule, weeks: Sequence[Ints] = ()
) -> tuple[Basis, list[Basis]] | None:
    """Basis, noise and delay, and those of resamples as in :func:`fit_rule`; None where fewer than
    30 rounds lie within known bars.
    """
    pause = np.diff(rounds.time)
    due = np.append(False, np.abs(pause / rule.heartbeat - 1.0) < 0.03)
    if due.sum() < 30:
        due = np.ones(rounds.time.size, dtype=bool)
    log_price = np.log(rounds.price)
    loss = _losses(rounds.time[due], log_price[due], series)
    if loss is None:
        return None
    delay = _best(loss)
    gap, bridge, known = _against(rounds.time, log_price, series, delay)
    day, daily = daily_medians(rounds.time[known], gap[known])
    use = known & due
    rest = gap[use] - np.interp(rounds.time[use] / DAY, day + 0.5, daily)
    when, around = rounds.time[use], bridge[use]
    found = []
    for chosen in weeks:
        row, kept = rows_of(when, chosen), rows_of(rounds.time[due], chosen)
        days = rows_of(day * DAY, chosen)
        if min(row.size, kept.size) < 30 or days.size < 3:
            continue
        noise = _noise(rest[row], around[row])
        found.append(_basis(day[days], daily[days], noise, _best(loss[:, kept])))
    return _basis(day, daily, _noise(rest, around), delay), found


def _basis(day: Ints, daily: Floats, noise: float, delay: float) -> Basis:
    mean = float(np.mean(daily))
    week, place = np.unique(day // 7, return_inverse=True)
    if week.size < FEWEST_WEEKS:
        return Basis(mean, 0.0, float(WEEK), float(np.std(daily)), noise, delay)
    weekly = np.bincount(place, daily) / np.bincount(place)
    about = daily - weekly[place]
    # A week's mean holds a seventh of the days' own variance.
    weeks = max(float(np.var(weekly) - np.var(about) / 6.0), 0.0)
    memory = _memory(week, weekly - mean)
    return Basis(mean, weeks**0.5, memory, float(np.std(about)) * (7 / 6) ** 0.5, noise, delay)


def daily_medians(time: Ints, gap: Floats) -> tuple[Ints, Floats]:
    """Days since 1970 (d,) and the median of each day's gaps (d,)."""
    day, inverse = np.unique(time // DAY, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    pieces = np.split(gap[order], np.cumsum(np.bincount(inverse))[:-1])
    return day, np.array([float(np.median(piece)) for piece in pieces])


def _memory(week: Ints, rest: Floats) -> float:
    """Seconds in which what is left of the basis falls to 1/e, from weeks that are neighbours."""
    near = np.diff(week) == 1
    if near.sum() < FEWEST_WEEKS - 1 or float(np.var(rest)) == 0.0:
        return float(WEEK)
    along = float(np.mean(rest[1:][near] * rest[:-1][near])) / float(np.var(rest))
    return WEEK / -math.log(min(max(along, 0.05), 0.95))


def _losses(time: Ints, log_price: Floats, series: Series) -> Floats | None:
    """|gap less its day's median| (delays, n) for each delay of the grid, NaN where unknown."""
    rows = []
    for delay in DELAYS:
        gap, _, known = _against(time, log_price, series, delay)
        if known.sum() < 30:
            return None
        day, daily = daily_medians(time[known], gap[known])
        rest = np.abs(gap - np.interp(time / DAY, day + 0.5, daily))
        rows.append(np.where(known, rest, np.nan))
    return np.array(rows)


def _best(loss: Floats) -> float:
    """The delay with the smallest mean of the smaller nine tenths: no crash decides on seconds."""
    both = loss[:, np.isfinite(loss).all(axis=0)]
    smaller = np.sort(both, axis=1)[:, : max(int(0.9 * both.shape[1]), 1)]
    return float(DELAYS[int(np.argmin(smaller.mean(axis=1)))])


def _against(
    time: Ints, log_price: Floats, series: Series, delay: float
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Log price over the market ``delay`` ago; variance of a bridge there; where it is known."""
    at = time - delay
    i = np.clip(np.searchsorted(series.time, at, side="left"), 1, series.time.size - 1)
    left, right = series.time[i - 1], series.time[i]
    known = (at >= left) & (at <= right) & (right - left == series.seconds)
    share = np.clip((at - left) / series.seconds, 0.0, 1.0)
    level = (1.0 - share) * series.log[i - 1] + share * series.log[i]
    variance = local_variance(series)[i - 1] * series.seconds * share * (1.0 - share)
    return log_price - level, variance, known


def local_variance(series: Series) -> Floats:
    """Variance per second (t - 1,) around each bar: mean of the squares within half an hour or two
    bars of it; bars across a gap count as zero with no weight.
    """
    step = np.diff(series.time) == series.seconds
    square = np.where(step, np.diff(series.log) ** 2, 0.0)
    half = int(np.clip(1800 // series.seconds, 2, 6))
    window = np.ones(2 * half + 1)
    if square.size < window.size:
        return np.full(square.size, float(square.mean()) / series.seconds)
    total = np.convolve(square, window, mode="same")
    count = np.convolve(step.astype(np.float64), window, mode="same")
    return np.asarray(total / np.maximum(count, 1.0) / series.seconds)


def _noise(rest: Floats, bridge: Floats) -> float:
    """Tau so that the median of rest^2 / (tau^2 + bridge) is that of a squared normal."""
    target = 0.454936
    low, high = 0.0, float(np.median(np.abs(rest))) * 3.0 + 1e-12
    for _ in range(60):
        middle = 0.5 * (low + high)
        ratio = float(np.median(rest**2 / (middle**2 + np.maximum(bridge, 1e-16))))
        low, high = (middle, high) if ratio > target else (low, middle)
    return 0.5 * (low + high)
