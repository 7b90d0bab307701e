"""Socialised loss by funding index (Drift v2): open positions of the market pay, by size.

    payment of a holder = loss of the market x |size| / sum of |size|, longs and shorts alike

Winners and losers of the market pay the same for each contract; who holds nothing there pays
nothing. In the venue's whole units, rounded up: `seawall.waterfall.drift_socialise`. Source:
drift-labs/protocol-v2, math/liquidation (facts restated). Wrong for the venue's own account (the
order book here), which does not pay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.arrays import segment_sums


@dataclass(frozen=True)
class FundingIndex:
    """Per contract of open interest, long and short; no parameters."""


def charge(loss: Floats, size: Floats, market: Ints) -> Floats:
    """Payment (n,) >= 0 of positions of ``size`` in ``market`` (n,), for losses by market (m,).

    Where nobody holds a position nobody pays.
    """
    held = np.abs(size)
    total = segment_sums(held, market, loss.size)
    each = np.divide(loss, total, out=np.zeros_like(total), where=total > 0)
    paid: Floats = held * each[market]
    return paid
