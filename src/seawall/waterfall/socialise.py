"""Socialised loss: what no layer covered, shared by account holders in proportion to their cash.

Source: cash haircut as in Derive's security module or older futures venues (docs/venues). On a
lending market the lenders' claims are written down instead. Wrong for funding-index socialisation.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats


def haircut(loss: float, cash: Floats) -> Floats:
    """Amount (n,) >= 0 taken from each cash balance (n,), pro rata to positive cash.

    Sums to min(loss, total positive cash): nobody pays more than they have.
    """
    positive = np.maximum(cash, 0.0)
    total = float(np.sum(positive))
    if total <= 0:
        return np.zeros_like(cash)
    return positive * min(1.0, loss / total)
