"""Book walk: forced flow eats the levels of an order book one after another.

The book is a ladder of levels on each side: how far a level lies from the best price, and how much
rests there, as a share of the asset's depth. ``b`` is the outstanding signed forced flow divided by
depth (sales have b < 0). While b is outstanding the best price is that of the first level that the
flow has not eaten,

    D(b) = 1 - distance of that level of the bids (b < 0), 1 + distance of that of the asks (b > 0)

and orders pay the mean of the levels they walk through, times 1 -+ half spread. Levels refill as
outstanding flow decays, from the deepest eaten one upwards; the other side of the book follows.
Beyond the last level the linear law goes on from there at the asset's depth.

Source: the arithmetic of a limit order book (Bouchaud, Farmer and Lillo 2009, "How markets slowly
digest changes in supply and demand", section 2: price impact of one order against what rests).
Wrong when: hidden orders stand between the levels, makers pull what is about to be eaten (the slot
``depth`` thins all levels alike), or the price has moved far from where the ladder was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number
from seawall.impact import linear

Floats = NDArray[np.float64]

DISTANCE = Quantity("a fraction of the price from 0 to below 1", 0.0, 1.0, open_high=True)
SIZE = Quantity("a share of the asset's depth above 0, to 1000", 0.0, 1_000.0, True)
HALF_SPREAD = Quantity("a fraction from 0 to 0.5 (0.0005 means 5 bp)", 0.0, 0.5)


@dataclass(frozen=True)
class Level:
    """One level: ``distance`` from the best price of its side, a fraction; ``size``, a share of
    the asset's depth (quote notional per unit of log-price).
    """

    distance: float = number(DISTANCE)
    size: float = number(SIZE)


@dataclass(frozen=True)
class BookWalk:
    """A ladder for all assets, in units of each asset's depth.

    bids, asks    levels from the best price outwards; the first has distance 0. Without asks they
                  mirror the bids
    half_spread   of the best prices, a fraction of the price
    """

    bids: tuple[Level, ...]
    asks: tuple[Level, ...] = ()
    half_spread: float = number(HALF_SPREAD, 0.0)

    def __post_init__(self) -> None:
        for name, side in (("bids", self.bids), ("asks", self.asks or self.bids)):
            steps = [level.distance for level in side]
            if not steps or steps[0] != 0.0 or any(np.diff(steps) <= 0.0):
                raise InputError(
                    f"the {name} of a book walk stand at {steps}",
                    expected="at least one level, the first at distance 0, each next one further",
                )

    def columns(self) -> Floats:
        """Ladder (5, n): distance and running size of the bids, of the asks, the half spread.

        The shorter side is filled up with levels that hold nothing.
        """
        asks = self.asks or self.bids
        count = max(len(self.bids), len(asks))
        out = np.empty((5, count))
        for row, side in ((0, self.bids), (2, asks)):
            distance = [level.distance for level in side]
            total = 0.0
            running = [total := total + level.size for level in side]
            out[row] = distance + distance[-1:] * (count - len(side))
            out[row + 1] = running + running[-1:] * (count - len(side))
        out[4] = self.half_spread
        return out


def displacement(ladder: Floats, b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; b in depths, sales < 0.

    Any shape; > 0, exactly 1 until the first level is eaten.
    """
    flow = np.asarray(b, dtype=np.float64)
    return np.where(flow < 0.0, _side(ladder, 0, flow, -1.0), _side(ladder, 2, flow, 1.0))


def _side(ladder: Floats, row: int, flow: Floats, sign: float) -> Floats:
    distance, running = ladder[row], ladder[row + 1]
    x = np.abs(flow)
    level = np.searchsorted(running, x, side="right")
    standing = 1.0 + sign * distance[np.minimum(level, distance.size - 1)]
    rest = np.maximum(x - running[-1], 0.0)
    beyond = standing * linear.displacement(sign * rest)
    out: Floats = np.where(level < distance.size, standing, beyond)
    return out


def average(ladder: Floats, b0: ArrayLike, b1: ArrayLike) -> Floats:
    """What orders that walk from ``b0`` to ``b1`` pay, over the exogenous price: the mean of the
    levels, less (sales) or plus (purchases) the half spread. Shapes broadcast.

    b0 = b1 gives the displacement there, bit for bit.
    """
    left, right = np.broadcast_arrays(
        np.asarray(b0, dtype=np.float64), np.asarray(b1, dtype=np.float64)
    )
    low, high = np.minimum(left, right), np.maximum(left, right)
    total = _worth(ladder, 0, np.maximum(-high, 0.0), np.maximum(-low, 0.0), -1.0)
    total = total + _worth(ladder, 2, np.maximum(low, 0.0), np.maximum(high, 0.0), 1.0)
    walk = high - low
    mean = total / np.where(walk > 0.0, walk, 1.0)
    spread = np.where(right > left, 1.0 + ladder[4, 0], 1.0 - ladder[4, 0])
    return np.where(walk > 0.0, mean * spread, displacement(ladder, left))


def _worth(ladder: Floats, row: int, near: Floats, far: Floats, sign: float) -> Floats:
    """Sum of price x size over what one side trades between flows ``near`` and ``far``, >= 0."""
    distance, running = ladder[row], ladder[row + 1]
    total = np.zeros(near.shape)
    begin = 0.0
    for level in range(distance.size):
        end = running[level]
        size = np.maximum(np.minimum(far, end) - np.maximum(near, begin), 0.0)
        total = total + (1.0 + sign * distance[level]) * size
        begin = end
    first, last = np.maximum(near - begin, 0.0), np.maximum(far - begin, 0.0)
    mean = (1.0 + sign * distance[-1]) * linear.average(sign * first, sign * last)
    out: Floats = total + mean * (last - first)
    return out
