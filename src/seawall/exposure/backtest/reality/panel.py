"""One horizon of one panel of series: the forecast chosen, the law fitted, accounts judged.

1. Choice, on the fitted stretch alone: each kind of forecast is fitted on the first CHOICE_SHARE of
   it, windows are taken from there, and accounts opened in the rest of it are said. The kind with
   the smallest mean log score is taken.
2. Fit: that kind again, on the whole fitted stretch, and windows of all of it.
3. Judgement, once: accounts opened at every bar after the fitted stretch. Every REFIT_SECONDS the
   chosen kind is fitted again, weights, windows and what the peers know, on what has passed until
   then (the last PAST_SECONDS of it): a level of volatility that the stretch never saw has its own
   large moves. Nothing is chosen anew, and nothing of an account's own future is used.

A horizon that would reach over the end of a stretch is not used in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.reality.accounts import accounts_of
from seawall.exposure.backtest.reality.bars import Series
from seawall.exposure.backtest.reality.forecast import (
    KINDS,
    PLAIN_HALF_LIFE,
    TAUGHT_STRIDE,
    Forecast,
    Sample,
    fit_forecast,
    memories,
)
from seawall.exposure.backtest.reality.law import (
    MOST_PRICES,
    Law,
    Taken,
    law_of,
    number_of,
    outcomes,
    thinned,
    whole,
    windows,
)
from seawall.exposure.backtest.reality.peers import first_passages, frequencies
from seawall.exposure.backtest.reality.tally import WEEK as WEEK_SECONDS
from seawall.exposure.backtest.reality.tally import Tally, tally, together

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHOICE_SHARE = 0.6
REFIT_SECONDS = 91 * 86_400
PAST_SECONDS = 365 * 86_400
# Accounts of the choice are opened at every so many bars.
CHOICE_STRIDE = 7
CHOICE_PRICES = MOST_PRICES // 2
# Memories up to this share of what is fitted on are used.
LONGEST_SHARE = 0.25


@dataclass(frozen=True)
class Stretch:
    """Openings and ends between two times, seconds since 1970."""

    first: int
    last: int

    def holds(self, one: Series, bars: int) -> Ints:
        """Bars (n,) at whose close a whole horizon within the stretch begins."""
        at = whole(one, bars)
        begin = one.end[at]
        inside = (begin >= self.first) & (begin + bars * one.seconds <= self.last)
        return np.asarray(at[inside])


@dataclass(frozen=True)
class Fitted:
    """What is said with: the forecast, the windows, and what the peers know of the past.

    paths      (n, s) windows, as `law.windows`
    spread     {series: deviation of one bar's log-move on the stretch}
    frequency  {series: (a,) share of such accounts that were liquidated on it}
    """

    forecast: Forecast
    paths: Floats
    spread: dict[str, float]
    frequency: dict[str, Floats]


def fit(
    panel: Sequence[Series], horizon: int, stretch: Stretch, kind: str, prices: int
) -> Fitted | None:
    """The kind of forecast and its windows on this stretch; None where no series has a horizon."""
    bars = horizon // panel[0].seconds
    held = [Taken(one, told(one, stretch.holds(one, bars))) for one in panel]
    held = [taken for taken in held if taken.at.size]
    if not held:
        return None
    longest = round(LONGEST_SHARE * (stretch.last - stretch.first))
    taught = [Sample(taken.one, taken.at[::TAUGHT_STRIDE]) for taken in held]
    forecast = fit_forecast(kind, taught, bars, longest)
    spread, frequency = {}, {}
    for taken in held:
        one = taken.one
        inside = (one.end[1:] > stretch.first) & (one.end[1:] <= stretch.last)
        spread[one.label] = float(np.sqrt(np.nanmean(np.diff(one.close)[inside] ** 2)))
        broke = outcomes(one, taken.at, bars, accounts_of(one.name, horizon))
        frequency[one.label] = frequencies(broke)
    return Fitted(forecast, windows(thinned(held, bars, prices), forecast, bars), spread, frequency)


def told(one: Series, at: Ints) -> Ints:
    """Those of the bars before which enough was seen for a forecast."""
    return np.asarray(at[np.isfinite(memories(one, (PLAIN_HALF_LIFE,))[at, 0])])


@dataclass(frozen=True)
class Said:
    """What was said of the accounts of one series: end (n,), chances by method, broke (n, a)."""

    one: Series
    end: Ints
    chances: dict[str, Floats]
    broke: NDArray[np.bool_]


def say(
    panel: Sequence[Series], horizon: int, stretch: Stretch, fitted: Fitted, every: int
) -> list[Said]:
    """What is said of accounts opened at every so many bars of the stretch; a series that was not
    fitted on is left out.
    """
    bars = horizon // panel[0].seconds
    mine = [one for one in panel if one.label in fitted.spread]
    opened = [told(one, stretch.holds(one, bars))[::every] for one in mine]
    numbers = [number_of(fitted.forecast(one)[at]) for one, at in zip(mine, opened, strict=True)]
    if not any(at.size for at in opened):
        return []
    law = law_of(fitted.paths, np.concatenate(numbers))
    return [
        _said(one, horizon, at, number, law, fitted)
        for one, at, number in zip(mine, opened, numbers, strict=True)
        if at.size
    ]


def say_and_refit(
    panel: Sequence[Series], horizon: int, past: Stretch, later: Stretch, kind: str
) -> tuple[list[Said], list[Fitted]]:
    """What is said of accounts opened in ``later``, and the fits it was said with, in order."""
    said: list[Said] = []
    fits: list[Fitted] = []
    for begin in range(later.first, later.last, REFIT_SECONDS):
        known = Stretch(max(past.first, begin - PAST_SECONDS), begin)
        fitted = fit(panel, horizon, known, kind, MOST_PRICES)
        if fitted is None:
            continue
        # Opened before the next fit, whenever the horizon ends.
        end = min(begin + REFIT_SECONDS + horizon - 1, later.last)
        found = say(panel, horizon, Stretch(begin, end), fitted, 1)
        if found:
            said += found
            fits.append(fitted)
    return said, fits


def _said(one: Series, horizon: int, at: Ints, number: Ints, law: Law, fitted: Fitted) -> Said:
    bars = horizon // one.seconds
    accounts = accounts_of(one.name, horizon)
    half = 0.5 / law.lowest.shape[1]
    chance = np.clip(law.chances(accounts)[number - law.first], half, 1.0 - half)
    current = np.sqrt(_current(one)[at] * bars)
    fixed = fitted.spread[one.label] * np.sqrt(bars)
    chances = {
        "dre": chance,
        "normal_fitted": first_passages(accounts, np.array([fixed]))[0],
        "normal_current": first_passages(accounts, current),
        "frequency": fitted.frequency[one.label],
    }
    return Said(one, one.end[at], chances, outcomes(one, at, bars, accounts))


def _current(one: Series) -> Floats:
    """Variance of one bar's log-move (t,), memory 0.85 a day, from closes alone."""
    from scipy.signal import lfilter

    step = np.diff(one.close, prepend=np.nan)
    known = np.isfinite(step)
    keep = 0.5 ** (one.seconds / max(PLAIN_HALF_LIFE, one.seconds))
    total = lfilter([1.0], [1.0, -keep], np.where(known, step**2, 0.0))
    weight = lfilter([1.0], [1.0, -keep], known.astype(np.float64))
    return np.asarray(np.maximum(total / np.maximum(weight, 1e-300), 1e-14))


def choose_kind(panel: Sequence[Series], horizon: int, stretch: Stretch) -> list[tuple[str, float]]:
    """Kinds of forecast and their mean log scores within the fitted stretch, best first.

    Empty where a part of the stretch has no horizon.
    """
    middle = stretch.first + round(CHOICE_SHARE * (stretch.last - stretch.first))
    early, late = Stretch(stretch.first, middle), Stretch(middle, stretch.last)
    found = []
    for kind in KINDS:
        fitted = fit(panel, horizon, early, kind, CHOICE_PRICES)
        said = [] if fitted is None else say(panel, horizon, late, fitted, CHOICE_STRIDE)
        losses = [
            -np.log(np.where(s.broke, s.chances["dre"], 1.0 - s.chances["dre"])) for s in said
        ]
        if losses:
            found.append((kind, float(np.mean(np.concatenate([x.ravel() for x in losses])))))
    return sorted(found, key=lambda pair: pair[1])


def tallies(said: Sequence[Said]) -> dict[str, Tally]:
    """The sums of each series, over the same weeks."""
    ends = [one.end for one in said]
    weeks = np.array([min(e[0] for e in ends), max(e[-1] for e in ends)]) // WEEK_SECONDS
    found: dict[str, list[Tally]] = {}
    for s in said:
        one = tally(s.end, s.chances, s.broke, weeks)
        found.setdefault(s.one.label, []).append(one)
    return {label: together(parts) for label, parts in found.items()}
