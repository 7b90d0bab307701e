"""How far into a queue of forced orders the price band lets a round go.

The accounts of one path that would be sold in one round stand in a queue by number. Each is let
through while the price that the orders before it leave behind, all of them counted whole, is inside
the band; the others wait for the next round of the same step, which sees the true price. So one
round crosses an edge by no more than its last order.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.fills import Lines, closing_lines, line_asset, line_flow, pair_of
from seawall.cascade.market_step import thinness
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.impact import law


def beyond_in_queue(
    setup: Setup, state: State, step: int, path: Ints, unit: Ints, low: Floats, high: Floats
) -> Bools:
    """Pairs (n,), sorted by path, that would begin to trade outside low and high (p, f).

    Feeds without a band have edges 0 and infinity. Nothing is foreseen where orders leave no trace
    in the price, nor where venues have books of their own: there only the price now counts.
    """
    out = np.zeros(path.size, dtype=bool)
    trace = state.switches.trace
    if not trace.any() or state.market_memory.links is not None or path.size < 2:
        return out
    whole = np.ones(path.size)
    lines = closing_lines(setup, state, path, unit, whole, np.zeros(path.size, dtype=bool))
    if lines.path.size == 0:
        return out
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    flow, asset = line_flow(setup, state, lines, years), line_asset(setup, lines)
    pair, feed = pair_of(setup, path, unit, lines), _feeds(setup, lines)
    cells = state.market.shape[1] * lines.path + asset
    for cell in np.unique(cells):
        mine = np.flatnonzero(cells == cell)
        mine = mine[np.argsort(pair[mine], kind="stable")]
        # Starting from nothing: the first account of the queue is held back by the price now only.
        before = np.concatenate([[0.0], np.cumsum(flow[mine])[:-1]])
        price = _foreseen(setup, state, int(lines.path[mine[0]]), int(asset[mine[0]]), before)
        p, f = lines.path[mine], feed[mine]
        held = np.where(flow[mine] < 0, price < low[p, f], price > high[p, f]) & trace[p]
        out[pair[mine[held & (pair[mine] > pair[mine[0]])]]] = True
    return out


def _feeds(setup: Setup, lines: Lines) -> Ints:
    rows, options = setup.table.rows, setup.table.options
    feed = np.empty(lines.index.size, dtype=np.int64)
    feed[~lines.option] = rows.feed[lines.index[~lines.option]]
    feed[lines.option] = options.feed[lines.index[lines.option]]
    return feed


def _foreseen(setup: Setup, state: State, p: int, k: int, flow: Floats) -> Floats:
    """Market price (q,) of an asset after each of these flows (q,) of quote has traded."""
    path, asset = np.full(flow.size, p), np.full(flow.size, k)
    depth = setup.impact.depth[k] * state.depth[p]
    after = state.temporary[p, k] + state.permanent[p, k]
    after = after + flow * thinness(setup, state, path, asset) / depth
    moved = law.displacement(setup.market_rules.law, setup.impact.strength[asset], after)
    price: Floats = state.exogenous[p, k] * moved
    return price
