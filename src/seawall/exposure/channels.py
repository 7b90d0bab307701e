"""The four channels that DRE is split over beside price, and the world in which each acts or not.

* ``liquidity``: own exit cost. Off, orders execute at the market price before them;
* ``crowd``: crowd feedback. Off, no order leaves a trace in the price, nobody is deleveraged and
  nobody pays a share of another's loss;
* ``latency``: of oracles and settlement. Off, feeds show the market price at once and nothing
  waits to be settled;
* ``counterparty``: external failures. Off, nothing fails and nobody attacks.

A channel that a Case does not have needs no worlds of its own: with it and without it every path is
the same. What each switch means slot by slot is in docs/decisions/016-parts-of-dre.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from seawall.agents.top_up import TopUp
from seawall.cascade.engine import World
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.liquidation.keeper_race import Keepers
from seawall.waterfall.depositor_haircut import DepositorHaircut
from seawall.waterfall.pool_flag import PoolFlag

CHANNELS = ("liquidity", "crowd", "latency", "counterparty")


def world_with(on: Collection[str]) -> World:
    """The world in which these channels act and the others do not.

    Without own exit cost and without a trace in the price an order meets no depth at all, so linked
    venues then show the common price.
    """
    liquidity, crowd = "liquidity" in on, "crowd" in on
    latency = "latency" in on
    return World(
        depth=1.0 if liquidity or crowd else math.inf,
        fresh=not latency,
        failures="counterparty" in on,
        trace=crowd,
        slippage=liquidity,
        mutual=crowd,
        prompt=not latency,
    )


def channels_of(setup: Setup) -> tuple[str, ...]:
    """The channels that can act in a Case; of the others it is known that they add nothing."""
    has = {
        "liquidity": _has_depth(setup),
        "crowd": (_has_depth(setup) and setup.impact.feedback) or _shares_losses(setup),
        "latency": _waits(setup),
        "counterparty": setup.failures is not None or setup.attack is not None,
    }
    return tuple(name for name in CHANNELS if has[name])


def _has_depth(setup: Setup) -> bool:
    """Whether some order can meet a depth that is not infinite."""
    slots = {"impact", "links"} & set(setup.market_mechanisms)
    return bool(slots) or bool(np.isfinite(setup.impact.depth).any())


def _shares_losses(setup: Setup) -> bool:
    """Whether some venue deleverages winners or lets accounts pay for others' losses."""
    for rulebook, slots in zip(setup.rulebooks, setup.mechanisms, strict=True):
        layers = rulebook.waterfall.layers
        if rulebook.liquidation.style == "keeper":
            shares = chosen(slots, "socialise", DepositorHaircut) is not None
        else:
            last = "backstop" in layers and "socialised" not in layers
            shares = not last or "adl" in layers or chosen(slots, "adl", PoolFlag) is not None
        if shares:
            return True
    return False


def _waits(setup: Setup) -> bool:
    """Whether some price is seen late, or something waits to be settled."""
    if setup.oracles is not None or not setup.direct.all():
        return True
    for slots in setup.mechanisms:
        race, adds = chosen(slots, "keepers", Keepers), chosen(slots, "top_up", TopUp)
        if race is not None:
            slow = any(kind.latency_seconds > 0.0 for kind in race.kinds)
            if slow or race.recycle_seconds > 0.0:
                return True
        if adds is not None and _owners_wait(adds):
            return True
    return False


def _owners_wait(adds: TopUp) -> bool:
    return adds.delay_seconds > 0.0 or any((one.delay_seconds or 0.0) > 0.0 for one in adds.own)
