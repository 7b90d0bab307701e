"""What trades, forced closes and cash rows did to equity, and what nothing accounts for.

Every row is valued at the later market. A change of size d at price p is worth what a position of
that size entered there is worth now, V(d, p), whether it opened or closed; cash is amount x price
of its asset. What closing paid into the account's cash is then

    realised = sum of V(d, p) + V(size before) - V(size after)        by position, settlement units

and what is left of each account's change of cash in an asset, after realised profit and the rows
that say so, is unexplained:

    unexplained = cash after - cash before - realised - amounts

A change of size that no row explains is booked at the later price, where it is worth nothing; if it
was done at another price, the difference is in the account's unexplained cash, which is called an
unexplained trade there. Margin set apart for a position is cash of its settlement asset.

By construction the market's P&L on the first book, the rows and what is unexplained sum to the
change of equity. Wrong where: a row's price is in another currency than its instrument's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.exposure.pnl.fills import Fill
from seawall.exposure.pnl.pair import Pair
from seawall.foundation.errors import InputError
from seawall.instruments import Held, Option
from seawall.market import Market
from seawall.valuation.revalue import revalue

Floats = NDArray[np.float64]
Key = tuple[int, int]
# Sizes closer than this, relative, are the same: files round.
SAME = 1e-9


@dataclass(frozen=True)
class Booked:
    """One row's worth: account and instrument or asset (its name), kind, quote."""

    account: int
    name: str
    kind: str
    value: float


@dataclass(frozen=True)
class UnbookedTrade:
    """A change of size (base units) that no row explains, booked at ``price``, the later one."""

    account: int
    instrument: str
    size: float
    price: float


@dataclass(frozen=True)
class UnbookedCash:
    """Cash (asset units) that nothing explains, and its worth in quote; ``trade``: the account has
    a change of size there that no row explains, which may be why.
    """

    account: int
    asset: str
    amount: float
    value: float
    trade: bool


@dataclass(frozen=True)
class Bookings:
    """All rows; what is unexplained of cash by account and asset; sizes that no row explains."""

    rows: tuple[Booked, ...]
    cash: tuple[UnbookedCash, ...]
    trades: tuple[UnbookedTrade, ...]


def bookings(pair: Pair, fills: Sequence[Fill], end: float) -> Bookings:
    """Everything between the two Cases; ``end`` in POSIX seconds."""
    account = {name: n for n, name in enumerate(pair.first.account_names)}
    instrument = {item.name: n for n, item in enumerate(pair.first.instruments)}
    asset = {name: n for n, name in enumerate(pair.first.assets)}
    rows: list[Booked] = []
    changed: dict[Key, list[tuple[float, float]]] = defaultdict(list)
    received: dict[Key, float] = defaultdict(float)
    mine = [(n, fill) for n, fill in enumerate(fills, start=2) if fill.account in account]
    sized = [
        (fill, _known(fill.instrument or "", instrument, n, "instrument"))
        for n, fill in mine
        if fill.size is not None
    ]
    for (fill, i), paid in zip(sized, _done(pair, sized, end), strict=True):
        a, item = account[fill.account], pair.first.instruments[i]
        settle = 0.0 if isinstance(item, Held) else pair.after.assets[item.settle].spot
        changed[a, i].append((fill.size or 0.0, paid))
        rows.append(Booked(a, item.name, fill.kind, paid * settle))
    for n, fill in mine:
        if fill.amount is not None:
            a, k = account[fill.account], _known(fill.asset or "", asset, n, "asset")
            received[a, k] += fill.amount
            worth = fill.amount * pair.after.assets[pair.first.assets[k]].spot
            name = fill.instrument or pair.first.assets[k]
            rows.append(Booked(a, name, fill.kind, worth))
    realised, trades, without = _realised(pair, changed, end)
    return Bookings(tuple(rows), _cash(pair, realised, received, without), tuple(trades))


def _known(name: str, among: dict[str, int], number: int, column: str) -> int:
    if name not in among:
        raise InputError(
            f"{name!r} is in neither Case",
            file="fills",
            row=number,
            column=column,
            expected="a name of instruments.csv or an asset of the book",
        )
    return among[name]


def _done(pair: Pair, sized: Sequence[tuple[Fill, int]], end: float) -> list[float]:
    """Worth now, in settlement units, of each row's change of size; all are valued together."""
    held, premiums = [], []
    for fill, i in sized:
        item = pair.first.instruments[i]
        size, price = fill.size or 0.0, fill.price
        option = isinstance(item, Option)
        if isinstance(item, Held) or price is None or (price <= 0.0 and not option):
            raise InputError(
                f"{item.name} changed size at {price}",
                file="fills",
                column="price",
                expected="a position and its price above 0; coins by asset and amount",
            )
        premium = 0.0
        if isinstance(item, Option):
            coin = fill.underlying_price or pair.after.assets[item.underlying].spot
            premium = size * (price / coin if item.inverse else price)
        # An option's entry says nothing about its worth: the premium is in cash.
        held.append((i, size, 1.0 if option else price))
        premiums.append(premium)
    worth = _paid(pair, held, end).tolist()
    return [paid - premium for paid, premium in zip(worth, premiums, strict=True)]


