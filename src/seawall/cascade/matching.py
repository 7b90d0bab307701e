"""Who stands on the other side of a lost position, and how the two sides are closed (ADL)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import Lines, fill, pay, settlement_price
from seawall.cascade.own.closing import own_taken
from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.foundation.arrays import segment_sums
from seawall.foundation.random import Stream
from seawall.margin.table.assess import Worth, assess
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall.adl_rules import alone, space, take
from seawall.waterfall.winners import EQUITY, Need, Winners


def line_notional(setup: Setup, state: State, lines: Lines, price: Floats) -> Floats:
    """Quote value of each line at contract prices (l,)."""
    table = setup.table
    inverse = table.rows.kind[lines.index] == RowKind.INVERSE
    settle = state.quotes.price[lines.path, table.units.settle[lines.unit]]
    # Linear contracts may trade at zero (a bankruptcy price); they must not divide by it.
    worth = np.where(inverse, 1.0 / np.where(inverse, price, 1.0), price)
    return np.abs(lines.change) * worth * settle


def margin_price(setup: Setup, state: State, path: Ints, row: Ints) -> Floats:
    """Contract price (n,) at which rows are margined."""
    rows = setup.table.rows
    price: Floats = state.quotes.price[path, rows.feed[row]] * rows.multiplier[row]
    return price


def _mean_price(setup: Setup, row: int, size: Floats, price: Floats) -> float:
    """One price for sizes (l,) > 0 at contract prices (l,) with the same sum of payments."""
    total = float(np.sum(size))
    if setup.table.rows.kind[row] == RowKind.INVERSE:
        coins = float(np.sum(size / price))
        return total / coins if coins > 0 else float("inf")
    return float(np.sum(size * price)) / total


@dataclass(frozen=True)
class Lost:
    """Bankrupt lines of one path, contract and side, (l,) each.

    price bankruptcy prices; notional at the margin price and shift, the share of it that is
    lacking, quote; units (n,): all bankrupt units of the path, none of which is a winner
    """

    lines: Lines
    price: Floats
    notional: Floats
    shift: Floats
    units: Ints

    def only(self, n: int) -> Lost:
        """Line ``n`` alone."""
        one, lines = slice(n, n + 1), self.lines
        return Lost(
            Lines(
                lines.path[one],
                lines.unit[one],
                lines.index[one],
                lines.change[one],
                lines.option[one],
            ),
            self.price[one],
            self.notional[one],
            self.shift[one],
            self.units,
        )


def match(
    setup: Setup, state: State, step: int, rule: object, lost: Lost, tape: TapeWriter
) -> Floats:
    """Close lost lines against winners; return what these gave up for each line (l,), quote.

    Rules that match each bankrupt account alone draw where its walk begins.
    """
    if not alone(rule):
        return _match(setup, state, step, rule, lost, 0.0, tape)
    lines = lost.lines
    start = state.draws.at(Stream.DELEVERAGING, lines.path, step, lines.unit)
    parts = [
        _match(setup, state, step, rule, lost.only(n), float(start[n]), tape)
        for n in range(lines.path.size)
    ]
    return np.concatenate(parts)


def _match(
    setup: Setup,
    state: State,
    step: int,
    rule: object,
    lost: Lost,
    start: float,
    tape: TapeWriter,
) -> Floats:
    """Rules in contracts: each loser trades at its own bankruptcy price, all winners at the losers'
    mean, so both sums agree. Rules in equity: all trade at the margin price and the winners'
    haircuts go to the losers.
    """
    lines, deficit = lost.lines, lost.notional * lost.shift
    p, row, needed = int(lines.path[0]), lines.index, np.abs(lines.change)
    sign = float(np.sign(lines.change[0]))
    contract = int(setup.table.rows.contract[row[0]])
    holders, winners = find_winners(setup, state, p, contract, sign, lost.units)
    if holders.size == 0:
        return np.zeros(row.size)
    need = Need(float(needed.sum()), float(np.cumsum(deficit)[-1]), start)
    if isinstance(rule, Own):
        taken = own_taken(rule, winners, need)
    else:
        taken = take(rule, winners, need)
    share = float(taken.size.sum()) / need.size
    own = Lines(lines.path, lines.unit, row, lines.change * share, lines.option)
    hit = taken.size > 0
    theirs = Lines(
        np.full(int(hit.sum()), p),
        setup.table.rows.unit[holders[hit]],
        holders[hit],
        -sign * taken.size[hit],
        np.zeros(int(hit.sum()), bool),
    )
    if space(rule) == EQUITY:
        mark = margin_price(setup, state, lines.path, row)
        fill(setup, state, own, with_accrual(setup, state, own, mark), "book")
        reduce_winners(setup, state, step, theirs, float(mark[0]), EventKind.ADL_WINNER, tape)
        return _haircuts(setup, state, p, own.unit, deficit, holders, taken.haircut)
    price = _mean_price(setup, row[0], needed, lost.price)
    fill(setup, state, own, with_accrual(setup, state, own, lost.price), "book")
    reduce_winners(setup, state, step, theirs, price, EventKind.ADL_WINNER, tape)
    return share * lost.notional * lost.shift


def _haircuts(
    setup: Setup,
    state: State,
    p: int,
    losers: Ints,
    deficit: Floats,
    holders: Ints,
    haircut: Floats,
) -> Floats:
    """Pay the winners' haircuts to the losers (l,), in proportion to their deficits."""
    units = setup.table.rows.unit[holders]
    pay(setup, state, np.full(units.size, p), units, -haircut, "book")
    given, owed = float(np.cumsum(haircut)[-1]), float(np.cumsum(deficit)[-1])
    received = deficit * (given / owed) if owed > 0 else np.zeros_like(deficit)
    pay(setup, state, np.full(losers.size, p), losers, received, "book")
    return received


