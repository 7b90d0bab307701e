"""Orders that owners give themselves: into the order book, with impact and taker fee."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.fills import (
    Lines,
    fill,
    line_asset,
    line_flow,
    pay,
    settlement_price,
    trade_impact,
)
from seawall.cascade.losses import cover_deficits
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import unit_equity


def give_orders(
    setup: Setup, state: State, step: int, lines: Lines, kind: EventKind, tape: TapeWriter
) -> Ints:
    """Execute owners' lines; paths whose market moved. All of one path and market pay one price.

    Orders to a venue that stands still are lost.
    Who then holds nothing and owes cash has a deficit, which the venue's layers cover.
    """
    if state.failures is not None:
        lines = lines.only(~state.failures.out[lines.path, setup.table.units.venue[lines.unit]])
    if lines.path.size == 0:
        return lines.path
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    asset = line_asset(setup, lines)
    flow = line_flow(setup, state, lines, years)
    venue = setup.table.units.venue[lines.unit]
    spot, _ = trade_impact(setup, state, lines.path, asset, flow, venue)
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, years), "book")
    units = setup.table.units.account.size
    pairs, owner = np.unique(lines.path * units + lines.unit, return_inverse=True)
    path, unit = pairs // units, pairs % units
    notional = segment_sums(np.abs(flow), owner, pairs.size)
    fee = _fees(setup, state, path, unit, notional)
    pay(setup, state, path, unit, -fee, "outside")
    tape.write(step, kind, path, unit, notional=notional, fee=fee)
    empty = ~holds(setup, state, path, unit)
    cover_deficits(setup, state, step, path[empty], unit[empty], tape)
    wake_units(setup.wake, state.wake, path, unit)
    return np.unique(path)


def _fees(setup: Setup, state: State, path: Ints, unit: Ints, notional: Floats) -> Floats:
    """Taker fees (n,), quote; nobody is charged more than the equity that is left."""
    rates = np.array([rulebook.taker_fee for rulebook in setup.rulebooks])
    equity = unit_equity(setup.table, state.holdings, state.quotes, path, unit)
    due: Floats = rates[setup.table.units.venue[unit]] * notional
    return np.minimum(due, np.maximum(equity, 0.0))


def holds(setup: Setup, state: State, path: Ints, unit: Ints) -> Bools:
    """True (n,) where a unit still has a position, a debt or a balance that is not its cash."""
    units = setup.table.units
    out = np.zeros(path.size, dtype=bool)
    for held, first in (
        (state.holdings.size, units.rows),
        (state.holdings.option_size, units.options),
    ):
        pair, column = expand_ranges(first[unit], first[unit + 1] - first[unit])
        out[pair[held[path[pair], column] != 0]] = True
    return out