def _paid(pair: Pair, held: Sequence[tuple[int, float, float]], end: float) -> Floats:
    """Value in settlement units, later market, of positions (instrument, size, entry)."""
    count = len(held)
    book = replace(
        pair.first,
        position_account=np.zeros(count, dtype=np.int64),
        position_instrument=np.array([row[0] for row in held], dtype=np.int64),
        size=np.array([row[1] for row in held], dtype=np.float64),
        entry=np.array([row[2] for row in held], dtype=np.float64),
        isolated=np.zeros(count, dtype=bool),
        isolated_margin=np.zeros(count),
    )
    return revalue(book, pair.after, end).paid


def _realised(
    pair: Pair, changed: dict[Key, list[tuple[float, float]]], end: float
) -> tuple[dict[Key, float], list[UnbookedTrade], set[Key]]:
    """Paid into cash by (account, asset), settlement units; changes of size that no row explains,
    and the (account, asset) in whose cash their price is missing.
    """
    first, last = (
        _by_position(pair.first, pair.after, end),
        _by_position(pair.last, pair.after, end),
    )
    place = {asset: n for n, asset in enumerate(pair.first.assets)}
    realised: dict[Key, float] = defaultdict(float)
    trades, without = [], set()
    for account, instrument in dict.fromkeys((*first, *last, *changed)):
        size0, paid0 = first.get((account, instrument), (0.0, 0.0))
        size1, paid1 = last.get((account, instrument), (0.0, 0.0))
        done = changed.get((account, instrument), [])
        item = pair.first.instruments[instrument]
        if isinstance(item, Held):
            continue  # refused when it was valued
        cash = (account, place[item.settle])
        realised[cash] += sum(paid for _, paid in done) + paid0 - paid1
        gap = size1 - size0 - sum(size for size, _ in done)
        if abs(gap) > SAME * max(abs(size0), abs(size1), *(abs(size) for size, _ in done), 0.0):
            trades.append(UnbookedTrade(account, item.name, gap, _price(pair, instrument, end)))
            without.add(cash)
    return realised, trades, without


def _cash(
    pair: Pair, realised: dict[Key, float], received: dict[Key, float], without: set[Key]
) -> tuple[UnbookedCash, ...]:
    """What is left of each change of cash."""
    left: dict[Key, list[float]] = defaultdict(list)
    for book, sign in ((pair.last, 1.0), (pair.first, -1.0)):
        for key, amount in _cash_of(book):
            left[key].append(sign * amount)
    for rows in (realised, received):
        for key, amount in rows.items():
            left[key].append(-amount)
    found = []
    for (account, asset), amounts in left.items():
        amount = math.fsum(amounts)
        name = pair.first.assets[asset]
        value = amount * pair.after.assets[name].spot
        trade = (account, asset) in without
        found.append(UnbookedCash(account, name, amount, value, trade))
    return tuple(found)


def _cash_of(book: Book) -> Iterator[tuple[Key, float]]:
    """(account, asset) and units of every balance and of every margin set apart."""
    columns = (book.balance_account, book.balance_asset, book.quantity)
    for account, asset, amount in zip(*(column.tolist() for column in columns), strict=True):
        yield (account, asset), amount
    place = {asset: n for n, asset in enumerate(book.assets)}
    for row in np.flatnonzero(book.isolated).tolist():
        item = book.instruments[book.position_instrument[row]]
        if not isinstance(item, Held):
            key = (int(book.position_account[row]), place[item.settle])
            yield key, float(book.isolated_margin[row])


def _price(pair: Pair, instrument: int, end: float) -> float:
    """The later price: the mark; of an option its value in settlement units."""
    item = pair.first.instruments[instrument]
    if isinstance(item, Option):
        return float(_paid(pair, [(instrument, 1.0, 1.0)], end)[0])
    state = pair.after.instruments.get(item.name)
    mark = None if state is None else state.mark
    return pair.after.assets[item.underlying].spot if mark is None else mark


def _by_position(book: Book, market: Market, end: float) -> dict[Key, tuple[float, float]]:
    """Size and value in settlement units by (account, instrument)."""
    found: dict[Key, tuple[float, float]] = {}
    paid = revalue(book, market, end).paid
    columns = (book.position_account, book.position_instrument, book.size, paid)
    for a, i, size, value in zip(*(column.tolist() for column in columns), strict=True):
        before = found.get((a, i), (0.0, 0.0))
        found[a, i] = (before[0] + size, before[1] + value)
    return found
