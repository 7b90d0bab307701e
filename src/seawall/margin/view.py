"""A book's account as the margin accounts that a venue would test, under any rulebook.

What is margined together is the framework's word: "settlement" (the cross positions that settle in
one asset), "account" (everything), "underlying" (a subaccount for each underlying). An isolated
position is a margin account of its own. Prices are those that govern margin by the rulebook: the
mark (or the index, or the oracle) for perpetuals and futures, spot (index, oracle) for coins.
Wrong where positions of one account settle in several stable coins and the venue margins them
together: profit is then counted in the first of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from seawall.book import Book
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Future, Instrument, Option, Perpetual
from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps, SpotPrice
from seawall.margin.account.split import by_underlying
from seawall.margin.frameworks import framework_of
from seawall.margin.table.supported import refuse_untiered_quantos
from seawall.market import AssetState, InstrumentState, Market
from seawall.venues import Rulebook

NO_STATE = InstrumentState()


@dataclass(frozen=True)
class _Held:
    """One account's rows: instrument, size, entry of each position; {asset: quantity}."""

    name: str
    instruments: tuple[Instrument, ...]
    size: tuple[float, ...]
    entry: tuple[float, ...]


@dataclass(frozen=True)
class View:
    """How a rulebook sees a market: prices by its price kind, time, quote currency."""

    market: Market
    kind: PriceKind
    as_of: datetime
    quote: str

    def asset(self, name: str) -> AssetState:
        """State of an asset; InputError when the market has none."""
        state = self.market.assets.get(name)
        if state is None:
            raise InputError(
                f"asset {name!r} has no price in the market", expected="a line in market.toml"
            )
        return state

    def price(self, name: str) -> float:
        """Price of one coin, quote, as it counts for margin."""
        state = self.asset(name)
        kinds = {PriceKind.INDEX: state.index, PriceKind.ORACLE: state.oracle}
        return kinds.get(self.kind, state.spot)

    def spot(self, name: str) -> SpotPrice:
        """That price with the oracle's confidence."""
        return SpotPrice(self.price(name), self.asset(name).confidence)

    def mark(self, instrument: Perpetual | Future) -> float:
        """Price of a perpetual or future that governs its margin, quote per base unit."""
        if self.kind is PriceKind.MARK:
            state = self.market.instruments.get(instrument.name, NO_STATE)
            if state.mark is not None:
                return state.mark
        return self.price(instrument.underlying)

    def seconds(self, instrument: Option | Future) -> float:
        """Seconds to expiry; InputError when it has passed."""
        left = (instrument.expiry - self.as_of).total_seconds()
        if left <= 0:
            kind = "option" if isinstance(instrument, Option) else "future"
            raise InputError(
                f"{kind} {instrument.name!r} expired at {instrument.expiry:%Y-%m-%dT%H:%M:%SZ}",
                expected=f"an expiry after {self.as_of:%Y-%m-%dT%H:%M:%SZ}, the time of the Case",
            )
        return left


def margin_accounts(
    book: Book,
    market: Market,
    rulebook: Rulebook,
    account_index: int,
    as_of: datetime,
    quote: str,
) -> tuple[MarginAccount, ...]:
    """The margin accounts of one account of ``book`` as ``rulebook`` would test them.

    Cross accounts first, in the order of their first position, then isolated positions. Equity,
    initial and maintenance of them equal those of the compiled margin table (a test). Raises
    InputError for an expired instrument or an asset without a price, MissingRule for an option
    without implied volatility and a quanto under several tiers.
    """
    view = View(market, rulebook.margin_price, as_of, quote)
    together = framework_of(rulebook).together
    rows = np.flatnonzero((book.position_account == account_index) & (book.size != 0.0))
    name = book.account_names[account_index]
    refuse_untiered_quantos(rulebook, (_instrument(book, n) for n in rows.tolist()))
    crossed = rows[~book.isolated[rows]]
    coins = np.flatnonzero(book.balance_account == account_index)
    balances: dict[str, float] = {}
    for n in coins:
        asset = book.assets[book.balance_asset[n]]
        balances[asset] = balances.get(asset, 0.0) + float(book.quantity[n])
    held = _held(book, crossed, name)
    if rulebook.liquidation.style == "keeper" and not crossed.size:
        accounts = [_account(view, held, quote, 0.0, balances)]
    elif together == "settlement":
        accounts = _by_settlement(view, held, balances)
    else:
        settle = _common_settle(held, quote)
        cash = balances.pop(settle, 0.0)
        accounts = [_account(view, held, settle, cash, balances)]
        if together == "underlying":
            accounts = by_underlying(accounts[0])
    for n in rows[book.isolated[rows]]:
        alone = _held(book, np.array([n]), f"{name}/{_instrument(book, int(n)).name}")
        settle = _settle(alone.instruments[0])
        margin = float(book.isolated_margin[n])
        accounts.append(_account(view, alone, settle, margin, {}, isolated=True))
    return tuple(accounts)


def _instrument(book: Book, position: int) -> Instrument:
    found: Instrument = book.instruments[int(book.position_instrument[position])]
    return found


def _held(book: Book, rows: np.ndarray[tuple[int], np.dtype[np.int64]], name: str) -> _Held:
    return _Held(
        name,
        tuple(book.instruments[i] for i in book.position_instrument[rows].tolist()),
        tuple(book.size[rows].tolist()),
        tuple(book.entry[rows].tolist()),
    )


def _settle(instrument: Instrument) -> str:
    if not isinstance(instrument, Perpetual | Future | Option):
        raise InputError(
            f"{instrument.name} is a coin, held as a position",
            column="instrument",
            expected="a balance of the coin, or a perpetual, future or option",
        )
    return instrument.settle


