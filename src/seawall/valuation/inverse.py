"""Contracts quoted in dollars and paid in the coin itself.

Coin is the numeraire here: a claim worth V quote is worth V / S coins. So a coin amount C is worth
C x S quote, and the curvature of 1/S is why a coin-margined long loses coins ever faster on the way
down. Wrong when the coin is delivered at another price than the one it is marked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.valuation.black import OptionGreeks

Floats = NDArray[np.float64]


def profit(size: ArrayLike, entry: ArrayLike, mark: ArrayLike) -> Floats:
    """Unrealised profit of inverse perpetuals and futures, coins; inputs broadcast.

    size in quote contracts of 1 (long > 0), prices > 0 in quote: size x (1/entry - 1/mark).
    """
    gained: Floats = 1.0 / np.asarray(entry, dtype=np.float64) - 1.0 / np.asarray(
        mark, dtype=np.float64
    )
    return np.asarray(size, dtype=np.float64) * gained


def coin_greeks(quote: OptionGreeks, forward: ArrayLike) -> OptionGreeks:
    """The same option with coin as the unit of account: C = V / F and its derivatives.

    ``quote`` from :func:`seawall.valuation.black.greeks` at the same ``forward`` (> 0, quote).
    Returns value in coins; delta, gamma, vanna per unit (quote) of the forward; vega and volga per
    1.00 of volatility; theta per year. Quotient rule: C' = (V' - C)/F, C'' = (V'' - 2 C')/F.
    The delta of a long call in coins is below V'/F: part of its dollar gain is the coin's own.
    """
    f = np.asarray(forward, dtype=np.float64)
    value = quote.value / f
    delta = (quote.delta - value) / f
    vega = quote.vega / f
    return OptionGreeks(
        value=value,
        delta=delta,
        gamma=(quote.gamma - 2.0 * delta) / f,
        vega=vega,
        theta=quote.theta / f,
        vanna=(quote.vanna - vega) / f,
        volga=quote.volga / f,
    )
