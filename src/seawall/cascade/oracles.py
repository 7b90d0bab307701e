"""Oracle mechanisms inside the loop: which feeds they serve, their memory, one step of them all.

A rulebook without any keeps its push feed and costs nothing here. Venues draw random numbers of
their own, in the order of the margin table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.own.code import Own
from seawall.cascade.table import Chosen
from seawall.cascade.wakeup import Turn
from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream
from seawall.margin.table.margin_table import MarginTable
from seawall.market.chain import (
    INCLUDED,
    NUMBERS,
    Blocks,
    Settlement,
    draw_blocks,
    regular_blocks,
    seen_from,
)
from seawall.oracle.auction_delayed import AuctionDelayed, auction_memory, auction_rule, hold_steps
from seawall.oracle.capped import Capped, capped_memory, capped_rule
from seawall.oracle.confidence import Confidence, confidence_memory, confidence_rule
from seawall.oracle.feed import FeedRule, FeedState
from seawall.oracle.landing import landing_memory, landing_rule
from seawall.oracle.median import (
    Median,
    MedianMemory,
    median_memory,
    median_rule,
    numbers_needed,
)
from seawall.oracle.publication import (
    OracleMemory,
    OracleRule,
    PushMemory,
    oracle_rule,
    publish_all,
    push_memory,
    push_rule,
)
from seawall.oracle.pull import Pull, PullMemory, pull_memory, pull_rule
from seawall.oracle.twap import Twap, twap_memory, twap_rule
from seawall.venues import Feed, Rulebook

T = TypeVar("T")
SLOTS = ("oracle_source", "oracle", "oracle_cap", "oracle_auction", "oracle_confidence")


@dataclass(frozen=True)
class Oracles:
    """The stages of all venues; auctions in their order; chains (v,) None where nothing settles.

    altered (f,): the feed is no longer the market price itself
    """

    rule: OracleRule
    auctions: tuple[AuctionDelayed, ...]
    chains: tuple[Settlement | None, ...]
    altered: Bools
    step_seconds: float


def compile_oracles(
    mechanisms: Sequence[Chosen],
    rulebooks: Sequence[Rulebook],
    table: MarginTable,
    quote: str,
    feed_rule: FeedRule,
    step_seconds: float,
) -> Oracles | None:
    """Columns of all oracle stages, None where no rulebook has a slot of them.

    Raises InputError for an asset without a feed and for a pulled price beside a push feed.
    """
    chains = tuple(_of_kind(venue.get("settlement"), Settlement) for venue in mechanisms)
    used = [venue for venue in mechanisms if any(slot in venue for slot in SLOTS)]
    if not used and not any(chain is not None for chain in chains):
        return None
    _refuse_pull_and_push(mechanisms, rulebooks)

    def served(slot: str, kind: type[T]) -> list[tuple[T, Ints]]:
        found = [(v, _of_kind(venue.get(slot), kind)) for v, venue in enumerate(mechanisms)]
        return [
            (rule, _feeds(rule, v, rulebooks[v].name, table, quote))
            for v, rule in found
            if rule is not None
        ]

    twaps, medians = served("oracle_source", Twap), served("oracle_source", Median)
    pulls, caps = served("oracle", Pull), served("oracle_cap", Capped)
    auctions, widths = (
        served("oracle_auction", AuctionDelayed),
        served("oracle_confidence", Confidence),
    )
    waiting = [
        (v, np.flatnonzero(table.feed_venue == v))
        for v, chain in enumerate(chains)
        if chain is not None and chain.feeds == INCLUDED
    ]
    altered = _own_sources(mechanisms, table, quote)
    for each in (twaps, medians, pulls, caps, auctions, waiting):
        for _, feeds in each:
            altered[feeds] = True
    rule = oracle_rule(
        twap_rule(twaps, step_seconds),
        median_rule(medians, step_seconds),
        push_rule(feed_rule),
        pull_rule(pulls, step_seconds),
        landing_rule(waiting),
        capped_rule(caps, step_seconds),
        auction_rule(auctions),
        confidence_rule(widths, step_seconds),
    )
    return Oracles(rule, tuple(a for a, _ in auctions), chains, altered, step_seconds)


def _refuse_pull_and_push(mechanisms: Sequence[Chosen], rulebooks: Sequence[Rulebook]) -> None:
    for venue, rulebook in zip(mechanisms, rulebooks, strict=True):
        pulled = isinstance(venue.get("oracle"), Pull)
        if pulled and (rulebook.feed != Feed() or rulebook.feeds):
            raise InputError(
                f"rulebook {rulebook.name} pulls its prices and has a [feed] that pushes them",
                expected="one of the two",
            )


def _own_sources(mechanisms: Sequence[Chosen], table: MarginTable, quote: str) -> Bools:
    """Feeds (f,) whose price a user's own rule measures."""
    venues = [v for v, m in enumerate(mechanisms) if isinstance(m.get("oracle_source"), Own)]
    not_quote = table.feed_asset != table.assets.index(quote)
    served: Bools = np.isin(table.feed_venue, venues) & not_quote
    return served


