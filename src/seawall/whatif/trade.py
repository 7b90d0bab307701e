"""A trade done at the mark in one account of a Case.

Without fee and without moving the price: a perpetual's entry is the mark, an option's premium
leaves (or enters) cash. So a trade changes neither equity nor anybody else's account. An existing
position is netted as a venue does it: adding averages the entry, reducing realises its profit into
cash, crossing zero does both. Wrong by fee and slippage, which `seawall check` prices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Future, Option, Perpetual
from seawall.valuation import inverse, linear
from seawall.valuation.black import black
from seawall.whatif.edit import Trade, nearest

Traded = Perpetual | Future | Option


def traded(case: Case, trades: Sequence[Trade], account: int) -> Case:
    """The Case after ``trades`` at the mark in one account (its index in the book)."""
    for trade in trades:
        instrument = _instrument(case, trade.instrument)
        case = replace(case, book=_book_after(case, instrument, trade.size, account))
    return case


def trade_price(case: Case, trade: Trade) -> float:
    """The mark at which a trade is done, quote per unit; the premium of an option.

    Raises InputError for an instrument that the Case does not know, or an option without a mark.
    """
    instrument = _instrument(case, trade.instrument)
    if isinstance(instrument, Option):
        return _premium(case, instrument) * case.market.assets[instrument.settle].spot
    return _mark(case, instrument)


def _mark(case: Case, instrument: Traded) -> float:
    """Mark of a perpetual or future, forward of an option, quote."""
    state = case.market.instruments.get(instrument.name)
    if state is None or state.mark is None:
        return case.market.assets[instrument.underlying].spot
    return state.mark


def _premium(case: Case, option: Option) -> float:
    """What one unit of an option costs, settlement units."""
    state = case.market.instruments[option.name]
    forward, volatility = _mark(case, option), state.implied_volatility or 0.0
    years = (option.expiry - case.as_of).total_seconds() / SECONDS_PER_YEAR
    value = float(black(forward, option.strike, years, volatility, option.call))
    value *= math.exp(-state.rate * years)
    return value / forward if option.inverse else value


def account_for(case: Case, trades: Sequence[Trade], name: str | None) -> int:
    """The account that trades: the one named, else the only desk account that could be meant.

    Without a name: the desk account that holds every instrument traded, else the only desk account
    at a venue with an order book. Raises InputError when none or several could be meant.
    """
    book = case.book
    for trade in trades:
        _instrument(case, trade.instrument)  # an unknown one is named before any account is
    if name is not None:
        return known_account(book, name)
    desks = [n for n, kind in enumerate(book.account_kind) if kind is AccountKind.DESK]
    holds = {
        n: {book.instruments[i].name for i in book.position_instrument[book.position_account == n]}
        for n in desks
    }
    fits = [n for n in desks if all(trade.instrument in holds[n] for trade in trades)]
    if not fits:
        fits = [n for n in desks if _trades_at(case, n)]
    if len(fits) != 1:
        names = ", ".join(book.account_names[n] for n in (fits or desks)[:6])
        raise InputError(
            "the trade could be of several accounts" if fits else "no account holds the instrument",
            file="--account",
            expected=f"one of {names}" if names else "a Case with a desk",
        )
    return fits[0]


def known_account(book: Book, name: str) -> int:
    """Index of an account; InputError with the nearest names when there is none."""
    if name in book.account_names:
        return book.account_names.index(name)
    traders = [
        n
        for n, kind in zip(book.account_names, book.account_kind, strict=True)
        if kind in (AccountKind.DESK, AccountKind.CROWD)
    ]
    raise InputError(
        f"there is no account {name!r}", file="--account", expected=nearest(name, traders)
    )


def _trades_at(case: Case, account: int) -> bool:
    venue = case.book.account_venue[account]
    return case.rulebooks[venue].liquidation.style == "orderbook"


def _instrument(case: Case, name: str) -> Traded:
    named = (i for i in case.book.instruments if i.name == name and isinstance(i, Traded))
    instrument = next(named, None)
    if instrument is None:
        known = [i.name for i in case.book.instruments if isinstance(i, Traded)]
        raise InputError(
            f"there is no instrument {name!r} in this Case",
            file="--add",
            expected=nearest(name, known) + ", or a line in instruments.csv",
        )
    state = case.market.instruments.get(name)
    if isinstance(instrument, Option) and instrument.expiry <= case.as_of:
        raise InputError(
            f"option {name!r} expired at {instrument.expiry:%Y-%m-%dT%H:%M:%SZ}",
            file="--add",
            expected=f"an expiry after {case.as_of:%Y-%m-%dT%H:%M:%SZ}, the time of the Case",
        )
    if isinstance(instrument, Option) and (state is None or not state.implied_volatility):
        raise InputError(
            f"option {name!r} has no implied volatility above 0, so no mark to trade at",
            file="--add",
            expected="an implied_volatility in market.toml",
        )
    return instrument


@dataclass(frozen=True)
class _Fill:
    """A position after a trade, and what the trade pays into cash, settlement units."""

    size: float
    entry: float
    cash: float


def _fill(case: Case, instrument: Traded, held: float, entry: float, size: float) -> _Fill:
    """Net ``size`` at the mark against ``held`` units entered at ``entry``."""
    after = held + size
    adding = held == 0.0 or (held > 0.0) == (size > 0.0)
    if isinstance(instrument, Option):
        paid = _premium(case, instrument)
        premium = paid * case.market.assets[instrument.settle].spot
        if adding:
            return _Fill(after, (held * entry + size * premium) / after, -size * paid)
        return _Fill(after, entry if held * after > 0.0 else premium, -size * paid)
    mark = _mark(case, instrument)
    if adding:
        if instrument.inverse:
            coins = size / mark + (held / entry if held else 0.0)
            return _Fill(after, after / coins, 0.0)
        return _Fill(after, (held * entry + size * mark) / after, 0.0)
    closed = -size if abs(size) <= abs(held) else held
    rule = inverse if instrument.inverse else linear
    gained = float(rule.profit(closed, entry, mark))
    gained *= 1.0 if instrument.multiplier is None else instrument.multiplier
    return _Fill(after, entry if held * after > 0.0 else mark, gained)


def _book_after(case: Case, instrument: Traded, size: float, account: int) -> Book:
    """The book after one trade: the position netted, realised profit or premium in cash.

    Where the account holds the instrument isolated, the trade is in that position and its profit
    in its margin. A position closed to nothing stays as a row of size 0.
    """
    book = case.book
    i = book.instruments.index(instrument)
    rows = np.flatnonzero((book.position_account == account) & (book.position_instrument == i))
    if not rows.size:
        fill = _fill(case, instrument, 0.0, 0.0, size)
        book = replace(
            book,
            position_account=np.append(book.position_account, account),
            position_instrument=np.append(book.position_instrument, i),
            size=np.append(book.size, fill.size),
            entry=np.append(book.entry, fill.entry),
            isolated=np.append(book.isolated, False),
            isolated_margin=np.append(book.isolated_margin, 0.0),
        )
        return _with_cash(book, account, instrument.settle, fill.cash)
    row = int(rows[0])
    fill = _fill(case, instrument, float(book.size[row]), float(book.entry[row]), size)
    sizes, entries = book.size.copy(), book.entry.copy()
    sizes[row], entries[row] = fill.size, fill.entry
    book = replace(book, size=sizes, entry=entries)
    if book.isolated[row]:
        margins = book.isolated_margin.copy()
        left = float(margins[row]) + fill.cash
        # A position that is closed gives its margin back to the account.
        margins[row] = left if fill.size != 0.0 else 0.0
        book = replace(book, isolated_margin=margins)
        return _with_cash(book, account, instrument.settle, left if fill.size == 0.0 else 0.0)
    return _with_cash(book, account, instrument.settle, fill.cash)


def _with_cash(book: Book, account: int, asset: str, amount: float) -> Book:
    """The book with ``amount`` of ``asset`` more in one account (less when negative)."""
    if amount == 0.0:
        return book
    known = book.assets if asset in book.assets else (*book.assets, asset)
    k = known.index(asset)
    rows = np.flatnonzero((book.balance_account == account) & (book.balance_asset == k))
    if rows.size:
        quantity = book.quantity.copy()
        quantity[rows[0]] += amount
        return replace(book, quantity=quantity)
    return replace(
        book,
        assets=known,
        balance_account=np.append(book.balance_account, account),
        balance_asset=np.append(book.balance_asset, k),
        quantity=np.append(book.quantity, amount),
    )
