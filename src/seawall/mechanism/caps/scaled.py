"""A venue's exposures that a cap is on, and the same Case with one of them larger or smaller.

Scaling an exposure by c multiplies accounts, not their leverage:

* supply of a collateral: loans whose largest collateral it is, collateral and debt alike;
* borrowing of an asset: loans whose largest debt it is, likewise;
* open interest in an asset: positions in it, with the share of the account's equity that their
  notional has in the account's; entries stay.

Only accounts of others (kind crowd) are scaled: a desk's own book is not what a cap governs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.instruments import Option

SUPPLY, BORROW, OPEN_INTEREST = "supply", "borrow", "open_interest"


@dataclass(frozen=True)
class Exposure:
    """What a cap is on: its kind and asset at one venue, and how much there is now.

    others, fixed: quote held by accounts that are scaled, and by those that are not
    price: quote per unit of the asset
    """

    kind: str
    asset: str
    others: float
    fixed: float
    price: float

    @property
    def name(self) -> str:
        """As "supply of ETH"."""
        words = {SUPPLY: "supply of", BORROW: "borrowing of", OPEN_INTEREST: "open interest in"}
        return f"{words[self.kind]} {self.asset}"

    def amount(self, factor: float) -> float:
        """Quote amount when others hold ``factor`` times as much."""
        return self.fixed + factor * self.others


def exposures(setup: Setup, venue: str) -> tuple[Exposure, ...]:
    """Exposures of a venue whose other accounts can be scaled, largest first.

    Raises InputError where the venue does not exist or nobody but desks trades there.
    """
    case, book = setup.case, setup.book
    if venue not in case.rulebooks:
        raise InputError(
            f"there is no venue {venue!r}",
            file="--venue",
            expected="one of " + ", ".join(case.rulebooks),
        )
    others = others_at(book, venue)
    if not others.any():
        raise InputError(
            f"venue {venue} has no accounts of others, whose exposure a cap would bound",
            expected="accounts of kind crowd, or a crowd in crowd.toml",
        )
    found = _loans(case, book, venue) if is_lender(case, venue) else _open_interest(setup, venue)
    return tuple(sorted(found, key=lambda one: -one.amount(1.0)))


def is_lender(case: Case, venue: str) -> bool:
    """Whether loans are called by keepers there."""
    return case.rulebooks[venue].liquidation.style == "keeper"


def others_at(book: Book, venue: str) -> Bools:
    """Accounts (a,) of kind crowd at a venue."""
    kinds = zip(book.account_kind, book.account_venue, strict=True)
    return np.array([kind is AccountKind.CROWD and v == venue for kind, v in kinds], dtype=bool)


def _at(book: Book, venue: str) -> Bools:
    return np.array([v == venue for v in book.account_venue], dtype=bool)


def _spot(case: Case, book: Book) -> Floats:
    return np.array([case.market.assets[name].spot for name in book.assets])


def _loans(case: Case, book: Book, venue: str) -> list[Exposure]:
    spot, count = _spot(case, book), len(book.assets)
    value = book.quantity * spot[book.balance_asset]
    mine, others = _at(book, venue), others_at(book, venue)
    thresholds = case.rulebooks[venue].collateral
    out = []
    for kind, sign in ((SUPPLY, 1.0), (BORROW, -1.0)):
        amount = np.maximum(sign * value, 0.0)
        main = _main_asset(book, sign * value)
        grows = (others & (main >= 0))[book.balance_account]
        grows &= main[book.balance_account] == book.balance_asset
        own = segment_sums(amount * grows, book.balance_asset, count)
        all_ = segment_sums(amount * mine[book.balance_account], book.balance_asset, count)
        for k, name in enumerate(book.assets):
            if kind == SUPPLY and name not in thresholds:
                continue
            if own[k] > 0:
                out.append(Exposure(kind, name, float(own[k]), float(all_[k] - own[k]), spot[k]))
    return out


def _main_asset(book: Book, value: Floats) -> Ints:
    """Of each account (a,) the asset of its largest balance by ``value`` (b,) > 0, else -1."""
    out = np.full(len(book.account_names), -1, dtype=np.int64)
    order = np.argsort(value, kind="stable")
    order = order[value[order] > 0]
    out[book.balance_account[order]] = book.balance_asset[order]
    return out


def _underlying(book: Book) -> list[str]:
    """Of each position its underlying; empty for options, which are not scaled."""
    instruments = [book.instruments[i] for i in book.position_instrument]
    return ["" if isinstance(one, Option) else one.underlying for one in instruments]


def _open_interest(setup: Setup, venue: str) -> list[Exposure]:
    """The larger of longs and shorts, in quote, by underlying."""
    book, case = setup.book, setup.case
    names = np.array(_underlying(book), dtype=object)
    notional = _notional(case, book)
    mine, others = _at(book, venue), others_at(book, venue)
    out = []
    for asset in dict.fromkeys(names[mine[book.position_account]].tolist()):
        rows = (names == asset) & mine[book.position_account]
        if not asset or not bool(np.any(rows & others[book.position_account])):
            continue
        sides = [rows & (book.size > 0), rows & (book.size < 0)]
        side = max(sides, key=lambda s: float(notional[s].sum()))
        own = float(notional[side & others[book.position_account]].sum())
        if own > 0:
            fixed = float(notional[side].sum()) - own
            out.append(Exposure(OPEN_INTEREST, asset, own, fixed, case.market.assets[asset].spot))
    return out


def _inverse(book: Book) -> Bools:
    return np.array(
        [bool(getattr(book.instruments[i], "inverse", False)) for i in book.position_instrument],
        dtype=bool,
    )


def _notional(case: Case, book: Book) -> Floats:
    """Notional (n,) of positions at spot, quote."""
    spot = {name: case.market.assets[name].spot for name in book.assets}
    price = np.array([spot[book.instruments[i].underlying] for i in book.position_instrument])
    notional: Floats = np.abs(book.size) * np.where(_inverse(book), 1.0, price)
    return notional


def scaled(setup: Setup, venue: str, factors: Mapping[Exposure, float]) -> Case:
    """The Case, crowd joined, with exposures of a venue times their factors.

    A loan on which two factors are, of its collateral and of its debt, grows by the smaller one:
    both caps stand in its way, and it grows once.
    """
    case, book = setup.case, setup.book
    if is_lender(case, venue):
        book = _scaled_loans(case, book, venue, factors)
    else:
        book = _scaled_positions(setup, venue, factors)
    return replace(case, book=book, crowds=())


def _scaled_loans(case: Case, book: Book, venue: str, factors: Mapping[Exposure, float]) -> Book:
    value = book.quantity * _spot(case, book)[book.balance_asset]
    main = {SUPPLY: _main_asset(book, value), BORROW: _main_asset(book, -value)}
    by = np.full(len(book.account_names), np.inf)
    others = others_at(book, venue)
    for exposure, factor in factors.items():
        mine = others & (main[exposure.kind] == book.assets.index(exposure.asset))
        by[mine] = np.minimum(by[mine], factor)
    by[~np.isfinite(by)] = 1.0
    return replace(book, quantity=book.quantity * by[book.balance_account])


def _scaled_positions(setup: Setup, venue: str, factors: Mapping[Exposure, float]) -> Book:
    book, table = setup.book, setup.table
    others = others_at(book, venue)
    names = np.array(_underlying(book), dtype=object)
    by = np.ones(book.size.size)
    for exposure, factor in factors.items():
        by[(names == exposure.asset) & others[book.position_account]] *= factor
    moved = np.flatnonzero((by != 1.0) & ~book.isolated)
    share = _share_of_equity(setup, book)
    # The position's own profit grows with it; the rest of its share of equity is cash.
    cash = (by[moved] - 1.0) * (share[moved] - _profit(setup, book)[moved])
    settle = np.array(
        [book.assets.index(book.instruments[i].settle) for i in book.position_instrument[moved]],
        dtype=np.int64,
    )
    price = setup.spot[[table.assets.index(book.assets[k]) for k in settle]]
    margin = np.where(book.isolated, book.isolated_margin * by, book.isolated_margin)
    with_cash = _with_cash(book, book.position_account[moved], settle, cash / price)
    return replace(with_cash, size=book.size * by, isolated_margin=margin)


def _share_of_equity(setup: Setup, book: Book) -> Floats:
    """Of each position (n,) its share, by notional, of its account's equity, quote >= 0."""
    table, notional = setup.table, _notional(setup.case, book)
    cross = np.where(book.isolated, 0.0, notional)
    total = segment_sums(cross, book.position_account, len(book.account_names))
    units = table.units
    equity = segment_sums(
        np.where(units.isolated, 0.0, setup.start_equity[0]),
        units.account,
        len(book.account_names),
    )
    owner = book.position_account
    part = np.divide(cross, total[owner], out=np.zeros_like(cross), where=total[owner] > 0)
    found: Floats = np.maximum(equity, 0.0)[owner] * part
    return found


