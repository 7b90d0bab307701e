"""Shock grids: what one unit of everything held gains or loses under each shock of the market.

A shock multiplies prices, changes implied volatility and lets time pass. Conventions are those of
:mod:`seawall.valuation.revalue`: marks and forwards keep their ratio to spot, a share follows its
contents, volatility belongs to the instrument (sticky strike) and is shocked to
max(vol x factor + add, 0). Under them the change of an account's value is a sum over two kinds of
rows, and what a position was entered at drops out:

    positions   size x change of one unit entered at today's mark
    assets      units held x change of the asset's price: balances, and the profit so far of
                positions, which is owed in the settlement asset and is re-marked with it

Options count with their whole value. Changes are signed, quote: below 0 a loss.
Wrong when basis or smile move on their own, or one volatility shock does not suit all expiries:
a venue's rule that scales it by expiry belongs to that venue's margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.instruments import Held, Instrument, Option
from seawall.market import Market
from seawall.valuation import fastblack
from seawall.valuation.moved import moved
from seawall.valuation.revalue import Terms, revalue, terms_of
from seawall.valuation.worst_loss import Holdings, WorstLoss, arrange, worst_loss

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Bytes of the table of unit changes that exist at a time; shocks are taken in portions of that.
TABLE_BYTES = 64 * 2**20
# Values of options under shocks, (n, s): `fastblack.revalue_grid`, or its plain twin.
Revalue = Callable[[fastblack.OptionColumns, fastblack.ShockColumns], Floats]


@dataclass(frozen=True)
class Shocks:
    """Shocks as columns, one entry per shock (s,).

    names              what each is called
    assets             (u,) the assets that move; all others keep their price
    price_factor       (s, u) multiple of each one's price, > 0 (a share's: of its discount)
    volatility_factor  (s,) multiple of implied volatility, >= 0
    volatility_add     (s,) added to it afterwards, 0.10 = ten points
    seconds            (s,) time that passes, >= 0

    Raises InputError when columns differ in length or a number is out of bounds.
    """

    names: tuple[str, ...]
    assets: tuple[str, ...]
    price_factor: Floats
    volatility_factor: Floats
    volatility_add: Floats
    seconds: Floats

    def __post_init__(self) -> None:
        count = len(self.names)
        if self.price_factor.shape != (count, len(self.assets)):
            raise InputError(
                f"{count} shocks of {len(self.assets)} assets have price factors of shape"
                f" {self.price_factor.shape}",
                column="price_factor",
                expected="one row per shock and one column per asset",
            )
        for name in ("price_factor", "volatility_factor", "volatility_add", "seconds"):
            column = getattr(self, name)
            if column.shape[0] != count:
                raise InputError(
                    f"{column.shape[0]} entries for {count} shocks",
                    column=name,
                    expected="one entry per shock",
                )
            low = -np.inf if name == "volatility_add" else 0.0
            wrong = ~np.isfinite(column) | (column < low)
            if name == "price_factor":
                wrong |= column == 0.0
            if wrong.any():
                row = int(np.argwhere(wrong)[0][0])
                raise InputError(
                    f"shock {self.names[row]!r} has {column[wrong][0]}",
                    row=row,
                    column=name,
                    expected="a finite number above 0"
                    if name == "price_factor"
                    else "a finite number, not below 0 unless it is added",
                )

    def part(self, first: int, last: int) -> Shocks:
        """Shocks first to last - 1."""
        columns = (getattr(self, f.name)[first:last] for f in fields(self) if f.name != "assets")
        names, *numbers = columns
        return Shocks(names, self.assets, *numbers)


@dataclass(frozen=True)
class NamedShock:
    """One shock written out, as in a venue's table; what is not named does not move."""

    name: str
    price_factor: Mapping[str, float]
    volatility_factor: float = 1.0
    volatility_add: float = 0.0
    seconds: float = 0.0


def shocks_from(rows: Iterable[NamedShock]) -> Shocks:
    """Shocks from rows written out one by one, in their order."""
    given = tuple(rows)
    assets = tuple(dict.fromkeys(asset for row in given for asset in row.price_factor))
    factors = [[row.price_factor.get(asset, 1.0) for asset in assets] for row in given]
    return Shocks(
        names=tuple(row.name for row in given),
        assets=assets,
        price_factor=np.array(factors, dtype=np.float64).reshape(len(given), len(assets)),
        volatility_factor=np.array([row.volatility_factor for row in given], dtype=np.float64),
        volatility_add=np.array([row.volatility_add for row in given], dtype=np.float64),
        seconds=np.array([row.seconds for row in given], dtype=np.float64),
    )


