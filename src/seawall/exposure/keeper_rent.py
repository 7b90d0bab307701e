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


def keeper_money(setup: Setup, tape: Tape, step: int) -> Floats:
    """Of venues that name their keepers, by a step (p, 6): rent, priority fees, gas of failed
    tries, cost to solvency, quote; auctions, and those of them that brought next to nothing.
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
    auctioned = (called & auctions[venue]).astype(np.float64)
    for_nothing = (mine & (tape.kind == EventKind.ZERO_BID)).astype(np.float64)
    columns = [
        *(segment_sums(amount, tape.path, tape.paths) for amount in (rent, priority, failed)),
        _solvency_cost(setup, tape, rent + priority, owed),
        *(segment_sums(count, tape.path, tape.paths) for count in (auctioned, for_nothing)),
    ]
    return np.stack(columns, axis=1)


def keeper_rent(money: Floats) -> dict[str, Any]:
    """Means over paths of `keeper_money` (p, 6), quote, and counts.

    rent_mean; priority_mean fees to be first; failed_gas_mean; solvency_cost_mean;
    auctions (over all paths) and zero_bids, those that brought next to nothing.
    """
    columns = np.ascontiguousarray(money.T)
    rent, priority, failed, cost = (float(column.mean()) for column in columns[:4])
    return {
        "rent_mean": rent,
        "priority_mean": priority,
        "failed_gas_mean": failed,
        "solvency_cost_mean": cost,
        "auctions": int(columns[4].sum()),
        "zero_bids": int(columns[5].sum()),
    }


def _solvency_cost(setup: Setup, tape: Tape, taken: Floats, owed: Floats) -> Floats:
    """Cost to solvency of each path (p,), summed over its accounts in their order."""
    units = setup.table.units.account.size
    account = tape.path * units + tape.unit
    distinct, where = np.unique(account, return_inverse=True)
    took = np.maximum(segment_sums(taken, where, distinct.size), 0.0)
    left = segment_sums(owed, where, distinct.size)
    return segment_sums(np.minimum(took, left), distinct // units, tape.paths)
