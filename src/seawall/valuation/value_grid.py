"""Options of whole accounts as a table over price and volatility, with a bound of its error.

A path moves the price and the volatility of an underlying thousands of times; revaluing every
option each time is what a table avoids. For each account and underlying the options are revalued
once at p multiples of today's price and q multiples of today's volatility. Between the points the
value is interpolated linearly in both. Conventions are those of :mod:`seawall.valuation.shockgrid`;
assets other than the underlying stay, and no time passes.

The bound is proven, cell by cell. Linear interpolation over a step h misses f by at most
h^2/8 max|f''|, and by at most h/4 (max f' - min f'). In both directions together the errors add,
since an average of values cannot be further off than the worst of them. Black's derivatives in the
forward F and in the total volatility s are bounded over the whole cell by the range of d1 in it:

    f'' in F    n(d1) / (F s)                      f' in F  between 0 and 1 (puts: -1 and 0)
    f'' in s    F n(d1) d1 (d1 - s) / s            f' in s  between 0 and F n(d1)

and summed over |size|, so hedges inside an account do not make the bound smaller. Rounding (near
1e-13 of the forward) is not in it. Wrong after time has passed: make the table anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.book import Book
from seawall.foundation.errors import InputError
from seawall.instruments import Option
from seawall.market import Market
from seawall.valuation import fastblack
from seawall.valuation.revalue import Terms, terms_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Total volatility at or below which an option is its intrinsic value.
_SETTLED = 1e-12


@dataclass(frozen=True)
class ValueGrids:
    """One table per account and underlying in which it holds options (g,), by account.

    account            (g,) the book's number        asset  (g,) name of the underlying
    price_factor       (p,) rising multiples of today's price
    volatility_factor  (q,) rising multiples of every option's implied volatility
    value              (g, p, q) value of the options, quote
    bound              (g, p - 1, q - 1) how far interpolation may be off inside a cell, quote
    """

    account: Ints
    asset: tuple[str, ...]
    price_factor: Floats
    volatility_factor: Floats
    value: Floats
    bound: Floats


@dataclass(frozen=True)
class Interpolated:
    """Values (m,) and how far each may be off (m,), quote; infinitely far outside the table."""

    value: Floats
    bound: Floats


def value_grids(
    book: Book,
    market: Market,
    as_of: float,
    accounts: Ints,
    price_factor: ArrayLike,
    volatility_factor: ArrayLike,
) -> ValueGrids:
    """Tables of the options of ``accounts`` (numbers of the book), quote.

    Takes 16 bytes per table and point, so a large crowd is done by portions of accounts. Raises
    InputError when a factor's column does not rise or starts at or below 0 (volatility: below 0),
    and as ``revalue`` does when the market lacks what an option needs.
    """
    from scipy.sparse import csr_matrix

    price = _axis("price_factor", price_factor, above=True)
    volatility = _axis("volatility_factor", volatility_factor, above=False)
    option = np.array([isinstance(item, Option) for item in book.instruments], dtype=bool)
    chosen = np.zeros(len(book.account_names), dtype=bool)
    chosen[accounts] = True
    rows = np.flatnonzero(option[book.position_instrument] & chosen[book.position_account])
    held, unit = np.unique(book.position_instrument[rows], return_inverse=True)
    assets = sorted({book.instruments[i].underlying for i in held})
    of_unit = np.array([assets.index(book.instruments[i].underlying) for i in held], dtype=np.int64)
    key = book.position_account[rows] * max(1, len(assets)) + of_unit[unit]
    keys, group = np.unique(key, return_inverse=True)
    mask = np.zeros(len(book.instruments), dtype=bool)
    mask[held] = True
    terms = terms_of(book.instruments, mask, market, as_of)
    scale = _scale(terms, held)
    shape = (keys.size, held.size)
    sizes = csr_matrix((book.size[rows], (group, unit)), shape=shape)
    amounts = csr_matrix((np.abs(book.size[rows]), (group, unit)), shape=shape)
    values = scale[:, None] * _unit_values(terms, held, price, volatility)
    bounds = scale[:, None, None] * _unit_bounds(terms, held, price, volatility)
    cells = (price.size - 1, volatility.size - 1)
    return ValueGrids(
        account=keys // max(1, len(assets)),
        asset=tuple(assets[k % len(assets)] for k in keys),
        price_factor=price,
        volatility_factor=volatility,
        value=(sizes @ values).reshape(keys.size, price.size, volatility.size),
        bound=(amounts @ bounds.reshape(held.size, cells[0] * cells[1])).reshape(keys.size, *cells),
    )


def interpolated(
    grids: ValueGrids, table: Ints, price_factor: ArrayLike, volatility_factor: ArrayLike
) -> Interpolated:
    """Value of tables ``table`` (m,) at factors (m,), or one for all, with the cell's bound.

    Outside the table the nearest cell is continued in a straight line, and the bound is infinite:
    revalue exactly there.
    """
    price, volatility = np.broadcast_arrays(
        np.asarray(price_factor, dtype=np.float64), np.asarray(volatility_factor, dtype=np.float64)
    )
    price, volatility = (np.broadcast_to(x, table.shape) for x in (price, volatility))
    i, across = _cell(grids.price_factor, price)
    j, up = _cell(grids.volatility_factor, volatility)
    low = grids.value[table, i, j] * (1.0 - across) + grids.value[table, i + 1, j] * across
    high = grids.value[table, i, j + 1] * (1.0 - across) + grids.value[table, i + 1, j + 1] * across
    inside = (across >= 0.0) & (across <= 1.0) & (up >= 0.0) & (up <= 1.0)
    return Interpolated(
        value=low * (1.0 - up) + high * up,
        bound=np.where(inside, grids.bound[table, i, j], np.inf),
    )


def _cell(axis: Floats, at: Floats) -> tuple[Ints, Floats]:
    """The cell of each number and how far along it lies: 0 to 1 inside."""
    cell = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, axis.size - 2)
    return cell, (at - axis[cell]) / (axis[cell + 1] - axis[cell])


def _axis(name: str, given: ArrayLike, *, above: bool) -> Floats:
    """A column of at least two rising multiples."""
    axis = np.atleast_1d(np.asarray(given, dtype=np.float64))
    rising = axis.ndim == 1 and axis.size > 1 and bool(np.all(np.diff(axis) > 0.0))
    if not (
        rising and np.isfinite(axis).all() and (axis[0] > 0.0 or (axis[0] == 0.0 and not above))
    ):
        start = "above 0" if above else "at or above 0"
        raise InputError(
            f"the table's multiples are {axis.tolist()}",
            column=name,
            expected=f"at least two finite numbers, rising, starting {start}",
        )
    return axis


def _scale(terms: Terms, held: Ints) -> Floats:
    """Quote per unit of Black's undiscounted value; coin-settled ones are V(F)/b in quote."""
    discount = np.exp(-terms.rate[held] * np.maximum(terms.years[held], 0.0))
    per_unit = np.where(
        terms.inverse[held], terms.spot[held] / terms.mark[held], terms.settle[held]
    )
    scale: Floats = discount * per_unit
    return scale


