"""Linked venues: a venue's own price of an asset leaves the common one and is pulled back.

Forced orders at a linked venue trade in that venue's own book, which behaves like a constant
product (amm.py) of depth d = share x the asset's depth around the common price. With r the square
root of (venue's price / common price), an order of flow F moves it by

    r += F / (2 d)   (purchases)          1 / r += |F| / (2 d r^2)   (sales, of |F| / r^2 units)

Once a step arbitrageurs trade against a price that is further than a factor 1 + half_spread from
the common one, up to that edge (a = sqrt(1 + half_spread), r in [1/a, a]) and with at most
capital_per_second x dt of quote at the venue. They trade as much the other way in the common
market, which is how a fall spreads: flow of 2 share |1/r0 - 1/r1| of the asset's depth. A halted
venue keeps its price: one whose chain brings no block in a step, or whose velocity breaker has
tripped. What makers do when the common price moves is ``quotes``: "follow" moves
along, "stand" leaves the venue's price where it is until somebody trades (a pool). Arbitrageurs
are part of the outside world and so are those they trade with; their profit, after the half spread
on the venue's leg and at the common price, is kept apart: 2 d |(r0 - r1)(1 - edge^+-1 / (r0 r1))|.

Sources: Gromb and Vayanos (2010), "Limits of arbitrage", for the idea; Milionis, Moallemi and
Roughgarden, arXiv:2305.14604, for pools that stand and the band of the fee (tests/papers).
Wrong when: the same capital serves all venues at once, transfers take longer than a step, or makers
of the venue withdraw because of the gap (the slot ``depth`` thins all venues alike).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    AMOUNT,
    FRACTION,
    POSITIVE_FRACTION,
    choices,
)
from seawall.foundation.record import number, word

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LinkedVenue:
    """What is known of one venue.

    share               the venue's depth as a share of each asset's, a fraction above 0
    half_spread         factor less one within which nobody acts: half the spread plus fees
    capital_per_second  quote that arbitrageurs can trade at the venue, per asset and second
    quotes              "follow" (makers) or "stand" (a pool) when the common price moves
    """

    share: float = number(POSITIVE_FRACTION)
    half_spread: float = number(FRACTION)
    capital_per_second: float = number(AMOUNT)
    quotes: str = word(("follow", "stand"), "follow")


@dataclass(frozen=True)
class Links:
    """venues   the linked ones by name; the others trade in the common market itself."""

    venues: Mapping[str, LinkedVenue]


class LinkRule(NamedTuple):
    """Feeds as columns, (f,).

    linked   the feed has a price of its own; stands: it does not follow the common price
    asset    index of the asset whose common price it is compared with
    share    of the asset's depth that is the venue's
    depth    quote per unit of log-price of the venue's book; infinite where nothing moves it
    edge     1 + half_spread; low = 1 / sqrt(edge), high = sqrt(edge)
    capital  quote per step
    """

    linked: Bools
    stands: Bools
    asset: Ints
    share: Floats
    depth: Floats
    edge: Floats
    low: Floats
    high: Floats
    capital: Floats


class LinkMemory(NamedTuple):
    """(p, f) each: ``root`` of venue's over common price; ``profit`` of arbitrageurs, quote;
    ``traded`` steps in which they acted; ``halted`` feeds at which nobody can trade now.
    """

    root: Floats
    profit: Floats
    traded: Ints
    halted: Bools


def compile_links(
    links: Links,
    venues: Sequence[str],
    feed_venue: Ints,
    feed_asset: Ints,
    depth: Floats,
    step_seconds: float,
) -> LinkRule:
    """Columns of the links by feed; ``depth`` (k,) of the assets, infinite where nothing moves one.

    Raises InputError for a venue that the Case does not have.
    """
    for name in links.venues:
        if name not in venues:
            raise InputError(
                f"[mechanisms.links.venues] names {name!r}", expected=choices(name, venues)
            )
    found = [links.venues.get(venues[v]) for v in feed_venue]
    # A market that no flow can move has one price everywhere.
    linked = np.array([rule is not None for rule in found]) & np.isfinite(depth[feed_asset])
    rules = [LinkedVenue(1.0, 0.0, 0.0) if rule is None else rule for rule in found]
    share = np.array([rule.share for rule in rules])
    high = np.array([math.sqrt(1.0 + rule.half_spread) for rule in rules])
    return LinkRule(
        linked=linked,
        stands=linked & np.array([rule.quotes == "stand" for rule in rules]),
        asset=feed_asset.astype(np.int64),
        share=share,
        depth=share * depth[feed_asset],
        edge=np.array([1.0 + rule.half_spread for rule in rules]),
        low=1.0 / high,
        high=high,
        capital=np.array([rule.capital_per_second for rule in rules]) * step_seconds,
    )


def begin_links(paths: int, feeds: int) -> LinkMemory:
    """Every venue has the common price."""
    return LinkMemory(
        root=np.ones((paths, feeds)),
        profit=np.zeros((paths, feeds)),
        traded=np.zeros((paths, feeds), dtype=np.int64),
        halted=np.zeros((paths, feeds), dtype=bool),
    )


def stand_still(rule: LinkRule, memory: LinkMemory, path: Ints, factor: Floats) -> None:
    """The common prices of paths (n,) have moved by sqrt(new / old) = ``factor`` (n, k): venues
    that do not follow stay where they are.
    """
    for f in np.flatnonzero(rule.stands):
        memory.root[path, f] = memory.root[path, f] / factor[:, rule.asset[f]]


def arbitrage_step(
    rule: LinkRule, memory: LinkMemory, depth: Floats, share: Floats, flow: Floats
) -> None:
    """Arbitrageurs act once on every path: ``memory`` is overwritten.

    ``depth`` (p,) factor on depth of each path; ``share`` (p, k) of depth that is there now;
    ``flow`` (p, k) becomes what they trade in the common markets, over the asset's depth. Where a
    path's depth is infinite there is one price, and nothing to do.
    """
    flow[:] = 0.0
    usual = np.where(np.isfinite(depth), depth, 1.0)
    for f in np.flatnonzero(rule.linked):
        k = rule.asset[f]
        here = rule.depth[f] * usual * share[:, k]
        before = memory.root[:, f]
        wanted = np.minimum(np.maximum(before, rule.low[f]), rule.high[f])
        reach = rule.capital[f] / (2.0 * here)
        after = np.minimum(np.maximum(wanted, before - reach), before + reach)
        acts = (after != before) & ~memory.halted[:, f]
        after = np.where(acts, after, before)
        # Units go the other way: bought at the venue, sold in the common market.
        units = 1.0 / after - 1.0 / before
        edge = np.where(after < before, rule.edge[f], 1.0 / rule.edge[f])
        gain = 2.0 * here * ((before - after) - (before - after) / (before * after) * edge)
        flow[:, k] += np.where(acts, 2.0 * rule.share[f] * units, 0.0)
        memory.profit[:, f] += np.where(acts, gain, 0.0)
        memory.traded[:, f] += acts
        memory.root[:, f] = after


def traded_root(root: Floats, flow: Floats) -> Floats:
    """Root of the venue's price after a forced order (n,): ``flow`` over the venue's depth, signed,
    at the venue's price before it. The order pays root before x root after, over the common price.
    """
    bought = root + 0.5 * flow
    sold = root / (1.0 + 0.5 * np.abs(flow) / root)
    return np.where(flow < 0.0, sold, bought)
