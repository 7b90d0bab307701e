"""Auto-deleveraging queue of BitMEX and Bybit: winners ranked by profit and leverage.

Score = profit fraction x effective leverage where the profit is above 0, else profit fraction /
effective leverage; effective leverage = |mark value| / (mark value - bankruptcy value). The highest
score is closed first, at the bankrupt account's bankruptcy price, until its size is matched. The
indicator that a trader sees is the queue's cumulative size in fifths, rounded up. Sources: BitMEX,
auto-deleveraging page; Bybit help centre, ADL. Space: contracts.
Wrong for venues that rank by notional and price ratio: `seawall.waterfall.deleverage`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.exact import as_written
from seawall.waterfall.deleverage import take_in_order
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners, at_bankruptcy

FIFTHS = 5


@dataclass(frozen=True)
class ProfitLeverageQueue:
    """Highest profit fraction x effective leverage first; no parameters. Space: contracts.

    profit fraction = profit / value at entry; a cross account's bankruptcy value is the mark value
    less its equity.
    """

    SPACE: ClassVar[str] = CONTRACTS


def take(rule: ProfitLeverageQueue, winners: Winners, need: Need) -> Taken:
    """Who is closed: the highest score first, until the need is matched."""
    leverage = effective_leverage(winners.value, winners.value - np.maximum(winners.equity, 1e-300))
    with np.errstate(over="ignore", invalid="ignore"):
        rank = score(winners.profit / np.maximum(winners.cost, 1e-300), leverage)
    return at_bankruptcy(take_in_order(winners.available, rank, need.size), need)


@dataclass(frozen=True)
class Queue:
    """The queue and what was closed: rows are in the order of the accounts given.

    order      (n,) positions in the given list, first to be closed first
    closed     (n,) size taken from each account     remaining  (n,) what each still holds
    percent    (n,) 20, 40, ... 100: the fifth of the queue in which each account stands
    unmatched  size for which the queue was too short
    price      at which every account of the queue is closed
    """

    order: tuple[int, ...]
    closed: Floats
    remaining: Floats
    percent: tuple[int, ...]
    unmatched: float
    price: float


def effective_leverage(mark_value: Floats, bankruptcy_value: Floats) -> Floats:
    """Effective leverage (n,): |mark value| / |mark value - bankruptcy value|.

    Values signed, in one currency. The bankruptcy value is what the position is worth where its
    margin is gone; infinite where the mark is already there.
    """
    with np.errstate(divide="ignore"):
        return np.abs(mark_value) / np.abs(mark_value - bankruptcy_value)


def score(profit_fraction: Floats, leverage: Floats) -> Floats:
    """Rank (n,) of each winner: the highest is closed first."""
    return np.where(profit_fraction > 0, profit_fraction * leverage, profit_fraction / leverage)


def queue(
    quantity: Sequence[float], scores: Sequence[float], *, needed: float, bankruptcy_price: float
) -> Queue:
    """Close ``needed`` against accounts of size ``quantity`` (n,) > 0 by ``scores`` (n,).

    All are closed at the bankrupt account's ``bankruptcy_price``. Equal scores keep the order
    given. Sizes are counted as the decimals that they are written as, so fractions of contracts
    leave no crumbs; the loop's `take` counts in floats, to the last bit of the queue's sum.
    """
    size, left = [as_written(one) for one in quantity], as_written(needed)
    order = np.argsort(-np.array(scores, dtype=float), kind="stable").tolist()
    closed, percent = [Fraction(0)] * len(size), [0] * len(size)
    reached, total = Fraction(0), sum(size, Fraction(0))
    for n in order:
        closed[n] = min(size[n], left)
        left -= closed[n]
        reached += size[n]
        percent[n] = math.ceil(FIFTHS * reached / total) * (100 // FIFTHS)
    return Queue(
        order=tuple(order),
        closed=np.array([float(one) for one in closed]),
        remaining=np.array([float(one - out) for one, out in zip(size, closed, strict=True)]),
        percent=tuple(percent),
        unmatched=float(left),
        price=bankruptcy_price,
    )
