"""What the desks hold before any price moves: how much, and which signs can hardly be meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seawall.book import AccountKind
from seawall.cascade.setup import Setup
from seawall.exposure.concentration import concentration
from seawall.exposure.impairment import desk_columns, desks
from seawall.instruments import Held
from seawall.margin.frameworks import framework_of


@dataclass(frozen=True)
class DeskSize:
    """One desk at the start, all in the quote currency and none below 0 but ``equity``.

    equity    worth of its margin accounts    notional  of its positions; options by their delta
    debt      worth of what it owes: balances below 0, at the market's prices
    """

    owner: str
    equity: float
    notional: float
    debt: float


def desk_sizes(setup: Setup) -> list[DeskSize]:
    """How large each desk of the Case is, in the order of its accounts."""
    notional: dict[str, float] = defaultdict(float)
    for row in concentration(setup):
        notional[row["owner"]] += row["notional"]
    debt: dict[str, float] = defaultdict(float)
    for account, owed in _owed(setup).items():
        debt[setup.book.account_owner[account]] += sum(
            quantity * setup.case.market.assets[asset].spot for asset, quantity in owed.items()
        )
    return [
        DeskSize(
            owner,
            float(setup.desk_equity[desk_columns(setup, owner)].sum()),
            notional[owner],
            debt[owner],
        )
        for owner in desks(setup)
    ]


def odd_signs(setup: Setup) -> list[str]:
    """A sentence for each desk account whose balances below 0 are hardly what was meant.

    Either it owes more than it holds, which no venue lets stand, or it owes a coin at a venue that
    lends none and settles no position of the account in it. A loan, or cash below 0 against the
    profit of open positions, is neither.
    """
    book, said = setup.book, []
    owing = _owed(setup)
    settles = _settled_in(setup, owing)
    for account, owed in owing.items():
        name, venue = book.account_names[account], book.account_venue[account]
        units = setup.desk_units[setup.table.units.account[setup.desk_units] == account]
        equity = float(setup.desk_equity[np.isin(setup.desk_units, units)].sum())
        listed = " and ".join(f"{quantity:,.10g} {asset}" for asset, quantity in owed.items())
        if equity < 0.0:
            said.append(
                f"{name} owes {listed} and is worth {equity:,.0f} {setup.case.quote} at the start: "
                "look at the signs of its balances (held above 0, owed below)."
            )
        elif not framework_of(setup.case.rulebooks[venue]).lends:
            odd = [asset for asset in owed if asset not in settles[account]]
            if odd:
                said.append(
                    f"{name} owes {' and '.join(f'{owed[a]:,.10g} {a}' for a in odd)} at {venue}, "
                    "whose rules lend nothing, and none of its positions settles in that: look at "
                    "the sign."
                )
    return said


def _owed(setup: Setup) -> dict[int, dict[str, float]]:
    """{account: {asset: quantity owed, above 0}} of the desks' accounts, in the book's order."""
    book = setup.book
    owed: dict[int, dict[str, float]] = defaultdict(dict)
    for n in np.flatnonzero(book.quantity < 0).tolist():
        account = int(book.balance_account[n])
        if book.account_kind[account] is AccountKind.DESK:
            owed[account][book.assets[int(book.balance_asset[n])]] = -float(book.quantity[n])
    return owed


def _settled_in(setup: Setup, accounts: Iterable[int]) -> dict[int, set[str]]:
    """The assets in which the positions of each of ``accounts`` settle."""
    book = setup.book
    settled: dict[int, set[str]] = {account: set() for account in accounts}
    # A crowd may be half a million accounts: only the rows of those asked about are looked at.
    for n in np.flatnonzero(np.isin(book.position_account, list(settled))).tolist():
        instrument = book.instruments[int(book.position_instrument[n])]
        if not isinstance(instrument, Held):
            settled[int(book.position_account[n])].add(instrument.settle)
    return settled
