"""Stop-loss orders: drawn distances, and a herd of them at round prices.

A ``share`` of the positions has a stop. Its distance from the price at the start is lognormal,

    d = median x exp(log_sd x z),   stop = P0 (1 - d) of a long, P0 (1 + d) of a short

z standard normal, of which ``concert`` is common to a path. A share ``herd`` of the stops moves on,
away from the price, to the next round one: a multiple of 10^(1 - digits) of the power of ten below
P0 (two digits: 84,120 has rounds of 1,000). When the margin price has reached a stop the whole
position is sold at the market, once, with impact and taker fee; an account that is already below
its maintenance is left to the venue.

Source: Osler (2003, 2005): stop-loss orders cluster at and beyond round numbers and set off
cascades. Wrong for stops that trail the price or have a limit. Shares and distances are
assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.foundation.elementary import exponential, inverse_normal
from seawall.foundation.quantity import FRACTION, POSITIVE_FRACTION, Quantity
from seawall.foundation.record import number, whole

LOG_SD = Quantity("a standard deviation of a logarithm from 0 to 3", 0.0, 3.0)


@dataclass(frozen=True)
class StopsOf:
    """What one account does otherwise: a stop at ``distance``, or, left out, no stop at all."""

    account: str
    distance: float | None = number(POSITIVE_FRACTION, None)


@dataclass(frozen=True)
class Stops:
    """Parameters.

    share           of the crowd's positions that have a stop
    median, log_sd  distance of stops as a fraction of the price at the start, and its spread
    herd, digits    share of stops at round prices, and how many digits a round price has
    concert         share of the draw of distances that is common
    own             accounts with numbers of their own; desk accounts act only if named here
    """

    share: float = number(FRACTION)
    median: float = number(POSITIVE_FRACTION)
    log_sd: float = number(LOG_SD, 0.5)
    herd: float = number(FRACTION, 0.0)
    digits: int = whole(1, 6, 2)
    concert: float = number(FRACTION, 0.0)
    own: tuple[StopsOf, ...] = ()


def distances(rule: Stops, draw: Floats) -> Floats:
    """Distances of stops for uniform ``draw``, any shape."""
    found: Floats = rule.median * exponential(rule.log_sd * inverse_normal(draw))
    return found


def stop_price(price: Floats, long: Bools, distance: Floats) -> Floats:
    """Prices of stops at ``distance``; at or below 0 where a long's is never reached."""
    side = np.where(long, -1.0, 1.0)
    at: Floats = price * (1.0 + side * distance)
    return at


def round_price(price: Floats, long: Bools, at: Floats, digits: int) -> Floats:
    """The next round price away from ``price``, at or beyond ``at``; shapes broadcast."""
    grid = 10.0 ** (np.floor(np.log10(price)) + 1.0 - digits)
    cells = at / grid
    found: Floats = np.where(long, np.floor(cells), np.ceil(cells)) * grid
    return found