def _unit_values(terms: Terms, held: Ints, price: Floats, volatility: Floats) -> Floats:
    """Black's value of each held option at every point, (h, p q)."""
    count = price.size * volatility.size
    return fastblack.revalue_grid(
        (
            terms.mark[held],
            terms.strike[held],
            terms.years[held],
            terms.volatility[held],
            terms.call[held],
            1.0,
        ),
        (np.repeat(price, volatility.size), np.tile(volatility, price.size), np.zeros(count), 0.0),
    )


def _unit_bounds(terms: Terms, held: Ints, price: Floats, volatility: Floats) -> Floats:
    """Largest error of interpolation inside each cell, one option undiscounted, (h, p-1, q-1)."""
    mark, strike = terms.mark[held, None, None], terms.strike[held, None, None]
    total = terms.volatility[held] * np.sqrt(np.maximum(terms.years[held], 0.0))
    s = np.maximum(total[:, None, None] * volatility, _SETTLED)
    s_low, s_high = s[..., :-1], s[..., 1:]
    forward = mark * price[None, :, None]
    f_low, f_high = forward[:, :-1], forward[:, 1:]
    near, far = _distances(np.log(f_low / strike), np.log(f_high / strike), s_low, s_high)
    density = _normal(near)
    step = f_high - f_low
    along_price = np.minimum(step**2 / 8.0 * density / (f_low * s_low), step / 4.0)
    step = s_high - s_low
    # n(x) x^2 is largest at sqrt 2, n(x) x at 1: or at the end of the range nearest to that.
    one, two = np.clip(1.0, near, far), np.clip(math.sqrt(2.0), near, far)
    curvature = f_high * (_normal(two) * two**2 + s_high * _normal(one) * one) / s_low
    along_volatility = np.minimum(step**2 / 8.0 * curvature, step / 4.0 * f_high * density)
    bound: Floats = along_price + along_volatility
    return bound


def _distances(
    log_low: Floats, log_high: Floats, s_low: Floats, s_high: Floats
) -> tuple[Floats, Floats]:
    """Smallest and largest |d1| over a cell, d1 = log/s + s/2 with log and s in their ranges.

    d1 rises with log. In s it rises where log <= 0, else it falls to s = sqrt(2 log), then rises.
    """
    lowest_at = np.clip(np.sqrt(2.0 * np.maximum(log_low, 0.0)), s_low, s_high)
    low = log_low / lowest_at + 0.5 * lowest_at
    high = np.maximum(log_high / s_low + 0.5 * s_low, log_high / s_high + 0.5 * s_high)
    near = np.where((low <= 0.0) & (high >= 0.0), 0.0, np.minimum(np.abs(low), np.abs(high)))
    return near, np.maximum(np.abs(low), np.abs(high))


def _normal(x: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return density
