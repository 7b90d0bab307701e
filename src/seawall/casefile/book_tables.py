"""The Book from its four tables: instruments, accounts, positions, balances."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np

from seawall.book import AccountKind, Book
from seawall.casefile.folder import CaseFiles
from seawall.casefile.table import Row, rows
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import PRICE, Quantity
from seawall.instruments import (
    Future,
    Held,
    Instrument,
    LiquidityShare,
    Option,
    Perpetual,
    PoolShare,
    Share,
    Spot,
    Staked,
    VaultShare,
)

INSTRUMENT_COLUMNS = ("instrument", "kind", "underlying", "settle")
INSTRUMENT_OPTIONAL = ("expiry", "strike", "option_type", "multiplier")
ACCOUNT_COLUMNS = ("account", "venue", "owner", "kind")
POSITION_COLUMNS = ("account", "instrument", "size", "entry_price")
POSITION_OPTIONAL = ("margin_mode", "isolated_margin")
BALANCE_COLUMNS = ("account", "asset", "quantity")

SHARE_KINDS: dict[str, type[LiquidityShare | VaultShare | PoolShare]] = {
    "liquidity_share": LiquidityShare,
    "vault_share": VaultShare,
    "pool_share": PoolShare,
}
KINDS = ("perpetual", "future", "option", "spot", "staked", *SHARE_KINDS)
SYSTEM_KINDS = (
    AccountKind.BOOK,
    AccountKind.OUTSIDE,
    AccountKind.KEEPER,
    AccountKind.BACKSTOP,
    AccountKind.FUND,
)
SIZE = Quantity("a size in base units, long above 0 and short below 0", -1e24, 1e24)
MARGIN = Quantity("the position's own margin above 0, in the settlement asset", 0.0, 1e24, True)
MULTIPLIER = Quantity(
    "settlement units above 0 per contract and unit of quote (0.000001)", 0.0, 1e12, True
)
QUANTITY = Quantity("a quantity in units of the asset, debt below 0", -1e24, 1e24)


@dataclass(frozen=True)
class Accounts:
    """Columns of the accounts table, system accounts of every venue included."""

    names: tuple[str, ...]
    venues: tuple[str, ...]
    owners: tuple[str, ...]
    kinds: tuple[AccountKind, ...]


def read_book(
    files: CaseFiles, *, as_of: datetime, assets: Sequence[str], venues: Sequence[str]
) -> Book:
    """The Book of a Case.

    as_of   the Case's time: dated instruments must still be alive then
    assets  names in market.toml that positions and balances may use
    venues  names of the rulebooks that accounts may stand on

    Each venue gets the system accounts (book, outside, keeper, backstop, fund) that accounts.csv
    does not list, so that every fill and every loss has another side.
    """
    instruments = _instruments(files, as_of, assets)
    accounts = _accounts(files, venues)
    account_index = {name: place for place, name in enumerate(accounts.names)}
    position_account, position_instrument, size, entry, isolated, margin = _positions(
        files, account_index, instruments
    )
    balance_account, balance_asset, quantity = _balances(
        files, account_index, {name: place for place, name in enumerate(assets)}
    )
    return Book(
        account_names=accounts.names,
        account_venue=accounts.venues,
        account_owner=accounts.owners,
        account_kind=accounts.kinds,
        instruments=instruments,
        assets=tuple(assets),
        position_account=np.array(position_account, dtype=np.int64),
        position_instrument=np.array(position_instrument, dtype=np.int64),
        size=np.array(size, dtype=np.float64),
        entry=np.array(entry, dtype=np.float64),
        isolated=np.array(isolated, dtype=np.bool_),
        isolated_margin=np.array(margin, dtype=np.float64),
        balance_account=np.array(balance_account, dtype=np.int64),
        balance_asset=np.array(balance_asset, dtype=np.int64),
        quantity=np.array(quantity, dtype=np.float64),
    )


def _instruments(
    files: CaseFiles, as_of: datetime, assets: Sequence[str]
) -> tuple[Instrument, ...]:
    file = files.table("instruments")
    known = {name: place for place, name in enumerate(assets)}
    found: dict[str, Instrument] = {}
    for row in rows(files.contents[file], file, INSTRUMENT_COLUMNS, INSTRUMENT_OPTIONAL):
        instrument = _instrument(row, known, as_of)
        if instrument.name in found:
            raise row.refuse("instrument", f"{instrument.name!r} is listed twice", "one row each")
        found[instrument.name] = instrument
    return tuple(found.values())


def _instrument(row: Row, assets: Mapping[str, int], as_of: datetime) -> Instrument:
    name = row.name("instrument")
    kind = row.word("kind", KINDS)
    if kind == "spot" or kind == "staked" or kind in SHARE_KINDS:
        return _held(row, name, kind, assets)
    listed = "an asset of market.toml ([assets.NAME])"
    underlying, settle = row.name("underlying"), row.name("settle")
    row.index("underlying", assets, listed)
    row.index("settle", assets, listed)
    foreign = {
        "perpetual": ("expiry", "strike", "option_type"),
        "future": ("strike", "option_type"),
        "option": ("multiplier",),
    }
    _refuse_filled(row, kind, foreign[kind])
    multiplier = _multiplier(row, underlying, settle)
    if kind == "perpetual":
        return Perpetual(name, underlying, settle, multiplier)
    expiry = row.time("expiry")
    if expiry <= as_of:
        raise row.refuse(
            "expiry",
            f"{expiry.isoformat()} is not after the case's as_of",
            f"a time after {as_of.isoformat()}",
        )
    if kind == "future":
        return Future(name, underlying, settle, expiry, multiplier)
    strike = row.number_in("strike", PRICE)
    call = row.word("option_type", ("call", "put")) == "call"
    return Option(name, underlying, settle, expiry, strike, call)


def _held(row: Row, name: str, kind: str, assets: Mapping[str, int]) -> Instrument:
    """A coin or a share: something that is held as a balance, and so an asset of the market."""
    listed = "an asset of market.toml ([assets.NAME])"
    row.index("instrument", assets, listed)
    if kind == "staked":
        row.index("underlying", assets, listed)
        if row.name("underlying") == name:
            raise row.refuse("underlying", f"{name!r} is staked on itself", "the coin it claims")
    elif not row.blank("underlying") and row.name("underlying") != name:
        what = "a spot asset" if kind == "spot" else f"a {kind}"
        raise row.refuse("underlying", f"{what} is its own underlying", f"{name!r}")
    if kind == "spot":
        _refuse_filled(row, kind, ("multiplier",))
        return Spot(name)
    _refuse_filled(row, kind, ("settle", *INSTRUMENT_OPTIONAL))
    if kind == "staked":
        return Staked(name, row.name("underlying"))
    return SHARE_KINDS[kind](name)


def _refuse_filled(row: Row, kind: str, columns: Sequence[str]) -> None:
    article = "an" if kind == "option" else "a"
    for column in columns:
        if not row.blank(column):
            raise row.refuse(column, f"{article} {kind} has no {column}", "an empty cell")


def _multiplier(row: Row, underlying: str, settle: str) -> float | None:
    """What a quanto pays; None where the cell is empty: the contract is linear or inverse."""
    if row.blank("multiplier"):
        return None
    if settle == underlying:
        raise row.refuse(
            "multiplier",
            f"{settle} settles a contract on itself, which is inverse and has no multiplier",
            "an empty cell, or another settle",
        )
    return row.number_in("multiplier", MULTIPLIER)


def _accounts(files: CaseFiles, venues: Sequence[str]) -> Accounts:
    file = files.table("accounts")
    places = {name: place for place, name in enumerate(venues)}
    listed: dict[str, tuple[str, str, AccountKind]] = {}
    for row in rows(files.contents[file], file, ACCOUNT_COLUMNS):
        name = row.name("account")
        if name in listed:
            raise row.refuse("account", f"{name!r} is listed twice", "one row for each account")
        row.index("venue", places, "a venue with a file in rulebooks/")
        kind = AccountKind(row.word("kind", [str(kind) for kind in AccountKind]))
        owner = row.name("owner")
        # Scopes in results are written desk:OWNER and desk:OWNER/loss.
        if any(mark in owner for mark in ":/"):
            raise row.refuse("owner", f"{owner!r} holds ':' or '/'", "a name without them")
        listed[name] = (row.name("venue"), owner, kind)
    present = {(venue, kind) for venue, _, kind in listed.values()}
    for venue in venues:
        for kind in SYSTEM_KINDS:
            if (venue, kind) not in present:
                name = f"{venue}/{kind}"
                if name in listed:
                    raise InputError(
                        f"the account {name!r} is of kind {listed[name][2]}",
                        file=file,
                        column="kind",
                        expected=f"{kind!s}, for which this name is kept",
                    )
                listed[name] = (venue, venue, kind)
    return Accounts(
        tuple(listed),
        tuple(venue for venue, _, _ in listed.values()),
        tuple(owner for _, owner, _ in listed.values()),
        tuple(kind for _, _, kind in listed.values()),
    )


# In quotes: array.array cannot be subscripted while the program runs (Python 3.11).
Columns: TypeAlias = (
    "tuple[array[int], array[int], array[float], array[float], array[int], array[float]]"
)


def _positions(
    files: CaseFiles, accounts: Mapping[str, int], instruments: Sequence[Instrument]
) -> Columns:
    file = files.table("positions")
    places = {instrument.name: place for place, instrument in enumerate(instruments)}
    account_of, instrument_of, isolated = array("q"), array("q"), array("b")
    size, entry, margin = array("d"), array("d"), array("d")
    seen: dict[tuple[int, int, bool], int] = {}
    for row in rows(files.contents[file], file, POSITION_COLUMNS, POSITION_OPTIONAL):
        account = row.index("account", accounts, "an account of the accounts table")
        place = row.index("instrument", places, "an instrument of the instruments table")
        if isinstance(instruments[place], Held):
            what = "share" if isinstance(instruments[place], Share) else "spot asset"
            raise row.refuse(
                "instrument",
                f"{instruments[place].name!r} is a {what}, which cannot be a position",
                "it in the balances table",
            )
        alone = row.word("margin_mode", ("cross", "isolated"), "cross") == "isolated"
        first = seen.setdefault((account, place, alone), row.number)
        if first != row.number:
            raise row.refuse(
                "instrument",
                f"the same account, instrument and margin mode stand in row {first}",
                "one row for each position",
            )
        amount = row.number_in("size", SIZE)
        if amount == 0.0:
            raise row.refuse("size", "the size is 0", "no row for a closed position")
        account_of.append(account)
        instrument_of.append(place)
        size.append(amount)
        entry.append(row.number_in("entry_price", PRICE))
        isolated.append(int(alone))
        margin.append(_isolated_margin(row, alone))
    return account_of, instrument_of, size, entry, isolated, margin


def _isolated_margin(row: Row, alone: bool) -> float:
    if alone:
        return row.number_in("isolated_margin", MARGIN)
    if not row.blank("isolated_margin") and row.number_in("isolated_margin", SIZE) != 0.0:
        raise row.refuse(
            "isolated_margin", "a cross position has no margin of its own", "an empty cell"
        )
    return 0.0


def _balances(
    files: CaseFiles, accounts: Mapping[str, int], assets: Mapping[str, int]
) -> tuple[array[int], array[int], array[float]]:
    file = files.table("balances")
    account_of, asset_of, quantity = array("q"), array("q"), array("d")
    seen: dict[tuple[int, int], int] = {}
    for row in rows(files.contents[file], file, BALANCE_COLUMNS):
        account = row.index("account", accounts, "an account of the accounts table")
        asset = row.index("asset", assets, "an asset of market.toml ([assets.NAME])")
        first = seen.setdefault((account, asset), row.number)
        if first != row.number:
            raise row.refuse(
                "asset", f"the same account and asset stand in row {first}", "one row for each"
            )
        account_of.append(account)
        asset_of.append(asset)
        quantity.append(row.number_in("quantity", QUANTITY))
    return account_of, asset_of, quantity
