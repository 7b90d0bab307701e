"""Compiled market's part of a step on one path: the bits of `move_market` of market_step.py.

Who cannot trade in a step (``links.halted``) is the caller's to say, before the step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.impact.depth_kernel import depth_step
from seawall.impact.law_kernel import displacement
from seawall.impact.links_kernel import arbitrage_step, stand_still

if TYPE_CHECKING:
    from seawall.cascade.market_records import MarketRule, MarketState

Floats = NDArray[np.float64]


@row_helper
def outstanding(temporary: Floats, permanent: Floats, out: Floats) -> int:
    """Flow outstanding (k,) into ``out``, and of how many assets there is any."""
    count = np.int64(0)
    for k in range(out.size):
        flow = temporary[k] + permanent[k]
        out[k] = flow
        count += np.int64(flow != 0.0)
    return int(count)


@row_helper
def count_nonzero(values: Floats) -> int:
    """How many of a row (k,) are not zero."""
    count = np.int64(0)
    for k in range(values.size):
        count += np.int64(values[k] != 0.0)
    return int(count)


@row_helper
def recover_row(
    decay: float,
    price: Floats,
    permanent: Floats,
    market: Floats,
    exogenous: Floats,
    temporary: Floats,
    start: Floats,
    before: Floats,
    flow: Floats,
) -> int:
    """Impact (k,) decays and the path goes on; ``flow`` outstanding, and where there is any."""
    count = np.int64(0)
    for k in range(price.size):
        start[k], before[k], exogenous[k] = market[k], market[k], price[k]
        left = temporary[k] * decay
        temporary[k] = left
        flow[k] = left + permanent[k]
        count += np.int64(flow[k] != 0.0)
    return int(count)


@row_helper
def multiply_row(values: Floats, factor: float, out: Floats) -> None:
    """A row (k,) times one number."""
    for k in range(out.size):
        out[k] = values[k] * factor


@row_helper
def feel_row(weight: float, expected: Floats, market: Floats, before: Floats, felt: Floats) -> None:
    """Volatility felt (k,) follows the market's moves."""
    for k in range(market.size):
        move = abs(market[k] / before[k] - 1.0) / expected[k]
        felt[k] = felt[k] + weight * (move - felt[k])


@record_helper
def price_assets(rule: MarketRule, state: MarketState, p: int, outstanding: int) -> None:
    """Market prices from exogenous ones and the flow in ``state.factor``, which so many have."""
    exogenous, market, flow = state.exogenous[p], state.market[p], state.factor
    if outstanding == 0:
        # Without flow the factor depends on nothing else.
        factor = displacement(rule.code, rule.constants, rule.strength[0], 0.0)
        multiply_row(exogenous, factor, market)
        return
    for k in range(market.size):
        factor = displacement(rule.code, rule.constants, rule.strength[k], flow[k])
        market[k] = exogenous[k] * factor


@record_helper
def stand(rule: MarketRule, state: MarketState, p: int) -> None:
    """Pools keep the price they had at common prices ``state.before``."""
    if not (rule.stands and math.isfinite(state.depth[p])):
        return
    for k in range(state.market.shape[1]):
        state.factor[k] = math.sqrt(state.market[p, k] / state.before[k])
    stand_still(rule.links, state.links, p, state.factor)


@record_helper
def arbitrage(rule: MarketRule, state: MarketState, p: int) -> None:
    """Pools stand, arbitrageurs act, and what they carry over moves the market again."""
    stand(rule, state, p)
    arbitrage_step(rule.links, state.links, p, state.depth[p], state.left.share, state.flow)
    moved = count_nonzero(state.flow) > 0
    if not (state.trace[p] and moved):
        return
    for k in range(state.market.shape[1]):
        flow = state.flow[k] * rule.passed[k]
        state.temporary[p, k] += (1.0 - rule.permanent_share) * flow
        state.permanent[p, k] += rule.permanent_share * flow
        state.before[k] = state.market[p, k]
    count = outstanding(state.temporary[p], state.permanent[p], state.factor)
    price_assets(rule, state, p, count)
    stand(rule, state, p)


@record_helper
def move_market(rule: MarketRule, state: MarketState, p: int, exogenous: Floats) -> None:
    """One step of path ``p`` to exogenous prices (k,): recovery, prices, arbitrage, depth."""
    market = state.market[p]
    count = recover_row(
        rule.decay,
        exogenous,
        state.permanent[p],
        market,
        state.exogenous[p],
        state.temporary[p],
        state.start,
        state.before,
        state.factor,
    )
    price_assets(rule, state, p, count)
    if rule.has_links:
        arbitrage(rule, state, p)
    felt = state.restlessness[p]
    feel_row(rule.volatility_weight, rule.expected_move, market, state.start, felt)
    if rule.has_depth:
        depth_step(rule.depth, state.left, p, state.restlessness)


@record_helper
def venue_price(rule: MarketRule, state: MarketState, p: int, f: int) -> float:
    """Market price at the venue of a feed."""
    common: float = state.market[p, rule.feed_asset[f]]
    if not rule.has_links:
        return common
    root = state.links.root[p, f]
    own: float = common * (root * root)
    return own
