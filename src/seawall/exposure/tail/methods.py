"""Methods that say the tail of the next period's loss from past periods alone.

Each takes losses (t,) and their scale (t,), known before the period begins, and looks back over
``window`` periods; law t uses losses before t only.

historical           order statistics of the window's losses; the level u sits at (n + 1) u, so that
                     a new loss exceeds the k-th largest of n with probability k / (n + 1)
filtered_historical  the same of losses / scale, times the scale of the period (Barone-Adesi,
                     Giannopoulos and Vosper 1999; Hull and White 1998)
extreme_value        a generalised Pareto law beyond the window's 90% quantile of losses / scale,
                     by probability-weighted moments (Hosking and Wallis 1987), times the scale
                     (McNeil and Frey 2000)
normal               scale times normal quantiles: what a desk without tails would say
student              the same with a Student law whose degrees of freedom come from the window's
                     kurtosis, 4 + 6 / (kurtosis - 3), at least 4.1 and at most 50

Wrong when the window holds no crisis and one comes (all), when volatility jumps within the period
(all: the scale is yesterday's), and where losses of the past are of another regime (historical).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seawall.exposure.tail.law import BASE, EDGES, SLICES, TailLaw, law_of

Floats = NDArray[np.float64]
Method = Callable[[Floats, Floats, int], TailLaw]

# A generalised Pareto law has a mean below 1; moments say no more above this.
HIGHEST_SHAPE = 0.9
LOWEST_SHAPE = -0.5
LEAST_FREEDOM, MOST_FREEDOM = 4.1, 50.0
_FREEDOM = np.geomspace(LEAST_FREEDOM, MOST_FREEDOM, 200)


def historical(losses: Floats, scale: Floats, window: int) -> TailLaw:
    """See the module's docstring; the scale is not used."""
    return _rolled(losses, window, _order_statistics)


def filtered_historical(losses: Floats, scale: Floats, window: int) -> TailLaw:
    """See the module's docstring."""
    return _rolled(losses / scale, window, _order_statistics).times(scale)


def extreme_value(losses: Floats, scale: Floats, window: int) -> TailLaw:
    """See the module's docstring."""
    return _rolled(losses / scale, window, _pareto).times(scale)


def normal(losses: Floats, scale: Floats, window: int) -> TailLaw:
    """See the module's docstring; scaled by the window's root mean square of losses / scale."""
    from scipy.special import ndtri

    z = ndtri(EDGES[:-1])
    # The integral of the quantile function of N(0, 1) from 0 to u is -density(quantile(u)).
    integral = np.concatenate([-np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi), [0.0]])
    size = _root_mean_square(losses / scale, window)
    one = law_of(np.tile(integral, (losses.size, 1)), np.tile(z, (losses.size, 1)))
    return one.times(size * scale)


def student(losses: Floats, scale: Floats, window: int) -> TailLaw:
    """See the module's docstring."""
    z = losses / scale
    if z.size <= window:
        return _nothing(z.size)
    past = _windows(z, window)
    second = np.mean(past**2, axis=1)
    kurtosis = np.mean(past**4, axis=1) / second**2
    freedom = 4.0 + 6.0 / np.maximum(kurtosis - 3.0, 6.0 / MOST_FREEDOM)
    freedom = np.clip(freedom, LEAST_FREEDOM, MOST_FREEDOM)
    near = np.searchsorted(_FREEDOM[1:] - 0.5 * np.diff(_FREEDOM), freedom)
    table = _student_table()
    law = TailLaw(table.quantile[near], table.slices[near])
    unit = np.sqrt((freedom - 2.0) / freedom)
    return _padded(law, losses.size, window).times(
        _padded_column(unit * np.sqrt(second), losses.size, window) * scale
    )


METHODS: dict[str, Method] = {
    "historical": historical,
    "filtered_historical": filtered_historical,
    "extreme_value": extreme_value,
    "student": student,
    "normal": normal,
}


@cache
def _student_table() -> TailLaw:
    """Laws of Student's t, one for each of _FREEDOM: quantiles are dear, and change slowly."""
    from scipy.special import gammaln, stdtrit

    freedom = _FREEDOM[:, None]
    t = stdtrit(freedom, EDGES[:-1])
    log_constant = gammaln(0.5 * (freedom + 1.0)) - gammaln(0.5 * freedom)
    log_constant -= 0.5 * np.log(freedom * math.pi)
    density = np.exp(log_constant - 0.5 * (freedom + 1.0) * np.log1p(t * t / freedom))
    # The integral of x times the density beyond x.
    beyond = density * (freedom + t * t) / (freedom - 1.0)
    integral = np.concatenate([-beyond, np.zeros((freedom.size, 1))], axis=1)
    return law_of(integral, t)