def _of_kind(found: object, kind: type[T]) -> T | None:
    return found if isinstance(found, kind) else None


def _feeds(rule: object, v: int, name: str, table: MarginTable, quote: str) -> Ints:
    """The feeds of venue ``v`` that a rule serves: those it names, else all but the quote's.

    The quote's price is 1 by definition; looks at margin accounts and their clocks rest on it.
    """
    mine = np.flatnonzero(table.feed_venue == v)
    names = [table.assets[k] for k in table.feed_asset[mine]]
    wanted: tuple[str, ...] = getattr(rule, "assets", ())
    for asset in wanted:
        if asset not in names:
            raise InputError(
                f"an oracle mechanism of rulebook {name} names the asset {asset!r}",
                expected=f"an asset that the venue margins: {', '.join(sorted(names))}",
            )
        if asset == quote:
            raise InputError(
                f"an oracle mechanism of rulebook {name} names {quote}, the currency that all is "
                "counted in",
                expected="other assets: its own price is 1",
            )
    chosen = [n in wanted if wanted else n != quote for n in names]
    return mine[np.array(chosen, dtype=bool)] if mine.size else mine


class Clocks:
    """Block clocks of the venues, drawn when somebody first waits for a block."""

    def __init__(self, oracles: Oracles, draws: Draws, steps: int) -> None:
        self._oracles, self._draws, self._steps = oracles, draws, steps

    @cached_property
    def blocks(self) -> tuple[Blocks | None, ...]:
        """By venue (v,), None where nothing settles."""
        return _blocks(self._oracles, self._draws, self._steps)


@dataclass
class OracleState:
    """Memory of the stages; first (p, f) prices at the start; clocks of chains that settle.

    width_before (p, f) of the step before, None without confidence intervals
    """

    memory: OracleMemory
    first: Floats
    width_before: Floats | None
    clocks: Clocks

    @property
    def blocks(self) -> tuple[Blocks | None, ...]:
        """The block clock of each venue (v,), None where nothing settles."""
        return self.clocks.blocks

    @property
    def width(self) -> Floats | None:
        """Fraction (p, f) by which margin moves prices now, None without confidence intervals."""
        return None if self.width_before is None else self.memory.width


def begin_oracles(
    oracles: Oracles | None, price: Floats, feeds: FeedState, draws: Draws, steps: int, fresh: Bools
) -> OracleState | None:
    """Memory for feed prices (p, f) at the start; random numbers are drawn here, for all steps, but
    those of block clocks.
    """
    if oracles is None:
        return None
    rule, paths = oracles.rule, price.shape[0]
    clocks, nobody = Clocks(oracles, draws, steps), _unused(paths, steps)
    memory = OracleMemory(
        twap_memory(rule.twap, price) if rule.twap.feed.size else nobody.twap,
        # A venue may have a rule and no feed of its own: the plain step asks for its numbers.
        _sources(rule, price, draws, steps) if rule.median.sources.size else nobody.median,
        push_memory(feeds),
        _pulled(rule, price, draws, steps) if rule.pull.chance.size else nobody.pull,
        landing_memory(rule.landing, price, _seen_from(oracles, clocks, paths, steps))
        if rule.landing.feed.size
        else nobody.landing,
        capped_memory(rule.capped, price) if rule.capped.feed.size else nobody.capped,
        auction_memory(rule.auction, price, _hold(oracles, draws, steps))
        if oracles.auctions
        else nobody.auction,
        confidence_memory(rule.confidence, price)
        if rule.confidence.feed.size
        else nobody.confidence,
        stamp=np.zeros(price.shape, dtype=np.int64),
        usable=np.ones(price.shape, dtype=bool),
        width=np.zeros(price.shape),
        fresh=fresh,
    )
    before = np.zeros(price.shape) if rule.confidence.feed.size else None
    return OracleState(memory, price.copy(), before, clocks)


@lru_cache(maxsize=64)
def _unused(paths: int, steps: int) -> OracleMemory:
    """Memory of stages without feeds, which all runs of so many paths share: nothing is in it."""
    price, numbers = np.zeros((paths, 0)), np.zeros((paths, steps + 1, 0))
    whole, never = price.astype(np.int64), numbers.astype(np.int32)
    ring = np.zeros((1, paths, 0))
    return OracleMemory(
        twap_memory(twap_rule((), 1.0), price),
        median_memory(median_rule((), 1.0), price, numbers),
        PushMemory(price, whole, ring, ring.astype(np.int64)),
        pull_memory(pull_rule((), 1.0), price, numbers),
        landing_memory(landing_rule(()), price, never),
        capped_memory(capped_rule((), 1.0), price),
        auction_memory(auction_rule(()), price, never),
        confidence_memory(confidence_rule((), 1.0), price),
        stamp=whole,
        usable=price > 0.0,
        width=price,
        fresh=np.zeros(0, dtype=bool),
    )


