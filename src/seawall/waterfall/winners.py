"""Whom ADL may reduce, what must be found among them, and what a rule answers.

A lost position is closed against accounts that hold the other side. What it lacks at the mark, its
deficit, is what they give up in all. A rule says who closes how much (its space is contracts: all
close at the bankruptcy price, which gives up the same for each contract) or who gives up how much
of a profit (its space is equity: all close at the mark and pay their haircut).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats

CONTRACTS, EQUITY = "contracts", "equity"


@dataclass(frozen=True)
class Winners:
    """Holders of the other side on one path and contract, in the order of the table: (n,) each.

    size          signed contracts, all of one sign
    available     contracts >= 0 that may be closed; 0 where the account has no equity
    mark, entry   contract prices
    value, cost   |size| at the mark and at entry, quote; profit unrealised profit, quote
    equity, maintenance   of the whole account, quote; own_maintenance that of this position
    exposure      net notional of the account in the direction of this position, quote: below 0
                  where its other positions outweigh this one
    """

    size: Floats
    available: Floats
    mark: Floats
    entry: Floats
    value: Floats
    cost: Floats
    profit: Floats
    equity: Floats
    maintenance: Floats
    own_maintenance: Floats
    exposure: Floats


@dataclass(frozen=True)
class Need:
    """What is looked for: ``size`` > 0 contracts, and their ``deficit`` >= 0 at the mark, quote.

    start   a number in [0, 1) drawn for this account: where a walk begins
    """

    size: float
    deficit: float
    start: float = 0.0


@dataclass(frozen=True)
class Taken:
    """Contracts closed (n,) >= 0 and quote given up (n,) >= 0 by each holder."""

    size: Floats
    haircut: Floats


def at_bankruptcy(size: Floats, need: Need) -> Taken:
    """Contracts (n,) closed at the bankruptcy price: each gives up deficit / size of the need."""
    return Taken(size, size * (need.deficit / need.size))


def close_prices(winners: Winners, taken: Taken) -> Floats:
    """Price (n,) at which each holder of a linear contract was closed; the mark where none was.

    A long sells below the mark, a short buys above it, by what it gives up for each contract.
    """
    closed = taken.size > 0
    each = np.divide(taken.haircut, taken.size, out=np.zeros_like(taken.size), where=closed)
    price: Floats = winners.mark - np.sign(winners.size) * each
    return price
