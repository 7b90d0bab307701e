"""Liquidations as transactions: found, sent, landed; or committed, settled, void.

Where a venue has a chain (slot ``settlement``) or commits before it settles (slot ``oracle``), an
account that may be closed at step t is not closed then: its liquidation is sent. When it lands the
account is looked at again and closed if it is still breached; if it is healthy by then nothing
happens and the tape says so. Breached and waiting accounts stay awake, so nothing here wakes them.

Of those that land in one step at most ``per_block`` per block act, in the venue's order; the others
act in the next block. Liquidations of one step trade as one batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.inclusion_rules import NOT_SENT, InclusionRules, InclusionState
from seawall.cascade.oracles import OracleState
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.foundation.random import Stream
from seawall.margin.table.assess import Worth
from seawall.margin.table.margin_table import MarginTable
from seawall.market.chain import BY_CHANCE, BY_PROFIT, Settlement
from seawall.oracle.commit_then_settle import settles

# All paths, without gathering them.
EVERYONE = slice(None)


@dataclass(frozen=True)
class Look:
    """Pairs (n,) just checked: in breach with something to close, and free to be closed."""

    path: Ints
    unit: Ints
    fallen: Bools
    ready: Bools
    worth: Worth


def open_blocks(setup: Setup, state: State, step: int, paths: Ints | slice = EVERYONE) -> None:
    """At the beginning of a step of paths (n,): how many liquidations fit into its blocks."""
    rules, memory, oracle = setup.inclusion, state.inclusion, state.oracle
    if rules is None or memory is None or oracle is None:
        return
    for v, chain in enumerate(rules.chains):
        blocks = oracle.blocks[v]
        if chain is not None and chain.per_block is not None and blocks is not None:
            count = blocks.count[paths, step].astype(np.int64)
            memory.room[v][paths] = chain.per_block * count


def under_way(state: State, path: Ints, unit: Ints) -> Bools:
    """Pairs (n,) whose liquidation has been sent: they are looked at until it lands."""
    if state.inclusion is None:
        return np.zeros(path.size, dtype=bool)
    return np.asarray(state.inclusion.sent[path, unit] != NOT_SENT)


def admitted(setup: Setup, state: State, step: int, look: Look, tape: TapeWriter) -> Bools:
    """Pairs (n,) of those ready that are closed at this look; the others are sent, or wait."""
    rules, memory = setup.inclusion, state.inclusion
    if rules is None or memory is None:
        return look.ready
    may = look.ready.copy()
    if rules.pulls and state.oracle is not None:
        held = _optioned(setup.table, state, look)
        _refuse_old_prices(setup.table, memory, state.oracle, step, look, held, may, tape)
    venue = setup.table.units.venue[look.unit]
    for v in range(len(rules.chains)):
        if rules.sends(v):
            mine = np.flatnonzero((venue == v) & ~state.fresh[look.path])
            if mine.size:
                _send(setup.table, rules, memory, state, step, v, look, mine, may, tape)
    return may


def _refuse_old_prices(
    table: MarginTable,
    state: InclusionState,
    oracle: OracleState,
    step: int,
    look: Look,
    optioned: tuple[Ints, Ints],
    may: Bools,
    tape: TapeWriter,
) -> None:
    """Nobody is closed at a price that is too old; the tape says when that begins."""
    usable = oracle.memory.usable
    if usable.all():
        return
    old = _feeds_of_pairs(table, look, optioned, ~usable) & may
    path, unit = look.path[old], look.unit[old]
    begins = state.refused[path, unit] < step - 1
    state.refused[path, unit] = step
    may &= ~old
    tape.write(step, EventKind.STALE_HALT, path[begins], unit[begins])


def _optioned(table: MarginTable, state: State, look: Look) -> tuple[Ints, Ints]:
    """Options held by the pairs looked at: which pair (m,) and which feed (m,)."""
    start = table.units.options[look.unit]
    pair, option = expand_ranges(start, table.units.options[look.unit + 1] - start)
    held = state.holdings.option_size[look.path[pair], option] != 0
    return pair[held], table.options.feed[option[held]]


def _held_feeds(table: MarginTable, look: Look, optioned: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """All that the pairs hold: which pair (m,) and which feed (m,)."""
    worth = look.worth
    held = worth.exposure > 0
    pair = np.concatenate([worth.pair[held], optioned[0]])
    return pair, np.concatenate([table.rows.feed[worth.row[held]], optioned[1]])


def _feeds_of_pairs(
    table: MarginTable, look: Look, optioned: tuple[Ints, Ints], flags: Bools
) -> Bools:
    """Pairs (n,) that hold something on a flagged feed (p, f), or settle in it."""
    pair, feed = _held_feeds(table, look, optioned)
    hit = flags[look.path[pair], feed]
    touched = np.bincount(pair[hit], minlength=look.unit.size) > 0
    return np.asarray(touched | flags[look.path, table.units.settle[look.unit]])


def _oldest_stamp(
    table: MarginTable,
    look: Look,
    optioned: tuple[Ints, Ints],
    stamp: Ints,
    moves: Bools,
    step: int,
) -> Ints:
    """When (n,) the oldest price of each pair's holdings was sent; ``step`` where there is none."""
    out = np.full(look.unit.size, step)
    pair, feed = _held_feeds(table, look, optioned)
    pair, feed = pair[moves[feed]], feed[moves[feed]]
    np.minimum.at(out, pair, stamp[look.path[pair], feed])
    return out


