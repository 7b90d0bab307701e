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
from seawall.cascade.engine import Runs, World, chunk_of, draw, path_worlds
from seawall.cascade.expiry import settle_expired
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.compile import compile_fixed, priced_alone
from seawall.cascade.fast.desk_options import DeskOptions
from seawall.cascade.fast.equity_kernel import equity_pairs
from seawall.cascade.fast.glances import empty_lines
from seawall.cascade.fast.in_step import run_in_step
from seawall.cascade.fast.isolated import compile_isolated, is_isolated, run_crowd
from seawall.cascade.fast.isolated_kernel import run_isolated
from seawall.cascade.fast.loop_kernel import COVERS, DONE, EXPIRY, FULL, ROUND, run_paths
from seawall.cascade.fast.quiet import begin_quiet
from seawall.cascade.fast.quiet_kernel import run_quietly
from seawall.cascade.fast.quiet_layout_kernel import Quiet
from seawall.cascade.fast.rest_kernel import rest_paths
from seawall.cascade.fast.share import books_of, prices_of
from seawall.cascade.fast.slots import is_plain_market, is_quietly_native
from seawall.cascade.fast.wake_kernel import (
    BLOCK,
    begin_awake,
    due_on_paths,
    schedule_pairs,
    tick_paths,
    wake_pairs,
)
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
from seawall.cascade.state import Deposit, PathWorlds, State, begin
from seawall.cascade.tape import Tape, TapeWriter, join
from seawall.cascade.watch import Noted, Watch
from seawall.margin.table.assess import unit_equity

# Rows of the log: several times what one round can write.
LOG_ROWS = 100_000
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
    fixed = _fixed(setup, exogenous.shape[1] - 1)
    return _run_on(
        fixed, setup, exogenous, deposit=deposit, worlds=worlds, draws=draws, watch=watch
    )


def _fixed(setup: Setup, steps: int) -> layout.Fixed | None:
    """What all paths share; None where the plain loop moves the market."""
    if is_plain_market(setup) or is_quietly_native(setup):
        return compile_fixed(setup, steps, alone=priced_alone(setup))
    return None


def _run_on(
    fixed: layout.Fixed | None,
    setup: Setup,
    exogenous: Floats,
    *,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
    draws: Draws | None = None,
    watch: Watch | None = None,
) -> tuple[Tape, State]:
    refuse_worthless(setup, exogenous)
    state = begin(setup, exogenous[:, 0], deposit, worlds, draws, exogenous.shape[1] - 1)
    if fixed is None:
        return run_in_step(setup, state, exogenous, watch), state
    # A deposit, and what is away on some paths, make paths of one world begin with other holdings.
    alike = deposit is None and (worlds is None or worlds.absence is None)
    alike = alike and bool((exogenous[:, 0] == exogenous[:1, 0]).all())
    exogenous = np.ascontiguousarray(exogenous)
    return _Run(setup, fixed, state, exogenous, watch, alike=alike).run(), state


def simulate_fast(
    setup: Setup, worlds: tuple[World, ...], runs: Runs, *, steps: int, seed: int
) -> Tape:
    """As `seawall.cascade.engine.simulate`: same arguments, same tape."""
    return FastSimulation(setup, steps).tape(worlds, runs, seed)


