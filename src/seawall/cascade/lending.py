"""Lending venues inside the loop: keepers repay, seize and sell; hopeless debt is written off."""

from __future__ import annotations

from dataclasses import dataclass

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
from seawall.margin.assess import Worth
from seawall.waterfall.insurance import absorb

# Collateral below this share of the debt counts as none.
DUST = 1e-9


@dataclass(frozen=True)
class _Loans:
    """Per pair: total collateral and debt value, largest collateral and debt row, health."""

    collateral: Floats
    debt: Floats
    collateral_row: Ints
    debt_row: Ints
    health: Floats


def _loans(setup: Setup, worth: Worth, count: int) -> _Loans:
    rows = setup.table.rows
    value = worth.worth
    threshold = 1.0 - rows.shortfall[worth.row]
    positive = np.maximum(value, 0.0)
    collateral = segment_sums(positive, worth.pair, count)
    weighted = segment_sums(positive * threshold, worth.pair, count)
    debt = segment_sums(np.maximum(-value, 0.0), worth.pair, count)
    order = np.lexsort((value, worth.pair))
    last = np.searchsorted(worth.pair[order], np.arange(count), side="right") - 1
    first = np.searchsorted(worth.pair[order], np.arange(count), side="left")
    health = weighted / np.maximum(debt, 1e-300)
    return _Loans(collateral, debt, worth.row[order[last]], worth.row[order[first]], health)


def liquidate_loans(
    setup: Setup, state: State, step: int, v: int, breach: Breach, worth: Worth, tape: TapeWriter
) -> np.ndarray:
    """Keepers call breached loans of one venue; returns (n,) True where something was done.

    ``worth`` holds the rows of exactly these pairs, ``worth.pair`` counting from 0.
    """
    loans = _loans(setup, worth, breach.path.size)
    hopeless = (loans.collateral <= DUST * loans.debt) & (loans.debt > 0)
    _write_off(setup, state, step, v, breach, worth, hopeless, tape)
    acted = hopeless.copy()
    live = np.flatnonzero(~hopeless & (loans.debt > 0))
    if live.size == 0:
        return acted
    rule, rows = setup.rulebooks[v].liquidation, setup.table.rows
    path, c, d = breach.path[live], loans.collateral_row[live], loans.debt_row[live]
    share = repay_fraction(rule, loans.health[live])
    c_oracle = state.quotes.price[path, rows.feed[c]] * rows.multiplier[c]
    d_oracle = state.quotes.price[path, rows.feed[d]] * rows.multiplier[d]
    repaid, seized = seizure(
        -state.holdings.size[path, d],
        d_oracle,
        state.holdings.size[path, c],
        c_oracle,
        share,
        rows.bonus[c],
    )
    # A keeper looks at its own sale only: the mean price of selling it into an untouched market.
    sale = seized * state.market[path, rows.asset[c]]
    proceeds = sale * own_impact(setup, state, path, rows.asset[c], -sale)
    cost = repaid * state.market[path, rows.asset[d]]
    acts = worth_it(proceeds, cost, np.full(live.size, rule.gas))
    acted[live[acts]] = True
    _execute(
        setup,
        state,
        step,
        v,
        breach,
        live[acts],
        c[acts],
        d[acts],
        repaid[acts],
        seized[acts],
        c_oracle[acts],
        tape,
    )
    return acted


def _execute(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    pairs: Ints,
    c: Ints,
    d: Ints,
    repaid: Floats,
    seized: Floats,
    c_price: Floats,
    tape: TapeWriter,
) -> None:
    if pairs.size == 0:
        return
    rows, assets = setup.table.rows, state.accounts.assets
    path, unit = breach.path[pairs], breach.unit[pairs]
    kc, kd = rows.asset[c], rows.asset[d]
    market_c, market_d = state.market[path, kc], state.market[path, kd]
    sale = -seized * market_c
    buy = repaid * market_d
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
    # Interest accrued on what is repaid stays owed, as quote debt of the account to the pool.
    accrued = rows.rate[d] * rows.multiplier[d] * state.quotes.integral[path, rows.feed[d]]
    np.add.at(state.holdings.cash, (path, unit), repaid * accrued)
    np.add.at(assets["pool"], (path, venue, quote), -repaid * accrued)
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
        notional=seized * c_price,
        keeper=-gain,
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
