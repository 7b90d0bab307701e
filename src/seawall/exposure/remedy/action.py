"""What a desk can do about its DRE: add cash, repay a debt, move cash, or reduce a leg.

An opposite leg on the same instrument in the same account nets, so it is a reduction; hedges in
another account or another instrument are left out: they help one account by weakening another,
and what they cost later (funding, basis) is not in any number here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from seawall.cascade.setup import Setup
from seawall.exposure.impairment import desk_columns
from seawall.margin.table.assess import requirement

# Largest deposit tried, in multiples of the account's equity.
LARGEST = 4.0


class Kind(StrEnum):
    """What is done."""

    ADD = "add"  # cash from outside into an account
    REPAY = "repay"  # cash from outside repays a debt
    MOVE = "move"  # cash or collateral out of another account of the desk
    REDUCE = "reduce"  # a part of a position is sold, or bought back


@dataclass(frozen=True)
class Action:
    """One kind of action, whose amount is still to be found.

    unit     margin account that it helps; of REDUCE the one that holds the leg
    asset    index of what moves; of REDUCE the underlying
    row      debt that is repaid (REPAY, and MOVE into a loan), -1: it goes into cash
    leg      of REDUCE: a row, or rows + option; -1 otherwise
    source   of MOVE: the margin account it leaves, -1 otherwise; source_row: its balance, -1: cash
    largest  most that can be done: quote; of REDUCE the share of the leg, 1
    """

    kind: Kind
    unit: int
    asset: int
    row: int = -1
    leg: int = -1
    source: int = -1
    source_row: int = -1
    largest: float = 1.0


def deposits(setup: Setup, units: Sequence[int]) -> list[Action]:
    """Cash into each margin account, or the repayment of its largest debt."""
    out = []
    for unit in units:
        row = debt_row(setup, unit)
        equity = float(setup.desk_equity[np.searchsorted(setup.desk_units, unit)])
        largest = LARGEST * max(equity, 1.0)
        if row < 0:
            asset = int(setup.table.feed_asset[setup.table.units.settle[unit]])
            out.append(Action(Kind.ADD, unit, asset, largest=largest))
        else:
            asset, owed = int(setup.table.rows.asset[row]), -float(setup.row_start[row])
            if owed > 0:
                out.append(Action(Kind.REPAY, unit, asset, row, largest=min(largest, owed)))
    return out


def moves(setup: Setup, into: Sequence[Action], owner: str) -> list[Action]:
    """The same cash out of each other account of the desk that can spare some of that asset."""
    out = []
    for action in into:
        for source in setup.desk_units[desk_columns(setup, owner)].tolist():
            if source == action.unit:
                continue
            row, spare = _spare(setup, source, action.asset)
            if spare > 0:
                most = min(action.largest, spare)
                unit, asset, debt = action.unit, action.asset, action.row
                out.append(Action(Kind.MOVE, unit, asset, debt, -1, source, row, most))
    return out


def reductions(setup: Setup, legs: Sequence[int]) -> list[Action]:
    """Less of each leg (a row, or rows + option)."""
    table, out = setup.table, []
    for leg in legs:
        option = leg - table.rows.unit.size
        part, at = (table.rows, leg) if option < 0 else (table.options, option)
        if part.position[at] >= 0 and part.size[at] != 0:
            out.append(Action(Kind.REDUCE, int(part.unit[at]), int(part.asset[at]), leg=leg))
    return out


def legs_of(setup: Setup, unit: int) -> list[int]:
    """Positions of a margin account, as legs."""
    units, rows = setup.table.units, setup.table.rows
    legs = [
        leg
        for leg in range(int(units.rows[unit]), int(units.rows[unit + 1]))
        if rows.position[leg] >= 0
    ]
    options = range(int(units.options[unit]), int(units.options[unit + 1]))
    return legs + [rows.unit.size + option for option in options]


def is_lender(setup: Setup, unit: int) -> bool:
    """Whether the margin account is a loan."""
    venue = int(setup.table.units.venue[unit])
    return setup.rulebooks[venue].liquidation.style == "keeper"


def debt_row(setup: Setup, unit: int) -> int:
    """Largest debt of a loan account, -1 on venues where cash is margin."""
    if not is_lender(setup, unit):
        return -1
    rows = np.arange(setup.table.units.rows[unit], setup.table.units.rows[unit + 1])
    return int(rows[np.argmin(setup.row_start[rows])])


def _spare(setup: Setup, unit: int, asset: int) -> tuple[int, float]:
    """Where an account holds an asset (-1: cash), and how much may leave at the start, quote.

    Initial margin must stay; of cash no more than the wallet holds, without open profit.
    """
    table = setup.table
    need = requirement(table, setup.spot[table.feed_asset], setup.start_scale)
    free = max(float(need.equity[unit] - need.initial[unit]), 0.0)
    rows = np.arange(table.units.rows[unit], table.units.rows[unit + 1])
    held = rows[
        (table.rows.balance[rows] >= 0)
        & (table.rows.asset[rows] == asset)
        & (table.rows.size[rows] > 0)
    ]
    if held.size:
        row = int(held[0])
        weight = 1.0 - float(table.rows.initial_shortfall[row])
        worth = float(setup.row_start[row])
        return row, worth if weight <= 0 else min(worth, free / weight)
    if is_lender(setup, unit) or int(table.feed_asset[table.units.settle[unit]]) != asset:
        return -1, 0.0
    return -1, min(free, max(_wallet(setup, unit, asset), 0.0))


def _wallet(setup: Setup, unit: int, asset: int) -> float:
    """Cash of a margin account without open profit, quote; of an isolated one its own margin."""
    book, table = setup.book, setup.table
    if table.units.isolated[unit]:
        return 0.0  # an isolated position keeps its margin
    mine = (book.balance_account == table.units.account[unit]) & (book.balance_asset == asset)
    return float(book.quantity[mine].sum()) * float(setup.spot[asset])
