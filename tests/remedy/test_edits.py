"""An action on the compiled start is the action in the Case: same holdings, money and laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from random_cases import Recipe, build
from remedy_cases import OWNER, drawn
from test_l4_waterfall import fund_flows, watched

from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds, begin
from seawall.case import Case
from seawall.exposure.impairment import desks
from seawall.exposure.remedy.action import (
    Action,
    Kind,
    deposits,
    legs_of,
    moves,
    reductions,
)
from seawall.exposure.remedy.cost import reduction_cost
from seawall.exposure.remedy.edit import Edit, applied, edit_of, together, with_edits
from seawall.exposure.remedy.plan import units_of
from seawall.mechanism.fuzz.conserved import open_sizes, quantities

CASES = [1, 2, 3, 5, 8]


def actions_of(setup: Setup, owner: str) -> Iterator[tuple[Action, float]]:
    """Every action of a desk, at a third of the most that it can be."""
    units = units_of(setup, owner)
    into = deposits(setup, units)
    legs = [leg for unit in units for leg in legs_of(setup, unit)]
    for action in [*into, *moves(setup, into, owner), *reductions(setup, legs)]:
        yield action, action.largest / 3.0


def fuzzed(seed: int) -> Case:
    """A random Case of the laws, with isolated positions, inverse ones, loans and options."""
    case, _ = build(
        Recipe(seed, 6, 2, 2, 2, ("fund", "socialised"), 1.0, False, False, False, True)
    )
    return case


@pytest.mark.parametrize("seed", CASES)
def test_what_the_written_case_holds_is_what_was_run(seed: int) -> None:
    for case in (drawn(seed), fuzzed(seed)):
        setup = prepare(case)
        for owner in desks(setup):
            for action, amount in actions_of(setup, owner):
                edit = edit_of(setup, action, amount)
                fast, slow = with_edits(setup, [edit]), prepare(applied(case, setup, edit))
                assert np.allclose(fast.start_size[0], slow.start_size[0], rtol=1e-12, atol=1e-12)
                assert np.allclose(fast.table.options.size, slow.table.options.size, rtol=1e-12)
                worth = (
                    fast.start_cash[0] * fast.spot[fast.table.feed_asset[fast.table.units.settle]]
                )
                other = (
                    slow.start_cash[0] * slow.spot[slow.table.feed_asset[slow.table.units.settle]]
                )
                assert np.allclose(worth, other, rtol=1e-9, atol=1e-6)
                assert np.allclose(fast.start_equity, slow.start_equity, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("seed", CASES)
def test_equity_changes_by_the_money_and_by_the_cost_alone(seed: int) -> None:
    case = drawn(seed)
    setup = prepare(case)
    before = setup.start_equity[0].sum()
    for action, amount in actions_of(setup, OWNER):
        edited = with_edits(setup, [edit_of(setup, action, amount)])
        change = edited.start_equity[0].sum() - before
        if action.kind is Kind.REDUCE:
            assert change == pytest.approx(-reduction_cost(setup, action.leg, amount), abs=1e-6)
        else:
            assert change == pytest.approx(0.0 if action.kind is Kind.MOVE else amount, abs=1e-6)


def test_two_edits_at_once_are_their_sum() -> None:
    one, two = Edit({1: 2.0}, {3: 4.0}), Edit({1: 0.5}, {}, {7: -1.0})
    assert together([one, two]) == Edit({1: 2.5}, {3: 4.0}, {7: -1.0})


def with_each(seed: int) -> tuple[Setup, np.ndarray, PathWorlds]:
    """A random Case with one start for each action that leaves options alone, a path each."""
    case, exogenous = build(
        Recipe(seed, 5, 1, 2, 1, ("fund", "socialised"), 0.01, False, True, True, True)
    )
    setup = prepare(case)
    edits = [
        edit
        for owner in desks(setup)
        for action, amount in actions_of(setup, owner)
        if not (edit := edit_of(setup, action, amount)).options
    ] or [Edit()]
    edited = with_edits(setup, edits)
    start = np.arange(len(edits))
    ones = np.ones(len(edits))
    worlds = PathWorlds(start, ones, ones < 0)
    return edited, np.repeat(exogenous[:1], len(edits), axis=0), worlds


@pytest.mark.parametrize("seed", [3, 4, 7, 11])
def test_l6_an_edited_start_runs_alike_with_every_account_checked(seed: int) -> None:
    setup, exogenous, worlds = with_each(seed)
    quick, _ = run(setup, exogenous, worlds=worlds)
    slow, _ = run(setup, exogenous, worlds=worlds, filtered=False)
    for name in ("path", "step", "unit", "kind", "notional", "desk_equity", "final"):
        assert np.array_equal(getattr(quick, name), getattr(slow, name)), name


@pytest.mark.parametrize("seed", [3, 4, 7, 11])
def test_l1_and_l4_no_money_appears_and_nobody_pays_twice(seed: int) -> None:
    setup, exogenous, worlds = with_each(seed)
    with watched():
        tape, state = run(setup, exogenous, worlds=worlds)
    fund_flows(setup, tape, state)
    first = begin(setup, exogenous[:, 0], worlds=worlds)
    before, scale = quantities(setup, first.holdings, first.accounts)
    after, later = quantities(setup, state.holdings, state.accounts)
    assert np.all(np.abs(after - before) <= 1e-9 * np.maximum(np.maximum(scale, later), 1e-12))
    _, scale = open_sizes(setup, first)
    net, gross = open_sizes(setup, state)
    assert np.all(np.abs(net) <= 1e-9 * np.maximum(np.maximum(scale, gross), 1e-300))
