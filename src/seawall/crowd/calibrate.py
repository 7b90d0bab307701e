"""A crowd's leverage and concentration from liquidations that were seen.

Idea: cut the history into windows in which the crowd is taken as fresh. An account of leverage L
and maintenance rate m, long, is liquidated when the price has fallen by the fraction

    d(L) = (1 / L - m) / (1 - m)          short, risen by (1 / L - m) / (1 + m)

so after a largest fall y of a window the liquidated share of the long open interest is expected to
be F(y) = P(d(L) <= y). Leverage is lognormal (median, log_sd), cut at the largest the venue lets
accounts have, as `generate` does. Shares S of all windows, longs' and shorts', are fitted by the
quasi-likelihood sum S ln F + (1 - S) ln(1 - F), which is consistent whatever the scatter of S: few
large accounts make it wide. Intervals resample windows, 200 times. If size and leverage are
independent, liquidated accounts are a random sample of sizes: the concentration is the standard
deviation of ln(notional) of single liquidations.

Source: Papke and Wooldridge (1996) for the quasi-likelihood of shares.
Wrong when accounts add margin or de-lever within a window (leverage then looks lower), when one
account is closed in several rows (join them first: concentration is too small), when accounts hold
hedges elsewhere, and when no window moved far enough: median and spread are then told apart only by
the form of the lognormal, and the interval is wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_WINDOWS = 10
FEWEST_ROWS = 20
RESAMPLES = 200
LEVELS = (0.025, 0.975)
# ln median, ln log_sd: leverage of 0.1 to 500, spread of 0.05 to 5.
BOUNDS = ((-2.3, 6.2), (-3.0, 1.6))
STARTS = ((1.0, -0.3), (2.3, -0.3), (3.2, 0.0))
# Changes in the sum of log-likelihoods below this are rounding.
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Margins:
    """The venue's: maintenance rate, and the largest leverage that an account can have."""

    maintenance: float
    largest_leverage: float


@dataclass(frozen=True)
class Windows:
    """One row a window: largest fall and rise of the price as fractions of its start; shares of the
    long and short open interest that were liquidated, (w,) each, 0 to 1.
    """

    fall: Floats
    rise: Floats
    long_share: Floats
    short_share: Floats


