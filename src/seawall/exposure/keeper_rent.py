"""What keepers earn, what that costs solvency, and how often an auction is won for nothing.

A keeper's rent is what it keeps of an account after its sale, gas and the priority fee. What the
rent and the priority fee took of an account that then left bad debt is money that would have paid
that debt: per account the smaller of the two,

    cost to solvency = sum over accounts of min(rent + priority fee, its bad debt)

a bound from above: with less to earn fewer keepers would have come. Source: Seawall's own. Wrong as
a forecast of another design: run that one on the same random numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind, Tape
from seawall.exposure.impairment import bad_debt
from seawall.foundation.arrays import segment_sums


def keeper_rent(setup: Setup, tape: Tape, step: int) -> dict[str, Any]:
    """Means over paths up to a step, quote, and counts; of venues that name their keepers.

    rent_mean; priority_mean fees to be first; failed_gas_mean; solvency_cost_mean;
    auctions (over all paths) and zero_bids, those that brought next to nothing.
    """
    races = np.array(["keepers" in mechanisms for mechanisms in setup.mechanisms])
    auctions = np.array(["auction" in mechanisms for mechanisms in setup.mechanisms])
    venue = setup.table.units.venue[tape.unit]
    mine = races[venue] & (tape.step <= step)
    called = mine & (tape.kind == EventKind.LIQUIDATION)
    rent = np.where(called, -tape.keeper, 0.0)
    priority = np.where(called, tape.fee, 0.0)
    failed = np.where(mine & (tape.kind == EventKind.KEEPER_FAILED), tape.keeper, 0.0)
    owed = np.where(mine & (tape.kind == EventKind.COVER), bad_debt(tape), 0.0)
    return {
        "rent_mean": _mean(tape, rent),
        "priority_mean": _mean(tape, priority),
        "failed_gas_mean": _mean(tape, failed),
        "solvency_cost_mean": _solvency_cost(setup, tape, rent + priority, owed),
        "auctions": int(np.sum(called & auctions[venue])),
        "zero_bids": int(np.sum(mine & (tape.kind == EventKind.ZERO_BID))),
    }


def _mean(tape: Tape, amount: Floats) -> float:
    return float(segment_sums(amount, tape.path, tape.paths).mean())


def _solvency_cost(setup: Setup, tape: Tape, taken: Floats, owed: Floats) -> float:
    units = setup.table.units.account.size
    account = tape.path * units + tape.unit
    distinct, where = np.unique(account, return_inverse=True)
    took = np.maximum(segment_sums(taken, where, distinct.size), 0.0)
    left = segment_sums(owed, where, distinct.size)
    return float(np.sum(np.minimum(took, left))) / tape.paths
