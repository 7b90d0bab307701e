"""Figures of oracles: what a venue sees of a falling market, stage by stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from docsbuild.figures.crash import SECONDS, STEPS, Floats, market, minutes
from docsbuild.svg import Figure, Series
from seawall.market import chain
from seawall.oracle import (
    auction_delayed,
    capped,
    commit_then_settle,
    confidence,
    feed,
    median,
    pull,
    twap,
)
from seawall.venues.rulebook import Feed

NOBODY = np.array([0])


def _seen(title: str, name: str, seen: Floats, alt: str) -> Figure:
    return Figure(
        title,
        alt,
        "minutes",
        "price",
        (Series("market", minutes(), market()), Series(name, minutes(), seen, "step")),
    )


def _run(step: Callable[[int, Floats], None]) -> Floats:
    out = []
    for k, price in enumerate(market()):
        row = np.array([[price]])
        step(k + 1, row)  # the first step of a run is 1: what stood before is step 0
        out.append(float(row[0, 0]))
    return np.array(out)


def pushed() -> Figure:
    """A feed with a deviation, a heartbeat and a delay."""
    rule = feed.compile_feeds(
        [Feed(deviation=0.02, heartbeat_seconds=3600.0, delay_seconds=60.0)], SECONDS
    )
    state = feed.start(rule, np.array([[100.0]]))
    seen = np.array([float(feed.publish(rule, state, np.array([[p]]))[0, 0]) for p in market()])
    return _seen(
        "A feed with a deviation of 2% and a delay of a minute runs behind a fall.",
        "feed",
        seen,
        "The market falls from 100 to 80; the feed follows in steps of 2%, a minute late.",
    )


def averaged() -> Figure:
    """The mean of the last quarter of an hour."""
    rule = twap.twap_rule([(twap.Twap(window_seconds=900.0), NOBODY)], SECONDS)
    memory = twap.twap_memory(rule, np.array([[100.0]]))
    seen = _run(lambda k, row: twap.twap_step(rule, memory, k, row))
    return _seen(
        "An average over 15 minutes is above the market in the fall, below it in the recovery.",
        "average",
        seen,
        "The average leaves 100 slowly, misses the low of 80 and reaches its own low at 85 later.",
    )


def of_several() -> Figure:
    """Median of five sources, of which one lies."""
    lying = median.Source(noise=0.002, lag_seconds=600.0)
    sources = (*(median.Source(noise=0.002) for _ in range(4)), lying)
    rule = median.median_rule([(median.Median(sources=sources), NOBODY)], SECONDS)
    numbers = np.random.default_rng(3).uniform(size=(1, STEPS + 1, median.numbers_needed(rule)))
    memory = median.median_memory(rule, np.array([[100.0]]), numbers)
    seen = _run(lambda k, row: median.median_step(rule, memory, k, row))
    late = np.concatenate([np.full(60, 100.0), market()[:-60]])
    base = _seen(
        "Four good sources outvote one that is ten minutes late.",
        "median of five",
        seen,
        "The median stays on the market while the late source falls ten minutes after it.",
    )
    return Figure(
        base.title,
        base.alt,
        base.x,
        base.y,
        (*base.series, Series("the late source", minutes(), late, dash=True)),
    )


def pulled() -> Figure:
    """A published price and its age."""
    settings = pull.Pull(publish_delay_seconds=20.0, max_age_seconds=100.0, interval_seconds=120.0)
    rule = pull.pull_rule([(settings, NOBODY)], SECONDS)
    memory = pull.pull_memory(rule, np.array([[100.0]]), np.ones((1, STEPS + 1, 1)))
    stamp, usable = np.zeros((1, 1), dtype=np.int64), np.ones((1, 1), dtype=bool)
    seen, good = [], []
    for k, price in enumerate(market()):
        row = np.array([[price]])
        pull.pull_step(rule, memory, k + 1, row, stamp, usable)
        seen.append(float(row[0, 0]))
        good.append(bool(usable[0, 0]))
    shown = np.where(good, seen, np.nan)
    return _seen(
        "Published every two minutes: a price older than 100 s is refused, so nobody is closed.",
        "price that may be used",
        shown,
        "The usable price comes in dashes: 80 s of use, then a gap until the next one.",
    )


def settled() -> Figure:
    """Which commitments settle, by the age of the price that comes."""
    rule = commit_then_settle.CommitThenSettle(min_delay_seconds=20.0, max_delay_seconds=120.0)
    least, most = commit_then_settle.delay_steps(rule, SECONDS)
    after = np.arange(0, 25)
    rows = []
    for lag in (0, 6):
        stamps = np.maximum(after - lag, 0)
        done = [
            commit_then_settle.settles(np.array([0]), np.array([s]), int(k), least, most)
            for k, s in zip(after, stamps, strict=True)
        ]
        rows.append(np.array([int(d[0][0]) - int(d[1][0]) for d in done]))
    return Figure(
        "A liquidation settles at the first price sent 20 s after it was committed; after two "
        "minutes it is void.",
        "1 is settles, 0 waits, -1 is void, by seconds since the commitment, for a fresh price and "
        "one that is a minute old.",
        "seconds since it was committed",
        "1 settles, 0 waits, -1 void",
        (
            Series("fresh prices", after * SECONDS, rows[0], "step"),
            Series("prices a minute old", after * SECONDS, rows[1], "step", dash=True),
        ),
        y_from=-1.0,
        y_to=1.0,
    )


def with_caps() -> Figure:
    """At most so much in an hour."""
    rule = capped.capped_rule([(capped.Capped(per_hour=0.3), NOBODY)], SECONDS)
    memory = capped.capped_memory(rule, np.array([[100.0]]))
    seen = _run(lambda k, row: capped.capped_step(rule, memory, k, row))
    return _seen(
        "At most 30% an hour: the fall is let through over half an hour, wherever the market is.",
        "what is let through",
        seen,
        "The shown price falls along a straight line and meets the recovering market from above.",
    )


def held() -> Figure:
    """Updates that wait for a bid."""
    settings = auction_delayed.AuctionDelayed(
        window_blocks=15, block_seconds=12.0, bid_probability=0.05, trigger=0.004
    )
    rule = auction_delayed.auction_rule([(settings, NOBODY)])
    drawn = np.random.default_rng(5).uniform(size=(1, STEPS + 1, 1))
    hold = np.asarray(auction_delayed.hold_steps(settings, drawn, SECONDS), dtype=np.int32)
    memory = auction_delayed.auction_memory(
        rule, np.array([[100.0]]), hold.reshape(1, STEPS + 1, 1)
    )
    stamp = np.zeros((1, 1), dtype=np.int64)
    seen = _run(lambda k, row: auction_delayed.auction_step(rule, memory, k, row, stamp))
    return _seen(
        "Updates of 0.4% or more wait for a bid, at most 15 blocks of 12 s.",
        "what is seen",
        seen,
        "In the fall the seen price stands still for up to three minutes and then jumps.",
    )


def interval() -> Figure:
    """A price with a half-width."""
    settings = confidence.Confidence(z=2.0, horizon_seconds=60.0, memory_seconds=300.0)
    rule = confidence.confidence_rule([(settings, NOBODY)], SECONDS)
    memory = confidence.confidence_memory(rule, np.array([[100.0]]))
    width = np.zeros((1, 1))
    widths = []
    for price in market():
        confidence.confidence_step(rule, memory, np.array([[price]]), width)
        widths.append(float(width[0, 0]))
    band = np.array(widths)
    return Figure(
        "The interval widens with volatility: what is owned counts at its low end, debt at its "
        "high end.",
        "Two lines around the market price, close in quiet times and further apart in the fall.",
        "minutes",
        "price",
        (
            Series("market", minutes(), market()),
            Series("owned counts at", minutes(), market() * (1 - band)),
            Series("owed counts at", minutes(), market() * (1 + band), dash=True),
        ),
    )


def blocks() -> Figure:
    """From when on a liquidation found at a step has landed."""
    rows = []
    for spacing, halt in (("constant", None), ("random", 1200.0)):
        rule = chain.Settlement(
            block_seconds=60.0,
            spacing=spacing,
            inclusion_blocks=2,
            halt_at_seconds=halt,
            halt_seconds=600.0,
        )
        shape = (1, STEPS, 8)
        numbers = np.random.default_rng(2).uniform(size=shape)
        found = chain.draw_blocks(rule, numbers, SECONDS)
        landing = np.asarray(chain.landing_steps(rule, found), dtype=float)[0]
        wait = (landing - np.arange(landing.size)) * SECONDS / 60.0
        rows.append(np.where(landing < STEPS * 2, wait, np.nan)[:STEPS])
    return Figure(
        "Two blocks of a minute, constant or random; a halt of ten minutes lets everything wait.",
        "Minutes until a liquidation lands, by when it is found: a saw between one and "
        "two minutes, "
        "and a peak of more than ten during the halt.",
        "minutes",
        "minutes until it lands",
        (
            Series("constant blocks", minutes()[: rows[0].size], rows[0], "step"),
            Series("random, with a halt", minutes()[: rows[1].size], rows[1], "step", dash=True),
        ),
        y_from=0.0,
    )


FIGURES: dict[str, tuple[Callable[[], Figure], ...]] = {
    "oracle.feed": (pushed,),
    "oracle.twap": (averaged,),
    "oracle.median": (of_several,),
    "oracle.pull": (pulled,),
    "oracle.commit_then_settle": (settled,),
    "oracle.capped": (with_caps,),
    "oracle.auction_delayed": (held,),
    "oracle.confidence": (interval,),
    "market.chain": (blocks,),
}
