"""What acts in every step between the oracle's price and the check, in this order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.attack import act_attacker
from seawall.cascade.depositors import act_depositors
from seawall.cascade.failing import strike
from seawall.cascade.market_actors import hedge, quote_depth
from seawall.cascade.own.agent import own_agents
from seawall.cascade.owners import act_owners
from seawall.cascade.setup import Setup
from seawall.cascade.soft import trade_bands
from seawall.cascade.state import State
from seawall.cascade.stop_orders import act_stops
from seawall.cascade.tape import TapeWriter
from seawall.cascade.vault import unwind

# Each acts on all paths where a Case has its mechanism, does nothing where it has not, and returns
# the paths whose market it moved.
Actor = Callable[[Setup, State, int, TapeWriter], Ints]


def _vaults(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    return unwind(setup, state)


ACTORS: tuple[Actor, ...] = (
    strike,
    act_attacker,
    quote_depth,
    trade_bands,
    _vaults,
    hedge,
    own_agents,
    act_owners,
    act_stops,
    act_depositors,
)


def act_before_check(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let everybody act who does not wait to be closed; paths whose market moved."""
    moved = np.zeros(0, dtype=np.int64)
    for act in ACTORS:
        found = act(setup, state, step, tape)
        if found.size:
            moved = np.union1d(moved, found)
    return moved
