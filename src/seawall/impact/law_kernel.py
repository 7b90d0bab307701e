"""Compiled impact laws of one flow at a time: the bits of law.py.

``code`` and ``constants`` are those of `seawall.impact.law.ImpactLaw`; the same operations in the
same order as the plain laws, so that both engines write one tape.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import record_helper

# The codes of law.py, written out: the key of the cache covers kernel files only.
LINEAR, SQUARE_ROOT, BOOK_WALK, AMM = 0, 1, 2, 3
LOWEST = 0.01


@record_helper
def linear_displacement(b: float) -> float:
    """Linear law."""
    x = abs(b)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return 1.0 / power if b < 0.0 else power


@record_helper
def linear_average(b0: float, b1: float) -> float:
    """Linear law: Simpson's rule."""
    first = linear_displacement(b0)
    if b0 == b1:
        return first
    return (first + 4.0 * linear_displacement(0.5 * (b0 + b1)) + linear_displacement(b1)) / 6.0


@record_helper
def root_displacement(strength: float, b: float) -> float:
    """Square-root law."""
    move = strength * math.sqrt(abs(b))
    return max(1.0 - move if b < 0.0 else 1.0 + move, LOWEST)


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
def root_average(strength: float, left: float, right: float) -> float:
    """Square-root law, with its floor."""
    if not strength * math.sqrt(max(-min(left, right), 0.0)) > 1.0 - LOWEST:
        return 1.0 + strength * mean_root(left, right)
    limit = (1.0 - LOWEST) / strength
    limit *= limit
    upper_left, upper_right = max(left, -limit), max(right, -limit)
    on_law = 1.0 + strength * mean_root(upper_left, upper_right)
    walk = right - left
    share = 0.0 if left < -limit else 1.0
    if walk != 0.0:
        share = (upper_right - upper_left) / walk
    return share * on_law + (1.0 - share) * LOWEST


@record_helper
def walk_displacement(ladder: np.ndarray, b: float) -> float:
    """Book walk: the best price that is left."""
    row, sign = (0, -1.0) if b < 0.0 else (2, 1.0)
    x, count = abs(b), ladder.shape[1]
    for level in range(count):
        if x < ladder[row + 1, level]:
            standing: float = 1.0 + sign * ladder[row, level]
            return standing
    rest = max(x - ladder[row + 1, count - 1], 0.0)
    out: float = (1.0 + sign * ladder[row, count - 1]) * linear_displacement(sign * rest)
    return out


@record_helper
def walk_worth(ladder: np.ndarray, row: int, near: float, far: float, sign: float) -> float:
    """Book walk: price x size on one side between two flows >= 0."""
    total, begin = 0.0, 0.0
    for level in range(ladder.shape[1]):
        end = ladder[row + 1, level]
        size = max(min(far, end) - max(near, begin), 0.0)
        total = total + (1.0 + sign * ladder[row, level]) * size
        begin = end
    first, last = max(near - begin, 0.0), max(far - begin, 0.0)
    edge = 1.0 + sign * ladder[row, ladder.shape[1] - 1]
    out: float = total + edge * linear_average(sign * first, sign * last) * (last - first)
    return out


@record_helper
def walk_average(ladder: np.ndarray, b0: float, b1: float) -> float:
    """Book walk: the mean of the levels, less or plus the half spread."""
    low, high = min(b0, b1), max(b0, b1)
    if not high > low:
        return walk_displacement(ladder, b0)
    total = walk_worth(ladder, 0, max(-high, 0.0), max(-low, 0.0), -1.0)
    total = total + walk_worth(ladder, 2, max(low, 0.0), max(high, 0.0), 1.0)
    spread = 1.0 + ladder[4, 0] if b1 > b0 else 1.0 - ladder[4, 0]
    out: float = total / (high - low) * spread
    return out


@record_helper
def pool_root(b: float) -> float:
    """Constant product: square root of the displacement."""
    grown = 1.0 + 0.5 * abs(b)
    return 1.0 / grown if b < 0.0 else grown


@record_helper
def pool_average(fee: float, b0: float, b1: float) -> float:
    """Constant product: the pool's own price and the fee."""
    mean = pool_root(b0) * pool_root(b1)
    if b0 == b1:
        return mean
    return mean * (1.0 + fee) if b1 > b0 else mean * (1.0 - fee)


@record_helper
def range_growth(constants: np.ndarray, x: float) -> float:
    """Concentrated liquidity: factor on the reserve that grows."""
    edge, outside = constants[0, 1], constants[0, 2]
    if x > edge:
        out: float = 1.0 + 0.5 * edge + (x - edge) / (2.0 * outside)
        return out
    return 1.0 + 0.5 * x


@record_helper
def range_displacement(constants: np.ndarray, b: float) -> float:
    """Concentrated liquidity."""
    g = range_growth(constants, abs(b))
    return 1.0 / (g * g) if b < 0.0 else g * g


@record_helper
def range_amounts(constants: np.ndarray, near: float, far: float) -> tuple[float, float]:
    """Concentrated liquidity: what goes in and what comes out between two flows >= 0."""
    edge = constants[0, 1]
    turn_near, turn_far = min(far, edge), max(near, edge)
    inner, outer = max(turn_near - near, 0.0), max(far - turn_far, 0.0)
    first = inner / (range_growth(constants, near) * range_growth(constants, turn_near))
    second = outer / (range_growth(constants, turn_far) * range_growth(constants, far))
    return inner + outer, first + second


@record_helper
def range_average(constants: np.ndarray, b0: float, b1: float) -> float:
    """Concentrated liquidity: quote over units, and the fee."""
    low, high = min(b0, b1), max(b0, b1)
    if not high > low:
        return range_displacement(constants, b0)
    sold, sold_other = range_amounts(constants, max(-high, 0.0), max(-low, 0.0))
    paid, paid_other = range_amounts(constants, max(low, 0.0), max(high, 0.0))
    mean = (sold_other + paid) / (sold + paid_other)
    out: float = mean * (1.0 + constants[0, 0]) if b1 > b0 else mean * (1.0 - constants[0, 0])
    return out


@record_helper
def displacement(code: int, constants: np.ndarray, strength: float, b: float) -> float:
    """Factor on the exogenous price while flow ``b`` is outstanding."""
    if b == 0.0 and code != BOOK_WALK:
        return 1.0
    if code == LINEAR:
        return linear_displacement(b)
    if code == SQUARE_ROOT:
        return root_displacement(strength, b)
    if code == BOOK_WALK:
        return walk_displacement(constants, b)
    if code == AMM:
        r = pool_root(b)
        return r * r
    return range_displacement(constants, b)


@record_helper
def average(code: int, constants: np.ndarray, strength: float, b0: float, b1: float) -> float:
    """Factor on the exogenous price that orders pay which take the flow from ``b0`` to ``b1``."""
    if code == LINEAR:
        return linear_average(b0, b1)
    if code == SQUARE_ROOT:
        return root_average(strength, b0, b1)
    if code == BOOK_WALK:
        return walk_average(constants, b0, b1)
    if code == AMM:
        return pool_average(constants[0, 0], b0, b1)
    return range_average(constants, b0, b1)
