"""Insurance fund: pays deficits until it is empty, in the order in which they come.

Source: any venue with a fund. Wrong for funds that are replenished by auction.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints


def absorb(deficit: Floats, pot: Ints, balance: Floats) -> Floats:
    """What the fund pays of each deficit (n,) > 0; ``pot`` (n,) says which of the balances (m,).

    Deficits of one pot are served in the order given; the sum paid from a pot never exceeds its
    balance, and a negative balance pays nothing. No pot's result depends on another's deficits.
    """
    order = np.argsort(pot, kind="stable")
    owner = pot[order]
    # One turn serves the first deficit of every pot, the next the second, and so on: a running
    # sum over all pots would let one pot's rounding reach another's.
    turn = np.arange(owner.size) - np.searchsorted(owner, owner, side="left")
    queue = order[np.argsort(turn, kind="stable")]
    ends = np.cumsum(np.bincount(turn, minlength=1))
    left = np.maximum(balance, 0.0)
    paid = np.zeros(deficit.size)
    for mine in np.split(queue, ends[:-1]):
        paid[mine] = np.minimum(deficit[mine], left[pot[mine]])
        left[pot[mine]] -= paid[mine]
    return paid
