"""The market's part of a step as records of arrays, for the compiled step of market_kernel.py."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.impact.depth import DepthMemory, DepthRule, begin_depth
from seawall.impact.links import LinkMemory, LinkRule, begin_links


class MarketRule(NamedTuple):
    """`seawall.cascade.setup.ImpactRule` and `seawall.cascade.market_rules.MarketRules` in one.

    Arrays (k,) but ``constants`` of the impact law; ``depth`` and ``links`` hold nothing of meaning
    where their slot is left out.
    """

    code: int
    constants: Floats
    strength: Floats
    decay: float
    permanent_share: float
    volatility_weight: float
    expected_move: Floats
    passed: Floats
    has_depth: bool
    depth: DepthRule
    has_links: bool
    stands: bool  # some linked venue does not follow the common price
    links: LinkRule
    feed_asset: Ints


class MarketState(NamedTuple):
    """Arrays (p, k), ``depth`` and ``trace`` (p,); what depth and links remember; working room of
    one path, (k,): prices at the start of the step and before arbitrage, flow, factor.
    """

    exogenous: Floats
    market: Floats
    temporary: Floats
    permanent: Floats
    restlessness: Floats
    depth: Floats
    trace: Bools
    left: DepthMemory
    links: LinkMemory
    start: Floats
    before: Floats
    flow: Floats
    factor: Floats


# What is not asked for: records that all runs share, with nothing in them to change.
NO_DEPTH = begin_depth(0, 0)
NO_LINKS = begin_links(1, 0)


def market_rule(setup: Setup) -> MarketRule:
    """The rule of a setup."""
    rules, impact = setup.market_rules, setup.impact
    nothing = np.zeros(0)
    none = np.zeros(0, dtype=bool)
    links = rules.links
    if links is None:
        asset = np.zeros(0, dtype=np.int64)
        links = LinkRule(none, none, asset, nothing, nothing, nothing, nothing, nothing, nothing)
    return MarketRule(
        code=rules.law.code,
        constants=rules.law.constants,
        strength=np.asarray(impact.strength, dtype=np.float64),
        decay=float(impact.decay),
        permanent_share=float(impact.permanent_share),
        volatility_weight=float(impact.volatility_weight),
        expected_move=impact.expected_move,
        passed=rules.passed,
        has_depth=rules.depth is not None,
        depth=DepthRule(0.0, 0.0, 1.0) if rules.depth is None else rules.depth,
        has_links=rules.links is not None,
        stands=rules.links is not None and bool(rules.links.stands.any()),
        links=links,
        feed_asset=setup.table.feed_asset,
    )


def market_state(setup: Setup, state: State) -> MarketState:
    """The arrays of a state, not copies: the plain step binds new ones for prices each time."""
    memory, assets = state.market_memory, state.market.shape[1]
    left = memory.depth
    if left is None:
        # Arbitrageurs ask how much is left.
        left = NO_DEPTH if memory.links is None else begin_depth(state.depth.size, assets)
    start, before, flow = np.zeros((3, assets))
    return MarketState(
        exogenous=np.ascontiguousarray(state.exogenous),
        market=state.market,
        temporary=state.temporary,
        permanent=state.permanent,
        restlessness=state.restlessness,
        depth=np.ascontiguousarray(state.depth, dtype=np.float64),
        trace=np.ascontiguousarray(state.switches.trace, dtype=bool),
        left=left,
        links=NO_LINKS if memory.links is None else memory.links,
        start=start,
        before=before,
        flow=flow,
        factor=np.ones(assets),
    )
