"""What a market's slots say, compiled, and what they remember: impact law, depth, linked venues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.table import Chosen, chosen, refuse_both
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.impact.amm import Amm
from seawall.impact.book_walk import BookWalk
from seawall.impact.concentrated_amm import ConcentratedAmm
from seawall.impact.depth import DepthMemory, DepthRule, Resilience, begin_depth, compile_depth
from seawall.impact.depth_schedule import DepthSchedule, ScheduleRule, compile_schedule
from seawall.impact.law import ImpactLaw, named_law, slot_law
from seawall.impact.links import LinkMemory, LinkRule, Links, begin_links, compile_links
from seawall.margin.table.margin_table import MarginTable


@dataclass(frozen=True)
class MarketRules:
    """The impact law of all markets; depth, schedule, links are None where their slot is left out.

    makers   True where the depth that is there is what makers quote (`market_agents.py`)
    feed     (v, k) feed at which a venue sees an asset, -1: it does not
    passed   (k,) an asset's depth over what the impact law divides flow by: the size, for the law,
             of what arbitrageurs carry into the common market
    """

    law: ImpactLaw
    depth: DepthRule | None
    schedule: ScheduleRule | None
    makers: bool
    links: LinkRule | None
    feed: Ints
    passed: Floats


@dataclass(frozen=True)
class MarketMemory:
    """What depth and links remember along the paths, and the factor (k,) on depth by the clock now;
    None where their slot is left out.
    """

    depth: DepthMemory | None
    schedule: Floats | None
    links: LinkMemory | None


def impact_law(case: Case, slots: Chosen) -> ImpactLaw:
    """The law that ``scenario.impact`` or the slot ``impact`` says.

    Raises InputError where both do.
    """
    word = case.market.scenario.impact
    found = slots.get("impact")
    if not isinstance(found, BookWalk | Amm | ConcentratedAmm):
        return named_law(word)
    if word != "linear":
        raise refuse_both("impact", "scenario.impact", "market")
    return slot_law(found)


def compile_market(
    case: Case, slots: Chosen, table: MarginTable, divisor: Floats, step_seconds: float
) -> MarketRules:
    """Compile the market's slots; ``divisor`` (k,) is what the impact law divides flow by.

    Raises InputError for a slot that contradicts the scenario, and for links of an unknown venue
    or of one that has no order book.
    """
    feed = np.full((len(table.venues), len(table.assets)), -1, dtype=np.int64)
    feed[table.feed_venue, table.feed_asset] = np.arange(table.feed_asset.size)
    depth = np.array([case.market.assets[name].depth for name in table.assets])
    depth[table.assets.index(case.quote)] = np.inf
    finite = np.isfinite(depth) & np.isfinite(divisor)
    passed = np.ones_like(depth)
    np.divide(depth, divisor, out=passed, where=finite)
    resilience = chosen(slots, "depth", Resilience)
    if resilience is not None and case.market.scenario.thinning > 0:
        raise refuse_both("depth", "scenario.thinning", "market")
    schedule = chosen(slots, "depth_schedule", DepthSchedule)
    links = chosen(slots, "links", Links)
    if links is not None:
        _refuse_lenders(case, links)
    return MarketRules(
        law=impact_law(case, slots),
        depth=None if resilience is None else compile_depth(resilience, step_seconds),
        schedule=None
        if schedule is None
        else compile_schedule(schedule, table.assets, step_seconds),
        makers="makers" in slots,
        links=None
        if links is None
        else compile_links(
            links, table.venues, table.feed_venue, table.feed_asset, depth, step_seconds
        ),
        feed=feed,
        passed=passed,
    )


def _refuse_lenders(case: Case, links: Links) -> None:
    for name in links.venues:
        rulebook = case.rulebooks.get(name)
        if rulebook is not None and rulebook.liquidation.style == "keeper":
            raise InputError(
                f"[mechanisms.links.venues] names {name!r}, whose keepers sell elsewhere",
                file="market",
                expected="venues with an order book or a pool of their own",
            )


def begin_market(rules: MarketRules, paths: int) -> MarketMemory:
    """All depth is there and every venue has the common price."""
    assets, feeds = rules.passed.size, int(rules.feed.max(initial=-1)) + 1
    return MarketMemory(
        begin_depth(paths, assets) if rules.makers or rules.depth is not None else None,
        None if rules.schedule is None else np.ones(assets),
        None if rules.links is None else begin_links(paths, feeds),
    )
