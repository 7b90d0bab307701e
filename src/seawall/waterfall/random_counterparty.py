"""Random counterparty (dYdX v4): a walk over the other side from a random account on, unranked.

Space: contracts. Each bankrupt account is closed alone, at its own bankruptcy price. The walk
starts at account floor(start x n) and goes round once, taking as much of each as it can; an offset
that would leave the holder riskier is refused and the walk goes on. A holder may be offset when
after it equity / maintenance is at least ``safe``, or not below what it was (with t of its size
closed, equity falls by t x deficit per contract, maintenance by t / size of the position's own).
Source: dydxprotocol/v4-chain, x/clob/keeper/deleveraging (facts restated). In whole quantums:
`seawall.waterfall.dydx_deleveraging`. Wrong for a block's limit on how many accounts are looked at,
and where a position's margin rate falls as it shrinks: its maintenance then falls by more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number
from seawall.waterfall.winners import CONTRACTS, Need, Taken, Winners, at_bankruptcy

RATIO = Quantity("a ratio of 1 or more", 1.0, 1e6)


@dataclass(frozen=True)
class RandomCounterparty:
    """safe: equity over maintenance from which an account may be offset whatever follows.

    It stands for initial over maintenance margin (dYdX: 5% over 3%). Space: contracts.
    """

    SPACE: ClassVar[str] = CONTRACTS
    safe: float = number(RATIO, 5.0 / 3.0)


def take(rule: RandomCounterparty, winners: Winners, need: Need) -> Taken:
    """Who is closed: accounts in the order of the walk, those left riskier passed over."""
    count = winners.size.size
    order = (np.arange(count) + min(int(need.start * count), count - 1)) % max(count, 1)
    order = order[winners.available[order] > 0]
    each = need.deficit / need.size
    whole = allowed(rule, winners, order, winners.available[order], each)
    taken, left = np.zeros(count), need.size
    for n, fits in zip(order.tolist(), whole.tolist(), strict=True):
        offset = float(winners.available[n])
        if offset > left:
            offset = left
            fits = allowed(rule, winners, np.array([n]), np.array([left]), each)[0]
        if fits:
            taken[n] = offset
            left -= offset
        if left <= 0:
            break
    return at_bankruptcy(taken, need)


def allowed(
    rule: RandomCounterparty, winners: Winners, chosen: Ints, offset: Floats, each: float
) -> Bools:
    """True (m,) where closing ``offset`` (m,) at ``each`` per contract is not refused."""
    equity, maintenance = winners.equity[chosen], winners.maintenance[chosen]
    part = offset / np.abs(winners.size[chosen])
    after = equity - offset * each
    due = np.maximum(maintenance - part * winners.own_maintenance[chosen], 0.0)
    # Products, not ratios: an account that needs no margin after the offset has none to divide by.
    safe = after >= rule.safe * due
    no_riskier = after * maintenance >= equity * due
    fits: Bools = (after >= 0) & (safe | no_riskier)
    return fits
