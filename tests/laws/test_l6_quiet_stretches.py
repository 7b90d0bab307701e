"""L6 on paths that are proven calm and not stepped: the tape is the plain loop's, and calm is
claimed of no path on which somebody falls, whatever it is that makes him fall.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from quiet_crowds import ALL, REASONS, STEPS, crowd, walks
from test_l6_pairwise import FACTORS, case_of, small
from test_l6_read_only import as_on_ray
from test_l6_same_tape import assert_same
from tiny_cases import Floats, paths_of

from seawall.book import AccountKind
from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.fast.calm import compile_calm
from seawall.cascade.fast.made_once import make_once
from seawall.cascade.fast.simulation import FastSimulation
from seawall.cascade.fast.slots import CLOSING, QUIET, QUIET_MARKET
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup, with_starts
from seawall.cascade.state import PathWorlds
from seawall.cascade.switches import all_on
from seawall.cascade.tape import FORCED, EventKind, Tape
from seawall.foundation.errors import InputError

CALM = "L6: a path proven calm has the tape of the plain loop"


def check(
    setup: Setup, exogenous: Floats, worlds: PathWorlds | None = None, seed: int = 0
) -> tuple[Tape, int]:
    """Both loops, the same tape; it, and how many paths were stepped."""
    stepped, draws = [], Draws(seed, np.arange(exogenous.shape[0]))

    class Counted(FastSimulation):
        def _in_general(self, prices: Floats, *more: Any) -> Tape:
            stepped.append(prices.shape[0])
            return super()._in_general(prices, *more)

    tape = Counted(setup, exogenous.shape[1] - 1).on(exogenous, draws, worlds=worlds)
    assert_same(tape, run(setup, exogenous, worlds=worlds, draws=draws)[0], CALM)
    return tape, sum(stepped)


def fallen(tape: Tape) -> list[int]:
    """Paths on which somebody was closed."""
    return np.unique(tape.path[np.isin(tape.kind, FORCED)]).tolist()


@pytest.mark.parametrize("name", [*ALL, "none"])
def test_a_calm_path_is_not_stepped(name: str) -> None:
    case = crowd([] if name == "none" else [name])
    tape, stepped = check(prepare(case), walks(case))
    assert stepped == 0, f"{stepped} of 3 paths were stepped with {name}"
    assert set(tape.kind.tolist()) == ({int(EventKind.FUND_FLOW)} if name == "fund" else set())


@pytest.mark.parametrize("more", [[], ["impact by book_walk"]])
def test_all_slots_at_once(more: list[str]) -> None:
    alone = [n for n in ALL if " " not in n or n in more]
    case = crowd(alone)
    _, stepped = check(prepare(case), walks(case))
    assert stepped == 0


def test_no_rule_is_new() -> None:
    """A rule that joins those of slots.py must be bounded in `calm.py`, or keep its Cases out; then
    it may be named here.
    """
    rules = {
        rule.__name__ for table in (QUIET, QUIET_MARKET) for own in table.values() for rule in own
    }
    assert rules == set(
        "Twap Median Pull CommitThenSettle Capped AuctionDelayed Confidence Settlement PriceBand "
        "Velocity Staleness VolatilityScaled DepthScaled OpenInterestScaled BookWalk Amm "
        "ConcentratedAmm Resilience Links".split()
    )
    assert set(CLOSING) == set(
        "sizing margin_call auction keepers adl socialise fund liquidation_rate_limit "
        "withdrawal_gate open_interest_cap".split()
    )


def test_a_setup_that_nobody_may_write_to() -> None:
    """As it comes from another process."""
    case = crowd([n for n in ALL if " " not in n])
    _, stepped = check(as_on_ray(prepare(case)), walks(case))
    assert stepped == 0


def test_worlds_of_their_own() -> None:
    """Fresh feeds, infinite depth, orders without trace: nothing of it makes anybody fall."""
    case = crowd([n for n in ALL if " " not in n])
    fresh, depth = np.array([False, True, True, False]), np.array([1.0, 1.0, np.inf, 0.5])
    switches = replace(all_on(4), trace=np.array([True, False, True, False]))
    zeros = np.zeros(4, dtype=np.int64)
    _, stepped = check(
        prepare(case), walks(case, 4), PathWorlds(zeros, depth, fresh, switches=switches)
    )
    assert stepped == 0


def leaving(to: float, stay: bool) -> list[list[float]]:
    """Eight paths on which nothing happens, and one for each step at which the price goes ``to``
    another for that step, or to ``stay`` there.
    """
    prices = np.full((8 + STEPS, STEPS + 1), 100.0)
    for n in range(STEPS):
        prices[8 + n, n + 1 : STEPS + 1 if stay else n + 2] = to
    return prices.tolist()


def test_worlds_whose_traders_hold_less() -> None:
    """The same prices: calm where cash is 60, not where it is 10."""
    setup = with_starts(prepare(crowd(["fund"])), [prepare(crowd(["fund"], cash=10.0)).table])
    case, start = crowd([]), np.array([0, 1, 0, 1, 0])
    exogenous = paths_of(case, A=[[100.0] * 20 + [85.0] * (STEPS - 19)] * 5)
    ones = np.ones(5)
    tape, stepped = check(setup, exogenous, PathWorlds(start, ones, ones < 0.0))
    assert fallen(tape) == [1, 3] and stepped == 2


@pytest.mark.parametrize(
    ("who", "to"), [("long both", 30.0), ("short both", 190.0), ("both", 30.0)]
)
def test_a_move_of_one_step_is_seen_wherever_it_is(who: str, to: float) -> None:
    case = crowd([], who=who, both=30.0 if who == "both" else 1e5)
    tape, stepped = check(prepare(case), paths_of(case, A=leaving(to, stay=False)))
    assert stepped == STEPS and fallen(tape) == list(range(8, 8 + STEPS))


def test_volatility_is_felt_wherever_it_comes_from() -> None:
    """Nobody falls by the move: margin must have followed it."""
    margin = {"rule": "volatility_scaled", "strength": 5.0, "cap": 50.0}
    case = crowd([], cash=30.0, both=30.0, dynamic_margin=margin)
    tape, stepped = check(prepare(case), paths_of(case, A=leaving(120.0, stay=True)))
    assert stepped == STEPS and fallen(tape) == list(range(8, 8 + STEPS))


def test_calm_paths_beside_others() -> None:
    case = crowd(["fund", "oracle_source"])
    exogenous = walks(case, 20)
    down = [3, 11, 19]
    exogenous[down, 30:, 1] *= 0.3
    tape, stepped = check(prepare(case), exogenous)
    assert fallen(tape) == down and stepped == 3


@pytest.mark.parametrize("name", REASONS)
def test_whatever_makes_somebody_fall(name: str) -> None:
    """Prices that do nothing by themselves, over and over; each reason alone is enough."""
    own, prices = REASONS[name]
    given = [(prices * STEPS)[: STEPS + 1]] * 2
    case = crowd([], **own)
    tape, stepped = check(prepare(case), paths_of(case, A=given))
    assert fallen(tape) == [0, 1] and stepped == 2, f"{name} closes nobody"
    without = crowd(
        [], **{name: own[name] for name in ("cash", "both", "who", "margin") if name in own}
    )
    _, stepped = check(prepare(without), paths_of(without, A=given))
    assert stepped == 0, "the prices alone do nothing"


def test_nobody_falls_and_nothing_is_proven_near_the_edge() -> None:
    """Leverage in small steps to where somebody falls: both tapes are the same on all of them."""
    seen = []
    for cash in (1.2, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0):
        case = crowd(["oracle_source", "oracle_confidence", "dynamic_margin"], cash=cash, both=cash)
        tape, stepped = check(prepare(case), walks(case, 4))
        seen.append((len(fallen(tape)), stepped))
    assert seen[0][0] > 0 and seen[-1][1] == 0, f"(fallen, stepped) of four paths: {seen}"


def test_numbers_are_those_of_the_path_also_where_none_were_named() -> None:
    """A path that is stepped keeps its number, though those beside it are not stepped."""
    noise = {"rule": "median", "sources": [{"noise": 0.25}]}
    case = crowd([], cash=60.0, oracle_source=noise)
    exogenous = np.repeat(walks(case, 1), 12, axis=0)
    exogenous[::3, 20:, 1] *= 1.3
    setup = prepare(case)
    assert_same(FastSimulation(setup, STEPS).on(exogenous), run(setup, exogenous)[0], CALM)


@pytest.mark.parametrize(("step", "price"), [(7, 0.0), (7, -1.0), (7, np.nan), (0, 99.0)])
def test_a_path_that_is_none_is_refused(step: int, price: float) -> None:
    """No price, and a start elsewhere than at the spot: in the plain loop's words."""
    case = crowd([])
    exogenous = walks(case, 3)
    exogenous[1, step, 1] = price
    setup = prepare(case)
    with pytest.raises(InputError) as plain:
        run(setup, exogenous)
    with pytest.raises(InputError) as fast:
        FastSimulation(setup, STEPS).on(exogenous)
    assert str(plain.value) == str(fast.value)