def _sources(rule: OracleRule, price: Floats, draws: Draws, steps: int) -> MedianMemory:
    numbers = draws.uniforms(Stream.SOURCE, steps, numbers_needed(rule.median))
    return median_memory(rule.median, price, numbers)


def _pulled(rule: OracleRule, price: Floats, draws: Draws, steps: int) -> PullMemory:
    numbers = draws.uniforms(Stream.PULL, steps, rule.pull.chance.size)
    return pull_memory(rule.pull, price, numbers)


def _hold(oracles: Oracles, draws: Draws, steps: int) -> NDArray[np.int32]:
    """Steps (p, s + 1, auctions) that an auction takes which begins at a step."""
    bids = draws.uniforms(Stream.UPDATE, steps, len(oracles.auctions))
    hold = np.zeros(bids.shape, dtype=np.int32)
    for g, auction in enumerate(oracles.auctions):
        hold[:, :, g] = hold_steps(auction, bids[:, :, g], oracles.step_seconds)
    return hold


def _blocks(oracles: Oracles, draws: Draws, steps: int) -> tuple[Blocks | None, ...]:
    """The block clock of every venue that has one; each draws numbers of its own."""
    chains = [chain for chain in oracles.chains if chain is not None]
    numbers = draws.uniforms(Stream.BLOCK, _random_steps(chains, steps), NUMBERS * len(chains))
    out: list[Blocks | None] = []
    for chain in oracles.chains:
        if chain is None:
            out.append(None)
            continue
        first = NUMBERS * sum(blocks is not None for blocks in out)
        if chain.regular:
            phase = numbers[:, 0, first]
            out.append(regular_blocks(chain, phase, steps, oracles.step_seconds))
        else:
            mine = numbers[:, :, first : first + NUMBERS]
            out.append(draw_blocks(chain, mine, oracles.step_seconds))
    return tuple(out)


def _random_steps(chains: list[Settlement], steps: int) -> int:
    """The last step at which anything of these chains is left to chance."""
    return 0 if all(chain.regular for chain in chains) else steps


def _seen_from(oracles: Oracles, clocks: Clocks, paths: int, steps: int) -> NDArray[np.int32]:
    """Latest update that has landed (p, s + 1, v); venues whose feeds do not wait have zeros."""
    table = np.zeros((paths, steps + 1, len(oracles.chains)), dtype=np.int32)
    for v in np.unique(oracles.rule.landing.group).tolist():
        chain, mine = oracles.chains[v], clocks.blocks[v]
        if chain is not None and mine is not None:
            table[:, :, v] = seen_from(chain, mine)
    return table


def show(
    oracles: Oracles,
    state: OracleState,
    feed_rule: FeedRule,
    feeds: FeedState,
    step: int,
    market: Floats,
) -> Floats:
    """Feed prices (p, f) at ``step``, given the market's (p, f)."""
    memory = state.memory
    if state.width_before is not None:
        np.copyto(state.width_before, memory.width)
    return publish_all(oracles.rule, memory, feed_rule, feeds, step, market)


def widened(
    state: OracleState | None,
    turn: Turn | None,
    path: Ints,
    before: Floats,
    after: Floats,
    *,
    new_step: bool,
) -> Turn | None:
    """``turn`` of dynamic margin with what a confidence interval takes of buffers, paths (n,).

    Margin rises by width x |signed notional - margin| <= width x exposure. Where prices and factors
    move exposures by at most a share q, the buffer moves by at most
    exposure x (q (1 + width) + |change of width|); q = (1 + m)(1 + d) - 1 with moves m of prices
    (n, f) and turns d of factors. The clock adds d' (1 + m) to m, so d' = d + q width + |change|.
    """
    if state is None or state.width_before is None:
        return turn
    width = state.memory.width[path]
    change = np.abs(width - state.width_before[path]) if new_step else np.zeros_like(width)
    none = np.zeros_like(width)
    step_turn, start_turn = (none, none) if turn is None else (turn.step, turn.start)
    step_move = np.abs(after / before - 1.0)
    start_move = np.abs(after / state.first[path] - 1.0)
    step_share = step_move + step_turn * (1.0 + step_move)
    start_share = start_move + start_turn * (1.0 + start_move)
    return Turn(step_turn + step_share * width + change, start_turn + start_share * width + width)