class FastSimulation:
    """Runs of one Setup over so many steps: what all their paths share is made once."""

    def __init__(self, setup: Setup, steps: int) -> None:
        self.setup, self.steps = setup, steps
        self.fixed, self.chunk = _fixed(setup, steps), chunk_of(setup)
        self.isolated = None if self.fixed is None else compile_isolated(setup, self.fixed, steps)

    def on(
        self,
        exogenous: Floats,
        draws: Draws | None = None,
        *,
        worlds: PathWorlds | None = None,
        watch: Watch | None = None,
    ) -> Tape:
        """As `run_fast` on exogenous paths (p, s + 1, k) of these steps: the tape."""
        if self.isolated is None or (worlds is not None and worlds.absence is not None):
            return self._in_general(exogenous, draws, worlds, watch)

        def given_up(paths: Ints) -> Tape:
            own = None if draws is None else draws.only(paths)
            some = None if worlds is None else worlds.only(paths)
            return self._in_general(exogenous[paths], own, some, watch)

        return run_crowd(self.isolated, exogenous, worlds, watch, given_up)

    def _in_general(
        self,
        exogenous: Floats,
        draws: Draws | None,
        worlds: PathWorlds | None,
        watch: Watch | None,
    ) -> Tape:
        return _run_on(self.fixed, self.setup, exogenous, worlds=worlds, draws=draws, watch=watch)[
            0
        ]

    def tape(self, worlds: tuple[World, ...], runs: Runs, seed: int) -> Tape:
        """As `seawall.cascade.engine.simulate`."""
        tapes = []
        for first in range(0, runs.number.size, self.chunk):
            part = runs.part(first, first + self.chunk)
            exogenous = draw(self.setup, worlds, part, self.steps, seed)
            own, draws = path_worlds(worlds, part), part.draws(seed)
            tapes.append(self.on(exogenous, draws, worlds=own, watch=runs.watch))
        return join(tapes)


def fast_ready(setup: Setup) -> bool:
    """Whether :func:`run_fast` answers at once: what it calls for this Case is compiled."""
    kernels = [begin_awake, tick_paths, due_on_paths, schedule_pairs, wake_pairs]
    if is_plain_market(setup):
        kernels += [run_paths, equity_pairs]
        if is_isolated(setup):
            kernels.append(run_isolated)
    elif is_quietly_native(setup):
        kernels += [run_quietly, equity_pairs]
    else:
        kernels.append(rest_paths)
    return all(one.ready() for one in kernels)


class _Run:
    """One run: the records that the compiled loop and the plain one share."""

    def __init__(
        self,
        setup: Setup,
        fixed: layout.Fixed,
        state: State,
        exogenous: Floats,
        watch: Watch | None,
        *,
        alike: bool,
    ) -> None:
        paths, columns, _ = exogenous.shape
        self.setup, self.state, self.exogenous = setup, state, exogenous
        self.tape = TapeWriter()
        self.plain: Course = begin_course(setup, state, columns)
        self.quiet = None if is_plain_market(setup) else begin_quiet(setup, state, columns)
        self.fixed = fixed
        self.books, self.prices = books_of(state), prices_of(state)
        self.waker = FastWaker(self.fixed, self.books, self.prices)
        state.wake = self.waker
        self.options = DeskOptions(setup, columns)
        self.noted = Noted(watch, setup, exogenous)
        write_down = self.options.needed or watch is not None
        feeds = self.prices.feed.shape[1] if write_down else 0
        self.course = layout.Course(
            step=np.ones(paths, dtype=np.int64),
            inside=np.zeros(paths, dtype=bool),
            rounds=np.zeros(paths, dtype=np.int64),
            status=np.zeros(paths, dtype=np.int64),
            equity=self.plain.equity,
            trough=self.plain.trough,
            peak=self.plain.peak,
            seen=np.zeros((paths, columns, feeds)),
        )
        units, assets = setup.table.units.account.size, exogenous.shape[2]
        self.room = layout.Room(
            due=np.zeros(units + BLOCK, dtype=np.int64),
            work=np.zeros((4, units)),
            market=np.zeros((2, assets)),
            before=np.zeros(self.prices.feed.shape[1]),
            lines=empty_lines(units),
            worth=np.zeros((fixed.glances.line.size, 2)),
            stamp=np.zeros(2, dtype=np.int64),
            resting=np.zeros(units + 1, dtype=np.int64),
            alike=alike,
        )
        # Rows are read only once they are written: some 12 MB need not be filled with zeros.
        rows = LOG_ROWS + 4 * units
        self.log = layout.Log(
            events=np.empty((rows, 4), dtype=np.int64),
            money=np.empty((rows, 5)),
            covers=np.empty((rows, 2), dtype=np.int64),
            used=np.zeros(2, dtype=np.int64),
        )

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
        path, unit = np.ascontiguousarray(path), np.ascontiguousarray(unit)
        out = np.empty(path.size)
        equity_pairs(self.fixed, self.books, self.prices, path, unit, out)
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
            begun = run_paths(
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
        run_quietly(
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
