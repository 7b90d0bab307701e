"""What the loop of isolated crowds works on: small records of arrays.

Shapes: p paths, s steps, k assets, f feeds, v venues, u units (margin accounts), w worlds, l lines
(kinds of position), t tiers, m words of 64 bits, one for each unit, d steps of the longest delay.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seawall.cascade.fast.layout_kernel import Array, Feeds, Impact, record_type

# Numbers of an entry in Crossings.held; entry n begins at 4 n. Unsigned, so that no index is
# checked. The same are rows of Room.sold, then follow two more.
SIZE, CASH, BEGUN, LINE = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3)
EQUITY, DUE = np.uint64(4), np.uint64(5)
FOUR = np.uint64(2)
# Columns of Crowd.lines, then those of Room.worth.
FEED, ASSET, MULTIPLIER, RATE = range(4)
MARGIN_PRICE, MARKET_PRICE, ACCRUED, PAID = range(4)
# Loops over units are run to a multiple of this.
WHOLE = 16
# Columns of Out.round.
ROW, PATH, STEP = range(3)
# Sides of a feed: who falls with it, who falls when it rises.
FALL, RISE = 0, 1


class Crowd(NamedTuple):
    """Kinds of position, and the units of each venue and of the desk."""

    lines: Array  # (l, 4) feed, asset, multiplier, rate; by venue
    line_first: Array  # (v + 1,) first line of each venue
    rate: Array  # (l, t) of maintenance, of each tier
    deduction: Array  # (l, t)
    word_first: Array  # (v,) words of bits that hold a venue's units: from here
    word_last: Array  # (v,) to here, exclusive
    desk: Array  # (d,) units of the desk
    desk_held: Array  # (w, d, 2) their size, which may be 0, and cash
    desk_line: Array  # (d,)


class Crossings(NamedTuple):
    """Feed prices at which units fall: n entries, those that fall first in front of their feed's.

    First the entries of units that fall with their feed, then of those that fall when it rises.
    What is asked of a unit that is reached stands in the same order: it is read as it comes.
    """

    first: Array  # (2, f + 1)
    price: Array  # (w, n)
    unit: Array  # (w, n) uint32
    held: Array  # (w, 4 n) size, cash, equity at the start, line: half a cache line each
    shift: Array  # (2, f) most and least that a price-second of funding moves falls and rises up
    funded: Array  # (f,) whether it moves any
    venue: Array  # (f,)


class Terms(NamedTuple):
    """How each venue closes accounts (v,)."""

    fund: Array  # quote at the start
    fee: Array
    taker_fee: Array
    to_keeper: Array
    adl: Array
    fund_before_adl: Array
    fund_first: Array  # the fund is the first layer that pays deficits
    charged: Array  # (1,) whether any venue charges fees; without, the column is not written


class Ways(NamedTuple):
    """What sets the paths apart (p,)."""

    start: Array
    depth: Array  # factor
    fresh: Array
    trace: Array
    slippage: Array


class Out(NamedTuple):
    """Events (n,), then what the tape has of each path."""

    round: Array  # (r, 3) first row, path and step of each round
    unit: Array
    notional: Array
    fee: Array
    cover: Array  # rows at which the fund paid, and what
    covered: Array
    used: Array  # (3,) rows, covers and rounds written
    equity: Array  # (p, s + 1, d)
    seen: Array  # (p, n, w) feed prices that are watched
    trough: Array  # (p, k)
    peak: Array
    final: Array
    loss: Array  # (p,) of those who were closed
    status: Array  # (p,)


class Room(NamedTuple):
    """Working room of one path; prices of assets and feeds by step.

    Columns of units have room for WHOLE more: see `isolated_order_kernel.whole`.
    """

    base: Array  # (k, s + 1) exogenous prices
    market: Array
    temporary: Array
    restless: Array  # (k,) at the step in `felt`: it is asked for where somebody is closed
    felt: Array  # (k,)
    moves: Array  # (s + 1,)
    sent: Array  # (f, d + s + 1) beginning d steps before the start
    seen: Array  # (f, s + 1)
    integral: Array  # 0 where there is no funding
    due: Array  # (f, s + 1) the step at which a price is sent again at the latest
    extreme: Array  # (3, k) permanent flow, trough, peak
    batch: Array  # (3, k) flow, whether there is an order, mean price
    worth: Array  # (l, 4) of a unit of size: margin and market price, accrued, what orders pay
    since: Array  # (2, f) entries reached by the price of this look: from here
    place: Array  # (2, f) to here, exclusive
    ahead: Array  # (2, f) at which price the next one is
    bits: Array  # (m,) uint64 units to look at
    before: Array  # (m,) uint64 how many there are before each word
    closed: Array  # (m,) uint64 units that were closed
    near: Array  # (v, u) uint32 entries that were reached and stand
    waiting: Array  # (v,) how many
    entry: Array  # (u,) uint32 where the units to close stand among the entries
    taken: Array  # (4 u,) what is held of them
    sold: Array  # (6, u) the same by column, then their equity and maintenance
    gone: Array  # (u,) units that were closed, as they were
    lost: Array  # (2, u) the loss of each; the same in the order of units
    many: Array  # (1,) how many
    fund: Array  # (v,)


WORDS = {
    Crowd: "f2 i1 f2 f2 i1 i1 i1 f3 i1",
    Crossings: "i2 f2 u2 f2 f2 b1 i1",
    Terms: "f1 f1 f1 b1 b1 b1 b1 b1",
    Ways: "i1 f1 b1 b1 b1",
    Out: "i2 i1 f1 f1 i1 f1 i1 f3 f3 f2 f2 f2 f1 i1",
    Room: ("f2 f2 f2 f1 i1 f1 f2 f2 f2 i2 f2 f2 f2 i2 i2 f2 w1 w1 w1 u2 i1 u1 f1 f2 i1 f2 i1 f1"),
}
SHORT = {"i": "int64", "f": "float64", "b": "boolean", "u": "uint32", "w": "uint64"}


def isolated_types() -> tuple[Any, ...]:
    """Numba types of the arguments of `seawall.cascade.fast.isolated_kernel.run_isolated`."""
    from numba import types

    def one(word: str) -> Any:
        return types.Array(getattr(types, SHORT[word[0]]), int(word[1]), "C")

    def record(cls: type) -> Any:
        named: Any = types.NamedTuple
        return named([one(word) for word in WORDS[cls].split()], cls)

    own = [record(cls) for cls in (Crowd, Crossings, Terms, Ways, Out, Room)]
    scalars = (types.float64, types.int64, types.int64)
    rules = (record_type(Impact), record_type(Feeds))
    return (*own, *rules, one("f3"), one("i2"), *scalars, one("i1"))
