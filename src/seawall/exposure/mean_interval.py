"""The 95% interval of a mean over paths: of plain ones, of weighted ones, of mostly nothing.

With deviations u_i = w_i (x_i - m) from the (weighted) mean m of n values x_i,

    error = sqrt(V n / (n - 1)) / sum w,    V = sum over strata of (sum u^2 - (sum u)^2 / paths),
    skew  = sum u^3 / (sum u^2)^(3/2),      n = (sum w)^2 / sum w^2,

the ends are m - error g(t) and m - error g(-t), where t is Student's 97.5% quantile with n - 1
degrees of freedom and g Hall's (1992) inverse transformation, which takes the skewness out; the
page's expected shortfall has the same form with the normal quantile (`tail/sample.py`). Student's
is there because a mean given impairment rests on few paths: nine are usual.

An interval needs two paths, and values that differ: equal ones say nothing of what others would be,
so the end is not known. A mean that cannot be below ``least`` has that for its lower end.

Sources: Hall (1992), "On the removal of skewness by transformation", Journal of the Royal
Statistical Society B 54; Kish (1965), "Survey Sampling" (n of weighted values). Wrong, in that it
is too narrow, where hardly a path holds most of the mean and none of those was drawn: losses of a
very long tail, and a mean over all paths of which fewer than ten have any amount. Measured coverage
is in docs/decisions/040.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ends = tuple[float | None, float | None]
LEAST_PATHS = 2.0
# Skewness as small as this is none.
NO_SKEWNESS = 1e-9


def mean_interval(values: Floats, least: float | None = None) -> Ends:
    """Ends for the mean of the values (n,) of as many paths; None where one is not known.

    least: what no such value can be below
    """
    return weighted_mean_interval(
        values, np.ones(values.size), np.zeros(values.size, dtype=np.int64), values.size, least
    )


def weighted_mean_interval(
    values: Floats, weights: Floats, stratum: Ints, paths: int | Ints, least: float | None = None
) -> Ends:
    """As `mean_interval`, of values that count with these weights (n,), sum w x / sum w.

    stratum (n,): which of the strata each path is of; paths: how many paths they have, all told, by
    stratum, those without a value too (one number for one stratum)
    """
    total, square = float(weights.sum()), float((weights * weights).sum())
    count = total * total / square if square > 0.0 else 0.0
    if count < LEAST_PATHS or not np.any(values != values[0]):
        return least, None
    middle = float((weights * values).sum()) / total
    apart = weights * (values - middle)
    squares = float((apart * apart).sum())
    sizes = np.atleast_1d(paths)
    between = np.bincount(stratum, apart, minlength=sizes.size)
    variance = squares - float((between * between / np.maximum(sizes, 1)).sum())
    error = math.sqrt(max(variance, 0.0) * count / (count - 1.0)) / total
    skew = float((apart**3).sum()) / squares**1.5
    far = _student(count - 1.0)
    low = middle - error * without_skewness(far, skew)
    high = middle - error * without_skewness(-far, skew)
    return max(min(low, middle), -math.inf if least is None else least), max(high, middle)


def without_skewness(z: float, skew: float) -> float:
    """Hall's inverse transformation of a quantile ``z``, in standard errors of the mean.

    skew: that of the mean: of one value, over the root of their number
    """
    if abs(skew) < NO_SKEWNESS:
        return z
    return (math.cbrt(1.0 + skew * (z - skew / 6.0)) - 1.0) * 3.0 / skew


def _student(freedom: float) -> float:
    """Student's 97.5% quantile."""
    from scipy.special import stdtrit  # here, because it takes 0.1 s and `--help` needs none

    return float(stdtrit(freedom, 0.975))
