"""Worst loss of 100,000 accounts with a million positions over 1,000 shocks of 2,000 instruments.

Holders are uneven (Zipf's law), positions per account are Poisson with mean 10. scipy.sparse gets
its matrix ready made, as we get our holdings arranged, and multiplies 50 shocks at a time: all at
once would need 800 MB and is slower.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from measure import Benchmark
from seawall.valuation.worst_loss import (
    Holdings,
    arrange,
    plain_worst_loss,
    prepare,
    worst_loss,
)

INSTRUMENTS, SHOCKS = 2000, 1000
AT_A_TIME = 50
SMALL = 5000  # accounts of the comparison with the plain loop
LARGE = 100_000


@cache
def book(accounts: int) -> tuple[Holdings, NDArray[np.float64]]:
    """Holdings and the table of unit changes; ours is compiled, or it would be the plain loop."""
    prepare()
    random = np.random.default_rng(0)
    rows = random.poisson(10, accounts).clip(1)
    weight = 1.0 / np.arange(1, INSTRUMENTS + 1)
    instrument = random.choice(INSTRUMENTS, rows.sum(), p=weight / weight.sum())
    account = np.repeat(np.arange(accounts), rows)
    size = random.normal(size=account.size)
    change = random.normal(size=(INSTRUMENTS, SHOCKS))
    return arrange(account, instrument, size, accounts, INSTRUMENTS), change


@cache
def matrix(accounts: int) -> object:
    """The same holdings, accounts by instruments, in the book's order of accounts."""
    from scipy.sparse import csr_matrix

    held, _ = book(accounts)
    shape = (accounts, INSTRUMENTS)
    arranged = csr_matrix((held.size, held.instrument.astype(np.int32), held.pointer), shape=shape)
    return arranged[np.argsort(held.account)]


def ours(accounts: int) -> object:
    return worst_loss(*book(accounts))


def by_scipy() -> object:
    _, change = book(LARGE)
    sizes = matrix(LARGE)
    least = np.full(LARGE, np.inf)
    for first in range(0, SHOCKS, AT_A_TIME):
        moved = sizes @ np.ascontiguousarray(change[:, first : first + AT_A_TIME])
        np.minimum(least, moved.min(axis=1), out=least)
    return least


BENCHMARKS = [
    Benchmark(
        key="worst_loss_vs_scipy",
        goal=8.0,
        ours=lambda: ours(LARGE),
        theirs=by_scipy,
        what="100,000 accounts, 1m positions, 1,000 shocks, against scipy.sparse in float64",
        operations=2.0 * 10 * LARGE * SHOCKS,
    ),
    Benchmark(
        key="worst_loss_vs_plain",
        goal=20.0,
        ours=lambda: ours(SMALL),
        theirs=lambda: plain_worst_loss(*book(SMALL)),
        what="5,000 accounts, 50,000 positions, 1,000 shocks, against the plain loop",
    ),
]
