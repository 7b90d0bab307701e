"""Money that an owner adds, or has at the venue, brings an account back: cash, or debt repaid."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import pay
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.transfers import between, to_balance
from seawall.margin.table.assess import row_worth


def top_up(
    setup: Setup, state: State, step: int, path: Ints, unit: Ints, amount: Floats, tape: TapeWriter
) -> Floats:
    """Owners pay ``amount`` (n,) quote from the outside world: into cash, or against the debt.

    Returns what they paid (n,): no more than the largest debt of a loan.
    """
    venue = setup.table.units.venue[unit]
    lends = np.array([book.liquidation.style == "keeper" for book in setup.rulebooks])[venue]
    pay(setup, state, path[~lends], unit[~lends], amount[~lends], "outside")
    paid = amount.copy()
    paid[lends] = repay(setup, state, path[lends], unit[lends], amount[lends])
    tape.write(step, EventKind.TOP_UP, path, unit, notional=paid)
    return paid


def repay(setup: Setup, state: State, path: Ints, unit: Ints, amount: Floats) -> Floats:
    """Repay each loan's largest debt with up to ``amount`` (n,) quote of the outside world.

    Interest accrued on what is repaid goes with it, in quote. Returns what was used (n,), at oracle
    prices; the lenders receive it.
    """
    if path.size == 0:
        return amount
    rows = setup.table.rows
    worth = row_worth(setup.table, state.holdings, state.quotes, path, unit)
    order = np.lexsort((worth.worth, worth.pair))
    first = order[np.searchsorted(worth.pair[order], np.arange(path.size), side="left")]
    row, owed = worth.row[first], np.maximum(-worth.worth[first], 0.0)
    size = np.maximum(-state.holdings.size[path, row], 0.0)
    used = np.minimum(amount, owed)
    share = np.divide(used, owed, out=np.zeros_like(used), where=owed > 0)
    repaid = share * size
    interest = used - repaid * state.quotes.price[path, rows.feed[row]] * rows.multiplier[row]
    venue = setup.table.units.venue[unit]
    to_balance(setup, state, path, row, repaid)
    between(state, venue, path, rows.asset[row], "outside", "pool", repaid)
    between(state, venue, path, setup.quote, "outside", "pool", interest)
    return used


def repay_from_cash(setup: Setup, state: State, path: Ints, unit: Ints) -> None:
    """Use the accounts' own cash (n,), quote, against their debts, the largest first."""
    settle = setup.table.feed_asset[setup.table.units.settle]
    while path.size:
        cash = state.holdings.cash[path, unit] * state.market[path, settle[unit]]
        used = repay(setup, state, path, unit, np.maximum(cash, 0.0))
        pay(setup, state, path, unit, -used, "outside")
        # Who has cash left has paid one debt in full.
        more = (used > 0) & (used < cash)
        path, unit = path[more], unit[more]
