"""Stop-loss orders at every step: what the margin price has reached is sold at the market."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.account_memory import StopOrders, find_nearest
from seawall.cascade.fills import Lines
from seawall.cascade.owner_orders import give_orders
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.liquidation.trigger import breached
from seawall.margin.table.assess import assess


def act_stops(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Fill the stops that are reached, venue by venue; paths whose market moved."""
    moved = np.zeros(0, dtype=np.int64)
    for orders in state.behaviour.stops.values():
        lines = _reached(setup, state, orders)
        moved = np.union1d(moved, give_orders(setup, state, step, lines, EventKind.STOP, tape))
    return moved


def _reached(setup: Setup, state: State, orders: StopOrders) -> Lines:
    """Lines of the stops reached at present prices; they are struck off the list."""
    price = state.quotes.price
    # Almost always nothing is reached: the nearest of each feed is enough to know.
    near = (price <= orders.nearest_long) | (price >= orders.nearest_short)
    paths = np.flatnonzero(near.any(axis=1))
    at, level = price[paths][:, orders.feed], orders.level[paths]
    hit = np.where(orders.long, at <= level, at >= level)
    where, stop = np.nonzero(hit)
    path, row = paths[where], orders.row[stop]
    orders.level[path, stop] = np.where(orders.long[stop], -np.inf, np.inf)
    find_nearest(orders, paths)
    unit = setup.table.rows.unit[row]
    size = state.holdings.size[path, row]
    mine = size != 0.0
    path, row, unit, size = path[mine], row[mine], unit[mine], size[mine]
    equity, maintenance, _ = assess(setup.table, state.holdings, state.quotes, path, unit)
    free = ~breached(equity, maintenance)
    order = np.flatnonzero(free)
    plain = np.zeros(order.size, dtype=bool)
    return Lines(path[order], unit[order], row[order], -size[order], plain)
