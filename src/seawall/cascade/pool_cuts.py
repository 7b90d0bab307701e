"""The pool flag in the loop: sides that make too much profit for their pool are cut (GMX).

Looked at once a step, after the rounds of forced closes, at the prices that margin accounts. The
sums behind the look are kept per side of a market and taken anew where holdings have changed. The
order book stands for the pool as the other side of every trade; what the rule counts of its own is
the pool's value: the capital that the rulebook states less the profit that cuts paid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.foundation.arrays import segment_sums
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall.pool_flag import PoolFlag, cut, flagged
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides

if TYPE_CHECKING:
    from seawall.cascade.state import State

SLOT = "adl"


@dataclass(frozen=True)
class Pools:
    """Sides and sums of the venues with a pool flag; contract (m,) and rule of each market."""

    sides: PoolSides
    memory: PoolMemory
    contract: Ints
    rules: tuple[PoolFlag, ...]


def begin_pools(setup: Setup, paths: int) -> Pools | None:
    """Pools at step 0; None where no venue has the rule."""
    rules = [chosen(mechanisms, SLOT, PoolFlag) for mechanisms in setup.mechanisms]
    if not any(rules):
        return None
    rows = setup.table.rows
    traded = np.unique(rows.contract[rows.kind != RowKind.BALANCE])
    contract = np.array([c for c in traded if rules[setup.contract_venue[c]]], dtype=np.int64)
    venue = setup.contract_venue[contract]
    of_market = tuple(rule for v in venue if (rule := rules[v]) is not None)
    market = np.repeat(np.arange(contract.size), 2)
    sides = PoolSides(
        market=market,
        side=np.tile([1.0, -1.0], contract.size),
        feed=setup.contract_feed[contract][market],
        settle=setup.contract_settle[contract][market],
        factor=setup.contract_factor[contract][market],
        inverse=setup.contract_inverse[contract][market].astype(np.float64),
        max_factor=np.array([rule.max_factor for rule in of_market])[market],
    )
    start = np.array([rule.pool for rule in of_market])
    memory = PoolMemory(
        held=np.zeros((paths, market.size)),
        cost=np.zeros((paths, market.size)),
        pool=np.tile(start, (paths, 1)),
        stale=np.ones(paths, dtype=bool),
    )
    return Pools(sides, memory, contract, of_market)


def sum_sides(setup: Setup, state: State, paths: Ints) -> None:
    """Take the sums of paths (n,) anew where holdings have changed."""
    pools = state.pools
    if pools is None:
        return
    paths = paths[pools.memory.stale[paths]]
    if paths.size == 0:
        return
    rows = setup.table.rows
    for m, contract in enumerate(pools.contract):
        holders = np.flatnonzero(rows.contract == contract)
        size, entry = state.holdings.size[np.ix_(paths, holders)], rows.entry[holders]
        inverse = bool(setup.contract_inverse[contract])
        for g, side in ((2 * m, 1.0), (2 * m + 1, -1.0)):
            held = np.maximum(side * size, 0.0)
            cost = held / entry if inverse else held * entry
            pools.memory.held[paths, g] = _total(held)
            pools.memory.cost[paths, g] = _total(cost)
    pools.memory.stale[paths] = False


def _total(values: Floats) -> Floats:
    return segment_sums(values, np.zeros(values.shape[1], dtype=np.int64), 1)[:, 0]


def cut_pools(setup: Setup, state: State, step: int, paths: Ints, tape: TapeWriter) -> Ints:
    """Cut flagged sides of paths (n,) at the margin price; the paths on which a side was cut.

    Nobody is cut by a price that the venue's staleness breaker calls too old.
    """
    from seawall.cascade.breakers import recount

    pools = state.pools
    if pools is None:
        return paths[:0]
    sum_sides(setup, state, paths)
    if paths.size == state.depth.size:
        paths = _flagged_paths(pools, state.quotes.price)
        if paths.size == 0:
            return paths
    held, cost, pool, stale = pools.memory
    part = PoolMemory(held[paths], cost[paths], pool[paths], stale[paths])
    found = flagged(pools.sides, part, state.quotes.price[paths])
    found &= ~_too_old(setup, state, pools.sides, paths)
    found &= state.switches.mutual[paths][:, None]
    if state.failures is not None:
        found &= ~state.failures.dark[paths][:, pools.sides.feed]
    for n, g in zip(*np.nonzero(found), strict=True):
        _cut_side(setup, state, step, int(paths[n]), int(g), tape)
    paths = paths[found.any(axis=1)]
    recount(setup, state, paths)
    return paths


def _too_old(setup: Setup, state: State, sides: PoolSides, paths: Ints) -> Bools:
    """Sides (n, g) of paths (n,) whose market's or settlement asset's price is stale."""
    old = np.zeros((paths.size, setup.table.feed_asset.size), dtype=bool)
    rules, memory = setup.breakers, state.breakers
    if rules is not None and rules.staleness is not None:
        assert memory is not None and memory.staleness is not None
        old[:, rules.staleness.feed] = memory.staleness.stale[paths]
    out: Bools = old[:, sides.feed] | old[:, sides.settle]
    return out


def _flagged_paths(pools: Pools, price: Floats) -> Ints:
    """Paths with a flagged side at feed prices (p, f): compiled where that is at hand."""
    from seawall.waterfall.pool_flag_kernel import flagged_paths

    if not flagged_paths.ready():
        return np.flatnonzero(flagged(pools.sides, pools.memory, price).any(axis=1))
    out = np.zeros(price.shape[0], dtype=bool)
    flagged_paths(*pools.sides, *pools.memory, np.ascontiguousarray(price), out)
    return np.flatnonzero(out)


def _cut_side(setup: Setup, state: State, step: int, p: int, g: int, tape: TapeWriter) -> None:
    from seawall.cascade.fills import Lines
    from seawall.cascade.matching import find_winners, reduce_winners

    assert state.pools is not None
    pools, side = state.pools, float(state.pools.sides.side[g])
    m = int(pools.sides.market[g])
    nobody = np.zeros(0, dtype=np.int64)
    holders, winners = find_winners(setup, state, p, int(pools.contract[m]), side, nobody)
    size = cut(pools.rules[m], winners, float(pools.memory.pool[p, m]))
    hit = size > 0
    if not hit.any():
        return
    share = size[hit] / np.abs(winners.size[hit])
    pools.memory.pool[p, m] -= float(np.cumsum(share * winners.profit[hit])[-1])
    count = int(hit.sum())
    lines = Lines(
        np.full(count, p),
        setup.table.rows.unit[holders[hit]],
        holders[hit],
        -side * size[hit],
        np.zeros(count, dtype=bool),
    )
    mark = float(winners.mark[0])
    reduce_winners(setup, state, step, lines, mark, EventKind.POOL_CUT, tape)
