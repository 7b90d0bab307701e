"""Runs of one `FastSimulation` use the same memory one after another: nothing of one run is seen in
another, in threads neither.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest
from test_l6_pairwise import FACTORS, case_of, small
from tiny_cases import Floats

from seawall.cascade.absent import Absence
from seawall.cascade.engine import prepare
from seawall.cascade.fast import kept
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.fast.made_once import make_once
from seawall.cascade.fast.simulation import FastSimulation
from seawall.cascade.fast.slots import is_plain_market, is_quietly_native
from seawall.cascade.setup import Setup, with_starts
from seawall.cascade.state import PathWorlds, base_worlds
from seawall.cascade.tape import Tape

STEPS = 60
SLOTS: dict[str, dict[str, int]] = {
    "plain": {},
    "closing": {"fund": 1, "adl": 1},
    "quiet": {"price_band": 1, "settlement": 1, "fund": 1, "dynamic_margin": 1, "staleness": 1},
}

EACH = ["plain", pytest.param("closing", marks=pytest.mark.slow), "quiet"]


def built(slots: str, seed: int) -> tuple[Setup, Floats]:
    """A small Case whose accounts begin healthy; of even seeds loans too."""
    row = dict.fromkeys(FACTORS, 0) | SLOTS[slots]
    recipe = replace(small(seed), steps=STEPS, healthy=True, writers=0)
    case, exogenous = case_of(row, recipe if seed % 2 == 0 else replace(recipe, borrowers=0))
    setup = prepare(case)
    assert is_plain_market(setup) == (slots != "quiet") and is_quietly_native(setup)
    units = replace(setup.table.units, cash=setup.table.units.cash * 1.05)
    return with_starts(setup, [replace(setup.table, units=units)]), exogenous


def worlds_of(paths: int, first: int) -> PathWorlds:
    """Paths in the two worlds by turns."""
    return replace(base_worlds(paths), start=(first + np.arange(paths)) % 2)


def assert_alike(found: Tape, wanted: Tape, where: str) -> None:
    for one in fields(Tape):
        same = np.array_equal(getattr(found, one.name), getattr(wanted, one.name))
        assert same, f"{where}: {one.name} differs"


def copy_of(tape: Tape) -> Tape:
    return replace(tape, **{f.name: np.copy(getattr(tape, f.name)) for f in fields(Tape)
                            if f.name != "paths"})  # fmt: skip


@pytest.mark.parametrize("slots", EACH)
@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_runs_after_another_are_as_fresh_ones(slots: str, seed: int) -> None:
    """Other paths, fewer and more of them, other worlds in between."""
    setup, exogenous = built(slots, seed)
    calm = exogenous[:, :1] * (exogenous / exogenous[:, :1]) ** 0.01
    runs = [
        (exogenous, 0), (calm, 0), (exogenous[:1], 1), (calm, 1),
        (np.concatenate([calm, exogenous]), 0),
    ]  # fmt: skip
    simulation = FastSimulation(setup, STEPS)
    tapes, copies = [], []
    for paths, first in runs:
        tapes.append(simulation.on(paths, worlds=worlds_of(paths.shape[0], first)))
        copies.append(copy_of(tapes[-1]))
    events = 0
    for n, (paths, first) in enumerate(runs):
        fresh, _ = run_fast(setup, paths, worlds=worlds_of(paths.shape[0], first))
        assert_alike(tapes[n], fresh, f"run {n}")
        assert_alike(copies[n], fresh, f"run {n} when it had just been run")
        events += fresh.path.size
    assert events > 0


@pytest.mark.parametrize("slots", EACH)
def test_runs_at_once_are_as_fresh_ones(slots: str) -> None:
    setup, exogenous = built(slots, 1)
    simulation = FastSimulation(setup, STEPS)
    parts = [exogenous[n % 2 :] for n in range(6)]
    with ThreadPoolExecutor(4) as pool:
        tapes = list(pool.map(simulation.on, parts))
    fresh = [run_fast(setup, part)[0] for part in parts[:2]]
    for n, tape in enumerate(tapes):
        assert_alike(tape, fresh[n % 2], f"run {n} in threads")


@pytest.mark.parametrize("slots", EACH)
def test_what_is_called_whole_is_as_at_the_start(
    slots: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run does not look: it begins with what stands there."""
    whole, others = 0, 0
    plain = kept.Kept.take_back

    def checked(self: kept.Kept, changed: np.ndarray, number: np.ndarray) -> None:
        nonlocal whole, others
        plain(self, changed, number)
        others += int(changed.sum())
        for p in np.flatnonzero(self._whole[: changed.size]):
            whole += 1
            size, cash, ready, tried = (column[p] for column in self._units)
            start = self._start[p]
            assert np.array_equal(size, self._setup.start_size[start])
            assert np.array_equal(cash, self._setup.start_cash[start])
            assert not ready.any() and not tried.any()
        assert not self.lists.place.any() and np.isinf(self.lists.level).all()

    monkeypatch.setattr(kept.Kept, "take_back", checked)
    for seed in (1, 2, 3):
        setup, exogenous = built(slots, seed)
        simulation = FastSimulation(setup, STEPS)
        calm = exogenous[:, :1] * (exogenous / exogenous[:, :1]) ** 0.01
        for paths in (calm, exogenous, exogenous[:, :1] * (calm / calm[:, :1]) ** 3.0):
            simulation.on(paths, worlds=worlds_of(paths.shape[0], seed))
    assert whole > 0 and others > 0, f"{whole} paths left whole, {others} not"


def test_a_loan_that_waits_without_an_event_is_not_as_at_the_start() -> None:
    setup, _ = built("plain", 2)
    shared = make_once(setup, STEPS)
    assert shared is not None
    memory, venue = shared.borrow(3), setup.table.units.venue
    lends = np.array([rules.liquidation.style == "keeper" for rules in setup.rulebooks])
    loan, other = np.flatnonzero(lends[venue])[0], np.flatnonzero(~lends[venue])[0]
    memory.units(np.zeros(3, dtype=np.int64))
    memory.lists.unit[:3, 0] = loan, other, loan
    memory.take_back(np.zeros(3, dtype=bool), np.array([1, 1, 0]))
    assert memory._whole.tolist() == [False, True, True]


def test_what_was_away_on_one_run_is_back_on_the_next() -> None:
    setup, exogenous = built("plain", 2)
    paths, table = exogenous.shape[0], setup.table
    unit = np.where(np.arange(table.units.account.size) % 2 == 0, 0, -1)
    absence = Absence(
        unit,
        np.full(table.rows.unit.size, -1),
        np.full(table.options.unit.size, -1),
        np.zeros((paths, 1), dtype=bool),
    )
    worlds = replace(base_worlds(paths), absence=absence)
    simulation = FastSimulation(setup, STEPS)
    before = simulation.on(exogenous)
    gone = simulation.on(exogenous, worlds=worlds)
    assert_alike(gone, run_fast(setup, exogenous, worlds=worlds)[0], "half of the accounts away")
    assert np.any(unit[before.unit] == 0) and not np.any(unit[gone.unit] == 0)
    assert_alike(simulation.on(exogenous), before, "after a run without them")


def test_prices_in_another_order_in_memory_are_the_same_prices() -> None:
    """The types of records are looked at once; what a caller gives is made what was looked at."""
    setup, exogenous = built("plain", 0)
    simulation = FastSimulation(setup, STEPS)
    wanted = simulation.on(exogenous)
    assert_alike(simulation.on(np.asfortranarray(exogenous)), wanted, "by column")
    assert_alike(simulation.on(exogenous.astype(">f8")), wanted, "high bytes first")
