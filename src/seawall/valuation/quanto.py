"""Contracts quoted in one currency and paid in a third asset at a fixed conversion.

Profit = size x multiplier x (mark - entry), in the settlement asset. BitMEX ETHUSD: 0.000001 XBT
per contract and dollar, whatever bitcoin costs. The holder is exposed to both prices: to the
underlying by size x multiplier x the settlement price, to the settlement asset by the profit so
far; the product of two moves is the cross-gamma. Source: BitMEX, "Quanto perpetual contracts".
Wrong about fair value: a dated quanto trades off its forward by the covariance of the two assets
(exp(-correlation x vol x vol x years)); here its mark is taken from the market as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def profit(size: ArrayLike, multiplier: ArrayLike, entry: ArrayLike, mark: ArrayLike) -> Floats:
    """Unrealised profit, units of the settlement asset; inputs broadcast.

    size in contracts (long > 0); multiplier in settlement units per contract and per unit of quote;
    entry and mark in quote.
    """
    difference: Floats = np.asarray(mark, dtype=np.float64) - np.asarray(entry, dtype=np.float64)
    paid: Floats = np.asarray(size, dtype=np.float64) * np.asarray(multiplier, dtype=np.float64)
    return paid * difference
