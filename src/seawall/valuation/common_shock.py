"""One shock for all assets together: which of them move, and what an account gains or loses.

Stable coins and the quote currency stay where they are, and shares follow what they hold.
"""

from __future__ import annotations

import numpy as np

from seawall.market import Market
from seawall.valuation.portfolio_greeks import STABLE_VOLATILITY
from seawall.valuation.worst_loss import Floats, Holdings


def moving_together(market: Market, quote: str) -> tuple[str, ...]:
    """Every asset but the quote currency, stable ones and shares, which follow what they hold."""
    chosen = [
        n for n, s in market.assets.items() if n != quote and s.volatility > STABLE_VOLATILITY
    ]
    return tuple(n for n in chosen if n not in market.shares)


def account_changes(holdings: Holdings, table: Floats, account: int) -> Floats:
    """Change of one account's equity under every shock, (s,), summed as `worst_loss` sums.

    table: of `shockgrid.change_table`; account: the book's number of one that holds something.
    """
    place = int(np.flatnonzero(holdings.account == account)[0])
    total = np.zeros(table.shape[1])
    for row in range(int(holdings.pointer[place]), int(holdings.pointer[place + 1])):
        total += holdings.size[row] * table[holdings.instrument[row]]
    return total
