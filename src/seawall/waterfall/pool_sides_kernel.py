"""What the pool flag looks at, in arrays that plain and compiled code share; no compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PoolSides(NamedTuple):
    """Every side of every market with a pool, (g,) each: what the flag looks at in each step.

    market   of the contract (margin price = feed price x factor); side +1 longs, -1 shorts
    feed, settle   feeds of the contract and of what it settles in; inverse 1.0 where inverse
    max_factor     profit over pool at which the side is flagged
    """

    market: NDArray[np.int64]
    side: NDArray[np.float64]
    feed: NDArray[np.int64]
    settle: NDArray[np.int64]
    factor: NDArray[np.float64]
    inverse: NDArray[np.float64]
    max_factor: NDArray[np.float64]


class PoolMemory(NamedTuple):
    """held, cost (p, g): sum of |size|, and of |size| x entry (inverse: / entry); pool (p, m).

    stale (p,) True where holdings have changed since the sums were taken.
    """

    held: NDArray[np.float64]
    cost: NDArray[np.float64]
    pool: NDArray[np.float64]
    stale: NDArray[np.bool_]
