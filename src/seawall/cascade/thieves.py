"""Accounts that failures and attackers bring along: empty at the start, so that nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from seawall.book import AccountKind, Book
from seawall.cascade.failures import SLOT, THIEF, thief_name
from seawall.cascade.table import MARKET_SLOTS, compile_mechanisms
from seawall.case import Case
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.slot import Failures
from seawall.scenario.failure.theft import FakeCollateral


@dataclass(frozen=True)
class Newcomer:
    """An account without holdings: its name, its venue, the assets it may come to hold."""

    name: str
    venue: str
    assets: tuple[str, ...]


def with_newcomers(case: Case, book: Book) -> Book:
    """The book with the accounts that the market's failures need; the same book without any."""
    if SLOT not in case.market.mechanisms:
        return book
    slots = compile_mechanisms(case.market.mechanisms, MARKET_SLOTS, "market")
    return add_accounts(case, book, newcomers(case, slots.get(SLOT)))


def newcomers(case: Case, slot: object) -> tuple[Newcomer, ...]:
    """One account for each failure that takes something at a venue, or closes it."""
    out: list[Newcomer] = []
    if isinstance(slot, Failures):
        for field in fields(slot):
            for n, failure in enumerate(getattr(slot, field.name)):
                venue = getattr(failure, "venue", None)
                if isinstance(venue, str) and venue in case.rulebooks and field.name in TAKERS:
                    out.append(Newcomer(thief_name(failure, n), venue, _held(case, failure)))
    return tuple(out)


TAKERS = ("venue_insolvency", "fake_collateral", "admin_key", "unbacked_mint")


def _held(case: Case, failure: object) -> tuple[str, ...]:
    """Assets of which an account may come to hold a balance, the quote currency first."""
    names = [case.quote]
    if isinstance(failure, FakeCollateral):
        names.append(failure.asset)
    if isinstance(failure, UnbackedMint) and failure.borrow is not None:
        names += [failure.asset, failure.borrow]
    return tuple(dict.fromkeys(name for name in names if name in case.book.assets))


def add_accounts(case: Case, book: Book, newcomers: tuple[Newcomer, ...]) -> Book:
    """The book with these accounts and their empty balances at its end."""
    first = len(book.account_names)
    balances = [(first + n, a) for n, new in enumerate(newcomers) for a in new.assets]
    index = [book.assets.index(asset) for _, asset in balances]
    return replace(
        book,
        account_names=(*book.account_names, *(new.name for new in newcomers)),
        account_venue=(*book.account_venue, *(new.venue for new in newcomers)),
        account_owner=(*book.account_owner, *(THIEF for _ in newcomers)),
        account_kind=(*book.account_kind, *(AccountKind.CROWD for _ in newcomers)),
        balance_account=np.append(
            book.balance_account, np.array([a for a, _ in balances], dtype=np.int64)
        ),
        balance_asset=np.append(book.balance_asset, np.array(index, dtype=np.int64)),
        quantity=np.append(book.quantity, np.zeros(len(balances))),
    )
