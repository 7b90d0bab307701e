"""What the strategic attacker of a Case has gained by a step: cash received less cash paid.

Units it still owns count for nothing, so a plan whose exit lies beyond the horizon shows its cost
alone. Every payment is on the tape, as the fee of an event of the attacker's account (below zero:
received).
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.tape import EventKind, Tape
from seawall.foundation.arrays import segment_sums


def attacker_money(tape: Tape, step: int) -> Floats:
    """What the attacker gained and what it traded by a step (p, 2), quote."""
    mine = (tape.kind == EventKind.ATTACK) & (tape.step <= step)
    profit = -segment_sums(np.where(mine, tape.fee, 0.0), tape.path, tape.paths)
    traded = segment_sums(np.where(mine, tape.notional, 0.0), tape.path, tape.paths)
    return np.stack([profit, traded], axis=1)


def attacker_profit(money: Floats) -> dict[str, float]:
    """Means over paths of `attacker_money` (p, 2), quote: profit_mean, traded_mean; profit_share of
    paths with a profit.
    """
    profit, traded = np.ascontiguousarray(money.T)
    return {
        "profit_mean": float(profit.mean()),
        "traded_mean": float(traded.mean()),
        "profit_share": float(np.mean(profit > 0.0)),
    }
