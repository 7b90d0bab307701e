"""The laws of the loop hold in each of the 16 worlds in which channels of loss are switched off."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from test_l1_money import assert_conserved
from test_l6_compiled import assert_engines_agree
from test_l6_pairwise import ROWS, case_of, small
from test_l6_quiet import quiet_case
from test_l6_same_tape import FILTER, WORLDS, assert_same
from tiny_cases import Floats

from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, PRICE_ONLY, Runs, World, path_worlds, prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds
from seawall.cascade.tape import EventKind, Tape, select
from seawall.exposure.channels import CHANNELS, channels_of, world_with
from seawall.exposure.shapley import coalitions

ALL = [world_with({c for c, on in zip(CHANNELS, who, strict=True) if on}) for who in coalitions(4)]
SHARED = (EventKind.ADL_BANKRUPT, EventKind.ADL_WINNER, EventKind.POOL_CUT, EventKind.SOCIALISED)
BITS = "all channels on is the base, all off is prices alone, bit for bit"


def worlds_of(chosen: list[World]) -> PathWorlds:
    """One path in each world."""
    count = len(chosen)
    return path_worlds(tuple(chosen), Runs(np.arange(count), np.arange(count)))


def assert_laws(setup: Setup, exogenous: Floats) -> None:
    """One path of prices in all worlds: engines, filter, money, and each world by itself."""
    paths = np.repeat(exogenous[:1], len(ALL), axis=0)
    worlds = worlds_of(ALL)
    assert_engines_agree(setup, paths, worlds)
    tape, state = run(setup, paths, worlds=worlds)
    whole, _ = run(setup, paths, worlds=worlds, filtered=False)
    assert_same(tape, whole, FILTER)
    assert_conserved(setup, paths, state)
    for n in (0, 5, 10, 15):
        own = {"worlds": worlds_of(ALL[n : n + 1]), "draws": Draws(0, np.array([n]))}
        alone, _ = run(setup, paths[:1], **own)
        assert_same(select(tape, n, n + 1), alone, WORLDS)
    nobody_pays_for_others(tape)


def nobody_pays_for_others(tape: Tape) -> None:
    off = np.array([not world.mutual for world in ALL])[tape.path]
    shared = np.isin(tape.kind, list(SHARED))
    assert not np.any(off & (shared | (tape.adl > 0))), "somebody paid for others"


@pytest.mark.parametrize("number", range(0, len(ROWS), 9))
def test_every_world_keeps_the_laws(number: int) -> None:
    case, exogenous = case_of(ROWS[number], small(100 + number))
    assert_laws(prepare(case), exogenous)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ROWS)))
def test_every_world_keeps_the_laws_in_the_whole_covering_set(number: int) -> None:
    case, exogenous = case_of(ROWS[number], small(300 + number))
    assert_laws(prepare(case), exogenous[1:])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_world_keeps_the_laws_over_quiet_steps(seed: int) -> None:
    assert_laws(*quiet_case(seed))


def test_all_on_is_the_base_and_all_off_is_prices_alone() -> None:
    """Where nobody is deleveraged, pays for others or waits for a keeper, all off is what prices
    alone were before there were switches: infinite depth, fresh feeds, no failures.
    """
    assert ALL[0] == PRICE_ONLY and ALL[-1] == BASE
    before = World(depth=math.inf, fresh=True, failures=False)
    for seed in range(6):
        recipe = replace(small(seed), layers=("backstop",), paths=2)
        case, exogenous = case_of(dict.fromkeys(ROWS[0], 0), recipe)
        setup = prepare(case)
        base, _ = run(setup, exogenous)
        assert_same(run(setup, exogenous, worlds=worlds_of([ALL[-1]] * 2))[0], base, BITS)
        old, _ = run(setup, exogenous, worlds=worlds_of([before] * 2))
        assert_same(run(setup, exogenous, worlds=worlds_of([ALL[0]] * 2))[0], old, BITS)
        assert old.path.size > 0, "somebody must be closed"


@pytest.mark.parametrize("number", range(0, len(ROWS), 6))
def test_a_channel_that_a_case_does_not_have_changes_no_bit(number: int) -> None:
    case, exogenous = case_of(ROWS[number], small(100 + number))
    setup = prepare(case)
    base, _ = run(setup, exogenous[:1])
    for channel in set(CHANNELS) - set(channels_of(setup)):
        world = world_with(set(CHANNELS) - {channel})
        found, _ = run(setup, exogenous[:1], worlds=worlds_of([world]))
        assert_same(found, base, f"a Case without {channel}")
