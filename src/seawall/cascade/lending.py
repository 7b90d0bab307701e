"""Lending venues inside the loop: keepers repay, seize and sell; hopeless debt is written off."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.closing import Breach
from seawall.cascade.fills import own_impact, trade_impact
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.foundation.arrays import segment_sums
from seawall.liquidation.keeper import seizure, worth_it
from seawall.liquidation.sizing import repay_fraction
from seawall.margin.table.assess import Worth
from seawall.waterfall.insurance import absorb

# Collateral below this share of the debt counts as none.
DUST = 1e-9
# A call that does not pay is halved at most so often.
HALVINGS = 10


@dataclass(frozen=True)
class _Loans:
    """Per pair (n,): collateral and debt value, largest debt row, health factor.

    ranked (k, n): the pair's collateral rows, largest value first, -1 where it has fewer than k.
    Only what has a liquidation threshold is collateral; the owner keeps everything else.
    """

    collateral: Floats
    debt: Floats
    debt_row: Ints
    health: Floats
    ranked: Ints


def _loans(setup: Setup, worth: Worth, count: int) -> _Loans:
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
    return _Loans(collateral, debt, worth.row[order[first]], health, ranked)


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
class _Calls:
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

    def only(self, keep: np.ndarray) -> _Calls:
        """The chosen calls."""
        return _Calls(*(getattr(self, field.name)[keep] for field in fields(self)))


def liquidate_loans(
    setup: Setup, state: State, step: int, v: int, breach: Breach, worth: Worth, tape: TapeWriter
) -> np.ndarray:
    """Keepers call breached loans of one venue; returns (n,) True where something was done.

    ``worth`` holds the rows of exactly these pairs, ``worth.pair`` counting from 0. The largest
    call is tried on each collateral, largest first, then half of it, and so on until one pays.
    """
    loans = _loans(setup, worth, breach.path.size)
    hopeless = (loans.collateral <= DUST * loans.debt) & (loans.debt > 0)
    _write_off(setup, state, step, v, breach, worth, hopeless, tape)
    acted = hopeless.copy()
    open_pairs = np.flatnonzero(~hopeless & (loans.debt > 0))
    found: list[_Calls] = []
    for halving in range(HALVINGS + 1):
        for row in loans.ranked:
            tried = open_pairs[row[open_pairs] >= 0]
            if tried.size == 0:
                continue
            call, pays = _paying(setup, state, v, breach, loans, tried, row[tried], 0.5**halving)
            found.append(call.only(pays))
            acted[tried[pays]] = True
            open_pairs = open_pairs[~acted[open_pairs]]
    if found:
        columns = (np.concatenate([getattr(c, f.name) for c in found]) for f in fields(_Calls))
        calls = _Calls(*columns)
        # In the order of pairs, so that sums do not depend on which size was found when.
        _execute(setup, state, step, v, breach, calls.only(np.argsort(calls.pair)), tape)
    return acted


def _paying(
    setup: Setup,
    state: State,
    v: int,
    breach: Breach,
    loans: _Loans,
    pair: Ints,
    c: Ints,
    size: float,
) -> tuple[_Calls, np.ndarray]:
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
        rows.bonus[c],
    )
    repaid, seized = size * repaid, size * seized
    # A keeper looks at its own sale only: the mean price of selling it into an untouched market.
    sale = seized * state.market[path, rows.asset[c]]
    proceeds = sale * own_impact(setup, state, path, rows.asset[c], -sale)
    cost = repaid * (state.market[path, rows.asset[d]] + interest)
    pays = worth_it(proceeds, cost, np.full(pair.size, rule.gas))
    return _Calls(pair, c, d, repaid, seized, c_oracle, interest), pays


def _execute(
    setup: Setup, state: State, step: int, v: int, breach: Breach, calls: _Calls, tape: TapeWriter
) -> None:
    if calls.pair.size == 0:
        return
    rows, assets = setup.table.rows, state.accounts.assets
    pairs, c, d, repaid, seized = calls.pair, calls.c, calls.d, calls.repaid, calls.seized
    path, unit = breach.path[pairs], breach.unit[pairs]
    kc, kd = rows.asset[c], rows.asset[d]
    sale = -seized * state.market[path, kc]
    buy = repaid * state.market[path, kd]
    executed, _ = trade_impact(
        setup,
        state,
        np.concatenate([path, path]),
        np.concatenate([kc, kd]),
        np.concatenate([sale, buy]),
    )
    exec_c, exec_d = executed[: pairs.size], executed[pairs.size :]
    venue = np.full(pairs.size, v)
    quote = np.full(pairs.size, setup.quote)
    np.add.at(state.holdings.size, (path, c), -seized)
    np.add.at(state.holdings.size, (path, d), repaid)
    # The keeper pays the lenders the interest accrued on what it repays, in quote.
    interest = repaid * calls.interest
    np.add.at(assets["pool"], (path, venue, quote), interest)
    np.add.at(assets["keeper"], (path, venue, quote), -interest)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[c]), seized)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[d]), -repaid)
    np.add.at(assets["outside"], (path, venue, kc), seized)
    np.add.at(assets["pool"], (path, venue, kc), -seized)
    np.add.at(assets["pool"], (path, venue, kd), repaid)
    np.add.at(assets["outside"], (path, venue, kd), -repaid)
    gas = setup.rulebooks[v].liquidation.gas
    gain = seized * exec_c - repaid * exec_d - gas
    np.add.at(assets["keeper"], (path, venue, quote), gain)
    np.add.at(assets["outside"], (path, venue, quote), -gain)
    tape.write(
        step,
        EventKind.LIQUIDATION,
        path,
        unit,
        leg=breach.leg[pairs],
        notional=seized * calls.c_price,
        keeper=interest - gain,
    )


def _write_off(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    worth: Worth,
    hopeless: np.ndarray,
    tape: TapeWriter,
) -> None:
    """Debt without collateral: the reserve pays the pool what it has, lenders lose the rest."""
    if not hopeless.any():
        return
    rows = setup.table.rows
    mine = hopeless[worth.pair] & (worth.worth < 0)
    pair, row = worth.pair[mine], worth.row[mine]
    path = breach.path[pair]
    owed = -state.holdings.size[path, row]
    np.add.at(state.holdings.size, (path, row), owed)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[row]), -owed)
    count = breach.path.size
    loss = np.bincount(pair, -worth.worth[mine], count)
    left = loss[hopeless]
    where = breach.path[hopeless]
    paid = np.zeros_like(left)
    if "fund" in setup.rulebooks[v].waterfall.layers:
        paid = absorb(left, where, state.accounts.assets["fund"][:, v, setup.quote])
        venue, quote = np.full(where.size, v), np.full(where.size, setup.quote)
        np.add.at(state.accounts.assets["fund"], (where, venue, quote), -paid)
        np.add.at(state.accounts.assets["pool"], (where, venue, quote), paid)
    tape.write(
        step, EventKind.COVER, where, breach.unit[hopeless], fund=paid, socialised=left - paid
    )
