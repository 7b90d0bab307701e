"""Breakers of all venues as columns over feeds and lists by venue, and their memory in a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.breaker.open_interest_cap import OpenInterestCap
from seawall.breaker.price_band import BandMemory, BandRule, PriceBand, compile_band, start_band
from seawall.breaker.rate_limit import RateLimit, RateMemory, start_rate
from seawall.breaker.staleness import (
    Staleness,
    StalenessMemory,
    StalenessRule,
    compile_staleness,
    start_staleness,
)
from seawall.breaker.velocity import (
    Velocity,
    VelocityMemory,
    VelocityRule,
    compile_velocity,
    start_velocity,
)
from seawall.breaker.withdrawal_gate import GateMemory, WithdrawalGate, start_gate
from seawall.cascade.table import Chosen, chosen
from seawall.margin.table.margin_table import MarginTable

T = TypeVar("T")
SLOTS = (
    "price_band",
    "velocity",
    "staleness",
    "liquidation_rate_limit",
    "open_interest_cap",
    "withdrawal_gate",
    "halt",
)
# What can make a closed account wait, as columns of ``BreakerState.seen``.
REASONS = 5
BAND, VELOCITY, STALE, RATE, OWN = range(REASONS)
LONG_AGO = -2


@dataclass(frozen=True)
class BreakerRules:
    """What the venues' rulebooks have: columns over watched feeds, None where nobody has the slot.

    rates, gates by venue; cap (c,) of each contract's open interest, quote, infinite without one
    """

    band: BandRule | None
    velocity: VelocityRule | None
    staleness: StalenessRule | None
    rates: tuple[RateLimit | None, ...]
    gates: tuple[WithdrawalGate | None, ...]
    cap: Floats | None


@dataclass
class BreakerState:
    """Memory of one run.

    shape   of ``waiting``: paths and margin accounts
    seen    (p, v, 5) last step at which somebody waited, by venue and reason
    """

    band: BandMemory | None
    velocity: VelocityMemory | None
    staleness: StalenessMemory | None
    rates: tuple[RateMemory | None, ...]
    gates: tuple[GateMemory | None, ...]
    shape: tuple[int, int]
    seen: Ints

    @cached_property
    def waiting(self) -> Ints:
        """Last step (p, u) at which a breached unit was kept waiting; nobody was yet."""
        return np.full(self.shape, LONG_AGO, dtype=np.int64)


def compile_breakers(
    mechanisms: Sequence[Chosen],
    table: MarginTable,
    quote: int,
    delay_steps: Ints,
    step_seconds: float,
) -> BreakerRules | None:
    """The rules of all venues, None where no rulebook has a breaker; ``delay_steps`` (f,).

    The quote currency's feed is not watched: its price in itself needs no oracle.
    """
    if not any(slot in venue for venue in mechanisms for slot in SLOTS):
        return None
    bands, band_feed = _watched(mechanisms, "price_band", PriceBand, table, quote)
    fast, fast_feed = _watched(mechanisms, "velocity", Velocity, table, quote)
    stale, stale_feed = _watched(mechanisms, "staleness", Staleness, table, quote)
    asset = table.feed_asset
    delay = delay_steps[stale_feed]
    return BreakerRules(
        band=compile_band(bands, band_feed, asset[band_feed], step_seconds) if bands else None,
        velocity=compile_velocity(fast, fast_feed, step_seconds) if fast else None,
        staleness=compile_staleness(stale, stale_feed, delay, step_seconds) if stale else None,
        rates=tuple(chosen(venue, "liquidation_rate_limit", RateLimit) for venue in mechanisms),
        gates=tuple(chosen(venue, "withdrawal_gate", WithdrawalGate) for venue in mechanisms),
        cap=_caps(mechanisms, table),
    )


def _watched(
    mechanisms: Sequence[Chosen], slot: str, rule: type[T], table: MarginTable, quote: int
) -> tuple[list[T], Ints]:
    """The rule of each feed whose venue fills a slot, and the feeds."""
    rules, feeds = [], []
    for f, (v, k) in enumerate(zip(table.feed_venue, table.feed_asset, strict=True)):
        found = chosen(mechanisms[v], slot, rule)
        if found is not None and k != quote:
            rules.append(found)
            feeds.append(f)
    return rules, np.array(feeds, dtype=np.int64)


def _caps(mechanisms: Sequence[Chosen], table: MarginTable) -> Floats | None:
    rules = [chosen(venue, "open_interest_cap", OpenInterestCap) for venue in mechanisms]
    if all(rule is None for rule in rules):
        return None
    cap = np.full(len(table.contracts), np.inf)
    for c, (v, name) in enumerate(table.contracts):
        rule = rules[v]
        # A balance is no position: assets have no open interest.
        if rule is not None and name not in table.assets:
            cap[c] = rule.cap(name)
    return cap


def begin_breakers(
    rules: BreakerRules | None, market: Floats, units: int, venues: int
) -> BreakerState | None:
    """Nothing halted, at each feed's market prices (p, f)."""
    if rules is None:
        return None
    paths = market.shape[0]
    stale = rules.staleness
    return BreakerState(
        band=None if rules.band is None else start_band(rules.band, market),
        velocity=None if rules.velocity is None else start_velocity(rules.velocity, market),
        staleness=None if stale is None else start_staleness(stale, paths),
        rates=tuple(None if rule is None else start_rate(paths) for rule in rules.rates),
        gates=tuple(None if rule is None else start_gate(paths) for rule in rules.gates),
        shape=(paths, units),
        seen=np.full((paths, venues, REASONS), LONG_AGO, dtype=np.int64),
    )