def _send(
    table: MarginTable,
    rules: InclusionRules,
    memory: InclusionState,
    state: State,
    step: int,
    v: int,
    look: Look,
    mine: Ints,
    may: Bools,
    tape: TapeWriter,
) -> None:
    """Pairs ``mine`` of one venue: what was sent lands, lapses or is void; the rest is sent."""
    path, unit = look.path[mine], look.unit[mine]
    sent = memory.sent[path, unit].astype(np.int64)
    flying = sent != NOT_SENT
    lands, commit = memory.lands[v], rules.commits[v]
    due, void = flying.copy(), np.zeros_like(flying)
    if lands is not None:
        due &= lands.steps[path, np.maximum(sent, 0)] <= step
    if commit is not None and state.oracle is not None:
        held, stamps = _optioned(table, state, look), state.oracle.memory.stamp
        stamp = _oldest_stamp(table, look, held, stamps, rules.moves, step)[mine]
        settled, late = settles(sent, stamp, step, *commit)
        due, void = due & settled, flying & late
    lapsed = due & ~look.fallen[mine] & ~void
    acts = due & may[mine] & ~void
    chain = rules.chains[v]
    if chain is not None and chain.per_block is not None:
        number = _order(chain, state.draws, step, look, mine)
        acts = _first(memory.room[v], path, number, acts)
    sends = may[mine] & (~flying | void)
    tape.write(step, EventKind.LAPSED, path[lapsed], unit[lapsed])
    tape.write(step, EventKind.VOID, path[void], unit[void])
    tape.write(step, EventKind.SENT, path[sends], unit[sends])
    ends = lapsed | acts | void
    memory.sent[path[ends], unit[ends]] = NOT_SENT
    memory.sent[path[sends], unit[sends]] = step
    np.add.at(memory.waiting, path, sends.astype(np.int64) - ends)
    may[mine] = acts


def _order(chain: Settlement, draws: Draws, step: int, look: Look, mine: Ints) -> Floats:
    """Who comes first (n,): the smaller number, then the smaller unit.

    By profit: the largest exposure first, since a bonus is a share of what is closed.
    """
    if chain.order == BY_PROFIT:
        return -segment_sums(look.worth.exposure, look.worth.pair, look.unit.size)[mine]
    if chain.order == BY_CHANCE:
        return draws.at(Stream.BLOCK_ORDER, look.path[mine], step, look.unit[mine])
    return look.unit[mine].astype(np.float64)


def _first(room: Ints, path: Ints, number: Floats, acts: Bools) -> Bools:
    """Who (n,) of ``acts`` fits into the room (p,) left of each path; it is taken."""
    who = np.flatnonzero(acts)
    who = who[np.lexsort((who, number[who], path[who]))]
    first = np.searchsorted(path[who], path[who], side="left")
    fits = who[np.arange(who.size) - first < room[path[who]]]
    np.subtract.at(room, path[fits], 1)
    out = np.zeros_like(acts)
    out[fits] = True
    return out
