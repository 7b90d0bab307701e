"""Who is margined together: positions and balances of traders, grouped into margin accounts.

A unit is the cross positions of one account that settle in one asset, or one isolated position, or
one loan account. A balance in a unit's settlement asset is its cash. Any other balance is a row of
its own, worth its price: of the account's first cross unit, or of the loan account. An account that
holds balances only, away from a lender, is one unit too: it settles in the quote currency where it
has any, else in its most valuable balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.errors import InputError
from seawall.instruments import Held, Option
from seawall.margin.table.supported import refuse_unsupported

TRADERS = (AccountKind.DESK, AccountKind.CROWD)


@dataclass(frozen=True)
class Grouping:
    """Units, and the unit of each position and of each balance that is not cash.

    account, settle (asset index), cash (settlement units, entries folded in), isolated  (u,)
    linear, linear_unit    (r,) book rows of perpetuals and futures, and their units
    options, options_unit  (o,) book rows of options, and their units
    balances, balances_unit  (b,) book rows of balances, and their units
    """

    account: Ints
    settle: Ints
    cash: Floats
    isolated: Bools
    linear: Ints
    linear_unit: Ints
    options: Ints
    options_unit: Ints
    balances: Ints
    balances_unit: Ints


@dataclass(frozen=True)
class _Columns:
    """Over the instruments (i,): settlement asset (-1: held as a balance), inverse, option."""

    settle: Ints
    inverse: Bools
    option: Bools


@dataclass(frozen=True)
class _Keys:
    """Unit key of each position (n,) and balance (b,) of the book; is_cash (b,) cash, not a row."""

    position: Ints
    balance: Ints
    is_cash: Bools


def group(book: Book, lending: Bools, quote: int, spot: Floats) -> Grouping:
    """Group the traders' positions and balances into units.

    lending (a,) True for accounts of lending venues; quote the asset index of the quote currency;
    spot (k,) prices of the book's assets. Raises InputError for a position at a lending venue and
    for a holding that the margin table cannot carry.
    """
    trader = np.array([kind in TRADERS for kind in book.account_kind], dtype=bool)
    refuse_unsupported(book, trader)
    _refuse_positions_at_lenders(book, lending)
    columns = _columns(book)
    keys = _keys(book, columns, lending, quote, spot)
    position = np.flatnonzero(trader[book.position_account])
    balance = np.flatnonzero(trader[book.balance_account])
    both = np.concatenate([keys.position[position], keys.balance[balance]])
    unique, unit = np.unique(both, return_inverse=True)
    unit_p, unit_b = unit[: position.size], unit[position.size :]

    width = len(book.assets) + 1
    first_isolated = len(book.account_names) * width
    account = np.where(unique < first_isolated, unique // width, 0)
    account[unit_p] = book.position_account[position]
    settle = np.zeros(unique.size, dtype=np.int64)
    settle[unit_b] = keys.balance[balance] % width
    settle[unit_p] = columns.settle[book.position_instrument[position]]

    cashed = keys.is_cash[balance]
    cash = np.zeros(unique.size)
    np.add.at(cash, unit_b[cashed], book.quantity[balance[cashed]])
    np.add.at(cash, unit_p, book.isolated_margin[position])
    np.add.at(cash, unit_p, -_folded_cost(book, columns, position))

    is_option = columns.option[book.position_instrument[position]]
    return Grouping(
        account=account,
        settle=settle,
        cash=cash,
        isolated=unique >= first_isolated,
        linear=position[~is_option],
        linear_unit=unit_p[~is_option],
        options=position[is_option],
        options_unit=unit_p[is_option],
        balances=balance[~cashed],
        balances_unit=unit_b[~cashed],
    )


def _columns(book: Book) -> _Columns:
    settle, inverse, option = [], [], []
    for instrument in book.instruments:
        if isinstance(instrument, Held):
            settle.append(-1)
            inverse.append(False)
        else:
            settle.append(book.assets.index(instrument.settle))
            inverse.append(instrument.inverse)
        option.append(isinstance(instrument, Option))
    # Without instruments NumPy would make these columns of floats.
    return _Columns(
        np.array(settle, dtype=np.int64),
        np.array(inverse, dtype=bool),
        np.array(option, dtype=bool),
    )


def _refuse_positions_at_lenders(book: Book, lending: Bools) -> None:
    at_lender = np.flatnonzero(lending[book.position_account] & (book.size != 0))
    if at_lender.size:
        n = at_lender[0]
        account = book.position_account[n]
        name = book.instruments[book.position_instrument[n]].name
        raise InputError(
            f"account {book.account_names[account]!r} holds a position in {name!r} at "
            f"{book.account_venue[account]!r}, whose liquidation style is 'keeper'",
            file="positions",
            expected="balances only at a lending venue; positions at venues of style 'orderbook'",
        )


def _keys(book: Book, columns: _Columns, lending: Bools, quote: int, spot: Floats) -> _Keys:
    """Cross keys are account x width + settlement asset; isolated keys come after all of them."""
    width = len(book.assets) + 1
    accounts = len(book.account_names)
    cross = book.position_account * width + columns.settle[book.position_instrument]
    isolated = accounts * width + np.arange(book.size.size)
    position = np.where(book.isolated, isolated, cross)
    primary = np.full(accounts, -1, dtype=np.int64)
    # Written backwards, so that an account's first cross position is written last.
    crossed = np.flatnonzero(~book.isolated)[::-1]
    primary[book.position_account[crossed]] = columns.settle[book.position_instrument[crossed]]
    _settle_balances(book, primary, quote, spot)
    own = book.balance_account * width + book.balance_asset
    is_lending = lending[book.balance_account]
    has_unit = np.isin(own, position) | (book.balance_asset == primary[book.balance_account])
    is_cash = ~is_lending & has_unit
    other = np.where(is_lending, quote, primary[book.balance_account])
    balance = np.where(is_cash, own, book.balance_account * width + other)
    return _Keys(position, balance, is_cash)


def _settle_balances(book: Book, primary: Ints, quote: int, spot: Floats) -> None:
    """Fill in what accounts without cross positions settle in, where ``primary`` (a,) is -1."""
    alone = np.flatnonzero(primary[book.balance_account] < 0)
    worth = book.quantity[alone] * spot[book.balance_asset[alone]]
    quoted = (book.balance_asset[alone] == quote) & (book.quantity[alone] != 0)
    worth = np.where(quoted, np.inf, worth)
    # Written from the least to the most valuable, the first of equals last: that one stays.
    order = alone[::-1][np.argsort(worth[::-1], kind="stable")]
    primary[book.balance_account[order]] = book.balance_asset[order]


def _folded_cost(book: Book, columns: _Columns, position: Ints) -> Floats:
    """What positions cost (n,), in settlement units: size x entry, inverse -size / entry.

    Options cost nothing here: their premium was paid in cash before the Case.
    """
    instrument = book.position_instrument[position]
    size, entry = book.size[position], book.entry[position]
    option = columns.option[instrument]
    inverse = columns.inverse[instrument] & ~option
    # Divided only where it is meant: an option's entry may be zero.
    cost = np.divide(-size, entry, out=size * entry, where=inverse)
    return np.where(option, 0.0, cost)
