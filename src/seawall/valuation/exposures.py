"""Every price to which a book is exposed, in long form: one row per holding, asset and reason.

A position is exposed to its underlying and, for the profit it is owed, to its settlement asset; a
balance to the asset held; margin posted for an isolated position is held, in the position's
settlement asset. Shares are looked through to plain assets by the chain rule, so a staked
coin, a pool share and a perpetual on the same coin add up. USDT, USDC and USD are three assets.

Of a position worth C settlement units (C a function of the underlying's spot S, Z the settlement
asset's price), value V = C Z: the underlying's row has dV/dS, the settlement's row C; an inverse
contract has Z = S, and its total slope C'S + C is split into those two the same way. The second
derivative d2V/dSdZ = C' is a cross-gamma; an inverse contract has it inside its gamma.
Wrong where a settlement asset moves because the underlying does (a stable coin in a crash).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.foundation.arrays import expand_ranges
from seawall.instruments import Held
from seawall.market import Market
from seawall.valuation.revalue import Values
from seawall.valuation.shares import Claim, claims

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Reason(IntEnum):
    """Why a holding is exposed to an asset."""

    UNDERLYING = 0  # its price follows the asset
    SETTLEMENT = 1  # its profit or value is paid in the asset
    HOLDING = 2  # the asset is held (isolated margin too) or owed, directly or inside a share


@dataclass(frozen=True)
class Slopes:
    """First derivatives (r,): holding, asset (index of the book's assets), reason, delta in units.

    A holding is a position (its row) or, from ``n`` on, a balance (n + its row).
    """

    holding: Ints
    asset: Ints
    reason: Ints
    delta: Floats


@dataclass(frozen=True)
class Bends:
    """Second derivatives (c,): holding, a pair of assets, d2 value / d price d price.

    Every ordered pair is a row, so an asset with itself is one row and two assets are two.
    """

    holding: Ints
    first: Ints
    second: Ints
    gamma: Floats


@dataclass(frozen=True)
class Exposures:
    """All holdings (h = n positions + b balances) of a book.

    value, theta       (h,) quote, isolated margin included; theta per year of time passing
    vega, volga        (h,) quote per 1.00 of volatility; belong to ``named``
    vanna              (h,) change of vega per unit (quote) of the price of ``named``
    named              (h,) asset that the holding is on: underlying of a position, asset of a
                       balance, before shares are looked through
    discount           (h,) value that scales with the discount of shares held, quote
    """

    value: Floats
    theta: Floats
    vega: Floats
    volga: Floats
    vanna: Floats
    named: Ints
    discount: Floats
    slopes: Slopes
    bends: Bends


def exposures(book: Book, market: Market, values: Values) -> Exposures:
    """Exposures of every position and balance; ``values`` of the positions from `revalue`.

    Raises InputError when a share cannot be looked through (see `claims`).
    """
    known = claims(market, book.instruments)
    table = [known[asset] for asset in book.assets]
    count, place = book.size.size, {asset: n for n, asset in enumerate(book.assets)}
    underlying, settle = _assets_of(book, place)
    of_balance = book.balance_asset
    price = np.array([claim.price for claim in table])
    # Inverse contracts: the settlement part leaves the underlying's row, their sum is delta.
    inverse = underlying == settle
    own = values.delta - np.where(inverse, values.paid, 0.0)
    rows = np.arange(count)
    held = count + np.arange(of_balance.size)
    alone = np.flatnonzero(book.isolated)
    posted = np.where(book.isolated, book.isolated_margin, 0.0)
    slopes = Slopes(
        holding=np.concatenate([rows, rows, held, alone]),
        asset=np.concatenate([underlying, settle, of_balance, settle[alone]]),
        reason=np.repeat([0, 1, 2], [count, count, held.size + alone.size]),
        delta=np.concatenate([own, values.paid, book.quantity, posted[alone]]),
    )
    cross = np.where(inverse, 0.0, values.delta / price[settle])
    bends = Bends(
        holding=np.concatenate([rows, rows, rows]),
        first=np.concatenate([underlying, underlying, settle]),
        second=np.concatenate([underlying, settle, underlying]),
        gamma=np.concatenate([values.gamma, cross, cross]),
    )
    accrual = np.array([claim.accrual for claim in table])
    none = np.zeros(of_balance.size)
    theta = np.concatenate([values.theta, none])
    np.add.at(theta, slopes.holding, slopes.delta * accrual[slopes.asset])
    shared = np.array([asset in market.shares for asset in book.assets], dtype=bool)
    discount = np.zeros(count + of_balance.size)
    worth = slopes.delta * price[slopes.asset]
    np.add.at(discount, slopes.holding, np.where(shared[slopes.asset], worth, 0.0))
    return Exposures(
        value=np.concatenate(
            [values.value + posted * price[settle], book.quantity * price[of_balance]]
        ),
        theta=theta,
        vega=np.concatenate([values.vega, none]),
        volga=np.concatenate([values.volga, none]),
        vanna=np.concatenate([values.vanna, none]),
        named=np.concatenate([underlying, of_balance]),
        discount=discount,
        slopes=_through(slopes, table, place),
        bends=_bent_through(slopes, bends, table, place),
    )


def _assets_of(book: Book, place: dict[str, int]) -> tuple[Ints, Ints]:
    """Underlying and settlement asset (n,) of every position."""
    held = set(book.position_instrument.tolist())
    under = np.zeros(len(book.instruments), dtype=np.int64)
    settle = np.zeros(len(book.instruments), dtype=np.int64)
    for i, instrument in enumerate(book.instruments):
        if i in held and not isinstance(instrument, Held):
            under[i], settle[i] = place[instrument.underlying], place[instrument.settle]
    return under[book.position_instrument], settle[book.position_instrument]


def _through(slopes: Slopes, table: list[Claim], place: Mapping[str, int]) -> Slopes:
    """The rows in plain assets: one row of a share becomes one for each asset it leads to."""
    starts, plain, factor = _ragged([claim.slope for claim in table], place)
    owner, index = expand_ranges(starts[slopes.asset], np.diff(starts)[slopes.asset])
    return Slopes(
        holding=slopes.holding[owner],
        asset=plain[index],
        reason=slopes.reason[owner],
        delta=slopes.delta[owner] * factor[index],
    )


def _bent_through(
    slopes: Slopes, bends: Bends, table: list[Claim], place: Mapping[str, int]
) -> Bends:
    """Second derivatives in plain assets, by the chain rule for two prices.

    Those of the position times both slopes, plus the curvature of every share times its own row in
    ``slopes`` (in named assets, before looking through).
    """
    kept = bends.gamma != 0.0
    holding, gamma = bends.holding[kept], bends.gamma[kept]
    first, second = bends.first[kept], bends.second[kept]
    starts, plain, factor = _ragged([claim.slope for claim in table], place)
    counts = np.diff(starts)
    outer, i = expand_ranges(starts[first], counts[first])
    inner, j = expand_ranges(starts[second[outer]], counts[second[outer]])
    row, i = outer[inner], i[inner]
    curved = [claim.curvature for claim in table]
    begin = np.cumsum([0, *map(len, curved)])
    owner, k = expand_ranges(begin[slopes.asset], np.diff(begin)[slopes.asset])
    left, right = (
        np.array([place[pair[side]] for each in curved for pair in each], dtype=np.int64)
        for side in (0, 1)
    )
    bend = np.array([value for each in curved for value in each.values()], dtype=np.float64)
    return Bends(
        holding=np.concatenate([holding[row], slopes.holding[owner]]),
        first=np.concatenate([plain[i], left[k]]),
        second=np.concatenate([plain[j], right[k]]),
        gamma=np.concatenate([gamma[row] * factor[i] * factor[j], slopes.delta[owner] * bend[k]]),
    )


def _ragged(
    slopes: list[Mapping[str, float]], place: Mapping[str, int]
) -> tuple[Ints, Ints, Floats]:
    """Slopes of every asset one after another: starts (k + 1,), plain asset, slope."""
    starts = np.cumsum([0, *map(len, slopes)])
    plain = np.array([place[name] for each in slopes for name in each], dtype=np.int64)
    factor = np.array([value for each in slopes for value in each.values()], dtype=np.float64)
    return starts, plain, factor
