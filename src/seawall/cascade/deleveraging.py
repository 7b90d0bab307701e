"""ADL inside the loop: bankrupt accounts are closed against winners at their bankruptcy price."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import (
    Lines,
    closing_lines,
    fill,
    line_flow,
    pair_of,
    settlement_price,
    trade_impact,
)
from seawall.cascade.losses import cover_deficits
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import assess
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall.deleverage import rank_score, take_in_order


def deleverage(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    leg: Ints,
    tape: TapeWriter,
) -> None:
    """Close bankrupt units (n,), equity < 0 at margin prices, against winners on the other side.

    Each leg closes at its price moved by -equity / total notional in the account's favour, so that
    the account ends at exactly zero and the winners lose exactly its deficit. What finds no winner
    is sold to the order book, and what is then missing goes down the waterfall.
    """
    if path.size == 0:
        return
    rows = setup.table.rows
    lines = closing_lines(
        setup, state, path, unit, np.ones(path.size), np.zeros(path.size, dtype=bool)
    )
    pair = pair_of(setup, path, unit, lines)
    price = _margin_price(setup, state, lines.path, lines.index)
    notional = _notional(setup, state, lines, price)
    total = np.bincount(pair, notional, path.size)
    # > 0: a long sells above, a short buys below the margin price, by this share of notional.
    # No winner pays more than the contract is worth; the rest goes down the waterfall.
    shift = np.minimum(-equity / np.maximum(total, 1e-300), 1.0)[pair]
    bankruptcy = _moved(setup, lines, price, shift)
    paid = np.zeros(path.size)
    groups = lines.path * len(setup.table.contracts) + rows.contract[lines.index]
    side = lines.change > 0
    for group in np.unique(groups):
        for buys in (False, True):
            mine = np.flatnonzero((groups == group) & (side == buys))
            if mine.size:
                here = unit[path == lines.path[mine[0]]]
                share = _match(setup, state, step, lines, mine, bankruptcy, here, tape)
                np.add.at(paid, pair[mine], share * notional[mine] * shift[mine])
    _sell_rest(setup, state, step, path, unit)
    tape.write(step, EventKind.ADL_BANKRUPT, path, unit, leg=leg, notional=total, adl=paid)
    cover_deficits(setup, state, step, path, unit, tape)


def _notional(setup: Setup, state: State, lines: Lines, price: Floats) -> Floats:
    """Quote value of each line at contract prices (l,)."""
    table = setup.table
    inverse = table.rows.kind[lines.index] == RowKind.INVERSE
    settle = state.quotes.price[lines.path, table.units.settle[lines.unit]]
    # Linear contracts may trade at zero (a bankruptcy price); they must not divide by it.
    worth = np.where(inverse, 1.0 / np.where(inverse, price, 1.0), price)
    return np.abs(lines.change) * worth * settle


def _moved(setup: Setup, lines: Lines, price: Floats, shift: Floats) -> Floats:
    """Contract prices (l,) at which each line gains ``shift`` of its notional.

    Inverse contracts pay in coin, size x (1/entry - 1/exit): there 1/price moves.
    """
    sign = np.sign(lines.change)
    with np.errstate(divide="ignore"):
        coin = price / (1.0 + sign * shift)
    inverse = setup.table.rows.kind[lines.index] == RowKind.INVERSE
    return np.where(inverse, coin, price * (1.0 - sign * shift))


def _mean_price(setup: Setup, row: int, size: Floats, price: Floats) -> float:
    """One price for sizes (l,) > 0 at contract prices (l,) with the same sum of payments."""
    total = float(np.sum(size))
    if setup.table.rows.kind[row] == RowKind.INVERSE:
        coins = float(np.sum(size / price))
        return total / coins if coins > 0 else float("inf")
    return float(np.sum(size * price)) / total


def _margin_price(setup: Setup, state: State, path: Ints, row: Ints) -> Floats:
    rows = setup.table.rows
    return state.quotes.price[path, rows.feed[row]] * rows.multiplier[row]


def _match(
    setup: Setup,
    state: State,
    step: int,
    lines: Lines,
    mine: Ints,
    bankruptcy: Floats,
    bankrupt_units: Ints,
    tape: TapeWriter,
) -> Floats:
    """Close lines of one path, contract and side against ranked winners; return shares matched.

    All losers trade with all winners at the losers' mean bankruptcy price, so money is conserved.
    """
    p, row = int(lines.path[mine[0]]), lines.index[mine]
    needed = np.abs(lines.change[mine])
    sign = float(np.sign(lines.change[mine[0]]))
    contract = int(setup.table.rows.contract[row[0]])
    holders, usable, score = _ranked(setup, state, p, contract, sign, bankrupt_units)
    if holders.size == 0:
        return np.zeros(mine.size)
    taken = take_in_order(usable, score, float(needed.sum()))
    share = float(taken.sum()) / float(needed.sum())
    mean_price = _mean_price(setup, row[0], needed, bankruptcy[mine])
    own = Lines(
        lines.path[mine],
        lines.unit[mine],
        row,
        lines.change[mine] * share,
        np.zeros(mine.size, bool),
    )
    # Each loser at its own bankruptcy price, winners at the mean: both sums agree.
    fill(setup, state, own, _with_accrual(setup, state, own, bankruptcy[mine]), "book")
    hit = taken > 0
    count = int(hit.sum())
    winners = Lines(
        np.full(count, p),
        setup.table.rows.unit[holders[hit]],
        holders[hit],
        -sign * taken[hit],
        np.zeros(count, bool),
    )
    _reduce(setup, state, step, winners, mean_price, tape)
    return np.full(mine.size, share)


def _ranked(
    setup: Setup, state: State, path: int, contract: int, sign: float, bankrupt_units: Ints
) -> tuple[Ints, Floats, Floats]:
    """Who may be reduced: rows that hold the other side, sizes that may be taken, rank scores.

    The bankrupt buy (sign +1) from longs who are forced to sell, and the other way round.
    """
    rows = setup.table.rows
    holders = np.flatnonzero(rows.contract == contract)
    size = state.holdings.size[path, holders]
    opposite = (size * sign > 0) & ~np.isin(rows.unit[holders], bankrupt_units)
    holders, size = holders[opposite], size[opposite]
    units, where = np.unique(rows.unit[holders], return_inverse=True)
    of_units = np.full(units.size, path)
    equity, _, _ = assess(setup.table, state.holdings, state.quotes, of_units, units)
    mark = _margin_price(setup, state, np.full(holders.size, path), holders)
    score = rank_score(size, mark, rows.entry[holders], equity[where])
    return holders, np.where(equity[where] > 0, np.abs(size), 0.0), score


def _reduce(
    setup: Setup, state: State, step: int, winners: Lines, price: float, tape: TapeWriter
) -> None:
    """Close the winners' lines at one contract price; what a desk loses of its legs is logged."""
    prices = np.full(winners.path.size, price)
    fill(setup, state, winners, _with_accrual(setup, state, winners, prices), "book")
    wake_units(setup.wake, state.wake, winners.path, winners.unit)
    desk = setup.is_desk[winners.unit]
    tape.write(
        step,
        EventKind.ADL_WINNER,
        winners.path[desk],
        winners.unit[desk],
        leg=winners.index[desk],
        notional=_notional(setup, state, winners, prices)[desk],
    )


def _with_accrual(setup: Setup, state: State, lines: Lines, price: Floats) -> Floats:
    """Settlement price for a quoted contract price: accrued funding settled with it."""
    rows = setup.table.rows
    ratio = rows.multiplier[lines.index]
    return settlement_price(setup, state, lines, price / ratio, 0.0)


def _sell_rest(setup: Setup, state: State, step: int, path: Ints, unit: Ints) -> None:
    """Sell to the order book what no winner took, and the collateral that the deficit counted.

    Whatever is still held, to the last bit: crumbs left by rounding would be closed again later.
    """
    whole = np.ones(path.size)
    left = closing_lines(setup, state, path, unit, whole, whole > 0)
    if left.path.size == 0:
        return
    asset = setup.table.rows.asset[left.index]
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    flow = line_flow(setup, state, left, years)
    spot, _ = trade_impact(setup, state, left.path, asset, flow)
    fill(setup, state, left, settlement_price(setup, state, left, spot, years), "book")
