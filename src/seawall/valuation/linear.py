"""Contracts that pay in the currency they are quoted in: perpetuals, futures, options.

Unrealised profit = size x (mark - entry), in the settlement asset; linear in the price, hence the
name. Wrong only about the settlement asset: a stablecoin that slips from its peg takes every
"dollar" of profit with it, so the caller multiplies by that asset's price.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def profit(size: ArrayLike, entry: ArrayLike, mark: ArrayLike) -> Floats:
    """Unrealised profit of linear perpetuals and futures, settlement asset; inputs broadcast.

    size in base units (long > 0), entry and mark in settlement asset per base unit.
    """
    difference: Floats = np.asarray(mark, dtype=np.float64) - np.asarray(entry, dtype=np.float64)
    return np.asarray(size, dtype=np.float64) * difference
