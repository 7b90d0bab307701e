"""Prices as periods that do not overlap: each one's return and the variance seen within it.

A period begins at a multiple of its length since 1970 (a day at 00:00 UTC). Its return runs from
the close of the last bar before it to the close of its own last bar; the variance seen is the sum
of the squared returns of its bars. A period without either close has no return; one of whose bars
more than a tenth is missing has no seen variance of its own: that of its return stands in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.prices import Prices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_SHARE = 0.9


@dataclass(frozen=True)
class Periods:
    """One asset's periods with a return, in order of time.

    name         asset; ``source`` the file it came from
    begin        (t,) seconds since 1970
    log_return   (t,) over the period
    seen         (t,) variance of log-returns seen within it
    """

    name: str
    source: str
    begin: Ints
    log_return: Floats
    seen: Floats

    def losses(self, side: str) -> Floats:
        """Loss (t,) of one unit of notional that is ``long`` or ``short``, loss > 0."""
        gain = np.expm1(self.log_return)
        return gain if side == "short" else -gain


def periods_of(prices: Prices, seconds: int, source: str) -> list[Periods]:
    """The periods of each asset that has any. Raises InputError for a length that bars do not
    divide.
    """
    if seconds % prices.seconds:
        raise InputError(
            f"a period of {seconds:,} s is no whole number of bars of {prices.seconds:,} s",
            file=source,
            expected=f"a multiple of {prices.seconds:,} s",
        )
    found = [
        _one(prices, column, name, seconds, source)
        for column, name in enumerate(prices.assets)
        if np.count_nonzero(np.isfinite(prices.close[:, column])) > 1
    ]
    return [one for one in found if one.begin.size]


def _one(prices: Prices, column: int, name: str, seconds: int, source: str) -> Periods:
    known = np.isfinite(prices.close[:, column])
    # A bar is named by its beginning; its close stands at its end.
    end = prices.times[known] + prices.seconds
    log = np.log(prices.close[known, column])
    whole = end % seconds == 0
    at, close = end[whole], log[whole]
    follows = np.diff(at) == seconds
    begin, log_return = at[:-1][follows], np.diff(close)[follows]
    step = np.diff(end) == prices.seconds
    squares = np.where(step, np.diff(log) ** 2, 0.0)
    into = (end[1:] - 1) // seconds
    first = int(into[0])
    total = np.bincount(into - first, squares)
    count = np.bincount(into - first, step)
    mine = begin // seconds - first
    bars = seconds // prices.seconds
    enough = count[mine] >= LEAST_SHARE * bars
    seen = np.where(enough, total[mine] * bars / np.maximum(count[mine], 1), log_return**2)
    # A market that stands still has no size to scale by.
    alive = seen > 0.0
    return Periods(name, source, begin[alive], log_return[alive], seen[alive])