def _profit(setup: Setup, book: Book) -> Floats:
    """Unrealised profit (n,) at spot, quote."""
    spot = {name: setup.case.market.assets[name].spot for name in book.assets}
    price = np.array([spot[book.instruments[i].underlying] for i in book.position_instrument])
    plain = book.size * (price - book.entry)
    with np.errstate(divide="ignore"):
        coin = book.size * (1.0 / book.entry - 1.0 / price) * price
    return np.where(_inverse(book), coin, plain)


def _with_cash(book: Book, account: Ints, asset: Ints, units: Floats) -> Book:
    """The book with units (n,) of assets added to balances, never below what they were or zero."""
    count = len(book.assets)
    key = account * count + asset
    keys, where = np.unique(key, return_inverse=True)
    total = segment_sums(units, where, keys.size)
    have = book.balance_account * count + book.balance_asset
    first = {int(k): n for n, k in reversed(list(enumerate(have.tolist())))}
    quantity = book.quantity.copy()
    new = [n for n, k in enumerate(keys.tolist()) if k not in first]
    for n, k in enumerate(keys.tolist()):
        if k in first:
            row = first[k]
            quantity[row] = max(quantity[row] + total[n], min(quantity[row], 0.0))
    return replace(
        book,
        balance_account=np.concatenate([book.balance_account, keys[new] // count]),
        balance_asset=np.concatenate([book.balance_asset, keys[new] % count]),
        quantity=np.concatenate([quantity, np.maximum(total[new], 0.0)]),
    )
