"""Every position of a book at the market's prices: value and Greeks, as columns.

Conventions. All results are in quote currency: amounts in the settlement asset times its spot.
Marks and forwards are taken to move in proportion to the underlying's spot (constant basis ratio
b = mark / spot), implied volatility stays per instrument, and a stable settlement asset stays
where it is when the underlying moves; a coin settlement asset moves with it. A quanto's settlement
asset is a third one: it stays, and its own move is ``paid``.
Perpetuals and futures: value = unrealised profit. Options: value = size x option value, since the
premium already sits in cash, discounted by exp(-rate x years) in the settlement asset. An inverse
option is worth Black(F)/F coins, so its dollar delta is Black's delta in base units, whatever the
basis. Wrong when the basis moves on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Held, Instrument, Option, Spot
from seawall.market import Market
from seawall.valuation import inverse, linear, quanto
from seawall.valuation.black import OptionGreeks, greeks

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Values:
    """One entry per position (n,), quote currency.

    value       what the position is worth (perpetuals and futures: unrealised profit)
    delta       change of value per unit (quote) of the underlying's spot: base units
    delta_cash  delta x spot: change of value per unit of relative move
    gamma       change of delta per unit (quote) of spot
    vega        per 1.00 of annual implied volatility      theta  per year of time passing
    vanna       change of vega per unit (quote) of spot    volga  change of vega per 1.00
    paid        value in units of the settlement asset, which is also the slope of value in that
                asset's own price; inverse contracts count it inside ``delta`` already
    """

    value: Floats
    delta: Floats
    delta_cash: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    vanna: Floats
    volga: Floats
    paid: Floats


@dataclass(frozen=True)
class Terms:
    """What the market says about each instrument, (i,); options have the last five.

    multiplier  settlement units per contract and quote of move: 1 for linear contracts
    """

    spot: Floats
    mark: Floats
    settle: Floats
    multiplier: Floats
    inverse: Bools
    option: Bools
    strike: Floats
    years: Floats
    volatility: Floats
    rate: Floats
    call: Bools


def revalue(book: Book, market: Market, as_of: float) -> Values:
    """What every position is worth and how it moves, quote currency; ``as_of`` in POSIX seconds.

    Raises InputError when a held instrument lacks what its value needs: a price of its underlying
    or settlement asset, or an option's implied volatility. Instruments nobody holds may lack them.
    """
    held = np.zeros(len(book.instruments), dtype=bool)
    held[book.position_instrument] = True
    by_instrument = terms_of(book.instruments, held, market, as_of)
    row = book.position_instrument
    terms = Terms(**{f.name: getattr(by_instrument, f.name)[row] for f in fields(Terms)})
    futures = _futures(book.size, book.entry, terms)
    if not terms.option.any():
        return futures
    options = _options(book.size, terms)
    return Values(
        **{
            f.name: np.where(terms.option, getattr(options, f.name), getattr(futures, f.name))
            for f in fields(Values)
        }
    )


def per_account(book: Book, amount: Floats) -> Floats:
    """Sum of a column over positions (n,) for every account (a,), in the order of the positions."""
    accounts = len(book.account_names)
    # An empty book counts as integers; the annotation's floats are asked for explicitly.
    return np.bincount(book.position_account, weights=amount, minlength=accounts).astype(np.float64)


def _futures(size: Floats, entry: Floats, terms: Terms) -> Values:
    """Perpetuals and futures; rows that are options hold numbers that the caller drops."""
    # Options are entered at a premium that may be 0; keep their rows out of the division.
    price = np.where(terms.option, terms.mark, entry)
    basis = terms.mark / terms.spot
    # Linear contracts are quantos of multiplier 1; the product with 1 is exact.
    straight = np.where(
        terms.multiplier == 1.0,
        linear.profit(size, price, terms.mark),
        quanto.profit(size, terms.multiplier, price, terms.mark),
    )
    paid = np.where(terms.inverse, inverse.profit(size, price, terms.mark), straight)
    # Inverse: S (1/entry - 1/(b S)) = S/entry - 1/b, whose slope in S is 1/entry.
    slope = np.where(terms.inverse, 1.0 / price, terms.multiplier * basis * terms.settle)
    delta = size * slope
    zero = np.zeros_like(paid)
    return Values(
        value=terms.settle * paid,
        delta=delta,
        delta_cash=delta * terms.spot,
        gamma=zero,
        vega=zero,
        theta=zero,
        vanna=zero,
        volga=zero,
        paid=paid,
    )


def _options(size: Floats, terms: Terms) -> Values:
    """Options; rows that are not are valued at strike = mark and dropped by the caller."""
    unit: OptionGreeks = greeks(terms.mark, terms.strike, terms.years, terms.volatility, terms.call)
    basis = terms.mark / terms.spot
    discount = np.exp(-terms.rate * np.maximum(terms.years, 0.0))
    # Quote value of one coin-settled unit is V(F)/F x S = V(F)/b: per dollar of S, delta is V'(F).
    scale = size * discount * np.where(terms.inverse, 1.0 / basis, terms.settle)
    value = scale * unit.value
    delta = scale * basis * unit.delta
    # As time passes the discount shrinks: what is discounted today is worth rate x value more.
    grown = np.where(terms.years > 0.0, terms.rate, 0.0) * value
    return Values(
        value=value,
        delta=delta,
        delta_cash=delta * terms.spot,
        gamma=scale * basis * basis * unit.gamma,
        vega=scale * unit.vega,
        theta=scale * unit.theta + grown,
        vanna=scale * basis * unit.vanna,
        volga=scale * unit.volga,
        paid=value / terms.settle,
    )


def terms_of(
    instruments: tuple[Instrument, ...], held: Bools, market: Market, as_of: float
) -> Terms:
    """One column per fact, in the order of ``instruments``; unheld rows are harmless ones."""
    count = len(instruments)
    terms = Terms(
        spot=np.ones(count),
        mark=np.ones(count),
        settle=np.ones(count),
        multiplier=np.ones(count),
        inverse=np.zeros(count, dtype=bool),
        option=np.zeros(count, dtype=bool),
        strike=np.ones(count),
        years=np.zeros(count),
        volatility=np.zeros(count),
        rate=np.zeros(count),
        call=np.ones(count, dtype=bool),
    )
    for i, instrument in enumerate(instruments):
        if held[i]:
            _fill(terms, i, instrument, market, as_of)
    return terms


def _fill(terms: Terms, i: int, instrument: Instrument, market: Market, as_of: float) -> None:
    """Write one held instrument's facts into the columns."""
    if isinstance(instrument, Held):
        what = "coin" if isinstance(instrument, Spot) else "share"
        raise InputError(
            f"{instrument.name} is a {what}, held as a position",
            column="instrument",
            expected=f"a balance of the {what}, or a perpetual, future or option",
        )
    terms.spot[i] = _spot(market, instrument.underlying, instrument.name)
    terms.settle[i] = _spot(market, instrument.settle, instrument.name)
    terms.inverse[i] = instrument.inverse
    state = market.instruments.get(instrument.name)
    given = state.mark if state is not None else None
    terms.mark[i] = terms.spot[i] if given is None else given
    # Rows that are not options sit at their strike, so their unused Greeks stay finite.
    terms.strike[i] = terms.mark[i]
    if isinstance(instrument, Option):
        if state is None or state.implied_volatility is None:
            raise InputError(
                f"option {instrument.name} has no implied volatility in the market",
                column="implied_volatility",
                expected="an annual fraction such as 0.6",
            )
        terms.option[i] = True
        terms.strike[i] = instrument.strike
        terms.years[i] = (instrument.expiry.timestamp() - as_of) / SECONDS_PER_YEAR
        terms.volatility[i] = state.implied_volatility
        terms.rate[i] = state.rate
        terms.call[i] = instrument.call
    elif instrument.multiplier is not None:
        terms.multiplier[i] = instrument.multiplier


def _spot(market: Market, asset: str, instrument: str) -> float:
    """Spot price of an asset that ``instrument`` needs."""
    state = market.assets.get(asset)
    if state is None:
        raise InputError(
            f"asset {asset} of instrument {instrument} has no price in the market",
            column="spot",
            expected=f"an entry for {asset} among the market's assets",
        )
    return state.spot
