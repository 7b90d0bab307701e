"""Insurance fund: pays deficits until it is empty, in the order in which they come.

Source: any venue with a fund (docs/venues). Wrong for funds that are replenished by auction.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints


def absorb(deficit: Floats, pot: Ints, balance: Floats) -> Floats:
    """What the fund pays of each deficit (n,) > 0; ``pot`` (n,) says which of the balances (m,).

    Deficits of one pot are served in the order given; the sum paid from a pot never exceeds its
    balance, and a negative balance pays nothing.
    """
    order = np.argsort(pot, kind="stable")
    owed, owner = deficit[order], pot[order]
    running = np.cumsum(owed)
    first = np.searchsorted(owner, owner, side="left")
    before = running - owed - (running[first] - owed[first])
    left = np.maximum(np.maximum(balance, 0.0)[owner] - before, 0.0)
    paid = np.empty_like(deficit)
    paid[order] = np.minimum(owed, left)
    return paid
