"""Who is not there: accounts left out, and positions closed at the start, path by path.

What a split of DRE by leg or venue needs: the same paths with a part of the holdings away, beside
the same crowd. Two ways of being away:

- a *unit* that is away holds nothing: no positions, no balances, no cash;
- a *leg* (a row or an option of a unit) that is away was closed at the start at the price that
  margins it, at no cost: what it was worth is cash of its unit in the settlement asset, so the
  unit's equity is what it was, and its margin is that of what is left.

A player is units or legs, not both.

A loan's collateral and debt leave together: the caller puts all rows of a loan into one leg.
Contracts that are away are not in the order book's account either, so sizes still sum to zero.
Wrong, in that it says little, where a leg is the hedge of another: alone each looks worse.
Rules that look at what a unit held at the start of its whole Case (stops, a budget for top-ups,
losses socialised by position) still see all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.wakeup import wake_rule
from seawall.foundation.arrays import segment_sums
from seawall.margin.table.assess import Holdings

# Holdings taken away at once: bounds memory, changes no bit.
BLOCK = 2_000_000


@dataclass(frozen=True)
class Absence:
    """Which player each part of the holdings belongs to, and which players are there.

    unit (u,), row (r,), option (o,): index of the player, -1 where it is there on every path.
    present (p, n): whether player n is there on path p
    """

    unit: Ints
    row: Ints
    option: Ints
    present: Bools

    def part(self, first: int, last: int) -> Absence:
        """Paths first to last - 1 of these."""
        return replace(self, present=self.present[first:last])


def leave(setup: Setup, holdings: Holdings, book: Floats, absence: Absence) -> None:
    """Take what is away out of the holdings and of the order books' contracts (p, c), in place.

    To be called on the holdings of the start. Player by player, so that no more memory is needed
    than what the largest of them holds.
    """
    rows, options, units = setup.table.rows, setup.table.options, setup.table.units
    settle = setup.spot[setup.table.feed_asset[units.settle]]
    for player in range(absence.present.shape[1]):
        path = np.flatnonzero(~absence.present[:, player])
        row = np.flatnonzero(absence.row == player)
        option = np.flatnonzero(absence.option == player)
        _into_cash(holdings, path, rows.unit[row], setup.row_start[row], settle)
        _into_cash(holdings, path, options.unit[option], setup.option_start[option], settle)
        away = absence.unit == player
        holdings.cash[np.ix_(path, np.flatnonzero(away))] = 0.0
        row = np.concatenate([row, np.flatnonzero(away[rows.unit])])
        option = np.concatenate([option, np.flatnonzero(away[options.unit])])
        _drop(holdings.size, path, row, rows.contract, book)
        _drop(holdings.option_size, path, option, options.contract, book)


def _into_cash(holdings: Holdings, path: Ints, unit: Ints, worth: Floats, settle: Floats) -> None:
    """Add what closed legs (m,) of units were worth, quote, to their cash on paths (n,)."""
    np.add.at(holdings.cash, (path[:, None], unit[None, :]), worth / settle[unit])


def _drop(size: Floats, path: Ints, leg: Ints, contract: Ints, book: Floats) -> None:
    """Set sizes of legs (m,) on paths (n,) to zero, and what the order books hold against them."""
    together = max(1, BLOCK // max(leg.size, 1))
    for first in range(0, path.size, together):
        some = path[first : first + together]
        held = size[np.ix_(some, leg)]
        book[some] += segment_sums(held, contract[leg], book.shape[1])
        size[np.ix_(some, leg)] = 0.0


def watching(setup: Setup, unit: Bools) -> Setup:
    """The setup with these units (u,) checked at every step: all whose legs are ever away.

    How far prices may move before a unit must be looked at rests on what it holds at the start; one
    whose hedge is away breaks earlier. Checking always is exact, and changes no bit otherwise.
    """
    rule = setup.wake
    threshold = rule.threshold[rule.rank_of_unit]
    wake = wake_rule(rule.weight, rule.drift, rule.clock, rule.always | unit, threshold)
    return replace(setup, wake=wake)
