"""Value at risk and expected shortfall of a sample of losses, each with a 95% interval.

    VaR_a = the smallest loss that a share a of the sample does not exceed, x_(ceil(n a))
    ES_a  = 1 / (1 - a) x integral from a to 1 of the sample's quantile function

so ES_a is the mean of the worst (1 - a) n losses, the one on the edge counted in part. It is never
below VaR_a, and of two books on the same paths it is subadditive exactly (Acerbi and Tasche 2002).

Interval of VaR: the two losses between which the true quantile lies with 95% by the binomial count
of losses below it; exact for any law, a little too wide because ranks are whole. Its upper end is
not known where the sample is too small to hold a loss that high.

Interval of ES: each loss's influence on it, VaR + (x - VaR)+ / (1 - a) - ES, has a mean of zero and
a long right tail; Hall's (1992) cubic transformation takes that skewness out of the normal
interval. Measured coverage is in docs/decisions/019. Where fewer than ten losses lie beyond the
level there is no ES: it would rest on them alone.

``independent`` is how many losses would say as much as these: of overlapping windows their number
over how many cover one moment. Sources: Acerbi and Tasche (2002), "On the coherence of expected
shortfall"; David and Nagaraja (2003), "Order statistics"; Hall (1992), "On the removal of skewness
by transformation", Journal of the Royal Statistical Society B 54. Wrong when losses come in
clusters that the count of independent ones does not know of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.mean_interval import without_skewness
from seawall.exposure.proportion import Z95
from seawall.exposure.severity import LEAST_TAIL
from seawall.exposure.tail.binomial import ranks_around

Floats = NDArray[np.float64]
# A share of a sample is a whole number of losses but for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval, quote, loss > 0; None is not known."""

    value: float | None
    low: float | None
    high: float | None


NOT_KNOWN = Estimate(None, None, None)


@dataclass(frozen=True)
class TailOfSample:
    """VaR and ES at one level; ``beyond``: how many independent losses lie beyond the level."""

    value_at_risk: Estimate
    expected_shortfall: Estimate
    beyond: float


def value_at_risk(ranked: Floats, level: float) -> float:
    """VaR of losses (n,) in rising order."""
    return float(ranked[rank_of(ranked.size, level)])


def rank_of(count: int, level: float) -> int:
    """Place, from 0, of the smallest of ``count`` losses that a share ``level`` does not exceed."""
    return min(max(math.ceil(count * level - ROUNDING), 1), count) - 1


def expected_shortfall(ranked: Floats, level: float) -> float:
    """ES of losses (n,) in rising order."""
    tail = (1.0 - level) * ranked.size
    whole = math.floor(tail + ROUNDING)
    total = float(ranked[ranked.size - whole :].sum())
    part = tail - whole
    if part > ROUNDING:
        total += part * float(ranked[ranked.size - whole - 1])
    return total / tail


def tail_of(ranked: Floats, level: float, independent: int | None = None) -> TailOfSample:
    """Both at a level, of losses (n,) in rising order, n >= 1; ``independent`` <= n, by default n.

    ES is not known where fewer than ten independent losses lie beyond the level.
    """
    count = ranked.size if independent is None else independent
    at_risk = value_at_risk(ranked, level)
    beyond = (1.0 - level) * count
    low, high = quantile_ends(ranked, level, count)
    shortfall = NOT_KNOWN
    if beyond >= LEAST_TAIL - ROUNDING:
        shortfall = _shortfall(ranked, level, at_risk, count)
    return TailOfSample(Estimate(at_risk, low, high), shortfall, beyond)


def quantile_ends(ranked: Floats, level: float, count: int) -> tuple[float | None, float | None]:
    """Ends of the 95% interval of the true quantile, of losses (n,) in rising order that say as
    much as ``count`` independent ones; None where the sample does not reach so far.
    """
    first, last = ranks_around(count, level)
    # Ranks of ``count`` losses are levels of the sample, whatever its own size is.
    low = None if first < 1 else float(ranked[rank_of(ranked.size, first / count)])
    high = None if last > count else float(ranked[rank_of(ranked.size, last / count)])
    return low, high


def _shortfall(ranked: Floats, level: float, at_risk: float, count: int) -> Estimate:
    shortfall = expected_shortfall(ranked, level)
    influence = at_risk + np.maximum(ranked - at_risk, 0.0) / (1.0 - level) - shortfall
    low, high = ends_of_mean(influence, count)
    return Estimate(shortfall, shortfall + low, shortfall + high)


def ends_of_mean(values: Floats, count: int) -> tuple[float, float]:
    """Where the 95% interval of the mean of values (n,) ends, counted from it: (below, above zero).

    Hall's, of values that say as much as ``count`` independent ones.
    """
    spread = float(values.std())
    if spread <= 0.0:
        return 0.0, 0.0
    centred = values - values.mean()
    skew = float(np.mean(centred**3)) / spread**3 / math.sqrt(count)
    error = spread / math.sqrt(count)
    return -error * without_skewness(Z95, skew), -error * without_skewness(-Z95, skew)
