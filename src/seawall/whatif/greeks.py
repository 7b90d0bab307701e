"""Greeks of margin accounts by asset: what a desk reads beside its margin.

The same units and conventions as `seawall greeks` (`seawall.valuation.portfolio_greeks`; a test
holds them equal), summed here over margin accounts in columns, so that four states of 500 legs cost
milliseconds. Sticky strike: every option keeps its implied volatility. What is paid in a settlement
asset other than the quote currency moves with that asset's price: a desk in USDT is long USDT. A
share has a row of its own here and is looked through there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.equity import option_values, profit
from seawall.margin.account.margin_account import MarginAccount
from seawall.valuation.black import greeks

PERCENT = 0.01
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Exposure:
    """One asset over all accounts shown, cash in quote.

    delta  S dV/dS, coins held included (in coin: over ``spot``)      gamma  its change per +1% of S
    vega   per point of implied volatility                            theta  per day that passes
    """

    asset: str
    spot: float
    delta: float
    gamma: float
    vega: float
    theta: float


@dataclass(frozen=True)
class AccountGreeks:
    """Greeks of one margin account: rows of names and their four columns, in order of use.

    spot  {asset: price} of what it holds     settle  what it is paid in, and the price of that
    """

    parts: tuple[tuple[tuple[str, ...], Floats], ...]
    spot: Mapping[str, float]
    settle: tuple[str, float]


def account_greeks(account: MarginAccount, quote: str) -> AccountGreeks:
    """Greeks of one account; what is paid in another asset than ``quote`` is the last part."""
    parts = [_perps(account), _options(account), _coins(account)]
    if account.settle != quote:
        held = np.array([[_paid(account) * account.settle_price], [0.0], [0.0], [0.0]])
        parts.append(((account.settle,), held))
    spot = {name: price.price for name, price in account.spot.items()}
    return AccountGreeks(tuple(parts), spot, (account.settle, account.settle_price))


def exposures(accounts: Iterable[AccountGreeks], quote: str) -> tuple[Exposure, ...]:
    """Greeks of accounts together, one entry for each asset but ``quote``, in order of use."""
    sums: dict[str, Floats] = {}
    spot: dict[str, float] = {}
    for account in accounts:
        spot.update(account.spot)
        name, price = account.settle
        if name != quote:
            spot.setdefault(name, price)
        for names, columns in account.parts:
            for n, name in enumerate(names):
                sums[name] = sums.get(name, np.zeros(4)) + columns[:, n]
    return tuple(
        Exposure(name, spot[name], *(float(value) for value in column))
        for name, column in sums.items()
        if name != quote
    )


def _by_name(names: tuple[str, ...], columns: Floats) -> tuple[tuple[str, ...], Floats]:
    """Columns (4, n) summed by name, (4, distinct names)."""
    distinct = tuple(dict.fromkeys(names))
    place = {name: n for n, name in enumerate(distinct)}
    row = np.array([place[name] for name in names], dtype=np.int64)
    out = np.zeros((4, len(distinct)))
    for k in range(4):
        out[k] = np.bincount(row, weights=columns[k], minlength=len(distinct))
    return distinct, out


def _paid(account: MarginAccount) -> float:
    """Cash, and profits and option values paid in the settlement asset, in units of it.

    Of inverse contracts nothing: the coin's own price is inside their delta already.
    """
    perps, options = account.perps, account.options
    gained = np.where(perps.inverse, 0.0, profit(perps) + perps.accrued)
    paid = account.cash + float(gained.sum())
    if options.inverse.all():  # also where there are none
        return paid
    worth = np.where(options.inverse, 0.0, options.amount * option_values(account))
    return paid + float(worth.sum()) / account.settle_price


def _perps(account: MarginAccount) -> tuple[tuple[str, ...], Floats]:
    """Perpetuals and futures: linear size x mark, inverse size x spot / entry (a coin's profit)."""
    perps = account.perps
    spot = np.array([account.spot[u].price for u in perps.underlying])
    linear = perps.size * perps.mark * account.settle_price
    inverse = spot * (perps.size / perps.entry + perps.accrued)
    delta = np.where(perps.inverse, inverse, linear)
    zero = np.zeros_like(delta)
    return _by_name(perps.underlying, np.stack([delta, zero, zero, zero]))


def _options(account: MarginAccount) -> tuple[tuple[str, ...], Floats]:
    """Options: Black's Greeks; a unit paid in coin is worth V x spot / forward quote."""
    options = account.options
    if not options.names:
        return (), np.zeros((4, 0))
    years = options.seconds / SECONDS_PER_YEAR
    unit = greeks(options.forward, options.strike, years, options.volatility, options.call)
    spot = np.array([account.spot[u].price for u in options.underlying])
    price = np.where(options.inverse, spot / options.forward, account.settle_price)
    scale = options.amount * price * np.exp(-options.rate * years)
    forward = options.forward
    columns = np.stack(
        [
            scale * forward * unit.delta,
            scale * forward * forward * unit.gamma * PERCENT,
            scale * unit.vega * PERCENT,
            scale * (unit.theta + options.rate * unit.value) / DAYS_PER_YEAR,
        ]
    )
    return _by_name(options.underlying, columns)


def _coins(account: MarginAccount) -> tuple[tuple[str, ...], Floats]:
    """Coins held and owed: their value moves one for one with their price."""
    coins = account.balances
    worth = coins.quantity * coins.price
    zero = np.zeros_like(worth)
    return _by_name(coins.assets, np.stack([worth, zero, zero, zero]))
