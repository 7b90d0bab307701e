"""Two Cases on common columns: the union of their assets, instruments, venues and accounts.

The later Case's order comes first, then what only the earlier one has, so that prices are drawn as
the later Case draws them and both meet the same random numbers. What one of them lacks is there
with nothing held of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.instruments import Future, Held, Instrument, Option
from seawall.market import InstrumentState

# Assets that move less than this a year, in both Cases, count as cash.
CASH_VOLATILITY = 0.05


@dataclass(frozen=True)
class Two:
    """Both Cases and their common columns.

    mixed  accounts of desks that both have, at one venue: their holdings may come from either Case
    moved  accounts of desks that are new, gone, or stand at another venue: they come and go whole
    cash   assets that count as cash
    """

    before: Case
    after: Case
    assets: tuple[str, ...]
    instruments: tuple[Instrument, ...]
    venues: tuple[str, ...]
    mixed: tuple[str, ...]
    moved: tuple[str, ...]
    cash: frozenset[str]

    def expired(self, item: Instrument, as_of: datetime) -> bool:
        """Whether a contract is over at a time."""
        return isinstance(item, Option | Future) and item.expiry <= as_of


def two_cases(before: Case, after: Case) -> Two:
    """Both Cases on common columns; InputError where they do not fit together."""
    if before.quote != after.quote:
        raise InputError(
            f"the earlier Case counts in {before.quote}, this one in {after.quote}",
            file="--since",
            expected="one quote currency",
        )
    if after.as_of < before.as_of:
        raise InputError(
            f"the Case of --since is of {before.as_of:%Y-%m-%d %H:%M}, later than this one, "
            f"{after.as_of:%Y-%m-%d %H:%M}",
            file="--since",
            expected="an earlier Case",
        )
    desks = [_desks(case.book) for case in (before, after)]
    names = tuple(dict.fromkeys((*desks[1], *desks[0])))
    mixed = tuple(name for name in names if desks[0].get(name) == desks[1].get(name))
    assets = tuple(dict.fromkeys((*after.book.assets, *before.book.assets)))
    return Two(
        before,
        after,
        assets,
        _instruments(before, after),
        tuple(dict.fromkeys((*after.rulebooks, *before.rulebooks))),
        mixed,
        tuple(name for name in names if name not in mixed),
        frozenset(name for name in assets if _is_cash(name, before, after)),
    )


def _desks(book: Book) -> dict[str, tuple[str, str]]:
    """{account: (venue, owner)} of desks."""
    columns = zip(
        book.account_names, book.account_venue, book.account_owner, book.account_kind, strict=True
    )
    return {
        name: (venue, owner) for name, venue, owner, kind in columns if kind is AccountKind.DESK
    }


def _is_cash(name: str, before: Case, after: Case) -> bool:
    states = [case.market.assets[name] for case in (before, after) if name in case.market.assets]
    return name == after.quote or all(state.volatility < CASH_VOLATILITY for state in states)


def _instruments(before: Case, after: Case) -> tuple[Instrument, ...]:
    known = {item.name: item for item in after.book.instruments}
    for item in before.book.instruments:
        if known.setdefault(item.name, item) != item:
            raise InputError(
                f"{item.name} is another contract in each Case",
                file="--since",
                expected="one contract under one name",
            )
    return tuple(known.values())


@dataclass(frozen=True)
class Held1:
    """One position of an account, as its row has it."""

    instrument: str
    size: float
    entry: float
    isolated: bool
    margin: float


@dataclass(frozen=True)
class Holding:
    """What one account holds: positions in the order of its book, balances {asset: quantity}."""

    positions: tuple[Held1, ...]
    balances: Mapping[str, float]


NOTHING = Holding((), {})


def holdings(book: Book, names: Sequence[str] | None = None) -> dict[str, Holding]:
    """What accounts hold, by name; all of them by default."""
    wanted = set(book.account_names if names is None else names)
    positions: dict[str, list[Held1]] = {}
    balances: dict[str, dict[str, float]] = {}
    for n, a in enumerate(book.position_account.tolist()):
        if book.account_names[a] in wanted:
            row = Held1(
                book.instruments[book.position_instrument[n]].name,
                float(book.size[n]),
                float(book.entry[n]),
                bool(book.isolated[n]),
                float(book.isolated_margin[n]),
            )
            positions.setdefault(book.account_names[a], []).append(row)
    for n, a in enumerate(book.balance_account.tolist()):
        if book.account_names[a] in wanted:
            mine = balances.setdefault(book.account_names[a], {})
            asset = book.assets[book.balance_asset[n]]
            mine[asset] = mine.get(asset, 0.0) + float(book.quantity[n])
    return {
        name: Holding(tuple(positions.get(name, ())), balances.get(name, {}))
        for name in book.account_names
        if name in wanted
    }


@dataclass(frozen=True)
class Account:
    """An account's facts and what it holds."""

    name: str
    venue: str
    owner: str
    kind: AccountKind
    holding: Holding


def accounts_of(book: Book) -> dict[str, Account]:
    """Every account of a book, by name."""
    held = holdings(book)
    columns = zip(
        book.account_names, book.account_venue, book.account_owner, book.account_kind, strict=True
    )
    return {
        name: Account(name, venue, owner, kind, held[name]) for name, venue, owner, kind in columns
    }


def book_of(
    accounts: Sequence[Account], instruments: Sequence[Instrument], assets: Sequence[str]
) -> Book:
    """A book of these accounts on these columns."""
    item = {one.name: n for n, one in enumerate(instruments)}
    coin = {name: n for n, name in enumerate(assets)}
    rows = [(n, row) for n, one in enumerate(accounts) for row in one.holding.positions]
    sums = [
        (n, coin[asset], quantity)
        for n, one in enumerate(accounts)
        for asset, quantity in one.holding.balances.items()
    ]
    return Book(
        account_names=tuple(one.name for one in accounts),
        account_venue=tuple(one.venue for one in accounts),
        account_owner=tuple(one.owner for one in accounts),
        account_kind=tuple(one.kind for one in accounts),
        instruments=tuple(instruments),
        assets=tuple(assets),
        position_account=np.array([n for n, _ in rows], dtype=np.int64),
        position_instrument=np.array([item[row.instrument] for _, row in rows], dtype=np.int64),
        size=np.array([row.size for _, row in rows], dtype=np.float64),
        entry=np.array([row.entry for _, row in rows], dtype=np.float64),
        isolated=np.array([row.isolated for _, row in rows], dtype=bool),
        isolated_margin=np.array([row.margin for _, row in rows], dtype=np.float64),
        balance_account=np.array([n for n, _, _ in sums], dtype=np.int64),
        balance_asset=np.array([k for _, k, _ in sums], dtype=np.int64),
        quantity=np.array([quantity for _, _, quantity in sums], dtype=np.float64),
    )


def state_of(case: Case, name: str) -> InstrumentState | None:
    """An instrument in a Case's market; one that its book lists and the market says nothing of has
    the usual state. None where the Case does not know it.
    """
    found = case.market.instruments.get(name)
    listed = any(item.name == name for item in case.book.instruments)
    return InstrumentState() if found is None and listed else found


def underlying(two: Two, name: str) -> str:
    """The asset that an instrument is on."""
    item = next(one for one in two.instruments if one.name == name)
    return name if isinstance(item, Held) else item.underlying
