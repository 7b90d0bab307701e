"""The rows of a tail: each method's VaR and ES at every level, as they stand in the result.

    monte_carlo          the losses of the paths themselves, every mechanism on
    historical           the book revalued on each window of past moves, as they were
    filtered_historical  on the same moves in today's size
    extreme_value        a generalised Pareto law beyond the 90% quantile of the losses of
                         filtered_historical; interval by resampled blocks of windows, n^(1/3) or
                         as many as overlap
    normal               a comparison: the book's deltas at the market's volatilities and
                         correlations, no jump, no curvature; beside it how likely a count of
                         exceedances would tell it from the paths (its power)

Sources: those of `exposure.tail.methods`; blocks: Kuensch (1989), "The jackknife and the bootstrap
for general stationary observations". All but the first are of prices alone: nobody is liquidated,
and history already holds the feedback of the crowd of its day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.exposure.proportion import Z95
from seawall.exposure.tail.binomial import power
from seawall.exposure.tail.law import BASE
from seawall.exposure.tail.methods import ParetoTail, fit_pareto, most_beyond
from seawall.exposure.tail.past import Moves
from seawall.exposure.tail.sample import NOT_KNOWN, Estimate, tail_of
from seawall.foundation.elementary import inverse_normal
from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.units import volatility_over

LEVELS = (0.95, 0.975, 0.99)
METHODS = ("monte_carlo", "historical", "filtered_historical", "extreme_value", "normal")
OF_HISTORY = METHODS[1:4]

# Independent losses beyond the threshold below which no Pareto law is fitted.
LEAST_EXCESSES = 10
# Resampled histories behind its interval; how many losses are resampled together.
RESAMPLED = 200
TOGETHER = 2_000_000
# Periods over which a count of exceedances is judged: a year of days in the field's rules.
JUDGED_PERIODS = 250

Row = dict[str, Any]


def sample_row(method: str, losses: Floats, independent: int) -> Row:
    """VaR and ES of losses (n,), which say as much as ``independent`` ones."""
    ranked = np.sort(losses)
    tails = [tail_of(ranked, level, independent) for level in LEVELS]
    out = _row(
        method,
        [tail.value_at_risk for tail in tails],
        [tail.expected_shortfall for tail in tails],
        independent,
    )
    out["beyond"] = [round(tail.beyond, 9) for tail in tails]
    return out


def unknown_row(method: str, note: str) -> Row:
    """A method that could say nothing, and the sentence that says why."""
    nothing = [NOT_KNOWN] * len(LEVELS)
    return {**_row(method, nothing, nothing, 0), "note": note}


def _row(
    method: str, at_risk: Sequence[Estimate], shortfall: Sequence[Estimate], independent: int
) -> Row:
    out: Row = {"method": method, "observations": independent, "beyond": None, "note": None}
    for key, estimates in (("value_at_risk", at_risk), ("expected_shortfall", shortfall)):
        out[key] = [estimate.value for estimate in estimates]
        out[f"{key}_low"] = [estimate.low for estimate in estimates]
        out[f"{key}_high"] = [estimate.high for estimate in estimates]
    return out


def pareto_row(losses: Floats, moves: Moves, seed: int) -> Row:
    """The extreme-value row, of losses (w,) of filtered windows in the order of time.

    Raises InputError where fewer than ten independent losses lie beyond the threshold.
    """
    count, independent = losses.size, moves.independent
    excesses = (1.0 - BASE) * independent
    if excesses < LEAST_EXCESSES - 1e-9:
        raise InputError(
            f"{excesses:.0f} independent losses lie beyond the 90% quantile of the filtered ones, "
            f"and {LEAST_EXCESSES} are the fewest that a Pareto law is fitted to"
        )
    fitted = _fit(losses[None, :])
    block = max(moves.overlap, round(count ** (1.0 / 3.0)))
    drawn = [_fit(part) for part in _resampled(losses, block, seed)]
    at_risk, shortfall = [], []
    for level in LEVELS:
        laws = [tail.law() for tail in drawn]
        law = fitted.law()
        at_risk.append(
            _around(law.value_at_risk(level), [one.value_at_risk(level) for one in laws])
        )
        shortfall.append(
            _around(law.expected_shortfall(level), [one.expected_shortfall(level) for one in laws])
        )
    out = _row("extreme_value", at_risk, shortfall, independent)
    shapes = _shape(fitted.shape[:, 0], [tail.shape[:, 0] for tail in drawn])
    return out | {
        "threshold": float(fitted.threshold[0, 0]),
        "excesses": most_beyond(count),
        "shape": shapes.value,
        "shape_low": shapes.low,
        "shape_high": shapes.high,
    }


def _fit(losses: Floats) -> ParetoTail:
    """Laws of losses (t, n)."""
    count = losses.shape[1]
    first = count - most_beyond(count) - 1
    top = np.sort(np.partition(losses, first, axis=1)[:, first:], axis=1)
    return fit_pareto(top, count)


def _resampled(losses: Floats, block: int, seed: int) -> list[Floats]:
    """RESAMPLED series of blocks of ``block`` losses that followed each other, in parts (b, n)."""
    count = losses.size
    blocks = -(-count // block)
    place = np.arange(block)
    parts = []
    step = max(1, TOGETHER // count)
    for first in range(0, RESAMPLED, step):
        number = np.arange(first, min(first + step, RESAMPLED))
        drawn = uniforms(seed, Stream.TAIL_BLOCK, number, np.array([0]), blocks)[:, 0]
        begin = np.floor(drawn * count).astype(np.int64)
        index = (begin[:, :, None] + place).reshape(number.size, -1)[:, :count] % count
        parts.append(losses[index])
    return parts


def _around(value: Floats, drawn: Sequence[Floats]) -> Estimate:
    """95% interval of a positive number from resampled ones: normal in its logarithm, which a heavy
    tail skews less than percentiles; those where a resampled one is not positive.
    """
    known, others = float(value[0]), np.concatenate(drawn)
    if known <= 0.0 or others.min() <= 0.0:
        return _shape(value, drawn)
    width = math.exp(Z95 * float(np.log(others).std()))
    return Estimate(known, known / width, known * width)


def _shape(value: Floats, drawn: Sequence[Floats]) -> Estimate:
    """The same of a number of either sign: percentiles."""
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Estimate(float(value[0]), float(low), float(high))


def normal_row(setup: Setup, exposure: Floats, seconds: float, losses: Floats) -> Row:
    """The comparison row, and its power against the paths' ``losses`` (p,).

    exposure (k,): change of equity per unit relative move of each asset, quote.
    """
    spread = normal_deviation(setup, exposure, seconds)
    z = inverse_normal(np.array(LEVELS))
    at_risk = [float(spread * x) for x in z]
    density = [math.exp(-0.5 * float(x) ** 2) / math.sqrt(2.0 * math.pi) for x in z]
    shortfall = [spread * d / (1.0 - level) for d, level in zip(density, LEVELS, strict=True)]
    out = _row(
        "normal",
        [Estimate(value, None, None) for value in at_risk],
        [Estimate(value, None, None) for value in shortfall],
        0,
    )
    shares = [float(np.mean(losses > value)) for value in at_risk]
    out["exceeded"] = shares
    out["power"] = [
        power(JUDGED_PERIODS, 1.0 - level, share)
        for level, share in zip(LEVELS, shares, strict=True)
    ]
    return out


def normal_deviation(setup: Setup, exposure: Floats, seconds: float) -> float:
    """Standard deviation of the loss, quote, over ``seconds`` if prices move as a normal law of the
    market's volatilities and correlations, and the book by its deltas.
    """
    market, names = setup.case.market, setup.table.assets
    size = np.array([volatility_over(market.assets[n].volatility, seconds) for n in names])
    together = np.eye(len(names))
    for (first, second), value in market.correlation.items():
        i, j = names.index(first), names.index(second)
        together[i, j] = together[j, i] = value
    part = exposure * size
    return math.sqrt(max(float(part @ together @ part), 0.0))
