"""The compiled engine: quiet steps and plain forced orders compiled, everything else by the plain
loop on the same memory; the same tape, bit for bit (law L6).

Paths run one after another as far as they can. Those that need the plain loop wait; the earliest
step of any of them is then done for all that wait there, so the plain loop still works on many
paths at once, and each step is done at most once.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.breakers import recount_expired
from seawall.cascade.course import Course
from seawall.cascade.draws import Draws
from seawall.cascade.expiry import settle_expired
from seawall.cascade.fast.desk_options import DeskOptions
from seawall.cascade.fast.equity_kernel import equity_pairs
from seawall.cascade.fast.in_step import run_in_step
from seawall.cascade.fast.kept import Kept, begin_way
from seawall.cascade.fast.loop_kernel import COVERS, DONE, EXPIRY, FULL, ROUND, run_paths
from seawall.cascade.fast.made_once import MadeOnce, make_once
from seawall.cascade.fast.quiet import begin_quiet
from seawall.cascade.fast.quiet_kernel import run_quietly
from seawall.cascade.fast.quiet_layout_kernel import Quiet
from seawall.cascade.fast.share import books_of, prices_of
from seawall.cascade.fast.waker import FastWaker
from seawall.cascade.inclusion import open_blocks
from seawall.cascade.losses import cover_deficits
from seawall.cascade.pool_cuts import cut_pools
from seawall.cascade.reference import (
    MAX_ROUNDS,
    begin_course,
    desk_equity,
    finish,
    play_round,
    refuse_worthless,
    requote_options,
    see_market,
)
from seawall.cascade.setup import Setup
from seawall.cascade.state import (
    Deposit,
    PathWorlds,
    State,
    base_worlds,
    begin_unwatched,
    unit_memory,
)
from seawall.cascade.tape import Tape, TapeWriter
from seawall.cascade.watch import Noted, Watch
from seawall.margin.table.assess import unit_equity

# Columns of the log's events and money.
LOGGED = ("path", "step", "unit", "kind", "notional", "fee", "keeper", "fund", "backstop")


def run_fast(
    setup: Setup,
    exogenous: Floats,
    *,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
    draws: Draws | None = None,
    watch: Watch | None = None,
) -> tuple[Tape, State]:
    """As `seawall.cascade.reference.run`: same arguments, tape and state."""
    shared = make_once(setup, exogenous.shape[1] - 1)
    if shared is None:
        return _in_step(setup, exogenous, deposit, worlds, draws, watch)
    run = _begin_run(shared, exogenous, deposit, worlds, draws, watch)
    return run.run(), run.state


def run_in_general(
    setup: Setup,
    shared: MadeOnce | None,
    exogenous: Floats,
    worlds: PathWorlds | None,
    draws: Draws | None,
    watch: Watch | None,
) -> Tape:
    """The tape alone; what the run used of ``shared`` is there for the next."""
    if shared is None:
        return _in_step(setup, exogenous, None, worlds, draws, watch)[0]
    run = _begin_run(shared, exogenous, None, worlds, draws, watch)
    tape = run.run()
    run.give_back()
    return tape


def _in_step(
    setup: Setup,
    exogenous: Floats,
    deposit: Deposit | None,
    worlds: PathWorlds | None,
    draws: Draws | None,
    watch: Watch | None,
) -> tuple[Tape, State]:
    refuse_worthless(setup, exogenous)
    worlds = base_worlds(exogenous.shape[0]) if worlds is None else worlds
    units, steps = unit_memory(setup, worlds.start), exogenous.shape[1] - 1
    state = begin_unwatched(setup, exogenous[:, 0], units, deposit, worlds, draws, steps)
    return run_in_step(setup, state, exogenous, watch), state


def _begin_run(
    shared: MadeOnce,
    exogenous: Floats,
    deposit: Deposit | None,
    worlds: PathWorlds | None,
    draws: Draws | None,
    watch: Watch | None,
) -> _Run:
    refuse_worthless(shared.setup, exogenous)
    exogenous = np.ascontiguousarray(exogenous, dtype=np.float64)
    first, steps = exogenous[:, 0], exogenous.shape[1] - 1
    worlds = base_worlds(first.shape[0]) if worlds is None else worlds
    memory = shared.borrow(first.shape[0])
    units = memory.units(worlds.start)
    state = begin_unwatched(shared.setup, first, units, deposit, worlds, draws, steps)
    # A deposit, and what is away on some paths, make paths of one world begin with other holdings.
    odd = deposit is not None or worlds.absence is not None
    run = _Run(shared, memory, state, exogenous, watch, alike=not odd)
    run.changed[:] = odd
    return run


class _Run:
    """One run: the records that the compiled loop and the plain one share."""

    def __init__(
        self,
        shared: MadeOnce,
        memory: Kept,
        state: State,
        exogenous: Floats,
        watch: Watch | None,
        *,
        alike: bool,
    ) -> None:
        (paths, columns, _), setup = exogenous.shape, shared.setup
        self.setup, self.state, self.exogenous = setup, state, exogenous
        self.tape = TapeWriter()
        self.plain: Course = begin_course(setup, state, columns)
        self.quiet = None
        if shared.quiet is not None:
            self.quiet = begin_quiet(setup, shared.quiet, state, columns)
        self.fixed, self._call = shared.fixed, shared.call
        self.books, self.prices = books_of(state), prices_of(state)
        self.waker = FastWaker(self.fixed, self.books, self.prices, memory.lists, self._call)
        state.wake = self.waker
        self.options = DeskOptions(setup, columns)
        self.noted = Noted(watch, setup, exogenous)
        write_down = self.options.needed or watch is not None
        feeds = self.prices.feed.shape[1] if write_down else 0
        self.course = begin_way(self.plain, paths, columns, feeds)
        self.room = memory.room(alike=alike)
        self.log = memory.log()
        # On which paths (p,) holdings may be others than at the start.
        self.changed = np.zeros(paths, dtype=bool)
        self._shared, self._memory = shared, memory

    def give_back(self) -> None:
        """The run is over, and nobody asks for its state: other runs may have its memory."""
        self._memory.take_back(self.changed, self.waker.awake.number)
        self._shared.give_back(self._memory)

    def run(self) -> Tape:
        """To the end of every path."""
        everyone = np.arange(self.exogenous.shape[0])
        self._compiled(everyone)
        while True:
            waiting = everyone[self.course.status != DONE]
            if waiting.size == 0:
                break
            step = int(self.course.step[waiting].min())
            group = waiting[self.course.step[waiting] == step]
            self._go_on(group, step)
            self.course.status[group] = DONE
            self._compiled(group)
        self.options.add_to(self.course)
        last = self.exogenous.shape[1] - 1
        requote_options(self.setup, self.state, everyone, last)
        self.noted.all_of(self.course.seen)
        return self.noted.on(finish(self.setup, self.state, self.plain, self.tape, self._equity))

    def _equity(self, path: Ints, unit: Ints) -> Floats:
        """Equity (n,) of pairs at the last prices; those who hold options by the margin table."""
        path = np.ascontiguousarray(path, dtype=np.int64)
        unit = np.ascontiguousarray(unit, dtype=np.int64)
        out = np.empty(path.size)
        self._call(equity_pairs, self.fixed, self.books, self.prices, path, unit, out)
        other = self.fixed.units.has_options[unit]
        if other.any():
            state = self.state
            out[other] = unit_equity(
                self.setup.table, state.holdings, state.quotes, path[other], unit[other]
            )
        return out

    def _compiled(self, paths: Ints) -> None:
        """Let the compiled loop take these paths as far as it can."""
        first = self.course.step[paths]
        if self.quiet is not None:
            self._quietly(paths, self.quiet)
            self.options.passed(self.state, paths, first, self.course.step[paths])
            return
        todo = paths
        while todo.size:
            begun = self._call(
                run_paths,
                self.fixed,
                self.books,
                self.prices,
                self.waker.awake,
                self.course,
                self.log,
                self.room,
                self.exogenous,
                todo,
            )
            self._write_log()
            full = self.course.status[todo[begun - 1]] == FULL
            if full:
                self.course.status[todo[begun - 1]] = DONE
                self._grow_covers()
            todo = todo[begun - 1 :] if full else todo[begun:]
        self.options.passed(self.state, paths, first, self.course.step[paths])

    def _quietly(self, paths: Ints, quiet: Quiet) -> None:
        """The same where mechanisms act in every step."""
        self._call(
            run_quietly,
            self.fixed,
            self.books,
            self.prices,
            self.waker.awake,
            self.course,
            self.room,
            *quiet,
            self.exogenous,
            paths,
        )

    def _write_log(self) -> None:
        """Hand the log's events to the tape."""
        count = int(self.log.used[0])
        if count:
            self.changed[self.log.events[:count, 0]] = True
            columns = (*self.log.events[:count].T, *self.log.money[:count].T)
            self.tape.chunks.append(
                {name: column.copy() for name, column in zip(LOGGED, columns, strict=True)}
            )
        self.log.used[0] = 0

    def _grow_covers(self) -> None:
        """Room for the closes of one more round: many paths may wait for the plain loop at once."""
        covers = self.log.covers
        if covers.shape[0] - int(self.log.used[1]) < self.room.due.size:
            self.log = self.log._replace(covers=np.concatenate([covers, np.zeros_like(covers)]))

    def _go_on(self, group: Ints, step: int) -> None:
        """What the compiled loop left of a step of paths (n,), by the plain loop.

        Where the compiled loop closes accounts itself it goes on inside the step as soon as the
        round is played that it could not; elsewhere the plain loop does the rest of the step.
        """
        setup, state, course = self.setup, self.state, self.course
        self.changed[group] = True
        self.waker.at(step, self.prices)
        requote_options(setup, state, group, step)
        open_blocks(setup, state, step, group)
        status = course.status[group]
        self._cover(group[status == COVERS], step)
        active = group[status != EXPIRY]
        # The round that was handed over has not been played yet.
        course.rounds[group[status == ROUND]] -= 1
        if self.quiet is None:
            moved = group[status == COVERS]
            played = self._round(group[status == ROUND], step)
            active = np.union1d(moved, played)
            course.inside[active] = True
            group = np.setdiff1d(group, active, assume_unique=True)
        else:
            while active.size:
                active = self._round(active, step)
        if group.size:
            self._end_step(group, step)

    def _round(self, active: Ints, step: int) -> Ints:
        """One round of the plain loop on paths (n,); those that it moved."""
        course = self.course
        active = active[course.rounds[active] < MAX_ROUNDS]
        if active.size == 0:
            return active
        course.rounds[active] += 1
        moved = play_round(self.setup, self.state, step, active, self.tape)
        self.plain.note_extremes(self.state, moved)
        return moved

    def _end_step(self, group: Ints, step: int) -> None:
        """The end of a step on paths (n,), by the plain loop."""
        setup, state = self.setup, self.state
        cut_pools(setup, state, step, group, self.tape)
        settle_expired(setup, state, step, group, self.tape)
        recount_expired(setup, state, step, group)
        self.plain.equity[group, step] = desk_equity(setup, state, group)
        if self.course.seen.shape[2]:
            self.course.seen[group, step] = state.quotes.price[group]
        self.course.step[group] = step + 1

    def _cover(self, paths: Ints, step: int) -> None:
        """Deficits of units that the compiled loop has closed on these paths."""
        if paths.size == 0:
            return
        count = int(self.log.used[1])
        covers = self.log.covers[:count]
        mine = np.isin(covers[:, 0], paths)
        path, unit = covers[mine].T
        order = np.argsort(path, kind="stable")
        cover_deficits(self.setup, self.state, step, path[order], unit[order], self.tape)
        self.log.covers[: count - path.size] = covers[~mine]
        self.log.used[1] = count - path.size
        see_market(self.setup, self.state, step, paths)
