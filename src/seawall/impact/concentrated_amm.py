"""Concentrated liquidity: a constant product that is deep within a range and thin outside it.

Within a factor 1 + range of the exogenous price the pool trades like a constant product with
reserves of 2 x depth on either side, most of which are virtual; outside only a share ``outside`` of
that liquidity is left. With x = |b| the outstanding flow over depth and e the flow that reaches the
edge of the range,

    g(x) = 1 + x/2 up to e = 2 (sqrt(1 + range) - 1),   beyond it 1 + e/2 + (x - e) / (2 outside)
    D(b) = g^2 (purchases), 1 / g^2 (sales)

A trade pays quote that changes hands over units that do, summed over the pieces of its walk, and
the fee beside it. With outside = 1 it is the law of amm.py.

Source: Adams, Zinsmeister, Salem, Keefer and Robinson (2021), "Uniswap v3 Core", section 6: within
a range a position behaves like a constant product with virtual reserves.
Wrong when: providers move their ranges during the fall, or many ranges overlap: this is two levels
of liquidity, the same for all assets, centred on the exogenous price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.quantity import POSITIVE_FRACTION, Quantity
from seawall.foundation.record import number
from seawall.impact.amm import FEE

Floats = NDArray[np.float64]

RANGE = Quantity("a fraction above 0, to 100 (0.05: up to 5% above the price)", 0.0, 100.0, True)


@dataclass(frozen=True)
class ConcentratedAmm:
    """fee      what a trade pays to the providers, a fraction of its notional
    range    how far above the price the deep part reaches, a fraction; below it the same in log
    outside  share of the liquidity that is left beyond it, a fraction above 0
    """

    range: float = number(RANGE)
    outside: float = number(POSITIVE_FRACTION)
    fee: float = number(FEE, 0.0)

    def columns(self) -> Floats:
        """The law's constants, (1, 3): fee, edge e, outside."""
        return np.array([[self.fee, 2.0 * (math.sqrt(1.0 + self.range) - 1.0), self.outside]])


def _growth(constants: Floats, x: Floats) -> Floats:
    edge, outside = constants[0, 1], constants[0, 2]
    beyond = 1.0 + 0.5 * edge + (x - edge) / (2.0 * outside)
    return np.where(x > edge, beyond, 1.0 + 0.5 * x)


def displacement(constants: Floats, b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; b in depths, sales < 0.

    Any shape; > 0, exactly 1 at b = 0.
    """
    flow = np.asarray(b, dtype=np.float64)
    g = _growth(constants, np.abs(flow))
    return np.where(flow < 0.0, 1.0 / (g * g), g * g)


def average(constants: Floats, b0: ArrayLike, b1: ArrayLike) -> Floats:
    """Price over the exogenous one of the trade that takes the pool from ``b0`` to ``b1``, fee
    included. Shapes broadcast; b0 = b1 gives the displacement there, bit for bit.
    """
    left, right = np.broadcast_arrays(
        np.asarray(b0, dtype=np.float64), np.asarray(b1, dtype=np.float64)
    )
    low, high = np.minimum(left, right), np.maximum(left, right)
    sold, sold_other = _amounts(constants, np.maximum(-high, 0.0), np.maximum(-low, 0.0))
    paid, paid_other = _amounts(constants, np.maximum(low, 0.0), np.maximum(high, 0.0))
    # Below the exogenous price flow is counted in units, above it in quote.
    units, quote = sold + paid_other, sold_other + paid
    walked = high > low
    mean = quote / np.where(walked, units, 1.0)
    fee = constants[0, 0]
    priced = np.where(right > left, mean * (1.0 + fee), mean * (1.0 - fee))
    return np.where(walked, priced, displacement(constants, left))


def _amounts(constants: Floats, near: Floats, far: Floats) -> tuple[Floats, Floats]:
    """What goes into the pool between flows ``near`` and ``far``, >= 0, and what comes out of it,
    both at the exogenous price and over depth.
    """
    edge = constants[0, 1]
    turn_near, turn_far = np.minimum(far, edge), np.maximum(near, edge)
    inner, outer = np.maximum(turn_near - near, 0.0), np.maximum(far - turn_far, 0.0)
    first = inner / (_growth(constants, near) * _growth(constants, turn_near))
    second = outer / (_growth(constants, turn_far) * _growth(constants, far))
    return inner + outer, first + second
