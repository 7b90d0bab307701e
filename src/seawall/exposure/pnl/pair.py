"""Two Cases of one book on common columns: the accounts of desks, then and now.

An account is known by its name, an instrument and an asset by theirs. An account, a position or a
balance that only one of the Cases has is there with nothing in the other.

An instrument or an asset that the later Case's market no longer has is *carried*: its price stands
where it stood against its underlying, an option keeps its volatility; what has expired is worth its
payoff at the underlying's price. What is carried is listed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Ints
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.instruments import Future, Held, Instrument, Option
from seawall.market import Market


@dataclass(frozen=True)
class Pair:
    """Both books on the same accounts, instruments and assets; ``owner`` (a,) of each account.

    carried: names of instruments and assets that the later market does not have.
    """

    first: Book
    last: Book
    before: Market
    after: Market
    owner: tuple[str, ...]
    carried: tuple[str, ...]


def pair_of(
    before: Case, after: Case, desk: str | None = None, traded: Collection[str] = ()
) -> Pair:
    """Both Cases' desks, or one of them; ``traded``: instruments that are to have a later price
    though nobody holds them then or now. Raises InputError where they do not fit together.
    """
    _refuse(before, after)
    owner: dict[str, str] = {}
    for case in (before, after):
        book = case.book
        for name, whose, kind in zip(
            book.account_names, book.account_owner, book.account_kind, strict=True
        ):
            if kind is AccountKind.DESK and desk in (None, whose):
                owner.setdefault(name, whose)
    if not owner:
        raise InputError(
            "no account is a desk's" if desk is None else f"{desk!r} owns no account",
            file="BEFORE and AFTER",
            expected="accounts of kind desk",
        )
    accounts = tuple(owner)
    instruments = _union(before.book.instruments, after.book.instruments)
    assets = tuple(dict.fromkeys((*before.book.assets, *after.book.assets)))
    first, last = (
        _restricted(case.book, accounts, instruments, assets) for case in (before, after)
    )
    held = {n for book in (first, last) for n in book.position_instrument.tolist()}
    held |= {n for n, item in enumerate(instruments) if item.name in traded}
    market, carried = _carried(before.market, after.market, held, instruments)
    return Pair(
        replace(first, account_owner=tuple(owner.values())),
        replace(last, account_owner=tuple(owner.values())),
        _with_later(before.market, after.market),
        market,
        tuple(owner.values()),
        carried,
    )


def _refuse(before: Case, after: Case) -> None:
    if before.quote != after.quote:
        raise InputError(
            f"one Case counts in {before.quote}, the other in {after.quote}",
            file="BEFORE and AFTER",
            expected="one quote currency",
        )
    if after.as_of <= before.as_of:
        raise InputError(
            f"the first Case is of {before.as_of:%Y-%m-%d %H:%M}, "
            f"the second of {after.as_of:%Y-%m-%d %H:%M}",
            file="BEFORE and AFTER",
            expected="the earlier Case first",
        )


def _union(first: Sequence[Instrument], last: Sequence[Instrument]) -> tuple[Instrument, ...]:
    known = {item.name: item for item in first}
    for item in last:
        if known.setdefault(item.name, item) != item:
            raise InputError(
                f"{item.name} is another contract in each Case",
                file="instruments.csv",
                expected="one contract under one name",
            )
    return tuple(known.values())


def _restricted(
    book: Book,
    accounts: tuple[str, ...],
    instruments: tuple[Instrument, ...],
    assets: tuple[str, ...],
) -> Book:
    """The positions and balances of these accounts, on the common columns."""
    account = _places(book.account_names, accounts)
    instrument = _places(
        [item.name for item in book.instruments], [item.name for item in instruments]
    )
    asset = _places(book.assets, assets)
    mine = account[book.position_account] >= 0
    held = account[book.balance_account] >= 0
    return Book(
        account_names=accounts,
        account_venue=("",) * len(accounts),
        account_owner=("",) * len(accounts),
        account_kind=(AccountKind.DESK,) * len(accounts),
        instruments=instruments,
        assets=assets,
        position_account=account[book.position_account][mine],
        position_instrument=instrument[book.position_instrument][mine],
        size=book.size[mine],
        entry=book.entry[mine],
        isolated=book.isolated[mine],
        isolated_margin=book.isolated_margin[mine],
        balance_account=account[book.balance_account][held],
        balance_asset=asset[book.balance_asset][held],
        quantity=book.quantity[held],
    )


def _places(names: Sequence[str], among: Sequence[str]) -> Ints:
    place = {name: n for n, name in enumerate(among)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _with_later(before: Market, after: Market) -> Market:
    """The first market with assets that only the later one has, at their price there: nobody held
    them, but every column needs a price.
    """
    return replace(
        before,
        assets={**after.assets, **before.assets},
        shares={**after.shares, **before.shares},
    )


def _carried(
    before: Market, after: Market, held: set[int], instruments: tuple[Instrument, ...]
) -> tuple[Market, tuple[str, ...]]:
    """The later market with what it lacks of what was held."""
    assets, states = dict(after.assets), dict(after.instruments)
    shares = dict(after.shares)
    carried = []
    for name, state in before.assets.items():
        if name not in assets:
            assets[name] = state
            if name in before.shares:
                shares[name] = before.shares[name]
            carried.append(name)
    for n, item in enumerate(instruments):
        if n not in held or isinstance(item, Held):
            continue
        old, new = before.instruments.get(item.name), states.get(item.name)
        lacks = isinstance(item, Option) and (new is None or new.implied_volatility is None)
        if old is None or not (lacks or (new is None and old.mark is not None)):
            continue
        mark = old.mark
        if mark is not None:
            mark *= assets[item.underlying].spot / before.assets[item.underlying].spot
        if isinstance(item, Option | Future) and item.expiry <= after.as_of:
            mark = None
        states[item.name] = replace(old, mark=mark)
        carried.append(item.name)
    known = replace(after, assets=assets, instruments=states, shares=shares)
    return known, tuple(sorted(carried))
