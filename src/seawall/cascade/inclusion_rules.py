"""Who sends liquidations, compiled, and their memory; what they do is in inclusion.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Ints
from seawall.cascade.oracles import Oracles, OracleState
from seawall.cascade.table import Chosen
from seawall.margin.table.margin_table import MarginTable
from seawall.market.chain import Settlement, landing_steps
from seawall.oracle.commit_then_settle import CommitThenSettle, delay_steps

Steps = NDArray[np.int32]
NOT_SENT = -1


@dataclass(frozen=True)
class InclusionRules:
    """By venue (v,): the chain and the delays of commitments, None where there are none.

    pulls   True where some feed is pulled: accounts wait while its price is too old
    moves   (f,) False for the quote currency, whose price nobody waits for
    """

    chains: tuple[Settlement | None, ...]
    commits: tuple[tuple[int, int] | None, ...]
    pulls: bool
    moves: Bools

    def sends(self, v: int) -> bool:
        """Whether liquidations at venue ``v`` are sent before they act."""
        return self.chains[v] is not None or self.commits[v] is not None


class Landing:
    """At which step liquidations at a venue land; worked out when the first one is sent."""

    def __init__(self, chain: Settlement, oracle: OracleState, v: int) -> None:
        self._chain, self._oracle, self._v = chain, oracle, v

    @cached_property
    def steps(self) -> Steps:
        """(p, s + 1) for one sent at step t."""
        blocks = self._oracle.blocks[self._v]
        assert blocks is not None
        return landing_steps(self._chain, blocks)


@dataclass
class InclusionState:
    """Liquidations under way: waiting (p,) how many. ``shape``: paths and margin accounts.

    lands (v,) tables of steps; room (v,) liquidations that still fit into this step (p,)
    """

    shape: tuple[int, int]
    waiting: Ints
    lands: tuple[Landing | None, ...]
    room: list[Ints]

    @cached_property
    def sent(self) -> Steps:
        """The step (p, u) at which a liquidation was sent, or NOT_SENT, as all begin."""
        return np.full(self.shape, NOT_SENT, dtype=np.int32)

    @cached_property
    def refused(self) -> Steps:
        """Last step (p, u) at which a close waited for a price."""
        return np.full(self.shape, NOT_SENT, dtype=np.int32)


def compile_inclusion(
    mechanisms: Sequence[Chosen],
    oracles: Oracles | None,
    table: MarginTable,
    quote: str,
    step_seconds: float,
) -> InclusionRules | None:
    """None where liquidations act at once everywhere, at any price."""
    commits = []
    for venue in mechanisms:
        rule = venue.get("oracle")
        found = delay_steps(rule, step_seconds) if isinstance(rule, CommitThenSettle) else None
        commits.append(found)
    chains = (None,) * len(mechanisms) if oracles is None else oracles.chains
    pulls = oracles is not None and oracles.rule.pull.feed.size > 0
    if not pulls and all(x is None for x in (*chains, *commits)):
        return None
    moves = table.feed_asset != table.assets.index(quote)
    return InclusionRules(chains, tuple(commits), pulls, moves)


def begin_inclusion(
    rules: InclusionRules | None, oracle: OracleState | None, paths: int, units: int
) -> InclusionState | None:
    """Nothing is under way."""
    if rules is None:
        return None
    tables = [
        None if chain is None or oracle is None else Landing(chain, oracle, v)
        for v, chain in enumerate(rules.chains)
    ]
    room = [np.zeros(paths, dtype=np.int64) for _ in rules.chains]
    waiting = np.zeros(paths, dtype=np.int64)
    return InclusionState((paths, units), waiting, tuple(tables), room)
