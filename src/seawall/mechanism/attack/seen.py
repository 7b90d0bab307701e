"""What a venue sees of a price that is held away from its market for a while.

With the market at the factor f for h seconds, in the order of the venue's oracle:

    average over w seconds    1 + (f - 1) min(h / w, 1)
    deviation                 nothing is published of a move below it
    cap                       at most per_hour x h, or (1 + per_update)^(h / step) - 1, away; never
                              above the ceiling
    delay                     nothing is seen before the delay and one look are over

A median of n sources is counted apart: all watch the one market here, and where each had a market
of its own (n + 1) / 2 of them would have to be moved.

Source: the slots `oracle_source`, `oracle_cap` and the feed of the rulebook (oracle/). Wrong when:
an update is sent for other reasons meanwhile (heartbeat), blocks come late, or a venue measures by
a mechanism of its user's own, which is taken to show the market price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.mechanism.attack.cost import Floats
from seawall.oracle.capped import Capped
from seawall.oracle.median import Median
from seawall.oracle.twap import Twap


@dataclass(frozen=True)
class Sight:
    """How a venue sees an asset: fractions and seconds; infinite bounds do not bind."""

    step_seconds: float
    deviation: float = 0.0
    delay_seconds: float = 0.0
    window_seconds: float = 0.0
    per_hour: float = math.inf
    per_update: float = math.inf
    highest: float = math.inf
    sources: int = 1


def sight_of(setup: Setup, v: int, k: int) -> Sight:
    """The sight of venue ``v`` on asset ``k``."""
    name, rulebook, slots = setup.table.assets[k], setup.rulebooks[v], setup.mechanisms[v]
    feed = rulebook.feeds.get(name, rulebook.feed)
    twap = chosen(slots, "oracle_source", Twap)
    median = chosen(slots, "oracle_source", Median)
    cap = chosen(slots, "oracle_cap", Capped)
    twap = None if twap is None or not _serves(twap.assets, name) else twap
    median = None if median is None or not _serves(median.assets, name) else median
    cap = None if cap is None or not _serves(cap.assets, name) else cap
    ceiling = math.inf if cap is None or cap.ceiling is None else cap.ceiling / setup.spot[k]
    return Sight(
        step_seconds=setup.step_seconds,
        deviation=feed.deviation,
        delay_seconds=feed.delay_seconds,
        window_seconds=0.0 if twap is None else twap.window_seconds,
        per_hour=math.inf if cap is None or cap.per_hour is None else cap.per_hour,
        per_update=math.inf if cap is None or cap.per_update is None else cap.per_update,
        highest=ceiling,
        sources=1 if median is None else len(median.sources),
    )


def _serves(assets: tuple[str, ...], name: str) -> bool:
    return not assets or name in assets


def seen(sight: Sight, factor: Floats, hold: Floats) -> Floats:
    """Factor seen at the end of ``hold`` seconds at ``factor``; shapes broadcast."""
    part = 1.0 if sight.window_seconds == 0.0 else np.minimum(hold / sight.window_seconds, 1.0)
    move = (factor - 1.0) * part
    move = np.where(np.abs(move) < sight.deviation, 0.0, move)
    bound = np.full(np.shape(move), math.inf)
    if math.isfinite(sight.per_hour):
        bound = np.minimum(bound, sight.per_hour * hold / 3_600.0)
    if math.isfinite(sight.per_update):
        updates = np.floor(hold / sight.step_seconds + 1e-9)
        bound = np.minimum(bound, (1.0 + sight.per_update) ** np.minimum(updates, 1e4) - 1.0)
    move = np.clip(move, -bound, bound)
    late = hold < sight.delay_seconds + sight.step_seconds - 1e-9
    # Without a delay the look comes at once.
    late &= sight.delay_seconds > 0.0
    out: Floats = np.minimum(1.0 + np.where(late, 0.0, move), max(sight.highest, 1.0))
    return out
