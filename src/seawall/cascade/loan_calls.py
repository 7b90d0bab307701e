"""Breached loans as keepers see them: what they hold and owe, and which calls would pay."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.breach import Breach
from seawall.cascade.fills import own_impact
from seawall.cascade.keepers import Race, willing
from seawall.cascade.own.closing import own_bonus
from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.cascade.waiting import waited_seconds
from seawall.foundation.arrays import segment_sums
from seawall.liquidation.falling_price import FallingPrice, bonus_at
from seawall.liquidation.keeper import seizure, worth_it
from seawall.liquidation.sizing import repay_fraction
from seawall.margin.table.assess import Worth


@dataclass(frozen=True)
class Loans:
    """Per pair (n,): collateral and debt value, largest debt row, health factor.

    ranked (k, n): the pair's collateral rows, largest value first, -1 where it has fewer than k.
    Only what has a liquidation threshold is collateral; the owner keeps everything else.
    """

    collateral: Floats
    debt: Floats
    debt_row: Ints
    health: Floats
    ranked: Ints


def loans_of(setup: Setup, worth: Worth, count: int) -> Loans:
    """The loans of pairs 0 to ``count`` - 1 from the worth of their rows."""
    value = worth.worth
    threshold = 1.0 - setup.table.rows.shortfall[worth.row]
    counted = np.where(threshold > 0, np.maximum(value, 0.0), 0.0)
    collateral = segment_sums(counted, worth.pair, count)
    weighted = segment_sums(counted * threshold, worth.pair, count)
    debt = segment_sums(np.maximum(-value, 0.0), worth.pair, count)
    order = np.lexsort((value, worth.pair))
    first = np.searchsorted(worth.pair[order], np.arange(count), side="left")
    health = weighted / np.maximum(debt, 1e-300)
    ranked = _ranked(worth, counted, count)
    return Loans(collateral, debt, worth.row[order[first]], health, ranked)


def _ranked(worth: Worth, counted: Floats, count: int) -> Ints:
    """Collateral rows (k, n) of each pair by value, largest first; -1 where there are no more."""
    order = np.lexsort((-counted, worth.pair))
    order = order[counted[order] > 0]
    pair = worth.pair[order]
    rank = np.arange(pair.size) - np.searchsorted(pair, pair, side="left")
    ranked = np.full((int(rank.max(initial=-1)) + 1, count), -1, dtype=np.int64)
    ranked[rank, pair] = worth.row[order]
    return ranked


@dataclass(frozen=True)
class Calls:
    """Keeper calls (n,): pair, collateral and debt row, units repaid and seized.

    c_price the collateral's oracle price; interest (n,) quote per unit of debt accrued since the
    start, which is repaid with it.
    """

    pair: Ints
    c: Ints
    d: Ints
    repaid: Floats
    seized: Floats
    c_price: Floats
    interest: Floats

    def only(self, keep: np.ndarray) -> Calls:
        """The chosen calls."""
        return Calls(*(getattr(self, field.name)[keep] for field in fields(self)))


@dataclass(frozen=True)
class Priced:
    """Calls with what a keeper expects of each (n,), quote: proceeds of its sale, cost."""

    calls: Calls
    proceeds: Floats
    cost: Floats

    def only(self, keep: np.ndarray) -> Priced:
        """The chosen calls."""
        return Priced(self.calls.only(keep), self.proceeds[keep], self.cost[keep])


def joined(found: list[Priced]) -> Priced:
    """All calls in the order of pairs, so that sums do not depend on which was found when."""
    columns = (np.concatenate([getattr(f.calls, c.name) for f in found]) for c in fields(Calls))
    calls = Calls(*columns)
    proceeds = np.concatenate([f.proceeds for f in found])
    cost = np.concatenate([f.cost for f in found])
    return Priced(calls, proceeds, cost).only(np.argsort(calls.pair))


@dataclass(frozen=True)
class Taken:
    """Calls (n,) that keepers make, gas (n,) quote, True (n,) where others wanted it too."""

    calls: Calls
    gas: Floats
    rivals: np.ndarray


_NOBODY, _NOTHING = np.zeros(0, dtype=np.int64), np.zeros(0)
NOTHING = Taken(
    Calls(_NOBODY, _NOBODY, _NOBODY, _NOTHING, _NOTHING, _NOTHING, _NOTHING),
    _NOTHING,
    np.zeros(0, dtype=bool),
)


def paying_calls(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    loans: Loans,
    race: Race | None,
    pair: Ints,
    c: Ints,
    size: float,
) -> tuple[Priced, np.ndarray]:
    """Calls of ``size`` times the largest on collateral rows ``c`` (n,), and which of them pay."""
    rule, rows = setup.rulebooks[v].liquidation, setup.table.rows
    path, d = breach.path[pair], loans.debt_row[pair]
    c_oracle = state.quotes.price[path, rows.feed[c]] * rows.multiplier[c]
    # Interest rates of debts are negative funding rates.
    interest = -rows.rate[d] * rows.multiplier[d] * state.quotes.integral[path, rows.feed[d]]
    d_oracle = state.quotes.price[path, rows.feed[d]] * rows.multiplier[d] + interest
    repaid, seized = seizure(
        -state.holdings.size[path, d],
        d_oracle,
        state.holdings.size[path, c],
        c_oracle,
        repay_fraction(rule, loans.health[pair]),
        _bonus(setup, state, step, v, path, breach.unit[pair], c),
    )
    repaid, seized = size * repaid, size * seized
    # The mean price of selling it alone; who else sells in this round is `crowded_calls`'s.
    sale = seized * state.market[path, rows.asset[c]]
    proceeds = sale * own_impact(setup, state, path, rows.asset[c], -sale)
    cost = repaid * (state.market[path, rows.asset[d]] + interest)
    if race is None:
        pays = worth_it(proceeds, cost, np.full(pair.size, rule.gas))
    else:
        pays = np.any(willing(race, pair, proceeds, cost), axis=1)
    calls = Calls(pair, c, d, repaid, seized, c_oracle, interest)
    return Priced(calls, proceeds, cost), pays


def _bonus(
    setup: Setup, state: State, step: int, v: int, path: Ints, unit: Ints, c: Ints
) -> Floats:
    """Bonus (n,) on the debt repaid: the collateral's own, or what a falling price has come to."""
    own = chosen(setup.mechanisms[v], "auction", Own)
    if own is not None:
        waited = waited_seconds(setup, state, step, path, unit)
        return own_bonus(own, waited, setup.table.rows.bonus[c])
    falling = chosen(setup.mechanisms[v], "auction", FallingPrice)
    if falling is None:
        return setup.table.rows.bonus[c]
    return bonus_at(falling, waited_seconds(setup, state, step, path, unit))
