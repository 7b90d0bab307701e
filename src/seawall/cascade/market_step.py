"""Market prices of a step and of an order: impact law, depth that is left, linked venues."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.arrays import segment_sums
from seawall.impact import law
from seawall.impact.depth import depth_step
from seawall.impact.depth_schedule import schedule_step
from seawall.impact.links import arbitrage_step, stand_still, traded_root


def displaced(setup: Setup, state: State) -> Floats:
    """Factor (p, k) on exogenous prices by the flow outstanding."""
    outstanding = state.temporary + state.permanent
    return law.displacement(setup.market_rules.law, setup.impact.strength, outstanding)


def move_market(setup: Setup, state: State, exogenous: Floats, step: int) -> None:
    """The market's part of a step: recovery, prices, arbitrage, volatility, depth."""
    rule, before = setup.impact, state.market
    state.exogenous = exogenous
    if setup.market_rules.schedule is not None and state.market_memory.schedule is not None:
        schedule_step(setup.market_rules.schedule, state.market_memory.schedule, step)
    state.temporary *= rule.decay
    state.market = exogenous * displaced(setup, state)
    if state.market_memory.links is not None:
        _close_venues(setup, state, step)
        _arbitrage(setup, state, before)
    move = np.abs(state.market / before - 1.0) / rule.expected_move
    state.restlessness += rule.volatility_weight * (move - state.restlessness)
    if setup.market_rules.depth is not None and state.market_memory.depth is not None:
        depth_step(setup.market_rules.depth, state.market_memory.depth, state.restlessness)


def _arbitrage(setup: Setup, state: State, before: Floats) -> None:
    """Pools stand while the common price moves; then arbitrageurs act, which moves it again."""
    links, memory = setup.market_rules.links, state.market_memory.links
    if links is None or memory is None:
        return
    everyone = np.arange(state.depth.size)
    _stand(setup, state, everyone, before)
    depth, clock = state.market_memory.depth, state.market_memory.schedule
    share = np.ones_like(state.market) if depth is None else depth.share
    share = share if clock is None else share * clock
    flow = np.zeros_like(state.market)
    arbitrage_step(links, memory, state.depth, share, flow)
    flow[~state.switches.trace] = 0.0
    if flow.any():
        flow *= setup.market_rules.passed
        state.temporary += (1.0 - setup.impact.permanent_share) * flow
        state.permanent += setup.impact.permanent_share * flow
        first = state.market
        state.market = state.exogenous * displaced(setup, state)
        _stand(setup, state, everyone, first)


def _close_venues(setup: Setup, state: State, step: int) -> None:
    """Where nobody can trade this step: no block has come, the velocity breaker has halted it, or
    it stands still as a failure.

    The breaker looks at the end of a step's prices, so its halt begins here one step later.
    """
    memory = state.market_memory.links
    if memory is None:
        return
    memory.halted[:] = False if state.failures is None else state.failures.dark
    if state.oracle is not None:
        for v, blocks in enumerate(state.oracle.blocks):
            if blocks is not None:
                mine = np.flatnonzero(setup.table.feed_venue == v)
                idle = (blocks.count[:, step] == 0) & ~state.switches.prompt
                memory.halted[:, mine] = idle[:, None]
    rules, breakers = setup.breakers, state.breakers
    if rules is not None and breakers is not None:
        if rules.velocity is not None and breakers.velocity is not None:
            for m, f in enumerate(rules.velocity.feed):
                memory.halted[:, f] |= step < breakers.velocity.until[:, m]


def _stand(setup: Setup, state: State, path: Ints, before: Floats) -> None:
    """Pools of paths (n,) keep the price they had at common prices ``before`` (n, k)."""
    links, memory = setup.market_rules.links, state.market_memory.links
    if links is None or memory is None or not links.stands.any():
        return
    factor = np.sqrt(state.market[path] / before)
    # Where no flow moves the market there is one price, that of the market.
    factor = np.where(np.isfinite(state.depth[path])[:, None], factor, 1.0)
    stand_still(links, memory, path, factor)


# All paths, without gathering them.
EVERYONE = slice(None)


def venue_markets(setup: Setup, state: State, path: Ints | slice = EVERYONE) -> Floats:
    """Market prices (n, f) of paths (n,) at the venue of each feed."""
    common: Floats = state.market[path][:, setup.table.feed_asset]
    if state.market_memory.links is None:
        return common
    root = state.market_memory.links.root[path]
    own: Floats = common * (root * root)
    return own