def rectangular(
    assets: Iterable[str],
    price_factors: ArrayLike,
    volatility_factors: ArrayLike = 1.0,
    seconds: ArrayLike = 0.0,
) -> Shocks:
    """Every combination of price x volatility x time; all ``assets`` move by the same factor.

    Price varies slowest, time fastest. Names read "price -15%, vol x1.3, +1 d".
    """
    moving = tuple(assets)
    axes = [
        np.atleast_1d(np.asarray(a, float)) for a in (price_factors, volatility_factors, seconds)
    ]
    rows = list(product(*axes))
    prices, volatilities, times = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Shocks(
        names=tuple(_name(*row) for row in rows),
        assets=moving,
        price_factor=np.repeat(prices[:, None], len(moving), axis=1),
        volatility_factor=volatilities.copy(),
        volatility_add=np.zeros(len(rows)),
        seconds=times.copy(),
    )


def _name(price: float, volatility: float, seconds: float) -> str:
    name = f"price {100.0 * (price - 1.0):+.4g}%, vol x{volatility:.4g}"
    return f"{name}, +{seconds / SECONDS_PER_DAY:.4g} d" if seconds else name


def price_changes(market: Market, instruments: Iterable[Instrument], shocks: Shocks) -> Floats:
    """By what factor each asset's price is multiplied, (k, s), in the order of market.assets.

    Raises InputError for a shocked asset without a price in the market.
    """
    unknown = [asset for asset in shocks.assets if asset not in market.assets]
    if unknown:
        raise InputError(
            f"the shocks move {unknown[0]}, which has no price in the market",
            column="assets",
            expected=f"one of {', '.join(market.assets)}",
        )
    place = {asset: k for k, asset in enumerate(market.assets)}
    factors = np.ones((len(place), len(shocks.names)))
    if not market.shares:
        for u, asset in enumerate(shocks.assets):
            factors[place[asset]] = shocks.price_factor[:, u]
        return factors
    shares = [item for item in instruments if isinstance(item, Held)]
    before = np.array([state.spot for state in market.assets.values()])
    for s, row in enumerate(shocks.price_factor):
        factor = dict(zip(shocks.assets, map(float, row), strict=True))
        after = moved(market, shares, factor, seconds=float(shocks.seconds[s]))
        factors[:, s] = np.array([state.spot for state in after.assets.values()]) / before
    return factors


def unit_changes(
    instruments: tuple[Instrument, ...],
    held: Bools,
    market: Market,
    as_of: float,
    shocks: Shocks,
    option_values: Revalue = fastblack.revalue_grid,
) -> Floats:
    """Change of value of one unit of each instrument entered at today's mark, (i, s), quote.

    ``held`` (i,): the others' rows are 0 and the market need not know them. Long one unit; inverse
    contracts count in quote contracts, as sizes do. Options by ``option_values``: compiled and
    plain ones agree to 1e-13 of the forward, not bit for bit, and ``fastblack.revalue_grid`` takes
    what is ready; what must be the same bits in every run gives ``fastblack.plain_revalue_grid``.
    Raises InputError as ``revalue`` does.
    """
    factors = price_changes(market, instruments, shocks)
    place = {asset: k for k, asset in enumerate(market.assets)}
    terms = terms_of(instruments, held, market, as_of)
    change = np.zeros((len(instruments), len(shocks.names)))
    options = np.flatnonzero(terms.option)
    others = np.flatnonzero(held & ~terms.option)
    underlying = {i: place[instruments[i].underlying] for i in np.flatnonzero(held)}
    settle = {i: place[_settle(instruments[i])] for i in np.flatnonzero(held)}
    for i in others:
        moves = factors[underlying[i]] - 1.0
        if terms.inverse[i]:
            # S' (1/F - 1/F') with F = b S: the coin gained is worth its new price.
            change[i] = terms.spot[i] / terms.mark[i] * moves
        else:
            paid = terms.multiplier[i] * terms.mark[i] * moves
            change[i] = terms.settle[i] * factors[settle[i]] * paid
    # Options on one underlying see the same shocks of their forward and are revalued together.
    for asset in sorted({underlying[i] for i in options}):
        rows = np.array([i for i in options if underlying[i] == asset])
        paid_in = np.array([settle[i] for i in rows])
        change[rows] = _option_changes(
            terms, rows, factors[asset], factors[paid_in], shocks, option_values
        )
    return change


def _settle(instrument: Instrument) -> str:
    """Asset in which a position pays; whoever has none has been refused before."""
    return instrument.underlying if isinstance(instrument, Held) else instrument.settle


def _option_changes(
    terms: Terms,
    rows: Ints,
    factor: Floats,
    paid_in: Floats,
    shocks: Shocks,
    option_values: Revalue,
) -> Floats:
    """Change of value of one unit of options on one underlying, (r, s), quote.

    factor (s,) of the forward, paid_in (r, s) of the settlement asset's price. Today's value is
    taken as one shock more, in the same call: no shock, no change, to the last bit.
    """
    columns = (
        np.concatenate([[1.0], factor]),
        np.concatenate([[1.0], shocks.volatility_factor]),
        np.concatenate([[0.0], shocks.volatility_add]),
        np.concatenate([[0.0], shocks.seconds]),
    )
    years = terms.years[rows]
    chosen = (terms.mark[rows], terms.strike[rows], years, terms.volatility[rows])
    value = option_values((*chosen, terms.call[rows], 1.0), columns)
    rate = terms.rate[rows]
    if rate.any():
        left = np.maximum(years[:, None] - columns[3] / SECONDS_PER_YEAR, 0.0)
        value *= np.exp(-rate[:, None] * left)
    # Coin-settled: V(F')/F' coins at S' each are V(F')/b in quote, whatever the coin costs.
    inverse = terms.inverse[rows]
    scale = np.where(inverse, terms.spot[rows] / terms.mark[rows], terms.settle[rows])[:, None]
    value[:, 1:] *= np.where(inverse[:, None], 1.0, paid_in)
    changed: Floats = scale * (value[:, 1:] - value[:, :1])
    return changed


