"""A pool that is every trader's counterparty: what it is worth and what it is short.

Idea: the pool owns (or, below 0, owes) some assets and stands against all open positions. With
prices P, quantities q, longs L at average entry e and shorts H at average entry g of a market:

    worth = sum q P  -  sum over markets [ min(L (P - e), cap) + min(H (g - P), cap) ]

cap = share of the value of the backing that pays that side; a side in loss is never capped. So the
pool is short L - H of each market, but once a side's profit is capped it is short that share of its
backing instead and the market no longer matters.
GMX v2: the pool value of a market, with profit capped at a maximal factor of the side's own token
(gmx-synthetics, MarketUtils.getPoolValueInfo and getCappedPnl). Synthetix: collateral less the
synths issued (backing below 0) less the skew's profit; no caps.
Wrong about fees on their way (borrowing, funding, impact pool), and at the very point where a cap
begins to bind: there the slope jumps, and the slope of the uncapped side is given.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from seawall.market import PoolState

Floats = NDArray[np.float64]


def pool_worth(
    state: PoolState, assets: tuple[str, ...], price: Mapping[str, float]
) -> tuple[float, Floats]:
    """What one share is worth (quote) and its slope in each price of ``assets`` (m,).

    ``price`` quote per unit of each. The second derivatives are 0: between its kinks the worth is
    linear in all prices. May be negative; the caller says what that means.
    """
    place = {asset: number for number, asset in enumerate(assets)}
    slope = np.zeros(len(assets))
    worth = 0.0
    for asset, quantity in state.backing.items():
        worth += quantity * price[asset]
        slope[place[asset]] += quantity
    for asset, market in state.markets.items():
        sides = (
            (market.long_size, market.long_entry, market.long_cap, market.long_backing),
            (-market.short_size, market.short_entry, market.short_cap, market.short_backing),
        )
        for size, entry, cap, backing in sides:
            profit = size * (price[asset] - entry)
            if cap is not None and backing is not None:
                held = cap * state.backing[backing]
                if profit > held * price[backing]:
                    worth -= held * price[backing]
                    slope[place[backing]] -= held
                    continue
            worth -= profit
            slope[place[asset]] -= size
    return worth / state.supply, slope / state.supply
