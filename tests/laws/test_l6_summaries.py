"""L6: a summary is the fold of the tape's events, whatever pieces and whichever engine made it.

Against truth: every amount is added up once more by a loop over the events of the tape, in their
order, one at a time. Then the same bits must come from pieces of any size, from the compiled engine
and from two workers.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_cases import Recipe, build, laws, recipes
from test_l6_pairwise import ROWS, case_of, small

from seawall.cascade.engine import BASE, Runs, prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.pieces import job as job_module
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cascade.pieces.job import Grain, Job
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import Loop
from seawall.cascade.pieces.run import run_job
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.tape import FORCED, NEVER, EventKind, Tape, select
from seawall.cascade.watch import Watch
from seawall.case.impairment_kinds import ImpairmentKind
from seawall.exposure.impairment import fund_fees
from seawall.exposure.runs import full_tapes, plan, run_plan
from seawall.exposure.summary import PER_PATH, Summaries, Summary


def base(paths: int) -> Runs:
    return Runs(np.arange(paths), np.zeros(paths, dtype=np.int64))


def keeper(setup: Setup, steps: int) -> Summaries:
    """Losses half way and at the end, prices of all feeds at every other step, accounts."""
    feeds = np.arange(setup.table.feed_asset.size)
    return Summaries(
        np.array(sorted({steps // 2, steps})), Watch(feeds, np.arange(0, steps + 1, 2)), True
    )


def noted(keep: Summaries, tape: Tape) -> Tape:
    """Prices as if they had been noted: what the fold does with them, not what they are."""
    shape = (tape.paths, keep.watch.step.size, keep.watch.feed.size)
    numbers = np.arange(float(np.prod(shape))).reshape(shape)
    return replace(tape, seen=numbers, untouched=numbers + 0.5)


def assert_equal(one: Summary, other: Summary) -> None:
    """Bit for bit."""
    for name in PER_PATH:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert (one.paths, list(one.found)) == (other.paths, list(other.found))
    for scope, (_, found) in one.found.items():
        for column in fields(found):
            mine, theirs = getattr(found, column.name), getattr(other.found[scope][1], column.name)
            if isinstance(mine, dict):
                assert all(np.array_equal(mine[kind], theirs[kind]) for kind in mine)
            else:
                assert np.array_equal(mine, theirs), (scope, column.name)


def by_hand(setup: Setup, tape: Tape, keep: Summaries) -> dict[str, Any]:
    """Amounts of each path from its events, one at a time, in order."""
    last, moments = int(keep.steps[-1]), keep.watch.step
    venues, fees = len(setup.table.venues), fund_fees(setup, tape)
    money = np.zeros((tape.paths, 1 + venues, 2))
    borne = np.zeros((tape.paths, 5))
    closed = np.zeros((tape.paths, moments.size))
    hit: set[tuple[int, int]] = set()
    first: dict[tuple[int, int], int] = {}
    for e in range(tape.path.size):
        p, step, unit, kind = (
            int(column[e]) for column in (tape.path, tape.step, tape.unit, tape.kind)
        )
        if step > last:
            continue
        debt = tape.fund[e] + tape.adl[e] + tape.socialised[e] + max(tape.backstop[e], 0.0)
        place = 1 + int(setup.table.units.venue[unit])
        for n in (0, place):
            money[p, n, 0] += 0.0 if kind == EventKind.STOLEN else debt
            money[p, n, 1] += tape.notional[e] if kind in FORCED else 0.0
        paid = (tape.keeper, tape.backstop, tape.fund - fees, tape.adl, tape.socialised)
        borne[p] += [column[e] for column in paid]
        if kind in FORCED:
            hit.add((p, int(setup.table.units.account[unit])))
            first.setdefault((p, unit), step)
            closed[p, moments >= step] += tape.notional[e]
    money[:, 0, 0] += tape.open_deficit.sum(axis=1)
    money[:, 1:, 0] += tape.open_deficit
    return {"venues": money, "borne": borne, "closed": closed, "hit": hit, "first": first}


def assert_is_the_fold(setup: Setup, tape: Tape, kept: Summary, keep: Summaries) -> None:
    truth = by_hand(setup, tape, keep)
    assert np.array_equal(kept.venues, truth["venues"])
    assert np.array_equal(kept.borne[:, -1], truth["borne"])
    # So far is a sum of sums there, and a sum of everything here.
    assert kept.closed == pytest.approx(truth["closed"], rel=1e-12)
    accounts = np.unique(setup.table.units.account)
    bits = np.unpackbits(kept.accounts_closed, axis=1, count=accounts.size)
    assert {(int(p), int(accounts[a])) for p, a in np.argwhere(bits)} == truth["hit"]
    for name, (_, found) in kept.found.items():
        if not name.startswith("account:"):
            continue
        account = setup.book.account_names.index(name.removeprefix("account:"))
        units = np.flatnonzero(setup.table.units.account == account).tolist()
        for p in range(tape.paths):
            steps = [truth["first"][p, unit] for unit in units if (p, unit) in truth["first"]]
            assert found.by_kind[ImpairmentKind.LIQUIDATION][p] == min(steps, default=NEVER)
    lows = [tape.desk_equity[:, : step + 1].min(axis=1) for step in keep.steps]
    assert np.array_equal(kept.lowest, np.stack(lows, axis=1))


def check_fold(setup: Setup, tape: Tape, steps: int, cut: int) -> None:
    """The fold of a tape is what its events add up to, and what its two parts join to."""
    keep, count = keeper(setup, steps), tape.paths
    tape = noted(keep, tape)
    runs = base(count)
    kept = keep.of(setup, runs, tape)
    assert_is_the_fold(setup, tape, kept, keep)
    parts = [
        keep.of(setup, runs.part(a, b), select(tape, a, b)) for a, b in ((0, cut), (cut, count))
    ]
    assert_equal(keep.joined(parts), kept)
    assert_equal(kept.part(cut, count), keep.joined(parts[1:]))


@laws
@given(recipe=recipes(), cut=st.integers(1, 3))
def test_a_summary_is_the_fold_of_the_events(recipe: Recipe, cut: int) -> None:
    case, exogenous = build(replace(recipe, paths=4))
    setup = prepare(case)
    tape, _ = run(setup, exogenous)
    check_fold(setup, tape, exogenous.shape[1] - 1, cut)


@pytest.mark.parametrize("number", range(0, len(ROWS), 3))
def test_with_slots_of_every_kind(number: int) -> None:
    case, exogenous = case_of(ROWS[number], small(number))
    setup = prepare(case)
    tape, _ = run(setup, exogenous)
    check_fold(setup, tape, exogenous.shape[1] - 1, 1 + number % 3)


@pytest.mark.parametrize("seed", range(4))
def test_engines_fold_to_the_same_bits(seed: int) -> None:
    case, exogenous = build(replace(small(seed), paths=6))
    setup = prepare(case)
    steps, runs = exogenous.shape[1] - 1, base(6)
    keep = Summaries(np.array([steps]), accounts=True)
    plain, fast = (keep.of(setup, runs, one(setup, exogenous)[0]) for one in (run, run_fast))
    assert_equal(plain, fast)
    assert plain.venues.sum() > 0.0


@pytest.mark.parametrize("engine", [Engine.PLAIN, Engine.FAST])
@pytest.mark.parametrize(("workers", "piece"), [(1, 4), (2, 2), (2, 3)])
def test_pieces_and_workers_change_no_bit(
    engine: Engine, workers: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = prepare(build(small(3))[0])
    keep, loop = keeper(setup, 6), Loop(engine.value)
    runs = replace(base(8), watch=keep.watch)
    whole = run_job(Job(setup, (BASE,), runs, 6, 5, loop, WHOLE), Compute(engine, 1))
    grain = Grain(1, piece * 6, 1)
    monkeypatch.setattr(job_module, "GRAINS", dict.fromkeys(Loop, grain))
    kept = run_job(Job(setup, (BASE,), runs, 6, 5, loop, keep), Compute(engine, workers))
    assert_equal(kept, keep.of(setup, runs, whole))
    assert kept.seen.shape[0] == 8 and kept.seen.size
    assert np.array_equal(kept.steps, keep.steps)
    assert kept.steps.flags.owndata  # a piece's memory may be another process's store


def test_other_worlds_keep_no_prices_and_chosen_paths_have_their_whole_tape() -> None:
    """A plan's base world has prices and closed accounts; the events of some of its paths come back
    as they were.
    """
    setup = prepare(build(small(2))[0])
    watch = keeper(setup, 6).watch
    asked = replace(plan([BASE], 7, 6, 5), watch=watch, accounts=True)
    one, other = run_plan(setup, asked)
    assert one.seen.shape[0] == one.closed.shape[0] == one.accounts_closed.shape[0] == 7
    assert other.seen.shape[0] == other.closed.shape[0] == other.accounts_closed.shape[0] == 0
    assert np.array_equal(other.venues, one.venues[: other.paths])
    loop = Loop.PLAIN
    whole = run_job(Job(setup, (BASE,), base(7), 6, 5, loop, WHOLE), Compute(Engine.PLAIN, 1))
    tapes = full_tapes(setup, asked, [4, 1])
    assert [tape.path.size for tape in tapes] == [int((whole.path == n).sum()) for n in (4, 1)]
    assert np.array_equal(tapes[0].notional, select(whole, 4, 5).notional)
    assert full_tapes(setup, asked, []) == []