def change_table(
    book: Book,
    market: Market,
    as_of: float,
    shocks: Shocks,
    option_values: Revalue = fastblack.revalue_grid,
) -> Floats:
    """Changes of one unit of each instrument, then of each asset of the book: (i + k, s), quote.

    An asset that has no price in the market has NaN: whoever holds it is told so.
    """
    held = np.zeros(len(book.instruments), dtype=bool)
    held[book.position_instrument] = True
    units = unit_changes(book.instruments, held, market, as_of, shocks, option_values)
    factors = price_changes(market, book.instruments, shocks)
    place = {asset: k for k, asset in enumerate(market.assets)}
    assets = np.full((len(book.assets), len(shocks.names)), np.nan)
    for k, asset in enumerate(book.assets):
        if asset in place:
            assets[k] = market.assets[asset].spot * (factors[place[asset]] - 1.0)
    return np.concatenate([units, assets])


def position_holdings(book: Book, market: Market, as_of: float) -> Holdings:
    """Rows of all positions, and of their profit so far in the settlement asset.

    For tables of :func:`change_table`. The sum over an account's rows is the change of the value of
    its positions. Raises InputError when a settlement asset is not among the book's assets.
    """
    return _holdings(
        book, market, as_of, np.empty(0, dtype=np.int64), np.zeros_like(book.isolated_margin)
    )


def equity_holdings(book: Book, market: Market, as_of: float) -> Holdings:
    """The same with balances and isolated margins: the change of equity, without haircuts."""
    return _holdings(book, market, as_of, np.arange(book.quantity.size), book.isolated_margin)


def _holdings(book: Book, market: Market, as_of: float, balances: Ints, posted: Floats) -> Holdings:
    values = revalue(book, market, as_of)
    place = {asset: k for k, asset in enumerate(book.assets)}
    # Options carry their whole value in their unit; others owe their profit so far.
    owed = np.array([not isinstance(i, Option) for i in book.instruments], dtype=bool)
    in_settle = np.where(owed[book.position_instrument], values.paid, 0.0) + posted
    rows = np.flatnonzero(in_settle != 0.0)
    settle = np.zeros(len(book.instruments), dtype=np.int64)
    for i in np.unique(book.position_instrument[rows]):
        asset = _settle(book.instruments[i])
        if asset not in place:
            raise InputError(
                f"{book.instruments[i].name} pays in {asset}, which is not among the book's assets",
                column="assets",
                expected=f"{asset} in the list of assets",
            )
        settle[i] = place[asset]
    owed_in = settle[book.position_instrument[rows]]
    first = len(book.instruments)
    return arrange(
        np.concatenate(
            [book.position_account, book.position_account[rows], book.balance_account[balances]]
        ),
        np.concatenate(
            [book.position_instrument, first + owed_in, first + book.balance_asset[balances]]
        ),
        np.concatenate([book.size, in_settle[rows], book.quantity[balances]]),
        len(book.account_names),
        first + len(book.assets),
    )


def worst_by_account(
    holdings: Holdings,
    book: Book,
    market: Market,
    as_of: float,
    shocks: Shocks,
    *,
    threads: int = 1,
) -> WorstLoss:
    """Worst change of value of every account and the shock that gives it.

    ``holdings`` from :func:`position_holdings` or :func:`equity_holdings` of the same book. Shocks
    are taken in portions of at most 64 MiB of unit changes, so memory does not grow with their
    number; the answer does not depend on the portions. Raises InputError without a shock.
    """
    count = len(shocks.names)
    portion = max(1, TABLE_BYTES // (8 * max(1, holdings.instruments)))
    worst: WorstLoss | None = None
    for first in range(0, max(count, 1), portion):
        table = change_table(book, market, as_of, shocks.part(first, first + portion))
        found = worst_loss(holdings, table, threads=threads)
        worst = found if worst is None else _worse(worst, found, first)
    assert worst is not None
    return worst


def _worse(one: WorstLoss, later: WorstLoss, first: int) -> WorstLoss:
    """Account by account the worse of two portions; the earlier one where they are equal."""
    better = later.change < one.change
    return WorstLoss(
        change=np.where(better, later.change, one.change),
        shock=np.where(better, later.shock + first, one.shock),
    )