def find_winners(
    setup: Setup, state: State, path: int, contract: int, sign: float, bankrupt_units: Ints
) -> tuple[Ints, Winners]:
    """Rows that hold the other side of a contract, and what the rules ask about them.

    The bankrupt buy (sign +1) from longs who are forced to sell, and the other way round.
    """
    rows = setup.table.rows
    holders = np.flatnonzero(rows.contract == contract)
    size = state.holdings.size[path, holders]
    opposite = (size * sign > 0) & ~np.isin(rows.unit[holders], bankrupt_units)
    holders, size = holders[opposite], size[opposite]
    units, where = np.unique(rows.unit[holders], return_inverse=True)
    of_units = np.full(units.size, path)
    equity, maintenance, worth = assess(setup.table, state.holdings, state.quotes, of_units, units)
    mark = margin_price(setup, state, np.full(holders.size, path), holders)
    entry, held = rows.entry[holders], np.abs(size)
    settle = state.quotes.price[path, setup.table.units.settle[rows.unit[holders]]]
    inverse = rows.kind[holders] == RowKind.INVERSE
    # Coins at the margin price and at entry; an inverse contract pays the difference of the two.
    at_mark = held * np.where(inverse, 1.0 / np.where(inverse, mark, 1.0), mark) * settle
    at_entry = held * np.where(inverse, 1.0 / np.where(inverse, entry, 1.0), entry) * settle
    gain = np.where(inverse, at_entry - at_mark, at_mark - at_entry)
    own = np.zeros(rows.unit.size)
    own[worth.row] = worth.maintenance
    return holders, Winners(
        size=size,
        available=np.where(equity[where] > 0, held, 0.0),
        mark=mark,
        entry=entry,
        value=at_mark,
        cost=at_entry,
        profit=np.sign(size) * gain,
        equity=equity[where],
        maintenance=maintenance[where],
        own_maintenance=own[holders],
        exposure=np.sign(size) * _net(setup, worth, units.size)[where],
    )


def _net(setup: Setup, worth: Worth, count: int) -> Floats:
    """Net notional (n,) of each unit at its prices, long > 0, quote: options left out."""
    inverse = setup.table.rows.kind[worth.row] == RowKind.INVERSE
    return segment_sums(np.where(inverse, -worth.worth, worth.worth), worth.pair, count)


def reduce_winners(
    setup: Setup,
    state: State,
    step: int,
    winners: Lines,
    price: float,
    kind: EventKind,
    tape: TapeWriter,
) -> None:
    """Close the winners' lines at one contract price; what a desk loses of its legs is logged."""
    prices = np.full(winners.path.size, price)
    fill(setup, state, winners, with_accrual(setup, state, winners, prices), "book")
    wake_units(setup.wake, state.wake, winners.path, winners.unit)
    desk = setup.is_desk[winners.unit]
    tape.write(
        step,
        kind,
        winners.path[desk],
        winners.unit[desk],
        leg=winners.index[desk],
        notional=line_notional(setup, state, winners, prices)[desk],
    )


def with_accrual(setup: Setup, state: State, lines: Lines, price: Floats) -> Floats:
    """Settlement price for a quoted contract price: accrued funding settled with it."""
    rows = setup.table.rows
    ratio = rows.multiplier[lines.index]
    return settlement_price(setup, state, lines, price / ratio, 0.0)
