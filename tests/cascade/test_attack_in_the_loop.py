"""The attacker inside the loop against the study's closed forms, and by hand.

Linear impact, depth 1e6, BTC at 100, impact decays in 600 s. The loop trades in steps and in small
orders; the closed forms trade without a break: what they differ by halves with the step.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_l1_money import assert_conserved
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.attack import profit
from seawall.cascade.failures import with_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.reference import run
from seawall.cascade.state import State, safe_worlds
from seawall.cascade.tape import EventKind, Tape, join
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.impact.law import named_law
from seawall.market import Scenario
from seawall.mechanism.attack.cost import ThinMarket, move_and_hold, sold_at_once, sold_slowly
from seawall.venues import Collateral, Tier

TERMS = Collateral(0.8, 0.85, 0.05)
DEPTH, TAU = 1e6, 600.0


def case(plan: dict[str, Any], dt: float = 10.0, stays: float = 0.0, fund: float = 0.0) -> Case:
    perps = perpetuals_venue(tiers=(Tier(0.0, 5.0, 0.05),), fund=fund)
    lender = lending_venue({"BTC": TERMS, "USD": TERMS}, fund=fund)
    traders = [
        Trader("p", [Held("BTC-PERP", 1.0, 100.0)], {"USD": 1e7}),
        Trader("p", [Held("BTC-PERP", -1.0, 100.0)], {"USD": 1e7}),
        Trader("l", (), {"USD": 1e7}),
    ]
    built = tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"p": perps, "l": lender},
        {"BTC": coin(100.0, DEPTH)},
        scenario=Scenario(recovery_seconds=TAU, permanent_share=stays),
        step_seconds=dt,
    )
    attacker = {"asset": "BTC", "venue": "p", "at_seconds": dt, **plan}
    return replace(built, market=replace(built.market, mechanisms={"attacker": attacker}))


def play(chosen: Case, seconds: float) -> tuple[Tape, State]:
    exogenous = paths_of(chosen, BTC=[100.0] * (1 + round(seconds / chosen.step_seconds)))
    setup, tape, state = run_case(chosen, exogenous)
    assert_conserved(setup, exogenous, state)
    # The tape says what the attacker paid.
    paid = tape.fee[tape.kind == EventKind.ATTACK].sum()
    assert -paid == pytest.approx(float(state.attack.cash[0]), rel=1e-9)  # type: ignore[union-attr]
    return tape, state


def thin(stays: float = 0.0) -> ThinMarket:
    return ThinMarket(DEPTH, 100.0, named_law("linear"), 1.0, TAU, stays)


@pytest.mark.parametrize("move", [0.2, -0.15])
@pytest.mark.parametrize("stays", [0.0, 0.3])
def test_a_raid_costs_what_the_study_says(move: float, stays: float) -> None:
    """Pushed within one step, held 300 s, sold at once; the loop's step is 20 s, then 10 s."""
    moved = move_and_hold(thin(stays), 1.0 + move, 300.0)
    assert moved is not None
    cost = moved.paid - sold_at_once(thin(stays), moved)
    plan = {"scheme": "sell", "move": move, "hold_seconds": 300.0}
    gaps = []
    for dt in (20.0, 10.0):
        tape, state = play(case(plan, dt, stays), 340.0)
        gaps.append(float(profit(state)[0]) + cost)
        reached = tape.peak if move > 0 else tape.trough
        assert reached[0, 1] == pytest.approx(100.0 * (1.0 + move), rel=1e-9)
        assert float(state.attack.units[0]) == pytest.approx(0.0, abs=1e-6)  # type: ignore[union-attr]
    # A step is 1/30 of the decay time.
    assert abs(gaps[0]) < cost / 25.0
    # Of the first order in the step.
    assert abs(gaps[1]) < 0.6 * abs(gaps[0])


def test_a_slow_way_out_is_that_of_the_study() -> None:
    """Sold over 100 decay times: impact of each sale is over before the next."""
    moved = move_and_hold(thin(), 1.2, 0.0)
    assert moved is not None
    cost = moved.paid - sold_slowly(thin(), moved)
    plan = {"scheme": "sell", "move": 0.2, "exit_seconds": 60_000.0}
    _, state = play(case(plan, 600.0), 61_200.0)
    assert -float(profit(state)[0]) == pytest.approx(cost, rel=0.05)


