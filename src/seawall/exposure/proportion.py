"""Intervals of a proportion: Wilson's, honest at zero counts; gamma ones where paths are weighted.

Sources: Wilson (1927), Journal of the American Statistical Association 22; Fay and Feuer (1997),
Statistics in Medicine 16; Fay and Kim (2017), Biometrical Journal 59. Wilson's is wrong for
weighted paths (importance sampling): those have their own variance. The gamma ones treat a weighted
sum as a scaled gamma number of its mean and variance. The first allows at its upper end for one
more path of the largest weight: never too narrow, and too wide, as the exact interval of a count
is. The mid-p one takes half the chance of each, as mid-p intervals of counts do, and covers as
often as it says. Both are wrong where a few paths carry most of the weight.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# Two-sided 95% quantile of the standard normal.
Z95 = 1.959963984540054


def wilson(hits: int, paths: int, z: float = Z95) -> tuple[float, float]:
    """Lower and upper end of the interval of hits / paths at confidence given by ``z``."""
    if paths <= 0:
        return 0.0, 1.0
    share = hits / paths
    scale = 1.0 + z * z / paths
    centre = (share + z * z / (2.0 * paths)) / scale
    half = z * math.sqrt(share * (1.0 - share) / paths + z * z / (4.0 * paths * paths)) / scale
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == paths else min(1.0, centre + half)
    return low, high


def gamma_interval(mean: float, variance: float, largest: float) -> tuple[float, float]:
    """95% interval of a probability estimated as a weighted sum, inside [0, 1].

    mean, variance: of the estimate; largest: the most that one more path could have added to it
    (its weight over the number of paths).
    """
    from scipy.special import gammaincinv  # here, because it takes 0.1 s and few runs need it

    low = 0.0
    if mean > 0.0 and variance > 0.0:
        low = float(gammaincinv(mean * mean / variance, 0.025)) * variance / mean
    elif mean > 0.0:
        low = mean
    above, spread = mean + largest, variance + largest * largest
    high = float(gammaincinv(above * above / spread, 0.975)) * spread / above
    return min(low, 1.0), min(high, 1.0)


def mid_p_gamma_interval(mean: float, variance: float, largest: float) -> tuple[float, float]:
    """As `gamma_interval`, where half a path more is allowed for, at both ends.

    Ends are quantiles of the even mixture of the gamma laws without and with one more path of the
    largest weight; without any impaired path the former is zero itself.
    """
    from scipy.optimize import brentq
    from scipy.special import gammainc, gammaincinv

    above, spread = mean + largest, variance + largest * largest
    if mean <= 0.0 or variance <= 0.0:
        # Half of the mixture lies at the mean, so the other half's tails are twice 2.5%.
        low, high = (
            float(gammaincinv(above * above / spread, chance)) * spread / above
            for chance in (0.05, 0.95)
        )
        return min(low, mean, 1.0), min(high, 1.0)
    shapes = (mean * mean / variance, above * above / spread)
    scales = (variance / mean, spread / above)

    def end(chance: float) -> float:
        ends = [float(gammaincinv(k, chance)) * c for k, c in zip(shapes, scales, strict=True)]

        def beyond(x: float) -> float:
            both = (float(gammainc(k, x / c)) for k, c in zip(shapes, scales, strict=True))
            return 0.5 * sum(both) - chance

        low, high = min(ends), max(ends)
        return low if low == high else float(brentq(beyond, low, high, xtol=1e-300, rtol=1e-12))

    return min(end(0.025), 1.0), min(end(0.975), 1.0)


def stratified_variance(values: NDArray[np.float64], stratum: NDArray[np.int64]) -> float:
    """Variance of the mean of ``values`` (p,) whose strata have fixed numbers of paths.

    sum over strata of n_j s_j^2 / n^2; a stratum of one path counts its value squared.
    """
    total = 0.0
    if not values.any():
        return total
    for name in np.unique(stratum):
        mine = values[stratum == name]
        spread = float(mine.var(ddof=1)) if mine.size > 1 else float(mine[0]) ** 2
        total += mine.size * spread
    return total / values.size**2
