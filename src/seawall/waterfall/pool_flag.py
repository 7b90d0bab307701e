"""Pool flag (GMX v2): a side of a market is cut when its profit is too much for the pool.

Space: contracts, found from profit. A side is flagged when its unrealised profit / value of the
pool > ``max_factor``; positions are then closed at the mark, profit paid in full, the largest
profit first, the last one in part, until the ratio is back at ``min_factor``. A pool V that pays x
of a profit P is worth V - x, hence x = (P - min_factor x V) / (1 - min_factor). Nobody's bankruptcy
is needed and none is matched: whom the pool fails, its waterfall pays.
Source: GMX v2 (facts restated; the venue's keepers choose whom to cut off-chain, the order is
Seawall's own). Wrong where the pool earns or pays by ordinary trades: here it changes by these cuts
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_AMOUNT, Quantity
from seawall.foundation.record import number
from seawall.waterfall.deleverage import take_in_order
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners

FACTOR = Quantity("a fraction from 0 to below 1 (0.85 means 85%)", 0.0, 1.0, open_high=True)


@dataclass(frozen=True)
class PoolFlag:
    """pool: value of the pool behind each market at the start, quote. Space: contracts.

    max_factor, min_factor: profit over pool at which a side is flagged, and at which it is let go.
    """

    SPACE: ClassVar[str] = CONTRACTS
    pool: float = number(POSITIVE_AMOUNT)
    max_factor: float = number(FACTOR, 0.85)
    min_factor: float = number(FACTOR, 0.77)

    def __post_init__(self) -> None:
        if self.min_factor > self.max_factor:
            raise InputError(
                f"min_factor is {self.min_factor:g} and max_factor {self.max_factor:g}",
                expected="a min_factor that is not above max_factor",
            )


def flagged(rule: PoolSides, memory: PoolMemory, price: Floats) -> Bools:
    """Sides (p, g) whose profit is too much for their pool at feed prices (p, f).

    The compiled step, for one path: `seawall.waterfall.pool_flag_kernel.flagged_row`.
    """
    mark, settle = price[:, rule.feed] * rule.factor, price[:, rule.settle]
    inverse = rule.inverse > 0
    gain = np.where(inverse, memory.cost - memory.held / mark, memory.held * mark - memory.cost)
    profit = rule.side * gain * settle
    found: Bools = (profit > 0) & (profit > rule.max_factor * memory.pool[:, rule.market])
    return found


def excess(rule: PoolFlag, profit: float, pool: float) -> float:
    """Profit to be paid out now, quote: 0 where the side is not flagged.

    A pool that is worth nothing is flagged by any profit, and all of it is cut.
    """
    if profit <= 0 or profit <= rule.max_factor * pool:
        return 0.0
    return min(profit, (profit - rule.min_factor * max(pool, 0.0)) / (1.0 - rule.min_factor))


def cut(rule: PoolFlag, winners: Winners, pool: float) -> Floats:
    """Contracts (n,) closed of one side, for a pool worth ``pool``; losers are left alone."""
    profit = float(np.cumsum(winners.profit)[-1]) if winners.profit.size else 0.0
    gain = np.where(winners.available > 0, np.maximum(winners.profit, 0.0), 0.0)
    paid = take_in_order(gain, winners.profit, excess(rule, profit, pool))
    share = np.divide(paid, gain, out=np.zeros_like(gain), where=gain > 0)
    return share * winners.available


def take(rule: PoolFlag, winners: Winners, need: Need) -> Taken:
    """What the flag takes of the pool as it was at the start, whatever is needed: no haircut."""
    size = cut(rule, winners, rule.pool)
    return Taken(size, np.zeros_like(size))