def test_a_position_left_behind_by_hand() -> None:
    """100,000 long at 20%: 20,000 put in. Seen at 1.5 equity is 70,000, margin 30,000: 40,000 out.

    Nothing is decayed within the step, so getting in and out at once is free: 20,000 gained. What
    is left, 30,000 against a loss of 50,000 as the price is back, is closed a step later: 20,000 of
    bad debt, which the fund pays.
    """
    plan = {"scheme": "withdraw", "move": 0.5, "size": 1e5, "hold_seconds": 10.0}
    tape, state = play(case(plan, fund=1e6), 60.0)
    raid = {"scheme": "sell", "move": 0.5, "hold_seconds": 10.0}
    _, alone = play(case(raid), 60.0)
    gained = float(profit(state)[0] - profit(alone)[0])
    # The price seen has decayed for one step of 10 s: exp(-1 / 60) of the flow is left.
    flow = math.log(1.5) * math.exp(-1.0 / 60.0)
    seen = 100.0 * math.exp(flow)
    expected = 1e3 * (seen - 100.0) - 0.2 * 1e3 * seen
    assert gained == pytest.approx(expected, rel=2e-3)
    covered = tape.fund[tape.kind == EventKind.COVER].sum()
    # The market takes the forced sale of 1e5 into a depth of 1e6: 5% less than the price.
    lost = expected
    assert covered > lost


def test_a_loan_left_behind_pays_only_above_its_loan_to_value() -> None:
    """Seen at 1.5, 80% of it is 1.2 of each unit: 50,000 of units bring 60,000. At 1.1, 0.88."""
    borrow = {"scheme": "borrow", "venue": "l", "borrow": "USD", "hold_seconds": 10.0}
    gained = {}
    for move in (0.5, 0.1):
        plan = {**borrow, "move": move, "size": 5e4}
        _, with_size = play(case(plan, fund=1e6), 60.0)
        _, without = play(case({**plan, "size": 0.0}, fund=1e6), 60.0)
        gained[move] = float(profit(with_size)[0] - profit(without)[0])
    decayed = math.exp(-1.0 / 60.0)
    for move, found in gained.items():
        seen = math.exp(math.log1p(move) * decayed)
        assert found == pytest.approx(5e4 * (0.8 * seen - 1.0), rel=1e-3)


@pytest.mark.parametrize(
    "plan",
    [
        {"scheme": "withdraw", "move": -0.3, "size": 1e5, "push_seconds": 30.0},
        {"scheme": "borrow", "venue": "l", "borrow": "USD", "move": 0.5, "exit_seconds": 20.0},
    ],
)
def test_laws_hold_with_an_attacker(plan: dict[str, Any]) -> None:
    """L6: unfiltered and compiled looks; L7: twice as large, twice the money."""
    chosen = case({**plan, "available": 4_000.0}, fund=500.0)
    exogenous = paths_of(chosen, BTC=[[100.0] * 9, [100.0] * 3 + [97.0] * 6])
    setup, tape, state = run_case(chosen, exogenous)
    assert_conserved(setup, exogenous, state)
    _, unfiltered, _ = run_case(chosen, exogenous, filtered=False)
    assert_same(tape, unfiltered, FILTER)
    assert_same(tape, run_fast(setup, exogenous)[0], FILTER)
    assert_same(join([run(setup, exogenous[n : n + 1])[0] for n in (0, 1)]), tape, CHUNKS)
    twice = scaled(case({**plan, "available": 4_000.0}, fund=500.0), 2.0)
    plan_twice = dict(chosen.market.mechanisms["attacker"])  # type: ignore[call-overload]
    plan_twice |= {"size": 2.0 * plan_twice.get("size", 0.0), "available": 8_000.0}
    twice = replace(twice, market=replace(twice.market, mechanisms={"attacker": plan_twice}))
    _, other, _ = run_case(twice, exogenous)
    assert_scaled(tape, other, 2.0, exact=True)


