"""Mean displacement while forced flow walks from one level to another: what the orders pay.

The same operations as `average` of `seawall.impact.linear` and `seawall.impact.square_root`.
"""

from __future__ import annotations

import math

from seawall.cascade.fast.advance_kernel import LOWEST, displaced
from seawall.foundation.compiled import record_helper


@record_helper
def mean_root(left: float, right: float) -> float:
    """Mean of sign(b) sqrt(|b|) between two flows."""
    r, t = math.sqrt(abs(left)), math.sqrt(abs(right))
    crossing = (left < 0.0) != (right < 0.0)
    square = t * t + t * r + r * r
    top = (t - r) * square if crossing else square
    bottom = t * t + r * r if crossing else t + r
    lead = right if crossing else min(left, right)
    sign = -1.0 if lead < 0.0 else 1.0
    ratio = top / bottom if bottom > 0.0 else 0.0
    return (2.0 / 3.0) * sign * ratio


@record_helper
def mean_square_root(scale: float, left: float, right: float) -> float:
    """Square-root law, with its floor."""
    if not scale * math.sqrt(max(-min(left, right), 0.0)) > 1.0 - LOWEST:
        return 1.0 + scale * mean_root(left, right)
    limit = (1.0 - LOWEST) / scale if scale > 0.0 else math.inf
    limit *= limit
    upper_left, upper_right = max(left, -limit), max(right, -limit)
    on_law = 1.0 + scale * mean_root(upper_left, upper_right)
    walk = right - left
    share = 0.0 if left < -limit else 1.0
    if walk != 0.0:
        share = (upper_right - upper_left) / walk
    return share * on_law + (1.0 - share) * LOWEST


@record_helper
def mean_displacement(square_root: bool, strength: float, left: float, right: float) -> float:
    """Either law; Simpson's rule on the linear one."""
    if square_root:
        return mean_square_root(strength, left, right)
    first = displaced(False, strength, left)
    if left == right:
        return first
    middle = displaced(False, strength, 0.5 * (left + right))
    return (first + 4.0 * middle + displaced(False, strength, right)) / 6.0
