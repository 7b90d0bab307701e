"""What compiled quiet steps work on where mechanisms act in them: their rules and their memory.

The records are those of the mechanisms themselves; what a Case does not have is an empty record,
and a flag says so. They are named here with their fields and types and not imported: who changes
one changes this file too, which is part of the cache's key. Arrays: p paths, k assets, f feeds,
s steps, v venues.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from seawall.cascade.fast.layout_kernel import SHORT, Array, types_of
from seawall.waterfall.pool_sides_kernel import PoolMemory, PoolSides

if TYPE_CHECKING:
    from seawall.breaker.price_band import BandMemory, BandRule
    from seawall.breaker.staleness import StalenessMemory, StalenessRule
    from seawall.breaker.velocity import VelocityMemory, VelocityRule
    from seawall.cascade.market_records import MarketRule, MarketState
    from seawall.margin.dynamic.scaling import ScaleMemory, ScaleRule
    from seawall.oracle.publication import OracleMemory, OracleRule

KINDS = frozenset(kind + str(rank) for kind in SHORT for rank in range(4))


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
    turned: Array  # (f,) both with what widths take
    gone: Array
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


# Kinds of members as in layout_kernel.py, or the name of a record.
RECORDS: Mapping[str, str] = {
    "seawall.impact.depth.DepthRule": "thinning:f0 refill:f0 floor:f0",
    "seawall.impact.depth.DepthMemory": "share:f2",
    "seawall.impact.links.LinkRule": (
        "linked:b1 stands:b1 asset:i1 share:f1 depth:f1 edge:f1 low:f1 high:f1 capital:f1"
    ),
    "seawall.impact.links.LinkMemory": "root:f2 profit:f2 traded:i2 halted:b2",
    "seawall.cascade.market_records.MarketRule": (
        "code:i0 constants:f2 strength:f1 decay:f0 permanent_share:f0 volatility_weight:f0 "
        "expected_move:f1 passed:f1 has_depth:b0 depth:DepthRule has_links:b0 "
        "stands:b0 links:LinkRule feed_asset:i1"
    ),
    "seawall.cascade.market_records.MarketState": (
        "exogenous:f2 market:f2 temporary:f2 permanent:f2 restlessness:f2 depth:f1 trace:b1 "
        "left:DepthMemory links:LinkMemory start:f1 before:f1 flow:f1 factor:f1"
    ),
    "seawall.oracle.twap.TwapRule": "feed:i1 window:i1",
    "seawall.oracle.twap.TwapMemory": "ring:f3 mean:f2",
    "seawall.oracle.median.MedianRule": (
        "feed:i1 group:i1 sources:i1 first:i1 lag:i2 noise:f2 own:f1 common:f1 share:f1 "
        "length:i1 wrong:b1 error:f1 reject:f1"
    ),
    "seawall.oracle.median.MedianMemory": "ring:f3 until:i3 stood:f3 seen:f2 numbers:f3",
    "seawall.oracle.publication.PushRule": "deviation:f1 heartbeat_steps:f1 delay_steps:i1",
    "seawall.oracle.publication.PushMemory": "sent:f2 age:i2 ring:f3 stamps:i3",
    "seawall.oracle.pull.PullRule": (
        "feed:i1 interval:i1 delay:i1 max_age:i1 group:i1 chance:f1 length:i1"
    ),
    "seawall.oracle.pull.PullMemory": "ring:f3 shown:f2 stamp:i2 out:i2 numbers:f3",
    "seawall.oracle.landing.LandingRule": "feed:i1 group:i1",
    "seawall.oracle.landing.LandingMemory": "ring:f3 ring_stamp:i3 shown:f2 stamp:i2 seen_from:j3",
    "seawall.oracle.capped.CappedRule": (
        "feed:i1 per_update:f1 speed:f1 growth:f1 ceiling:f1 only_updates:b1"
    ),
    "seawall.oracle.capped.CappedMemory": "start:f2 came:f2 shown:f2",
    "seawall.oracle.auction_delayed.AuctionRule": "feed:i1 trigger:f1 group:i1",
    "seawall.oracle.auction_delayed.AuctionMemory": "shown:f2 stamp:i2 until:i2 hold:j3",
    "seawall.oracle.confidence.ConfidenceRule": (
        "feed:i1 z:f1 floor:f1 ceiling:f1 factor:f1 weight:f1"
    ),
    "seawall.oracle.confidence.ConfidenceMemory": "last:f2 mean:f2",
    "seawall.oracle.publication.OracleRule": (
        "twap:TwapRule median:MedianRule push:PushRule pull:PullRule landing:LandingRule "
        "capped:CappedRule auction:AuctionRule confidence:ConfidenceRule used:b1"
    ),
    "seawall.oracle.publication.OracleMemory": (
        "twap:TwapMemory median:MedianMemory push:PushMemory pull:PullMemory "
        "landing:LandingMemory capped:CappedMemory auction:AuctionMemory "
        "confidence:ConfidenceMemory stamp:i2 usable:b2 width:f2 fresh:b1"
    ),
    "seawall.breaker.price_band.BandRule": (
        "feed:i1 asset:i1 low:f1 high:f1 reference:i1 weight:f1"
    ),
    "seawall.breaker.price_band.BandMemory": "average:f2",
    "seawall.breaker.velocity.VelocityRule": "feed:i1 rise:f1 fall:f1 samples:i1 halt_steps:i1",
    "seawall.breaker.velocity.VelocityMemory": "low:f3 high:f3 least:f2 most:f2 until:i2",
    "seawall.breaker.staleness.StalenessRule": "feed:i1 limit_steps:i1 delay_steps:i1",
    "seawall.breaker.staleness.StalenessMemory": "ring:i3 stale:b2",
    "seawall.margin.dynamic.scaling.ScaleRule": (
        "feed:i1 asset:i1 signal:i1 strength:f1 cap:f1 weight:f1 floor:f1 lower:f1 span:f1"
    ),
    "seawall.margin.dynamic.scaling.ScaleMemory": (
        "level:f2 factor:f2 first:f2 longs:f2 contracts:f2 turn:f2"
    ),
    "seawall.waterfall.pool_sides_kernel.PoolSides": (
        "market:i1 side:f1 feed:i1 settle:i1 factor:f1 inverse:f1 max_factor:f1"
    ),
    "seawall.waterfall.pool_sides_kernel.PoolMemory": "held:f2 cost:f2 pool:f2 stale:b1",
}
BUNDLES: Mapping[type, str] = {
    Has: " ".join(f"{name}:b0" for name in Has._fields),
    Market: "rule:MarketRule state:MarketState venue:i1 idle:b3",
    Oracle: "rule:OracleRule memory:OracleMemory",
    Breakers: (
        "band:BandRule band_memory:BandMemory velocity:VelocityRule velocity_memory:VelocityMemory "
        "staleness:StalenessRule staleness_memory:StalenessMemory"
    ),
    Margin: "rule:ScaleRule memory:ScaleMemory",
    Pools: "sides:PoolSides memory:PoolMemory",
    Scratch: " ".join(f"{name}:f1" for name in Scratch._fields),
}


def members(cls: type) -> list[str | type]:
    """Kinds of the members of one of these records, a class where one is a record itself."""
    full = f"{cls.__module__}.{cls.__name__}"
    words = [word.split(":") for word in (BUNDLES.get(cls) or RECORDS[full]).split()]
    names: tuple[str, ...] = cls._fields  # type: ignore[attr-defined]
    if [name for name, _ in words] != list(names):
        raise TypeError(f"{full} has other fields than quiet_layout_kernel.py says")
    return [kind if kind in KINDS else _class(kind) for _, kind in words]


def _class(name: str) -> type:
    for full in RECORDS:
        module, own = full.rsplit(".", 1)
        if own == name:
            found: type = getattr(import_module(module), name)
            return found
    raise TypeError(f"no record is called {name}")


def quiet_types() -> tuple[Any, ...]:
    """Numba types of the parts of Quiet."""
    return tuple(_type(cls) for cls in BUNDLES)


def _type(one: str | type) -> Any:
    from numba import types

    if isinstance(one, str):
        return types_of(one)[0]
    named: Any = types.NamedTuple
    alike: Any = types.NamedUniTuple
    found = [_type(member) for member in members(one)]
    if all(member == found[0] for member in found):
        return alike(found[0], len(found), one)
    return named(found, one)
