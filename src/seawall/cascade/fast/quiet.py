"""From a compiled Case and the state of a run to the records of compiled quiet steps, where
mechanisms act in every step.

The state keeps the same arrays: what was not in one piece is replaced in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

import numpy as np

from seawall.book.book import Bools, Ints
from seawall.breaker.price_band import BandMemory, BandRule
from seawall.breaker.staleness import StalenessMemory, StalenessRule
from seawall.breaker.velocity import VelocityMemory, VelocityRule
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.compile import in_one_piece, is_wide
from seawall.cascade.fast.quiet_layout_kernel import (
    Breakers,
    Has,
    Margin,
    Market,
    Oracle,
    Pools,
    Quiet,
    Scratch,
    members,
)
from seawall.cascade.fast.slots import has_pools
from seawall.cascade.market_records import MarketRule, MarketState, market_rule, market_state
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.margin.dynamic.scaling import DEPTH, ScaleMemory, ScaleRule
from seawall.oracle.publication import OracleMemory, OracleRule, push_memory, push_rule

Record = TypeVar("Record")
_ZERO: Mapping[str, int | float | bool] = {"i": 0, "f": 0.0, "b": False}


@dataclass(frozen=True)
class QuietRules:
    """What all runs of a Setup share; empty records where it lacks a mechanism.

    venue (f,) of each feed.
    """

    has: Has
    market: MarketRule
    venue: Ints
    oracle: OracleRule
    band: BandRule
    velocity: VelocityRule
    staleness: StalenessRule
    scale: ScaleRule


def compile_quiet(setup: Setup) -> QuietRules:
    """The rules of a Setup."""
    breakers = setup.breakers
    return QuietRules(
        has=_has(setup),
        market=in_one_piece(market_rule(setup)),
        venue=in_one_piece(setup.table.feed_venue),
        oracle=_pushed(setup) if setup.oracles is None else in_one_piece(setup.oracles.rule),
        band=_record(BandRule, None if breakers is None else breakers.band),
        velocity=_record(VelocityRule, None if breakers is None else breakers.velocity),
        staleness=_record(StalenessRule, None if breakers is None else breakers.staleness),
        scale=_record(ScaleRule, setup.scaling),
    )


def begin_quiet(setup: Setup, rules: QuietRules, state: State, columns: int) -> Quiet:
    """Rules and memory of a run of ``columns`` - 1 steps that begins at ``state``."""
    _keep_in_one_piece(state)
    has, idle = rules.has, np.zeros((0, 0, 0), dtype=bool)
    feeds, assets = setup.table.feed_asset.size, len(setup.table.assets)
    return Quiet(
        has=has,
        market=Market(
            rule=rules.market,
            state=market_state(setup, state) if has.market else _empty(MarketState),
            venue=rules.venue,
            idle=_idle(state, columns) if has.blocks else idle,
        ),
        oracle=Oracle(rules.oracle, _stages(has, state)),
        breakers=_breakers(rules, state),
        margin=Margin(rules.scale, _empty(ScaleMemory) if state.scale is None else state.scale),
        pools=_pools(state),
        scratch=_scratch(feeds, assets),
    )


def _scratch(feeds: int, assets: int) -> Scratch:
    seen, shown, width, turn, away, turned, gone = np.zeros((7, feeds))
    return Scratch(seen, shown, width, turn, away, turned, gone, np.ones(assets))


def _breakers(rules: QuietRules, state: State) -> Breakers:
    memory = state.breakers
    band = None if memory is None else memory.band
    velocity = None if memory is None else memory.velocity
    staleness = None if memory is None else memory.staleness
    return Breakers(
        band=rules.band,
        band_memory=_empty(BandMemory) if band is None else band,
        velocity=rules.velocity,
        velocity_memory=_empty(VelocityMemory) if velocity is None else velocity,
        staleness=rules.staleness,
        staleness_memory=_empty(StalenessMemory) if staleness is None else staleness,
    )


def _pools(state: State) -> Pools:
    pools = state.pools
    if pools is None:
        return _empty(Pools)
    return Pools(in_one_piece(pools.sides), pools.memory)


def _has(setup: Setup) -> Has:
    rules, oracles, scaling = setup.breakers, setup.oracles, setup.scaling
    links = setup.market_rules.links is not None
    return Has(
        market=bool(setup.market_mechanisms),
        depth=setup.market_rules.depth is not None,
        links=links,
        stages=oracles is not None or links,
        blocks=links and oracles is not None and any(c is not None for c in oracles.chains),
        band=rules is not None and rules.band is not None,
        velocity=rules is not None and rules.velocity is not None,
        staleness=rules is not None and rules.staleness is not None,
        stamps=oracles is not None,
        width=is_wide(setup),
        scale=scaling is not None,
        thin=scaling is not None and bool(np.any(scaling.signal == DEPTH)),
        pools=has_pools(setup),
    )


def _keep_in_one_piece(state: State) -> None:
    """Let the state hold its memory as compiled code is told it is."""
    oracle, breakers, market = state.oracle, state.breakers, state.market_memory
    if oracle is not None:
        oracle.memory = in_one_piece(oracle.memory)
        state.quotes.width = oracle.width
    if breakers is not None:
        breakers.band = in_one_piece(breakers.band)
        breakers.velocity = in_one_piece(breakers.velocity)
        breakers.staleness = in_one_piece(breakers.staleness)
    if state.scale is not None:
        state.scale = in_one_piece(state.scale)
        state.quotes.scale = state.scale.factor
    if state.pools is not None:
        state.pools = replace(state.pools, memory=in_one_piece(state.pools.memory))
    if market.depth is not None or market.links is not None:
        depth, links = in_one_piece(market.depth), in_one_piece(market.links)
        state.market_memory = replace(market, depth=depth, links=links)


def _record(cls: type[Record], found: Record | None) -> Record:
    """The record in one piece, an empty one where there is none."""
    out: Record = _empty(cls) if found is None else in_one_piece(found)
    return out


def _empty(cls: type[Record]) -> Record:
    nothing: Any = _nothing
    out: Record = nothing(cls)
    return out


@cache
def _nothing(cls: type) -> Any:
    """A record of empty arrays, which all runs share: there is nothing in them to change."""
    parts: list[Any] = []
    for one in members(cls):
        if not isinstance(one, str):
            parts.append(_nothing(one))
        elif one[1] == "0":
            parts.append(_ZERO[one[0]])
        else:
            dtype = layout.SHORT[one[0]].replace("boolean", "bool")
            parts.append(np.zeros((0,) * int(one[1]), dtype=dtype))
    return cls(*parts)


def _pushed(setup: Setup) -> OracleRule:
    """Feeds that push, without any other stage."""
    rule = _empty(OracleRule)
    pushed = in_one_piece(push_rule(setup.feed_rule))
    return rule._replace(push=pushed, used=np.zeros(7, dtype=bool))


def _stages(has: Has, state: State) -> OracleMemory:
    if state.oracle is not None:
        return state.oracle.memory
    memory = _empty(OracleMemory)
    if not has.stages:
        return memory
    shape = state.feeds.sent.shape
    return memory._replace(
        push=push_memory(state.feeds),
        stamp=np.zeros(shape, dtype=np.int64),
        usable=np.ones(shape, dtype=bool),
        width=np.zeros(shape),
        fresh=in_one_piece(state.fresh),
    )


def _idle(state: State, columns: int) -> Bools:
    """True (p, s + 1, v) where a venue that settles in blocks has none in a step."""
    assert state.oracle is not None
    out = np.zeros((state.depth.size, columns, len(state.oracle.blocks)), dtype=bool)
    for v, blocks in enumerate(state.oracle.blocks):
        if blocks is not None:
            out[:, :, v] = (blocks.count == 0) & ~state.switches.prompt[:, None]
    return out
