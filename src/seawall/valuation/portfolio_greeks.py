"""Greeks of a position, an account or a desk in the trade's units, by asset and in total.

Units (S the asset's spot; derivatives with respect to spot prices, everything else held):

    delta       cash: S dV/dS, money per 100% move, the size of a spot position that moves alike
    gamma       cash: S^2 d2V/dS2 / 100, change of cash delta when S moves by 1%
    vega        cash: dV/dvol / 100, money per volatility point (0.01)
    theta       cash: dV/dt / 365, money per day that passes
    vanna       cash: S d2V/dSdvol / 100, change of cash delta per volatility point
    volga       cash: d2V/dvol2 / 10,000, change of vega (per point) per volatility point
    cross-gamma cash: Sa Sb d2V/dSa dSb / 100, change of one cash delta when the other moves by 1%

In coin every one of them is the cash amount divided by S: units of the asset. Totals are in cash
alone, over all assets that are not money: all of these prices move together by the same share, so
cross-gammas between them are in the total's gamma, and their volatilities move by the same points.
Money is the quote currency, every asset in which a linear contract settles, and every asset of at
most 5% annual volatility; it has rows of its own. Wrong as a hedge where assets do not move
together: the rows by asset are the hedge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.instruments import Held, Option
from seawall.market import Market
from seawall.valuation.exposures import Exposures, Reason
from seawall.valuation.shares import claims

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

PER_POINT = 0.01
DAYS_PER_YEAR = 365.0
# Stable coins move by a percent or two a year, other currencies by eight, coins by fifty.
STABLE_VOLATILITY = 0.05
GREEKS = ("delta", "gamma", "vega", "theta", "vanna", "volga")


@dataclass(frozen=True)
class AssetGreeks:
    """Cash Greeks of one asset, quote; in coin they are these over ``spot``.

    by_reason  cash delta by why it is there: underlying, settlement, holding
    """

    asset: str
    spot: float
    money: bool
    delta: float
    gamma: float
    vega: float
    theta: float
    vanna: float
    volga: float
    by_reason: Mapping[str, float]

    def coin(self, greek: str) -> float:
        """One of GREEKS in units of the asset."""
        return float(getattr(self, greek)) / self.spot


@dataclass(frozen=True)
class CrossGamma:
    """Two assets whose moves multiply: cash, per 1% of the other."""

    first: str
    second: str
    gamma: float


@dataclass(frozen=True)
class ScopeGreeks:
    """Value and Greeks of some holdings; ``total`` {greek: cash} over assets that are not money."""

    value: float
    total: Mapping[str, float]
    assets: tuple[AssetGreeks, ...]
    cross: tuple[CrossGamma, ...]


@dataclass(frozen=True)
class Ledger:
    """Cash Greeks of every holding and asset, ready to be summed over any scope.

    names (k,) assets; spot (k,); money (k,); home (k,) the asset that a holding's vega and theta
    are shown under: a staked coin's underlying, else itself
    """

    exposures: Exposures
    names: tuple[str, ...]
    spot: Floats
    money: Bools
    home: Ints


def ledger(book: Book, market: Market, exposures: Exposures, quote: str) -> Ledger:
    """Everything that `scope_greeks` sums; ``quote`` the Case's quote currency."""
    place = {asset: n for n, asset in enumerate(book.assets)}
    known = claims(market, book.instruments)
    home = list(range(len(book.assets)))
    for n, asset in enumerate(book.assets):
        through = list(known[asset].slope)
        if len(through) == 1:
            home[n] = place[through[0]]
    dollars = money(book, market, quote)
    return Ledger(
        exposures,
        book.assets,
        np.array([market.assets[asset].spot for asset in book.assets]),
        np.array([asset in dollars for asset in book.assets], dtype=bool),
        np.array(home, dtype=np.int64),
    )


def money(book: Book, market: Market, quote: str) -> frozenset[str]:
    """The quote currency, assets in which linear contracts of the book settle, stable assets."""
    found = {quote}
    found |= {n for n, state in market.assets.items() if state.volatility <= STABLE_VOLATILITY}
    for item in book.instruments:
        if isinstance(item, Held) or item.inverse:
            continue
        if isinstance(item, Option) or not item.quanto:
            found.add(item.settle)
    return frozenset(found)


def scope_greeks(books: Ledger, holdings: Bools) -> ScopeGreeks:
    """Greeks of the holdings (h,) marked True: positions first, then balances."""
    e, k = books.exposures, len(books.names)
    mine = holdings[e.slopes.holding]
    cell = e.slopes.reason[mine] * k + e.slopes.asset[mine]
    delta = _sum(cell, e.slopes.delta[mine], len(Reason) * k).reshape(len(Reason), k) * books.spot
    pair = holdings[e.bends.holding]
    bends = _sum(
        e.bends.first[pair] * k + e.bends.second[pair], e.bends.gamma[pair], k * k
    ).reshape(k, k)
    bends = bends * np.outer(books.spot, books.spot) / 100.0
    named = e.named[holdings]
    home = books.home[named]
    vega = _sum(home, e.vega[holdings], k) * PER_POINT
    theta = _sum(home, e.theta[holdings], k) / DAYS_PER_YEAR
    vanna = _sum(home, e.vanna[holdings] * books.spot[named], k) * PER_POINT
    volga = _sum(home, e.volga[holdings], k) * PER_POINT**2
    columns = (delta.sum(axis=0), np.diag(bends), vega, theta, vanna, volga)
    # A share of several assets has no price of its own here, but its accrual is shown under it.
    timed = np.flatnonzero((vega != 0) | (theta != 0) | (vanna != 0) | (volga != 0))
    touched = np.union1d(e.slopes.asset[mine], timed)
    moving = np.flatnonzero(~books.money)
    total = {
        name: float(column[moving].sum()) for name, column in zip(GREEKS, columns, strict=True)
    }
    total["gamma"] = float(bends[np.ix_(moving, moving)].sum())
    return ScopeGreeks(
        value=float(e.value[holdings].sum()),
        total=total,
        assets=tuple(_asset(books, int(n), columns, delta) for n in touched),
        cross=_cross(books, bends),
    )


def _asset(books: Ledger, n: int, columns: tuple[Floats, ...], delta: Floats) -> AssetGreeks:
    cash = {name: float(column[n]) for name, column in zip(GREEKS, columns, strict=True)}
    return AssetGreeks(
        asset=books.names[n],
        spot=float(books.spot[n]),
        money=bool(books.money[n]),
        delta=cash["delta"],
        gamma=cash["gamma"],
        vega=cash["vega"],
        theta=cash["theta"],
        vanna=cash["vanna"],
        volga=cash["volga"],
        by_reason={reason.name.lower(): float(delta[reason, n]) for reason in Reason},
    )


def _cross(books: Ledger, bends: Floats) -> tuple[CrossGamma, ...]:
    """Pairs of different assets, largest first."""
    upper = [
        CrossGamma(books.names[a], books.names[b], float(bends[a, b]))
        for a, b in np.argwhere(np.triu(bends, 1) != 0.0)
    ]
    return tuple(sorted(upper, key=lambda pair: -abs(pair.gamma)))


def _sum(place: Ints, amount: Floats, count: int) -> Floats:
    # An empty scope counts as integers; floats are asked for explicitly.
    return np.bincount(place, weights=amount, minlength=count).astype(np.float64)