def venue_market(setup: Setup, state: State, path: Ints, unit: Ints, asset: Ints) -> Floats:
    """Market price (l,) of an asset at the venue of a unit."""
    common: Floats = state.market[path, asset]
    if state.market_memory.links is None:
        return common
    feed = setup.market_rules.feed[setup.table.units.venue[unit], asset]
    root = np.where(feed >= 0, state.market_memory.links.root[path, np.maximum(feed, 0)], 1.0)
    own: Floats = common * (root * root)
    return own


def thinness(setup: Setup, state: State, path: Ints, asset: Ints) -> Floats:
    """What flow (n,) is multiplied by because depth has left, >= 1."""
    depth, clock = state.market_memory.depth, state.market_memory.schedule
    rule = setup.impact
    if depth is not None:
        thin: Floats = 1.0 / depth.share[path, asset]
    elif rule.square_root:
        thin = np.ones(path.size)
    else:
        felt = state.restlessness[path, asset]
        thin = 1.0 + rule.thinning * np.maximum(felt - 1.0, 0.0)
    return thin if clock is None else thin / clock[asset]


def _for_makers(state: State, path: Ints, asset: Ints, units: Floats, price: Floats) -> None:
    """Tell makers of ``units`` (n,) that traders bought at mean prices (n,)."""
    makers = state.market_agents.makers
    if makers is not None:
        np.add.at(makers.bought, (path, asset), units)
        np.add.at(makers.spent, (path, asset), units * price)


def common_trade(
    setup: Setup, state: State, path: Ints, asset: Ints, flow: Floats
) -> tuple[Floats, Floats]:
    """Book flow (l,) into the common markets; execution and new market price per line, quote.

    Lines of one path and asset form one batch: all pay its mean price. The batch leaves outstanding
    flow behind that moves the market price, where orders leave a trace.
    """
    rule, chosen = setup.impact, setup.market_rules.law
    assets = state.market.shape[1]
    cell = path * assets + asset
    distinct, where = np.unique(cell, return_inverse=True)
    p, k = distinct // assets, distinct % assets
    thin = thinness(setup, state, p, k)
    total = segment_sums(flow, where, distinct.size)
    step = total * thin / (rule.depth[k] * state.depth[p])
    before = state.temporary[p, k] + state.permanent[p, k]
    after = before + step
    base = state.exogenous[p, k]
    mean = base * law.average(chosen, rule.strength[k], before, after)
    mean = np.where(state.switches.slippage[p], mean, state.market[p, k])
    if state.market_agents.makers is not None:
        _for_makers(state, p, k, total / state.market[p, k], mean)
    trace = state.switches.trace[p]
    if trace.any():
        moved = np.where(trace, step, 0.0)
        state.temporary[p, k] += (1.0 - rule.permanent_share) * moved
        state.permanent[p, k] += rule.permanent_share * moved
        market = base * law.displacement(chosen, rule.strength[k], after)
        state.market[p, k] = np.where(trace, market, state.market[p, k])
    return mean[where], state.market[p, k][where]


def linked_trade(
    setup: Setup, state: State, path: Ints, venue: Ints, asset: Ints, flow: Floats
) -> tuple[Floats, Floats]:
    """The same where venues (l,) may have books of their own: their orders move only those."""
    links, memory = setup.market_rules.links, state.market_memory.links
    if links is None or memory is None:
        return common_trade(setup, state, path, asset, flow)
    feed = setup.market_rules.feed[venue, asset]
    own = (feed >= 0) & links.linked[np.maximum(feed, 0)] & np.isfinite(state.depth[path])
    execution, market = np.empty(flow.size), np.empty(flow.size)
    shared = np.flatnonzero(~own)
    if shared.size:
        moved = np.unique(path[shared])
        before = state.market[moved].copy()
        execution[shared], market[shared] = common_trade(
            setup, state, path[shared], asset[shared], flow[shared]
        )
        _stand(setup, state, moved, before)
    local = np.flatnonzero(own)
    cell = path[local] * links.linked.size + feed[local]
    distinct, where = np.unique(cell, return_inverse=True)
    p, f = distinct // links.linked.size, distinct % links.linked.size
    k = links.asset[f]
    depth = links.depth[f] * state.depth[p]
    total = segment_sums(flow[local], where, distinct.size)
    size = total * thinness(setup, state, p, k) / depth
    before = memory.root[p, f]
    after = traded_root(before, size)
    common = state.market[p, k]
    mean = common * (before * np.where(state.switches.slippage[p], after, before))
    execution[local] = mean[where]
    if state.market_agents.makers is not None:
        units = total / (common * (before * before))
        _for_makers(state, p, k, units, mean)
    memory.root[p, f] = np.where(state.switches.trace[p], after, before)
    market[local] = (common * (memory.root[p, f] * memory.root[p, f]))[where]
    return execution, market
