"""What compiled quiet steps work on where mechanisms act in them: their rules and their memory.

The records are those of the mechanisms themselves; what a Case does not have is an empty record,
and a flag says so. Arrays: p paths, k assets, f feeds, s steps, v venues.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from seawall.breaker.price_band import BandMemory, BandRule
from seawall.breaker.staleness import StalenessMemory, StalenessRule
from seawall.breaker.velocity import VelocityMemory, VelocityRule
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.layout_kernel import Array
from seawall.cascade.market_records import MarketRule, MarketState
from seawall.impact.depth import DepthMemory, DepthRule
from seawall.impact.links import LinkMemory, LinkRule
from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule
from seawall.oracle.auction_delayed import AuctionMemory, AuctionRule
from seawall.oracle.capped import CappedMemory, CappedRule
from seawall.oracle.confidence import ConfidenceMemory, ConfidenceRule
from seawall.oracle.landing import LandingMemory, LandingRule
from seawall.oracle.median import MedianMemory, MedianRule
from seawall.oracle.publication import OracleMemory, OracleRule, PushMemory, PushRule
from seawall.oracle.pull import PullMemory, PullRule
from seawall.oracle.twap import TwapMemory, TwapRule
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides


class Has(NamedTuple):
    """Which mechanisms a Case has."""

    market: bool  # depth, links, or an impact law that is not the scenario's
    depth: bool
    links: bool
    stages: bool  # feeds do not merely push the common market price
    blocks: bool  # some venue of the links trades in blocks
    band: bool
    velocity: bool
    staleness: bool
    stamps: bool  # the oracle says when a price was sent
    width: bool  # some feed says by how much its price may be wrong
    scale: bool
    thin: bool  # margin follows depth somewhere
    pools: bool


class Market(NamedTuple):
    """Prices: impact, depth, linked venues."""

    rule: MarketRule
    state: MarketState
    venue: Array  # (f,)
    idle: Array  # (p, s + 1, v) no block comes in this step


class Oracle(NamedTuple):
    """All stages of the feeds."""

    rule: OracleRule
    memory: OracleMemory


class Breakers(NamedTuple):
    """What breakers watch."""

    band: BandRule
    band_memory: BandMemory
    velocity: VelocityRule
    velocity_memory: VelocityMemory
    staleness: StalenessRule
    staleness_memory: StalenessMemory


class Margin(NamedTuple):
    """Factors on margin."""

    rule: ScaleRule
    memory: ScaleMemory


class Pools(NamedTuple):
    """Sides of markets whose pool may cut them."""

    sides: PoolSides
    memory: PoolMemory


class Scratch(NamedTuple):
    """Working room of one path and step."""

    seen: Array  # (f,) market price at each feed's venue
    shown: Array  # (f,) price that the oracle shows
    width: Array  # (f,) fraction of the step before
    turn: Array  # (f,) of factors on margin in this step
    away: Array  # (f,) of factors from the start
    thin: Array  # (k,) depth lost


class Quiet(NamedTuple):
    """All of them. Kernels are given the parts: what is passed on is dear to compile."""

    has: Has
    market: Market
    oracle: Oracle
    breakers: Breakers
    margin: Margin
    pools: Pools
    scratch: Scratch


Members = tuple[str | type, ...]
SPECS: dict[type, Members] = {
    DepthRule: ("f0", "f0", "f0"),
    DepthMemory: ("f2",),
    LinkRule: ("b1", "b1", "i1", *("f1",) * 6),
    LinkMemory: ("f2", "f2", "i2", "b2"),
    MarketRule: (
        *("i0", "f2", "f1", "f0", "f0", "f0", "f1", "b0", "f1"),
        *("b0", DepthRule, "b0", "b0", LinkRule, "i1"),
    ),
    MarketState: (*("f2",) * 5, "f1", DepthMemory, LinkMemory, *("f1",) * 4),
    TwapRule: ("i1", "i1"),
    TwapMemory: ("f3", "f2"),
    MedianRule: (*("i1",) * 4, "i2", "f2", "f1", "f1", "f1", "i1", "b1", "f1", "f1"),
    MedianMemory: ("f3", "i3", "f3", "f2", "f3"),
    PushRule: ("f1", "f1", "i1"),
    PushMemory: ("f2", "i2", "f3", "i3"),
    PullRule: (*("i1",) * 5, "f1", "i1"),
    PullMemory: ("f3", "f2", "i2", "i2", "f3"),
    LandingRule: ("i1", "i1"),
    LandingMemory: ("f3", "i3", "f2", "i2", "j3"),
    CappedRule: ("i1", "f1", "f1", "f1", "f1", "b1"),
    CappedMemory: ("f2", "f2", "f2"),
    AuctionRule: ("i1", "f1", "i1"),
    AuctionMemory: ("f2", "i2", "i2", "j3"),
    ConfidenceRule: ("i1", *("f1",) * 5),
    ConfidenceMemory: ("f2", "f2"),
    OracleRule: (
        *(TwapRule, MedianRule, PushRule, PullRule, LandingRule, CappedRule, AuctionRule),
        *(ConfidenceRule, "b1"),
    ),
    OracleMemory: (
        *(TwapMemory, MedianMemory, PushMemory, PullMemory, LandingMemory, CappedMemory),
        *(AuctionMemory, ConfidenceMemory, "i2", "b2", "f2", "b1"),
    ),
    BandRule: ("i1", "i1", "f1", "f1", "i1", "f1"),
    BandMemory: ("f2",),
    VelocityRule: ("i1", "f1", "f1", "i1", "i1"),
    VelocityMemory: ("f3", "f3", "f2", "f2", "i2"),
    StalenessRule: ("i1", "i1", "i1"),
    StalenessMemory: ("i3", "b2"),
    ScaleRule: ("i1", "i1", "i1", *("f1",) * 6),
    ScaleMemory: ("f2",) * 6,
    PoolSides: ("i1", "f1", "i1", "i1", "f1", "f1", "f1"),
    PoolMemory: ("f2", "f2", "f2", "b1"),
    Has: ("b0",) * 13,
    Market: (MarketRule, MarketState, "i1", "b3"),
    Oracle: (OracleRule, OracleMemory),
    Breakers: (
        *(BandRule, BandMemory, VelocityRule, VelocityMemory, StalenessRule, StalenessMemory),
    ),
    Margin: (ScaleRule, ScaleMemory),
    Pools: (PoolSides, PoolMemory),
    Scratch: ("f1",) * 6,
    Quiet: (Has, Market, Oracle, Breakers, Margin, Pools, Scratch),
}


def quiet_types() -> tuple[Any, ...]:
    """Numba types of the parts of Quiet."""
    return tuple(_member(one) for one in SPECS[Quiet])


def quiet_type(cls: type) -> Any:
    """The Numba type of one of the records above."""
    from numba import types

    named: Any = types.NamedTuple
    alike: Any = types.NamedUniTuple
    members = [_member(one) for one in SPECS[cls]]
    if all(one == members[0] for one in members):
        return alike(members[0], len(members), cls)
    return named(members, cls)


def _member(one: str | type) -> Any:
    return layout.types_of(one)[0] if isinstance(one, str) else quiet_type(one)
