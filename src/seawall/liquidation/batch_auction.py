"""A batch auction: bids for a lot are collected over a window; all who win pay one price.

Each bidder bids its own value and as much as its capital buys, at most the lot:

    value_j = market price after its own sale of the lot x (1 - profit asked_j)
              x (1 - disagreement x U_j) - gas / lot

Bids are served from the highest value down until the lot is gone. The price is the value of the
highest bid that was not served in full, and ``floor`` x market price where there is none. So many
bidders pay about what the lot is worth, and a bidder alone pays the floor: next to nothing. That is
how auctions were won for nothing on 12 March 2020.

Source: uniform-price auctions with the highest rejected bid as the price (Vickrey's for one lot);
the shape of MakerDAO's collateral auctions of March 2020. Wrong for bidders who collude, or who
shade their bids because they want more than one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.quantity import FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number

# An auction that brings less than this share of the lot's value was won at zero bid.
NEAR_ZERO = 0.01


@dataclass(frozen=True)
class BatchAuction:
    """Parameters.

    window_seconds  bids are collected for      disagreement  spread of values, fraction
    floor           share of the market price that a bidder alone pays
    """

    window_seconds: float = number(POSITIVE_SECONDS)
    floor: float = number(FRACTION, 0.0)
    disagreement: float = number(FRACTION, 0.0)


@dataclass(frozen=True)
class Cleared:
    """price per unit, quote; won (j,) units of each bidder, in the bidders' order."""

    price: float
    won: Floats


def clear(lot: float, value: Floats, capital: Floats, floor_price: float) -> Cleared:
    """Serve bids (j,) of ``value`` per unit, each for at most capital / value units of ``lot``.

    Bids below ``floor_price`` do not count; equal values are served in the bidders' order. What
    nobody bid for stays unsold.
    """
    won = np.zeros(value.size)
    left, price = lot, floor_price
    for j in np.argsort(-value, kind="stable"):
        if value[j] <= 0 or value[j] < floor_price:
            break
        if left <= 0:
            price = float(value[j])
            break
        wanted = min(lot, float(capital[j] / value[j]))
        won[j] = min(wanted, left)
        left -= float(won[j])
        if won[j] < wanted:
            price = float(value[j])
            break
    return Cleared(price, won)
