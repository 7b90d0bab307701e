"""Socialised loss: what no layer covered, shared by account holders in proportion to their equity.

Source: haircut as in Derive's security module or older futures venues, there of cash;
profit not yet settled bears its share here. On a lending market the lenders' claims are written
down instead. Wrong for venues that charge open positions, or cash: the other rules of the slot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats


@dataclass(frozen=True)
class EquityProRata:
    """In proportion to positive equity, which is what a waterfall without the slot does."""


def haircut(loss: float, equity: Floats) -> Floats:
    """Amount (n,) >= 0 taken from each account of equity (n,), pro rata to positive equity.

    Sums to min(loss, total positive equity): nobody pays more than they have.
    """
    positive = np.maximum(equity, 0.0)
    total = float(np.sum(positive))
    if total <= 0:
        return np.zeros_like(equity)
    return positive * min(1.0, loss / total)