def _common_settle(held: _Held, quote: str) -> str:
    """The asset in which an account that is margined as one counts its cash.

    That of its first position that is not paid in its own coin; else the quote currency.
    """
    linear = (_settle(i) for i in held.instruments if _settle(i) != i.underlying)
    return next(linear, quote)


def _by_settlement(view: View, held: _Held, balances: dict[str, float]) -> list[MarginAccount]:
    """One account for each settlement asset; other balances go with the first position's.

    An account of balances alone settles in the quote currency where it has any, else in its most
    valuable balance.
    """
    settles = [_settle(i) for i in held.instruments]
    order = list(dict.fromkeys(settles))
    if not order:
        worth = {asset: q * view.price(asset) for asset, q in balances.items()}
        if balances.get(view.quote, 0.0) != 0.0:
            worth[view.quote] = math.inf
        order = [max(worth, key=lambda asset: worth[asset])] if worth else [view.quote]
    cash = {asset: balances.pop(asset, 0.0) for asset in order}
    out = []
    for n, settle in enumerate(order):
        mine = [k for k, s in enumerate(settles) if s == settle]
        name = held.name if len(order) == 1 else f"{held.name} in {settle}"
        part = _Held(
            name,
            tuple(held.instruments[k] for k in mine),
            tuple(held.size[k] for k in mine),
            tuple(held.entry[k] for k in mine),
        )
        out.append(_account(view, part, settle, cash[settle], balances if n == 0 else {}))
    return out


def _account(
    view: View,
    held: _Held,
    settle: str,
    cash: float,
    balances: dict[str, float],
    isolated: bool = False,
) -> MarginAccount:
    """A margin account from its parts, with every price filled in."""
    options = [k for k, i in enumerate(held.instruments) if isinstance(i, Option)]
    perps = [k for k, i in enumerate(held.instruments) if isinstance(i, Perpetual | Future)]
    names = [i.underlying for i in held.instruments]
    spot = {asset: view.spot(asset) for asset in dict.fromkeys([*names, *balances])}
    state = view.asset(settle)
    assets = [asset for asset, quantity in balances.items() if quantity != 0.0]
    return MarginAccount(
        name=held.name,
        settle=settle,
        cash=cash,
        spot=spot,
        settle_price=state.spot,
        settle_confidence=state.confidence,
        perps=_perps(view, held, perps),
        options=_options(view, held, options),
        balances=Balances(
            tuple(assets),
            np.array([balances[a] for a in assets], dtype=float),
            np.array([view.price(a) for a in assets], dtype=float),
            np.array([view.asset(a).confidence for a in assets], dtype=float),
        ),
        isolated=isolated,
    )


def _perps(view: View, held: _Held, rows: Sequence[int]) -> Perps:
    found = [held.instruments[k] for k in rows]
    kept = [i for i in found if isinstance(i, Perpetual | Future)]
    states = [view.market.instruments.get(i.name, NO_STATE) for i in kept]
    return Perps(
        names=tuple(i.name for i in kept),
        underlying=tuple(i.underlying for i in kept),
        # A quanto contract is `multiplier` base units, paid in the settlement asset.
        size=np.array(
            [held.size[k] * (i.multiplier or 1.0) for k, i in zip(rows, kept, strict=True)],
            dtype=float,
        ),
        entry=np.array([held.entry[k] for k in rows], dtype=float),
        mark=np.array([view.mark(i) for i in kept], dtype=float),
        confidence=np.array([s.mark_confidence for s in states], dtype=float),
        accrued=np.zeros(len(kept)),
        inverse=np.array([i.inverse for i in kept], dtype=bool),
        seconds=np.array(
            [view.seconds(i) if isinstance(i, Future) else math.inf for i in kept], dtype=float
        ),
    )


def _options(view: View, held: _Held, rows: Sequence[int]) -> Options:
    found = [held.instruments[k] for k in rows]
    kept = [i for i in found if isinstance(i, Option)]
    states = [view.market.instruments.get(i.name, NO_STATE) for i in kept]
    forward = [
        state.mark if state.mark is not None else view.asset(i.underlying).spot
        for i, state in zip(kept, states, strict=True)
    ]
    volatility = [_volatility(i, s) for i, s in zip(kept, states, strict=True)]
    # A book of hundreds of options has a handful of expiries: each is written and measured once.
    first: dict[datetime, Option] = {}
    for option in kept:
        first.setdefault(option.expiry, option)
    expiry = {at: at.isoformat() for at in first}
    seconds = {at: view.seconds(option) for at, option in first.items()}

    def column(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(values, dtype=float)

    return Options(
        names=tuple(i.name for i in kept),
        underlying=tuple(i.underlying for i in kept),
        expiry=tuple(expiry[i.expiry] for i in kept),
        seconds=column([seconds[i.expiry] for i in kept]),
        strike=column([i.strike for i in kept]),
        call=np.array([i.call for i in kept], dtype=bool),
        amount=column([held.size[k] for k in rows]),
        forward=column(forward),
        forward_confidence=column([s.mark_confidence for s in states]),
        volatility=column(volatility),
        volatility_confidence=column([s.volatility_confidence for s in states]),
        rate=column([s.rate for s in states]),
        rate_confidence=column([s.rate_confidence for s in states]),
        inverse=np.array([i.inverse for i in kept], dtype=bool),
    )


def _volatility(option: Option, state: InstrumentState) -> float:
    """Implied volatility, above 0: an option priced without one has no value to margin."""
    value = state.implied_volatility
    if value is None:
        raise MissingRule(f"market.toml gives no implied_volatility for {option.name!r}.")
    if value <= 0.0:
        raise InputError(
            f"the implied volatility of {option.name!r} is {value:g}",
            file="market.toml",
            expected="an annual fraction above 0 (0.55 means 55%)",
        )
    return value