def test_what_is_there_bounds_what_is_taken() -> None:
    plan = {"scheme": "borrow", "venue": "l", "borrow": "USD", "move": 0.5, "size": 5e4}
    tape, state = play(case({**plan, "available": 1_000.0}), 60.0)
    loot = tape.fee[(tape.kind == EventKind.ATTACK)]
    assert loot.min() < 0.0
    # Units that are not needed for it are sold.
    assert float(state.attack.units[0]) == pytest.approx(0.0, abs=1e-6)  # type: ignore[union-attr]
    assert tape.socialised.sum() < 1_000.0


@pytest.mark.parametrize(
    "slots",
    [
        {"stops": {"share": 1.0, "median": 0.1, "log_sd": 0.0}},
        {"delever": {"trigger": 1.5, "target": 1.0}},
        {"top_up": {"trigger": 9.0, "restore": 9.0, "budget": 1.0}},
    ],
)
def test_an_attacker_is_not_of_the_crowd(slots: dict[str, Any]) -> None:
    """Its position follows its plan, not what the crowd's owners do."""
    chosen = case({"scheme": "withdraw", "move": 0.5, "size": 1e5, "push_seconds": 30.0})
    rules = {**chosen.rulebooks, "p": replace(chosen.rulebooks["p"], mechanisms=slots)}
    chosen = replace(chosen, rulebooks=rules)
    setup, tape, _ = run_case(chosen, paths_of(chosen, BTC=[100.0] * 8))
    own = setup.book.account_names.index("attacker/plan")
    behaved = np.isin(tape.kind, (EventKind.STOP, EventKind.DELEVERED, EventKind.TOP_UP))
    assert not (behaved & (setup.table.units.account[tape.unit] == own)).any()
    assert (tape.kind == EventKind.ATTACK).any()


def test_nobody_opens_a_position_where_the_venue_stands_still() -> None:
    chosen = case({"scheme": "withdraw", "move": 0.5, "size": 1e5, "at_seconds": 20.0})
    failed = {"venue": "p", "recovery": 0.5, "at_seconds": 10.0}
    chosen = with_failures(chosen, {"venue_insolvency": [failed]})
    tape, state = play(chosen, 60.0)
    assert not state.accounts.book_contracts[:, 0].any()
    assert (tape.kind == EventKind.ATTACK).any()


def test_nobody_attacks_in_a_safe_world() -> None:
    chosen = case({"scheme": "sell", "move": 0.2})
    exogenous = paths_of(chosen, BTC=[100.0] * 4)
    _, tape, state = run_case(chosen, exogenous, worlds=safe_worlds(1))
    assert tape.kind.size == 0 and np.array_equal(state.market, exogenous[:, -1])


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"scheme": "sell", "move": 0.0}, "move of 0"),
        ({"scheme": "borrow", "move": 0.1}, "borrow"),
        ({"scheme": "borrow", "move": -0.1, "borrow": "USD", "venue": "l"}, "pushed down"),
        ({"scheme": "withdraw", "move": 0.1, "venue": "l"}, "no linear perpetual"),
        ({"scheme": "borrow", "move": 0.1, "borrow": "USD"}, "lends nothing"),
        ({"scheme": "sell", "move": 0.1, "asset": "ETH"}, "asset 'ETH'"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: dict[str, Any], words: str) -> None:
    chosen = case(plan)
    with pytest.raises(InputError, match=words):
        run_case(chosen, paths_of(chosen, BTC=[100.0, 100.0]))


def test_who_lends_nothing_on_an_asset_is_no_target() -> None:
    chosen = case({"scheme": "borrow", "venue": "l", "borrow": "USD", "move": 0.5, "size": 5e4})
    frozen = lending_venue({"BTC": Collateral(0.0, 0.85, 0.05), "USD": TERMS})
    chosen = replace(chosen, rulebooks={**chosen.rulebooks, "l": frozen})
    with pytest.raises(InputError, match="lends nothing on BTC"):
        run_case(chosen, paths_of(chosen, BTC=[100.0, 100.0]))
