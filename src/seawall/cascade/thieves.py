"""Accounts that failures and attackers bring along: empty at the start, so that nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from seawall.agents.attacker import BORROW, WITHDRAW, Attacker
from seawall.book import AccountKind, Book
from seawall.cascade.attack_rules import ACCOUNT, traded_perpetual
from seawall.cascade.attack_rules import SLOT as ATTACKER
from seawall.cascade.failures import SLOT as FAILURES
from seawall.cascade.failures import THIEF, thief_name
from seawall.cascade.table import MARKET_SLOTS, compile_mechanisms
from seawall.case import Case
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.slot import Failures
from seawall.scenario.failure.theft import FakeCollateral


@dataclass(frozen=True)
class Newcomer:
    """An account without holdings: its name, its venue, the assets it may come to hold, and the
    instrument.
    """

    name: str
    venue: str
    assets: tuple[str, ...]
    instrument: str | None = None


def with_newcomers(case: Case, book: Book) -> Book:
    """The book with the accounts that the market's failures need; the same book without any."""
    if not {FAILURES, ATTACKER} & set(case.market.mechanisms):
        return book
    slots = compile_mechanisms(case.market.mechanisms, MARKET_SLOTS, "market")
    found = newcomers(case, slots.get(FAILURES)) + attacker_account(case, slots.get(ATTACKER))
    return add_accounts(case, book, found)


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


def attacker_account(case: Case, slot: object) -> tuple[Newcomer, ...]:
    """The account of a strategic attacker, where its venue is one of the Case's."""
    if not isinstance(slot, Attacker) or slot.venue not in case.rulebooks:
        return ()
    names = [case.quote] if slot.scheme != BORROW else [case.quote, slot.asset, slot.borrow or ""]
    assets = tuple(dict.fromkeys(name for name in names if name in case.book.assets))
    item = traded_perpetual(case, slot.asset) if slot.scheme == WITHDRAW else None
    lends = case.rulebooks[slot.venue].liquidation.style == "keeper"
    instrument = None if item is None or lends else item.name
    return (Newcomer(ACCOUNT, slot.venue, assets, instrument),)


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
    positions = [(first + n, x.instrument) for n, x in enumerate(newcomers) if x.instrument]
    known = [item.name for item in book.instruments]
    kinds = [known.index(name) for _, name in positions]
    entry = [case.market.assets[book.instruments[i].underlying].spot for i in kinds]
    none = np.zeros(len(positions))
    return replace(
        book,
        account_names=(*book.account_names, *(new.name for new in newcomers)),
        account_venue=(*book.account_venue, *(new.venue for new in newcomers)),
        account_owner=(*book.account_owner, *(THIEF for _ in newcomers)),
        account_kind=(*book.account_kind, *(AccountKind.CROWD for _ in newcomers)),
        position_account=np.append(
            book.position_account, np.array([a for a, _ in positions], dtype=np.int64)
        ),
        position_instrument=np.append(book.position_instrument, np.array(kinds, dtype=np.int64)),
        size=np.append(book.size, none),
        entry=np.append(book.entry, np.array(entry, dtype=np.float64)),
        isolated=np.append(book.isolated, none > 0),
        isolated_margin=np.append(book.isolated_margin, none),
        balance_account=np.append(
            book.balance_account, np.array([a for a, _ in balances], dtype=np.int64)
        ),
        balance_asset=np.append(book.balance_asset, np.array(index, dtype=np.int64)),
        quantity=np.append(book.quantity, np.zeros(len(balances))),
    )
