"""Which slots leave a step to the compiled loop: those that act only while an account is closed."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.breaker.price_band import PriceBand
from seawall.breaker.staleness import Staleness
from seawall.breaker.velocity import Velocity
from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.impact.amm import Amm
from seawall.impact.book_walk import BookWalk
from seawall.impact.concentrated_amm import ConcentratedAmm
from seawall.impact.depth import Resilience
from seawall.impact.links import Links
from seawall.margin.dynamic.scaling import DepthScaled, OpenInterestScaled, VolatilityScaled
from seawall.market.chain import Settlement
from seawall.oracle.auction_delayed import AuctionDelayed
from seawall.oracle.capped import Capped
from seawall.oracle.commit_then_settle import CommitThenSettle
from seawall.oracle.confidence import Confidence
from seawall.oracle.median import Median
from seawall.oracle.pull import Pull
from seawall.oracle.twap import Twap
from seawall.waterfall.pool_flag import PoolFlag

# Slots of a venue that act only while an account is being closed, or not at all in the loop.
CLOSING = frozenset(
    "sizing margin_call auction keepers adl socialise fund liquidation_rate_limit withdrawal_gate "
    "open_interest_cap".split()
)

# Slots, and their rules, of which the compiled loop does the part of a quiet step itself.
QUIET: Mapping[str, tuple[type, ...]] = {
    "oracle_source": (Twap, Median),
    "oracle": (Pull, CommitThenSettle),
    "oracle_cap": (Capped,),
    "oracle_auction": (AuctionDelayed,),
    "oracle_confidence": (Confidence,),
    "settlement": (Settlement,),
    "price_band": (PriceBand,),
    "velocity": (Velocity,),
    "staleness": (Staleness,),
    "dynamic_margin": (VolatilityScaled, DepthScaled, OpenInterestScaled),
}
QUIET_MARKET: Mapping[str, tuple[type, ...]] = {
    "impact": (BookWalk, Amm, ConcentratedAmm),
    "depth": (Resilience,),
    "links": (Links,),
}


def is_quietly_native(setup: Setup) -> bool:
    """Whether the compiled loop does quiet steps itself, mechanisms included.

    Only rules that are named above: whatever else there is keeps all paths in step.
    """
    market = setup.market_mechanisms
    if not all(type(rule) in QUIET_MARKET.get(slot, ()) for slot, rule in market.items()):
        return False
    return all(
        (slot in CLOSING and not isinstance(rule, Own)) or type(rule) in QUIET.get(slot, ())
        for mechanisms in setup.mechanisms
        for slot, rule in mechanisms.items()
    )


def is_plain_market(setup: Setup) -> bool:
    """Whether the compiled loop does quiet steps itself: no slot acts between path and check."""
    if setup.market_mechanisms or setup.oracles is not None or setup.scaling is not None:
        return False
    slots = {slot for mechanisms in setup.mechanisms for slot in mechanisms}
    own = any(isinstance(rule, Own) for m in setup.mechanisms for rule in m.values())
    return slots <= CLOSING and not has_pools(setup) and not own


def has_pools(setup: Setup) -> bool:
    """Whether some venue's pool may cut a side that makes too much profit."""
    return any(chosen(m, "adl", PoolFlag) is not None for m in setup.mechanisms)
