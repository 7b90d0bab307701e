"""An action as a change of what a margin account holds: on a compiled Case, and in the Case itself.

Both say the same: `with_edits` changes the start of the loop, `applied` the book that `check` reads
(a test holds them equal). A leg is reduced at the price by which its venue margins; its profit and
the cost go into the account's cash, so that equity falls by the cost alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seawall.book import Book
from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.wakeup import wake_rule
from seawall.case import Case
from seawall.exposure.remedy.action import Action, Kind
from seawall.exposure.remedy.cost import reduction_cost
from seawall.margin.table.margin_table import RowKind


@dataclass(frozen=True)
class Edit:
    """What changes at the start: {unit: cash, settlement units}, {row: size}, {option: size}."""

    cash: Mapping[int, float] = field(default_factory=dict)
    rows: Mapping[int, float] = field(default_factory=dict)
    options: Mapping[int, float] = field(default_factory=dict)


def edit_of(setup: Setup, action: Action, amount: float) -> Edit:
    """The change that an action of ``amount`` makes (quote; of REDUCE the share of the leg)."""
    if action.kind is Kind.REDUCE:
        return _reduced(setup, action, amount)
    units = amount / float(setup.spot[action.asset])
    cash, rows = {}, {}
    if action.row < 0:
        cash[action.unit] = units
    else:
        rows[action.row] = units
    if action.kind is Kind.MOVE and action.source_row < 0:
        cash[action.source] = -units
    elif action.kind is Kind.MOVE:
        rows[action.source_row] = -units
    return Edit(cash, rows)


def together(edits: Sequence[Edit]) -> Edit:
    """All of them at once."""
    cash: dict[int, float] = defaultdict(float)
    rows: dict[int, float] = defaultdict(float)
    options: dict[int, float] = defaultdict(float)
    for edit in edits:
        for into, of in ((cash, edit.cash), (rows, edit.rows), (options, edit.options)):
            for key, change in of.items():
                into[key] += change
    return Edit(dict(cash), dict(rows), dict(options))


def settle_price(setup: Setup, unit: int) -> float:
    """Quote per unit of a margin account's settlement asset."""
    return float(setup.spot[setup.table.feed_asset[setup.table.units.settle[unit]]])


def leg_worth(setup: Setup, leg: int) -> float:
    """Quote worth of a leg at the start, entries folded into cash."""
    count = setup.table.rows.unit.size
    return float(setup.row_start[leg] if leg < count else setup.option_start[leg - count])


def _reduced(setup: Setup, action: Action, share: float) -> Edit:
    count, leg = setup.table.rows.unit.size, action.leg
    paid = share * leg_worth(setup, leg) - reduction_cost(setup, leg, share)
    cash = {action.unit: paid / settle_price(setup, action.unit)}
    if leg < count:
        return Edit(cash, {leg: -share * float(setup.table.rows.size[leg])})
    option = leg - count
    return Edit(cash, {}, {option: -share * float(setup.table.options.size[option])})


def with_edits(setup: Setup, edits: Sequence[Edit]) -> Setup:
    """The setup whose starts are the base start after each edit; their options must be the same.

    The desks' accounts are looked at in every step: no threshold of theirs has to be told.
    """
    table, options = setup.table, dict(edits[0].options)
    size = np.repeat(setup.start_size[:1], len(edits), axis=0)
    cash = np.repeat(setup.start_cash[:1], len(edits), axis=0)
    equity = np.repeat(setup.start_equity[:1], len(edits), axis=0)
    for n, edit in enumerate(edits):
        if dict(edit.options) != options:
            raise ValueError("edits of one setup must change options alike")
        for unit, change in edit.cash.items():
            cash[n, unit] += change
            equity[n, unit] += change * settle_price(setup, unit)
        for row, change in edit.rows.items():
            equity[n, table.rows.unit[row]] += setup.row_start[row] * change / table.rows.size[row]
            size[n, row] += change
        for option, change in options.items():
            unit = table.options.unit[option]
            equity[n, unit] += setup.option_start[option] * change / table.options.size[option]
    rule = setup.wake
    threshold = rule.threshold[rule.rank_of_unit]
    return replace(
        setup if not options else _with_options(setup, options),
        wake=wake_rule(rule.weight, rule.drift, rule.clock, rule.always | setup.is_desk, threshold),
        start_size=size,
        start_cash=cash,
        start_equity=equity,
    )


def _with_options(setup: Setup, changes: Mapping[int, float]) -> Setup:
    held = setup.table.options
    size: Floats = held.size.copy()
    for option, change in changes.items():
        size[option] += change
    worth = setup.option_start * np.divide(
        size, held.size, np.ones_like(size), where=held.size != 0
    )
    return replace(
        setup,
        table=replace(setup.table, options=replace(held, size=size)),
        option_start=worth,
    )


def applied(case: Case, setup: Setup, edit: Edit) -> Case:
    """The Case after an edit: sizes and balances as they stand once the action is done."""
    book, table = case.book, setup.table
    sizes, quantities = book.size.copy(), book.quantity.copy()
    cash = dict(edit.cash)
    for row, change in edit.rows.items():
        if table.rows.position[row] < 0:
            quantities[table.rows.balance[row]] += change
            continue
        n, unit = int(table.rows.position[row]), int(table.rows.unit[row])
        inverse = table.rows.kind[row] == RowKind.INVERSE
        # Cash of the margin table has entries folded in; a balance has not.
        folded = -change / book.entry[n] if inverse else change * book.entry[n]
        cash[unit] = cash.get(unit, 0.0) + float(folded)
        sizes[n] = _settled(sizes[n] + change, sizes[n])
    for option, change in edit.options.items():
        n = int(table.options.position[option])
        sizes[n] = _settled(sizes[n] + change, sizes[n])
    book = replace(book, size=sizes, quantity=quantities)
    for unit, change in cash.items():
        book = _with_cash(book, setup, unit, change)
    return replace(case, book=book)


def _settled(size: float, before: float) -> float:
    """Nothing, where rounding alone is left of a position."""
    return 0.0 if abs(size) <= 1e-12 * abs(before) else float(size)


def _with_cash(book: Book, setup: Setup, unit: int, change: float) -> Book:
    """The book with more cash (settlement units) in a margin account: a balance, or the margin of
    an isolated position; one that is closed gives its margin back to the account.
    """
    units, rows, options = setup.table.units, setup.table.rows, setup.table.options
    if units.isolated[unit]:
        own = rows.position[rows.unit == unit]
        n = int(own[0] if own.size else options.position[options.unit == unit][0])
        margin = book.isolated_margin.copy()
        margin[n] += change
        change = float(margin[n]) if book.size[n] == 0 else 0.0
        margin[n] = 0.0 if book.size[n] == 0 else margin[n]
        book = replace(book, isolated_margin=margin)
        if change == 0.0:
            return book
    account = int(units.account[unit])
    asset = int(setup.table.feed_asset[units.settle[unit]])
    found = np.flatnonzero((book.balance_account == account) & (book.balance_asset == asset))
    if found.size:
        quantity = book.quantity.copy()
        quantity[found[0]] += change
        return replace(book, quantity=quantity)
    return replace(
        book,
        balance_account=np.append(book.balance_account, account),
        balance_asset=np.append(book.balance_asset, asset),
        quantity=np.append(book.quantity, change),
    )
