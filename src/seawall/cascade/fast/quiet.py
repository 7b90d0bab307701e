"""From a compiled Case and the state of a run to the records of compiled quiet steps, where
mechanisms act in every step.

The state keeps the same arrays: what was not in one piece is replaced in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import numpy as np

from seawall.book.book import Bools
from seawall.breaker.price_band import BandMemory, BandRule
from seawall.breaker.staleness import StalenessMemory, StalenessRule
from seawall.breaker.velocity import VelocityMemory, VelocityRule
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.compile import in_one_piece
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
from seawall.cascade.market_records import market_rule, market_state
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.margin.dynamic.scaling import DEPTH, ScaleMemory, ScaleRule
from seawall.oracle.publication import OracleMemory, OracleRule, push_memory, push_rule

Record = TypeVar("Record")
_ZERO: Mapping[str, int | float | bool] = {"i": 0, "f": 0.0, "b": False}


def begin_quiet(setup: Setup, state: State, columns: int) -> Quiet:
    """Rules and memory of a run of ``columns`` - 1 steps that begins at ``state``."""
    _keep_in_one_piece(state)
    has = _has(setup, state)
    feeds, assets = setup.table.feed_asset.size, len(setup.table.assets)
    return Quiet(
        has=has,
        market=Market(
            rule=in_one_piece(market_rule(setup)),
            state=market_state(setup, state),
            venue=in_one_piece(setup.table.feed_venue),
            idle=_idle(state, columns) if has.blocks else np.zeros((0, 0, 0), dtype=bool),
        ),
        oracle=_oracle(setup, state),
        breakers=_breakers(setup, state),
        margin=_margin(setup, state),
        pools=_pools(state),
        scratch=Scratch(
            seen=np.zeros(feeds),
            shown=np.zeros(feeds),
            width=np.zeros(feeds),
            turn=np.zeros(feeds),
            away=np.zeros(feeds),
            turned=np.zeros(feeds),
            gone=np.zeros(feeds),
            thin=np.ones(assets),
        ),
    )


def _oracle(setup: Setup, state: State) -> Oracle:
    if setup.oracles is None or state.oracle is None:
        return Oracle(_pushed(setup), _pushing(state))
    return Oracle(in_one_piece(setup.oracles.rule), state.oracle.memory)


def _breakers(setup: Setup, state: State) -> Breakers:
    rules, memory = setup.breakers, state.breakers
    if rules is None or memory is None:
        return _record(Breakers, None)
    return Breakers(
        band=_record(BandRule, rules.band),
        band_memory=_record(BandMemory, memory.band),
        velocity=_record(VelocityRule, rules.velocity),
        velocity_memory=_record(VelocityMemory, memory.velocity),
        staleness=_record(StalenessRule, rules.staleness),
        staleness_memory=_record(StalenessMemory, memory.staleness),
    )


def _margin(setup: Setup, state: State) -> Margin:
    return Margin(_record(ScaleRule, setup.scaling), _record(ScaleMemory, state.scale))


def _pools(state: State) -> Pools:
    pools = state.pools
    if pools is None:
        return _record(Pools, None)
    return Pools(in_one_piece(pools.sides), pools.memory)


def _has(setup: Setup, state: State) -> Has:
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
        width=state.quotes.width is not None,
        scale=scaling is not None,
        thin=scaling is not None and bool(np.any(scaling.signal == DEPTH)),
        pools=state.pools is not None,
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
    depth, links = in_one_piece(market.depth), in_one_piece(market.links)
    state.market_memory = replace(market, depth=depth, links=links)


def _record(cls: type[Record], found: Record | None) -> Record:
    """The record in one piece, an empty one where there is none."""
    empty: Any = _nothing
    out: Record = empty(cls) if found is None else in_one_piece(found)
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
    rule: OracleRule = _nothing(OracleRule)
    pushed = in_one_piece(push_rule(setup.feed_rule))
    return rule._replace(push=pushed, used=np.zeros(7, dtype=bool))


def _pushing(state: State) -> OracleMemory:
    memory: OracleMemory = _nothing(OracleMemory)
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
