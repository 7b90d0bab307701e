"""Edges of keepers and lenders: crowds and prices of one's own path, capital that comes back, and
worlds in which nothing waits. Loans are 10 ETH against 800 USD, threshold 83%, bonus 5%; steps of
60 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from liquidation_choices import LENDER
from test_l6_coins import alone_and_together
from tiny_cases import Trader, coin, events, lending_venue, paths_of, run_case, tiny_case

from seawall.cascade.engine import Runs, path_worlds, prepare
from seawall.cascade.reference import run
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.exposure.channels import CHANNELS, world_with
from seawall.venues import Collateral, Feed, Liquidation, Rulebook

TERMS = Collateral(0.8, 0.83, 0.05)
LOAN = Trader("l", (), {"ETH": 10.0, "USD": -800.0})


def lender(mechanisms: Mapping[str, Any], fund: float = 0.0, **how: Any) -> Rulebook:
    book = lending_venue(
        {"ETH": TERMS, "DAI": TERMS}, fund=fund, liquidation=Liquidation("keeper", **how)
    )
    return replace(book, mechanisms=mechanisms)


def case_of(loans: Sequence[Trader], rules: Rulebook, depth: float = float("inf")) -> Case:
    assets = {"ETH": coin(100.0, depth), "DAI": coin(1.0, depth)}
    return tiny_case(loans, [], {"l": rules}, assets)


def called(tape: Tape) -> list[tuple[int, int, float]]:
    """(step, unit, quote seized) of each call."""
    mine = tape.kind == EventKind.LIQUIDATION
    columns = tape.step[mine].tolist(), tape.unit[mine].tolist(), tape.notional[mine].tolist()
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    "name",
    [name if name == "all" else pytest.param(name, marks=pytest.mark.slow) for name in LENDER],
)
def test_a_loan_is_what_it_is_whoever_is_on_other_paths(name: str) -> None:
    """Three loans in ETH and DAI: all fall on the first path, one on the second, two later on the
    third; gas, races, auctions and bands of a path are its own.
    """
    loans = [
        Trader("l", (), {"ETH": 10.0, "USD": -800.0}, "a"),
        Trader("l", (), {"ETH": 10.0, "DAI": -760.0}, "b"),
        Trader("l", (), {"ETH": 10.0, "DAI": -300.0, "USD": -400.0}, "c"),
    ]
    case = case_of(loans, lender(LENDER[name], gas=1.0), 1e5)
    eth = [[100, 80, 78, 75, 70, 70], [100, 95, 95, 94, 94, 94], [100, 98, 97, 90, 84, 80]]
    dai = [[1.0, 1.1, 1.1, 1.1, 1.1, 1.1], [1.0] * 6, [1.0, 1.0, 0.99, 0.98, 0.97, 0.95]]
    kind = EventKind.SOFT if "soft" in LENDER[name] else EventKind.LIQUIDATION
    alone_and_together(case, kind, paths_of(case, ETH=eth, DAI=dai))


def test_gas_counts_the_crowd_of_its_own_path() -> None:
    """A keeper pays up to 1.5 times the normal gas; each further loan to be called adds one. All
    three of the first path keep it away, the one of the second does not.
    """
    keepers = {"kinds": [{"count": 1, "gas_ceiling": 1.5}], "gas_crowding": 1.0}
    better = Trader("l", (), {"ETH": 10.0, "USD": -700.0})
    case = case_of([LOAN, better, better], lender({"keepers": keepers}))
    _, tape, _ = run_case(case, paths_of(case, ETH=[[100.0, 80.0], [100.0, 95.0]]))
    assert events(tape, EventKind.LIQUIDATION) == [(1, 1, 0, EventKind.LIQUIDATION)]


def test_capital_that_came_back_is_not_counted_twice() -> None:
    """900 of capital, back after 180 s. The first loan takes 400 at step 1, and they are back at
    step 4, where 200 and 100 go; at step 5 the second loan finds 600 and takes its 320.
    """
    keepers = {"kinds": [{"count": 1, "capital": 900.0}], "recycle_seconds": 180.0}
    rules = lender({"keepers": keepers}, close_factor=0.5, full_below=0.0)
    case = case_of([LOAN, Trader("l", (), {"ETH": 10.0, "USD": -640.0})], rules)
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 95.0, 95.0, 95.0, 80.0, 76.0]))
    assert called(tape) == [
        (1, 0, pytest.approx(420.0)),
        (4, 0, pytest.approx(210.0)),
        (4, 0, pytest.approx(105.0)),
        (5, 1, pytest.approx(336.0)),
    ]


def test_where_nothing_waits_keepers_are_there_and_paid_back_at_once() -> None:
    """With a latency of 120 s and capital of 400 that is back after 180 s: half at step 3, half at
    step 6. In a world without latency: both halves by step 2.
    """
    keepers = {
        "kinds": [{"count": 1, "capital": 400.0, "latency_seconds": 120.0}],
        "recycle_seconds": 180.0,
    }
    case = case_of([LOAN], lender({"keepers": keepers}))
    chosen = (world_with(CHANNELS), world_with(set(CHANNELS) - {"latency"}))
    worlds = path_worlds(chosen, Runs(np.arange(2), np.arange(2)))
    prices = paths_of(case, ETH=[[100.0] + [90.0] * 8] * 2)
    tape, _ = run(prepare(case), prices, worlds=worlds)
    steps: dict[int, list[int]] = {0: [], 1: []}
    for path, step, _, _ in events(tape, EventKind.LIQUIDATION):
        steps[path].append(step)
    assert steps[0] == [3, 6]
    assert max(steps[1]) <= 2 and len(steps[1]) == 2


def test_a_reserve_that_a_write_off_empties_is_on_the_tape() -> None:
    """700 of a debt of 800 whose collateral is gone: all that the reserve had."""
    case = case_of([LOAN], lender({"fund": {"target": 1e6}}, fund=700.0))
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 1e-9]))
    assert [row[:3] for row in events(tape, EventKind.FUND_EMPTY)] == [(0, 1, 0)]
    assert tape.notional[tape.kind == EventKind.FUND_EMPTY] == pytest.approx([700.0])


def test_each_loan_draws_its_own_chance() -> None:
    """A keeper fails half of the time: of two equal loans both are called at once on a quarter of
    the paths, and one of them on half.
    """
    keepers = {"kinds": [{"count": 1, "failure": 0.5}]}
    case = case_of([LOAN, LOAN], lender({"keepers": keepers}))
    _, tape, _ = run_case(case, paths_of(case, ETH=[[100.0, 95.0]] * 400))
    made = np.bincount(tape.path[tape.kind == EventKind.LIQUIDATION], minlength=400)
    shares = np.bincount(made, minlength=3) / 400
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=3.0 * 0.5 / 20.0)


BATCH = {"rule": "batch", "window_seconds": 60.0}
ALONE = {"kinds": [{"count": 1}]}


def test_each_bidder_pays_its_gas_and_bids_less_by_it() -> None:
    """Gas of 3 on a lot of ten: the second bids 95 x 0.95 - 0.3 = 89.95, which both would pay. What
    keepers earn is the first's gain less the gas of two bids.
    """
    two = {"kinds": [{"count": 1, "profit": 0.02}, {"count": 1, "profit": 0.05}]}
    case = case_of([LOAN], lender({"auction": BATCH, "keepers": two}, gas=3.0))
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 95.0, 95.0]))
    coins = 800.0 / 89.95
    assert called(tape) == [(2, 0, pytest.approx(95.0 * coins))]
    assert tape.keeper.sum() == pytest.approx(-(95.0 * coins - 800.0 - 6.0))


def test_a_floor_is_a_share_of_the_market_not_of_a_late_oracle() -> None:
    """The oracle has sent 95 and not 93. A bidder alone pays 98% of 93, 91.14; of 95 it would be
    93.1, more than anybody can sell for.
    """
    rules = lender({"auction": {**BATCH, "floor": 0.98}, "keepers": ALONE})
    case = case_of([LOAN], replace(rules, feed=Feed(deviation=0.04)))
    _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 95.0, 93.0]))
    assert [row[:2] for row in called(tape)] == [(2, 0)]
    assert state.holdings.size[0].min() == pytest.approx(0.0, abs=1e-9)
    assert 10.0 - state.holdings.size[0].max() == pytest.approx(800.0 / 91.14)


def test_a_bidder_wins_what_its_capital_buys_at_its_own_value() -> None:
    """285 buy 3 of ten coins at 95; alone it pays the floor of half: 142.5 of the debt."""
    keepers = {"kinds": [{"count": 1, "capital": 285.0}]}
    case = case_of([LOAN], lender({"auction": {**BATCH, "floor": 0.5}, "keepers": keepers}))
    _, tape, state = run_case(case, paths_of(case, ETH=[100.0, 95.0, 95.0]))
    assert called(tape) == [(2, 0, pytest.approx(285.0))]
    assert sorted(state.holdings.size[0]) == pytest.approx([-(800.0 - 142.5), 7.0])


def test_the_next_lot_has_a_window_of_its_own() -> None:
    """500 DAI and 5 ETH at 92 back 800. Nobody pays more than half: 250 for the DAI at step 3, two
    minutes after the breach, and 230 for the ETH two minutes later. The rest is written off.
    """
    auction = {"rule": "batch", "window_seconds": 120.0, "floor": 0.5}
    both = Trader("l", (), {"ETH": 5.0, "DAI": 500.0, "USD": -800.0})
    case = case_of([both], lender({"auction": auction, "keepers": ALONE}))
    _, tape, _ = run_case(case, paths_of(case, ETH=[100.0] + [92.0] * 7))
    assert called(tape) == [(3, 0, pytest.approx(500.0)), (5, 0, pytest.approx(460.0))]
    assert tape.socialised.sum() == pytest.approx(800.0 - 250.0 - 230.0)
