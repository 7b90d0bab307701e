"""Intervals of a proportion: Wilson's, which stays inside [0, 1] and is honest at zero counts.

Source: Wilson (1927), Journal of the American Statistical Association 22. Wrong for weighted paths
(importance sampling): those need their own variance.
"""

from __future__ import annotations

import math

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
