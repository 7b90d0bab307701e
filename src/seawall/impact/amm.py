"""Constant product: forced flow trades against a pool whose reserves multiply to a constant.

A pool of x units and y quote prices a unit at y / x. Its depth, quote notional per unit of
log-price, is y / 2, so an asset's depth says how large its pool is: reserves of 2 x depth on either
side. With ``b`` the outstanding signed forced flow divided by depth (sales have b < 0),

    D(b) = r^2,   r = 1 + b/2 (quote paid in),   r = 1 / (1 + |b|/2) (units paid in)

since 1 + |b|/2 is the factor on the reserve that grows. D(b) D(-b) = 1. A trade from r0 to r1 has
the price r0 r1, the pool's own: quote that changes hands over units that do. The fee is paid beside
the trade: purchases pay 1 + fee, sales receive 1 - fee.

Source: Angeris and Chitra (2020), arXiv:2003.10001, for constant product markets.
Wrong when: liquidity is concentrated (see concentrated_amm.py), or providers withdraw while the
price moves. Purchases are counted in quote at the price before them: a purchase of more than the
pool holds is filled at a high price instead of refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number

Floats = NDArray[np.float64]

FEE = Quantity("a fraction from 0 to 0.5 (0.003 means 30 bp)", 0.0, 0.5)


@dataclass(frozen=True)
class Amm:
    """fee   what a trade pays to the pool's providers, a fraction of its notional"""

    fee: float = number(FEE, 0.0)

    def columns(self) -> Floats:
        """The law's constants, (1, 1)."""
        return np.array([[self.fee]])


def root(b: Floats) -> Floats:
    """Square root of the displacement."""
    grown = 1.0 + 0.5 * np.abs(b)
    return np.where(b < 0.0, 1.0 / grown, grown)


def displacement(b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; b in depths, sales < 0.

    Any shape; > 0, exactly 1 at b = 0.
    """
    r = root(np.asarray(b, dtype=np.float64))
    return r * r


def average(fee: float, b0: ArrayLike, b1: ArrayLike) -> Floats:
    """Price over the exogenous one of the trade that takes the pool from ``b0`` to ``b1``, fee
    included. Shapes broadcast; b0 = b1 gives the displacement there, bit for bit.
    """
    left, right = np.asarray(b0, dtype=np.float64), np.asarray(b1, dtype=np.float64)
    mean = root(left) * root(right)
    paid = np.where(right > left, mean * (1.0 + fee), mean * (1.0 - fee))
    return np.where(left == right, mean, paid)