def _windows(values: Floats, window: int) -> Floats:
    """The window before each period from number ``window`` on, (t - window, window)."""
    return np.asarray(sliding_window_view(values, window)[:-1])


def _rolled(values: Floats, window: int, law: Callable[[Floats], TailLaw]) -> TailLaw:
    if values.size <= window:
        return _nothing(values.size)
    return _padded(law(np.sort(_windows(values, window), axis=1)), values.size, window)


def _nothing(periods: int) -> TailLaw:
    """No law for any period: there is no full window."""
    unknown = np.full((periods, SLICES), np.nan)
    return TailLaw(unknown, unknown)


def _padded(law: TailLaw, periods: int, window: int) -> TailLaw:
    """A law for every period: NaN for those before the first full window."""
    first = np.full((min(window, periods), SLICES), np.nan)
    return TailLaw(np.concatenate([first, law.quantile]), np.concatenate([first, law.slices]))


def _padded_column(column: Floats, periods: int, window: int) -> Floats:
    return np.concatenate([np.full(min(window, periods), np.nan), column])


def _root_mean_square(values: Floats, window: int) -> Floats:
    if values.size <= window:
        return np.full(values.size, np.nan)
    size = np.sqrt(np.mean(_windows(values, window) ** 2, axis=1))
    return _padded_column(size, values.size, window)


def _order_statistics(ranked: Floats) -> TailLaw:
    """The law of a new loss among ranked ones (t, n): the k-th has weight 1 / (n + 1), the largest
    that of everything beyond it too.
    """
    count = ranked.shape[1]
    place = (count + 1.0) * EDGES
    total = np.concatenate([np.zeros((ranked.shape[0], 1)), np.cumsum(ranked, axis=1)], axis=1)
    # Losses 1 .. whole lie below the edge in full, the next one in part, the largest beyond n.
    whole = np.minimum(np.floor(place).astype(np.int64), count)
    last = np.minimum(whole, count - 1)
    integral = (total[:, whole] + (place - whole) * ranked[:, last]) / (count + 1.0)
    at = np.minimum(np.ceil(place[:-1] - 1e-9).astype(np.int64), count) - 1
    return law_of(integral, ranked[:, at])


@dataclass(frozen=True)
class ParetoTail:
    """Generalised Pareto laws (t, 1) beyond thresholds: loss = threshold + excess.

    threshold, size  in the losses' unit; shape: above 0 a power tail, 1 / shape its index
    share            of losses beyond the threshold
    """

    threshold: Floats
    size: Floats
    shape: Floats
    share: float

    def law(self) -> TailLaw:
        """The laws as quantiles and slices, from BASE on."""
        left = np.maximum(1.0 - EDGES, 0.0) / self.share
        shape, size = self.shape, self.size
        with np.errstate(divide="ignore"):
            power = np.where(left > 0.0, left, np.inf) ** (-shape)
        quantile = self.threshold + size / shape * (power[:, :-1] - 1.0)
        # The integral of left^-shape from u to 1, left = (1 - u) / share.
        rest = self.share * left ** (1.0 - shape) / (1.0 - shape)
        integral = (self.threshold - size / shape) * EDGES - size / shape * rest
        return law_of(integral, quantile)


def most_beyond(count: int) -> int:
    """How many of ``count`` losses lie beyond the threshold: a tenth, ten at least."""
    return max(round((1.0 - BASE) * count), 10)


def fit_pareto(top: Floats, count: int) -> ParetoTail:
    """Laws by probability-weighted moments, from the largest losses (t, most_beyond + 1) of
    ``count`` each, in rising order; the first of them is the threshold.
    """
    beyond = top.shape[1] - 1
    threshold = top[:, :1]
    excess = top[:, 1:] - threshold
    place = (np.arange(1, beyond + 1) - 0.35) / beyond
    mean, weighted = excess.mean(axis=1), np.mean((1.0 - place) * excess, axis=1)
    shape = np.clip(2.0 - mean / (mean - 2.0 * weighted), LOWEST_SHAPE, HIGHEST_SHAPE)[:, None]
    # The mean is kept where the shape was clipped.
    size = mean[:, None] * (1.0 - shape)
    shape = np.where(np.abs(shape) < 1e-6, 1e-6, shape)
    return ParetoTail(threshold, size, shape, beyond / count)


def _pareto(ranked: Floats) -> TailLaw:
    """A generalised Pareto law beyond the 90% quantile of ranked losses (t, n)."""
    count = ranked.shape[1]
    return fit_pareto(ranked[:, count - most_beyond(count) - 1 :], count).law()
