"""What the mechanisms of liquidation remember along a path; empty where no venue has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.foundation.errors import InputError
from seawall.liquidation.keeper_race import Keepers, Members, members
from seawall.liquidation.margin_call import NEVER
from seawall.liquidation.soft_bands import SoftBands, top_price
from seawall.margin.table.assess import Holdings, Quotes

WAITING_SLOTS = ("margin_call", "auction", "keepers")


@dataclass
class Waiting:
    """Clocks of breached accounts, (p, u) each.

    since     step at which the present breach was first seen, -1 while healthy
    open      step from which on the venue may close it without a break, -1 while it may not
    cure      step at which the owner pays after a margin call, NEVER if not
    reserved  cash that bids of the present auction paid in, quote
    """

    since: NDArray[np.int32]
    open: NDArray[np.int32]
    cure: NDArray[np.int32]
    reserved: Floats


@dataclass
class KeeperCapital:
    """Keepers of one venue: who they are, capital in use (p, j) quote, step (p, j) it is back."""

    who: Members
    used: Floats
    back: Ints


@dataclass
class SoftLoans:
    """Loans in bands of one venue.

    unit, row (l,) margin account and its collateral; top (p, l) price of the first band's edge
    coins (p, l) collateral per band at the start; quote, sold (p, l, b) what each band has received
    and what it has sold since; moved (p, l) True where that is not nothing
    inside (p, l) False where there is no debt, and once a keeper may close the loan
    feeds (g,), highest (p, g) the collaterals' feeds and the highest top at each; touched (p,) True
    once any loan of the path has traded: what a quiet step looks at
    """

    rule: SoftBands
    unit: Ints
    row: Ints
    top: Floats
    coins: Floats
    quote: Floats
    sold: Floats
    moved: Bools
    inside: Bools
    feeds: Ints
    highest: Floats
    touched: Bools


@dataclass
class ClosingMemory:
    """waiting: None where no venue waits; keepers and soft by venue index."""

    waiting: Waiting | None
    keepers: dict[int, KeeperCapital]
    soft: dict[int, SoftLoans]


def begin_closing(setup: Setup, holdings: Holdings, quotes: Quotes) -> ClosingMemory:
    """Nobody in breach, no capital used, all collateral of soft loans in its bands."""
    paths, units = holdings.cash.shape
    keepers, soft = {}, {}
    for v, mechanisms in enumerate(setup.mechanisms):
        race = chosen(mechanisms, "keepers", Keepers)
        if race is not None:
            who = members(race)
            shape = (paths, who.latency.size)
            keepers[v] = KeeperCapital(who, np.zeros(shape), np.zeros(shape, dtype=np.int64))
        bands = chosen(mechanisms, "soft", SoftBands)
        if bands is not None:
            soft[v] = _in_bands(setup, bands, v, holdings, quotes)
    waiting = None
    if any(slot in found for found in setup.mechanisms for slot in WAITING_SLOTS):
        since = np.full((paths, units), -1, dtype=np.int32)
        cure = np.full((paths, units), NEVER, dtype=np.int32)
        waiting = Waiting(since, since.copy(), cure, np.zeros((paths, units)))
    return ClosingMemory(waiting, keepers, soft)


def _in_bands(
    setup: Setup, rule: SoftBands, v: int, holdings: Holdings, quotes: Quotes
) -> SoftLoans:
    """Bands of the largest collateral of each loan of venue ``v``."""
    rows, units = setup.table.rows, setup.table.units
    mine = np.flatnonzero(units.venue[rows.unit] == v)
    price = quotes.price[:, rows.feed[mine]] * rows.multiplier[mine]
    worth = holdings.size[:, mine] * price
    debt = np.zeros_like(holdings.cash)
    every = np.arange(debt.shape[0])[:, None]
    np.add.at(debt, (every, rows.unit[mine][None, :]), np.maximum(-worth, 0.0))
    # The largest at the start of the Case: which one it is must not depend on the paths.
    value = rows.size[mine] * setup.spot[setup.table.feed_asset[rows.feed[mine]]]
    held = np.where(rows.shortfall[mine] < 1.0, value, 0.0)
    best = np.lexsort((-held, rows.unit[mine]))
    _, first = np.unique(rows.unit[mine][best], return_index=True)
    pick = best[first]
    pick = pick[held[pick] > 0]
    row = mine[pick]
    unit = rows.unit[row]
    if np.any(setup.table.feed_asset[units.settle[unit]] != setup.quote):
        raise InputError(
            f"[mechanisms.soft] of rulebook {setup.rulebooks[v].name}: a loan settles in a coin",
            expected=f"loans that settle in {setup.case.quote}, which bands sell collateral for",
        )
    size, at = holdings.size[:, row], price[:, pick]
    usable = (size > 0) & (debt[:, unit] > 0)
    top = np.zeros_like(at)
    top[usable] = top_price(rule, size[usable], debt[:, unit][usable], at[usable])
    shape = (*top.shape, rule.bands)
    # In the oracle's own price: a basis between feed and collateral is divided out.
    feeds, where = np.unique(rows.feed[row], return_inverse=True)
    highest = np.zeros((top.shape[0], feeds.size))
    np.maximum.at(highest, (every, where[None, :]), top / rows.multiplier[row])
    return SoftLoans(
        rule=rule,
        unit=unit,
        row=row,
        top=top,
        coins=size / rule.bands,
        quote=np.zeros(shape),
        sold=np.zeros(shape),
        moved=np.zeros(top.shape, dtype=bool),
        inside=usable,
        feeds=feeds,
        # A little early, so that rounding never leaves a band out.
        highest=highest * (1.0 + 1e-9),
        touched=np.zeros(top.shape[0], dtype=bool),
    )
