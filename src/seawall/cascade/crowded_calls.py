"""Which of the calls that would pay alone still pay when all are made at once.

Keepers see each other's calls. All sales of one collateral in one round are one batch and pay one
mean price, so calls are taken in the order of what they need, least first,

    need = (cost + gas) / sale at the market price,

as long as the mean price of everything taken so far still pays for the last of them. What is left
is looked at again in the next round, at the price that the batch has left behind. Without this a
thousand keepers would each expect to sell into an untouched market, sell together, and lose.
Source: Seawall's own; a market is entered until the marginal entrant earns nothing. Wrong when
keepers are slow to see each other: then some do sell at a loss.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.breach import Breach
from seawall.cascade.fills import own_impact
from seawall.cascade.loan_calls import Priced
from seawall.cascade.setup import Setup
from seawall.cascade.state import State


def still_paying(setup: Setup, state: State, breach: Breach, found: Priced, gas: Floats) -> Bools:
    """True (n,) for the calls that are made; ``gas`` (n,) quote of each one's transaction."""
    calls = found.calls
    path, asset = breach.path[calls.pair], setup.table.rows.asset[calls.c]
    sale = calls.seized * state.market[path, asset]
    needed = found.cost + gas
    need = np.divide(needed, sale, out=np.full_like(needed, np.inf), where=sale > 0)
    order = np.lexsort((breach.unit[calls.pair], need, asset, path))
    first = np.flatnonzero(np.r_[True, (np.diff(path[order]) != 0) | (np.diff(asset[order]) != 0)])
    parts = list(zip(first, np.r_[first[1:], order.size], strict=True))
    total = np.empty(order.size)
    for begin, end in parts:  # each batch by itself: no sum may depend on other paths
        total[begin:end] = np.cumsum(sale[order[begin:end]])
    mean = own_impact(setup, state, path[order], asset[order], -total)
    pays = sale[order] * mean > needed[order]
    for begin, end in parts:
        pays[begin:end] = np.logical_and.accumulate(pays[begin:end])
    keep = np.empty(order.size, dtype=bool)
    keep[order] = pays
    return keep
