"""Compiled market's part of a step on one path: the bits of `move_market` of market_step.py.

Who cannot trade in a step (``links.halted``) is the caller's to say, before the step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper
from seawall.impact.depth_kernel import depth_step
from seawall.impact.law_kernel import displacement
from seawall.impact.links_kernel import arbitrage_step, stand_still

if TYPE_CHECKING:
    from seawall.cascade.market_records import MarketRule, MarketState

Floats = NDArray[np.float64]


@record_helper
def price_assets(rule: MarketRule, state: MarketState, p: int) -> None:
    """Market prices from exogenous ones and the flow outstanding."""
    for k in range(state.market.shape[1]):
        outstanding = state.temporary[p, k] + state.permanent[p, k]
        factor = displacement(rule.code, rule.constants, rule.strength[k], outstanding)
        state.market[p, k] = state.exogenous[p, k] * factor


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
    moved = False
    for k in range(state.flow.size):
        moved = moved or state.flow[k] != 0.0
    if not (state.trace[p] and moved):
        return
    for k in range(state.market.shape[1]):
        flow = state.flow[k] * rule.passed[k]
        state.temporary[p, k] += (1.0 - rule.permanent_share) * flow
        state.permanent[p, k] += rule.permanent_share * flow
        state.before[k] = state.market[p, k]
    price_assets(rule, state, p)
    stand(rule, state, p)


@record_helper
def move_market(rule: MarketRule, state: MarketState, p: int, exogenous: Floats) -> None:
    """One step of path ``p`` to exogenous prices (k,): recovery, prices, arbitrage, depth."""
    assets = exogenous.size
    for k in range(assets):
        state.start[k] = state.market[p, k]
        state.before[k] = state.market[p, k]
        state.exogenous[p, k] = exogenous[k]
        state.temporary[p, k] *= rule.decay
    price_assets(rule, state, p)
    if rule.has_links:
        arbitrage(rule, state, p)
    for k in range(assets):
        move = abs(state.market[p, k] / state.start[k] - 1.0) / rule.expected_move[k]
        felt = state.restlessness[p, k]
        state.restlessness[p, k] = felt + rule.volatility_weight * (move - felt)
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