@dataclass(frozen=True)
class Interval:
    """A fitted number with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FittedCrowd:
    """median and log_sd of leverage, size_log_sd (None: too few liquidations); windows used."""

    median: Interval
    log_sd: Interval
    size_log_sd: Interval | None
    windows: int
    liquidations: int


def liquidated_share(
    move: Floats, side: float, median: float, log_sd: float, margins: Margins
) -> Floats:
    """Expected share of a side's open interest liquidated after a move (w,) against it, >= 0.

    side  1 of longs after falls, -1 of shorts after rises
    """
    from scipy.special import ndtr

    least = _least_leverage(move, side, margins)
    share = ndtr((np.log(median) - np.log(least)) / log_sd)
    # Leverage above the largest counts as the largest: nobody is nearer than that.
    return np.asarray(np.where(least <= margins.largest_leverage, share, 0.0))


def _least_leverage(move: Floats, side: float, margins: Margins) -> Floats:
    """Leverage from which on a position is liquidated by a move against it."""
    return np.asarray(1.0 / (margins.maintenance + move * (1.0 - side * margins.maintenance)))


def windows_of(
    time: Ints,
    price: Floats,
    seconds: int,
    liquidated_at: Ints,
    side: Floats,
    notional: Floats,
    interest: tuple[float, float],
) -> Windows:
    """Windows of ``seconds`` from the first price on.

    time, price (t,) seconds since 1970 and quote; liquidated_at, side (1 long closed, -1 short),
    notional (n,) quote; interest (long, short) open interest in quote.
    Raises InputError with fewer than 10 windows or liquidations outside the prices' time.
    """
    window = (time - time[0]) // seconds
    names, first = np.unique(window, return_index=True)
    if names.size < FEWEST_WINDOWS:
        raise InputError(
            f"the prices span {names.size} windows of {seconds} s",
            expected=f"at least {FEWEST_WINDOWS}, to fit a crowd",
        )
    if liquidated_at.size and not (
        time[0] <= liquidated_at.min() and liquidated_at.max() < time[-1] + seconds
    ):
        raise InputError(
            "some liquidations lie outside the time of the prices", expected="prices around them"
        )
    start = price[first]
    low = np.minimum.reduceat(price, first)
    high = np.maximum.reduceat(price, first)
    place = np.searchsorted(names, (liquidated_at - time[0]) // seconds)
    place = np.minimum(place, names.size - 1)
    share = []
    for sign, whole in zip((1.0, -1.0), interest, strict=True):
        mine = np.where(side == sign, notional, 0.0)
        share.append(np.bincount(place, weights=mine, minlength=names.size) / whole)
    return Windows(
        fall=np.maximum(1.0 - low / start, 0.0),
        rise=np.maximum(high / start - 1.0, 0.0),
        long_share=np.minimum(share[0], 1.0),
        short_share=np.minimum(share[1], 1.0),
    )


def fit_crowd(windows: Windows, notional: Floats, margins: Margins, seed: int) -> FittedCrowd:
    """Leverage mix and concentration; ``notional`` (n,) of single liquidations, quote > 0.

    Raises InputError when nobody was liquidated.
    """
    if not (windows.long_share.sum() + windows.short_share.sum()) > 0.0:
        raise InputError("nobody was liquidated", expected="liquidations, to fit a crowd to")
    best = _search(windows, margins, STARTS)
    count = windows.fall.size
    drawn = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), np.arange(1), count)[:, 0]
    picks = np.minimum((drawn * count).astype(np.int64), count - 1)
    again = np.array([_search(_taken(windows, pick), margins, (best,)) for pick in picks])
    return FittedCrowd(
        _interval(best[0], again[:, 0]),
        _interval(best[1], again[:, 1]),
        _concentration(notional, seed),
        count,
        int(notional.size),
    )


def _taken(windows: Windows, pick: Ints) -> Windows:
    return Windows(
        windows.fall[pick],
        windows.rise[pick],
        windows.long_share[pick],
        windows.short_share[pick],
    )


def _search(
    windows: Windows, margins: Margins, starts: tuple[tuple[float, float], ...]
) -> tuple[float, float]:
    """The log of median and of log_sd, of greatest quasi-likelihood."""
    from scipy.optimize import minimize
    from scipy.special import ndtr

    sides = ((1.0, windows.fall, windows.long_share), (-1.0, windows.rise, windows.short_share))
    least = np.concatenate([_least_leverage(move, side, margins) for side, move, _ in sides])
    share = np.concatenate([seen for _, _, seen in sides])
    reached = least <= margins.largest_leverage
    needed, seen = np.log(least[reached]), share[reached]

    def loss(point: Floats) -> tuple[float, Floats]:
        log_sd = float(np.exp(point[1]))
        u = (point[0] - needed) / log_sd
        expected = np.clip(ndtr(u), 1e-12, 1.0 - 1e-12)
        value = np.sum(seen * np.log(expected) + (1.0 - seen) * np.log1p(-expected))
        density = np.exp(-0.5 * u * u) / np.sqrt(2.0 * np.pi)
        weight = density * (seen / expected - (1.0 - seen) / (1.0 - expected))
        return -float(value), np.array([-np.sum(weight) / log_sd, np.sum(weight * u)])

    found = [
        minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=BOUNDS, options={"ftol": _TOLERANCE}
        )
        for start in starts
    ]
    best = min(found, key=lambda one: float(one.fun))
    return float(best.x[0]), float(best.x[1])


def _interval(log_value: float, others: Floats) -> Interval:
    low, high = np.exp(np.quantile(others, LEVELS))
    return Interval(float(np.exp(log_value)), float(low), float(high))


def _concentration(notional: Floats, seed: int) -> Interval | None:
    """Standard deviation of ln(notional), with its interval by resampling liquidations."""
    if notional.size < FEWEST_ROWS:
        return None
    log = np.log(notional)
    drawn = uniforms(seed, Stream.BOOTSTRAP, np.arange(RESAMPLES), np.arange(1, 2), log.size)[:, 0]
    again = log[np.minimum((drawn * log.size).astype(np.int64), log.size - 1)].std(axis=1)
    low, high = np.quantile(again, LEVELS)
    return Interval(float(log.std()), float(low), float(high))
