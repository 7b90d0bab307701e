"""Soft liquidation inside the loop: arbitrageurs trade with loans' bands at every step.

Between the oracle's price and the check. What they buy from bands they sell in the market, so soft
sales press the price as others do. A loan below its maintenance whose health by bands is below 0
leaves its bands: its quote repays debt, and keepers may call what is left from the next look on.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.closing_memory import SoftLoans
from seawall.cascade.failures import stands_still
from seawall.cascade.fills import pay, trade_impact
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.topup import repay_from_cash
from seawall.cascade.transfers import between, to_balance
from seawall.cascade.wakeup import wake_units
from seawall.foundation.arrays import segment_sums
from seawall.liquidation.soft_bands import edges, health, trade
from seawall.margin.table.assess import row_worth

# Trades below this share of a band are rounding.
DUST = 1e-12


def trade_bands(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let arbitrageurs trade all bands in reach of the prices; paths whose market moved."""
    moved: list[Ints] = [np.zeros(0, dtype=np.int64)]
    for v, loans in state.closing.soft.items():
        moved.append(_trade_venue(setup, state, step, v, loans, tape))
    return np.unique(np.concatenate(moved))


def in_reach(setup: Setup, state: State, loans: SoftLoans) -> tuple[Ints, Ints]:
    """Path and loan of the bands that arbitrageurs look at.

    A loan that has not traded is left alone while the oracle is at its top or above: its coins cost
    more than the oracle's price there, so only a market far above a late oracle would buy them.
    """
    rows = setup.table.rows
    low = state.quotes.price[:, loans.feeds] < loans.highest
    paths = np.flatnonzero(low.any(axis=1) | loans.touched)
    if paths.size == 0:
        return paths, paths
    oracle = state.quotes.price[paths[:, None], rows.feed[loans.row]] * rows.multiplier[loans.row]
    near = (oracle < loans.top[paths]) | loans.moved[paths]
    where, loan = np.nonzero(loans.inside[paths] & near)
    return paths[where], loan


def _trade_venue(
    setup: Setup, state: State, step: int, v: int, loans: SoftLoans, tape: TapeWriter
) -> Ints:
    rows = setup.table.rows
    path, loan = in_reach(setup, state, loans)
    open_for_trade = ~stands_still(state.failures, state.depth.size, v)[path]
    path, loan = path[open_for_trade], loan[open_for_trade]
    if path.size == 0:
        return path
    row = loans.row[loan]
    oracle = state.quotes.price[path, rows.feed[row]] * rows.multiplier[row]
    market = state.market[path, rows.asset[row]] * rows.multiplier[row]
    x, y = _held(loans, path, loan)
    up = edges(loans.rule, loans.top[path, loan])[:, :-1]
    quote, coins = trade(loans.rule, x, y, up, oracle[:, None], market[:, None])
    traded = np.abs(coins - y).max(axis=1) > DUST * loans.coins[path, loan]
    path, loan, row, market = path[traded], loan[traded], row[traded], market[traded]
    moved: Ints = path
    sold, paid = _sums(y[traded] - coins[traded]), _sums(quote[traded] - x[traded])
    loans.quote[path, loan] = quote[traded]
    loans.sold[path, loan] += y[traded] - coins[traded]
    loans.moved[path, loan] = True
    loans.touched[path] = True
    unit, asset = loans.unit[loan], rows.asset[row]
    to_balance(setup, state, path, row, -sold)
    between(state, v, path, asset, "pool", "outside", sold)
    # The quote is the settlement asset: what the arbitrageurs pay is cash of the loan.
    pay(setup, state, path, unit, paid, "outside")
    value = sold * market
    trade_impact(setup, state, path, asset, -value)
    wake_units(setup.wake, state.wake, path, unit)
    tape.write(step, EventKind.SOFT, path, unit, notional=np.abs(value), fee=value - paid)
    return moved


def _held(loans: SoftLoans, path: Ints, loan: Ints) -> tuple[Floats, Floats]:
    """Quote and coins (n, b) of chosen loans' bands."""
    coins = loans.coins[path, loan][:, None] - loans.sold[path, loan]
    # A band that sold all holds nothing, not the last bit of its coins.
    coins = np.where(coins > DUST * loans.coins[path, loan][:, None], coins, 0.0)
    return loans.quote[path, loan], coins


def _sums(parts: Floats) -> Floats:
    """Sums (n,) over bands (n, b), left to right."""
    total = np.zeros(parts.shape[0])
    for k in range(parts.shape[1]):
        total = total + parts[:, k]
    return total


def write_down_bands(state: State, v: int, p: int, row: Ints, share: Floats) -> None:
    """Take the same ``share`` (n,) of every band whose collateral (rows, n) was written down."""
    loans = state.closing.soft.get(v)
    if loans is None:
        return
    here, which = np.nonzero(loans.row[:, None] == row)
    loans.coins[p, here] *= 1.0 - share[which]
    loans.sold[p, here] *= (1.0 - share[which])[:, None]


def sheltered(setup: Setup, state: State, path: Ints, unit: Ints, fallen: Bools) -> Bools:
    """True (n,) where a fallen loan may not be closed by keepers at this look.

    Its bands still keep it healthy, or it has just left them.
    """
    out = np.zeros_like(fallen)
    venue = setup.table.units.venue[unit]
    for v, loans in state.closing.soft.items():
        number = np.full(setup.table.units.account.size, -1, dtype=np.int64)
        number[loans.unit] = np.arange(loans.unit.size)
        mine = np.flatnonzero(fallen & (venue == v) & (number[unit] >= 0))
        mine = mine[loans.inside[path[mine], number[unit[mine]]]]
        if mine.size == 0:
            continue
        p, u, loan = path[mine], unit[mine], number[unit[mine]]
        x, y = _held(loans, p, loan)
        worth = row_worth(setup.table, state.holdings, state.quotes, p, u)
        debt = segment_sums(np.maximum(-worth.worth, 0.0), worth.pair, mine.size)
        well = health(loans.rule, x, y, edges(loans.rule, loans.top[p, loan]), debt)
        gone = well < 0
        out[mine] = True
        loans.inside[p[gone], loan[gone]] = False
        repay_from_cash(setup, state, p[gone], u[gone])
    return out
