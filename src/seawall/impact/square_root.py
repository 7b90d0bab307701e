"""Square-root impact: forced flow Q moves the price by Y sigma sqrt(Q / V).

``b`` is the outstanding signed forced flow divided by the daily volume V (sales have b < 0), sigma
the volatility of one day and Y a prefactor near 1. The market price is the exogenous one times

    D(b) = 1 + sign(b) Y sigma sqrt(|b|),   not below 0.01

An order that walks from 0 to b pays 2/3 of its final impact on average, hence the critical leverage
3 / (2 I) of an account whose whole exit moves the price by I.

Source: Donier and Bonart (2015), arXiv:1412.4503, who find the law over four decades of size in
Bitcoin; critical leverage after Caccioli, Bouchaud and Farmer (2012), arXiv:1204.0922.
Wrong when: flow exceeds about a day's volume (the floor is a guard and no statement about prices),
or small orders execute at once against a thick book, where impact is linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]

LOWEST = 0.01


@dataclass(frozen=True)
class SquareRoot:
    """Parameter of the law.

    strength  Y sigma: relative move at a flow of one day's volume, a fraction >= 0; one number per
              asset, (k,), or whatever broadcasts with the flow. sigma is the standard deviation of
              one day's log-return, Y a pure number
    """

    strength: Floats

    def __post_init__(self) -> None:
        strength = np.asarray(self.strength)
        if not np.all(np.isfinite(strength) & (strength >= 0.0)):
            raise InputError(
                "a strength of the square-root law (prefactor x daily volatility) is negative or "
                "not finite",
                expected="fractions >= 0",
            )


def displacement(rule: SquareRoot, b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; b in daily volumes, sales < 0.

    Shapes broadcast; >= 0.01, exactly 1 at b = 0 and for a zero strength.
    """
    flow = np.asarray(b, dtype=np.float64)
    move = rule.strength * np.sqrt(np.abs(flow))
    return np.maximum(np.where(flow < 0.0, 1.0 - move, 1.0 + move), LOWEST)


def average(rule: SquareRoot, b0: ArrayLike, b1: ArrayLike) -> Floats:
    """Mean displacement while the flow walks evenly from ``b0`` to ``b1``: what the orders pay.

    Shapes broadcast. Exact, floor and change of sign included: the integral of D is
    b + (2/3) Y sigma |b|^1.5 above the floor and 0.01 b below it.
    """
    left, right, scale = np.broadcast_arrays(
        np.asarray(b0, dtype=np.float64), np.asarray(b1, dtype=np.float64), rule.strength
    )
    plain = 1.0 + scale * _mean_root(left, right)
    floored = scale * np.sqrt(np.maximum(-np.minimum(left, right), 0.0)) > 1.0 - LOWEST
    if not np.any(floored):
        return plain
    # Where the floor binds, the walk has two parts: below -limit at the floor, the rest on the law.
    limit = np.full(scale.shape, np.inf)
    np.divide(1.0 - LOWEST, scale, out=limit, where=scale > 0.0)
    limit *= limit
    upper_left, upper_right = np.maximum(left, -limit), np.maximum(right, -limit)
    on_law = 1.0 + scale * _mean_root(upper_left, upper_right)
    walk = right - left
    share = np.where(left < -limit, 0.0, 1.0)
    np.divide(upper_right - upper_left, walk, out=share, where=walk != 0.0)
    return np.where(floored, share * on_law + (1.0 - share) * LOWEST, plain)


def _mean_root(left: Floats, right: Floats) -> Floats:
    """Mean of sign(b) sqrt(|b|) between two flows, without the cancellation of the plain quotient.

    With r = sqrt|left| and t = sqrt|right| the quotient of (2/3)(t^3 - r^3) and right - left is
    (2/3)(t^2 + t r + r^2)/(t + r) when the signs agree; when they differ right - left has the
    size t^2 + r^2 and nothing cancels.
    """
    r, t = np.sqrt(np.abs(left)), np.sqrt(np.abs(right))
    crossing = (left < 0.0) != (right < 0.0)
    square = t * t + t * r + r * r
    top = np.where(crossing, (t - r) * square, square)
    bottom = np.where(crossing, t * t + r * r, t + r)
    sign = np.where(np.where(crossing, right, np.minimum(left, right)) < 0.0, -1.0, 1.0)
    ratio = np.zeros(top.shape)
    np.divide(top, bottom, out=ratio, where=bottom > 0.0)
    return (2.0 / 3.0) * sign * ratio