def test_a_desk_is_never_calm() -> None:
    """Its equity is kept at every step."""
    case = crowd([])
    desk = replace(case.book, account_kind=(AccountKind.DESK, *case.book.account_kind[1:]))
    setup = prepare(replace(case, book=desk))
    shared = make_once(setup, STEPS)
    assert shared is not None
    assert compile_calm(setup, shared.fixed, STEPS) is None


def random_case(seed: int) -> tuple[Setup, Floats]:
    """A random crowd of perpetuals and borrowers with random slots; moves of a random size."""
    rng = np.random.default_rng(seed)
    row = {
        slot: int(rng.integers(len(FACTORS[slot]))) * int(rng.random() < 0.4)
        for slot in (*QUIET, *QUIET_MARKET, "fund")
    }
    recipe = replace(small(seed), steps=STEPS, paths=6, healthy=True, writers=0, inverse=0)
    case, exogenous = case_of(row, recipe)
    book = replace(case.book, account_kind=(AccountKind.CROWD,) * len(case.book.account_kind))
    power = float(rng.choice([0.01, 0.03, 0.1, 0.3]))
    return prepare(replace(case, book=book)), exogenous[:, :1] * (
        exogenous / exogenous[:, :1]
    ) ** power


def on_random_cases(seeds: range) -> None:
    calm = closed = 0
    for seed in seeds:
        setup, exogenous = random_case(seed)
        tape, stepped = check(setup, exogenous, seed=seed)
        calm, closed = calm + 6 - stepped, closed + len(fallen(tape))
    print(f"{len(seeds)} Cases: {calm} paths calm, {closed} with somebody closed")
    assert calm > 0 and closed > 0


def test_random_cases() -> None:
    on_random_cases(range(8))


@pytest.mark.slow
def test_many_random_cases() -> None:
    on_random_cases(range(8, 8 + int(os.environ.get("SEAWALL_CALM_CASES", "200"))))
