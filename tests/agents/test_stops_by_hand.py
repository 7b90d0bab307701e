"""Stop-loss orders: where they stand, and what they do when the price gets there, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.agents.stops import Stops, distances, round_price, stop_price
from seawall.cascade.engine import prepare
from seawall.cascade.state import begin
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.market import Scenario

ALL = {"share": 1.0, "median": 0.05, "log_sd": 0.0}


def traders_of(
    sizes: list[float], stops: dict[str, Any], depth: float = np.inf, cash: float = 500.0
) -> Case:
    rules = perpetuals_venue(mechanisms={"stops": stops}, taker_fee=0.001)
    traders = [Trader("perps", [Held("COIN-P", size, 100.0)], {QUOTE: cash}) for size in sizes]
    assets = {"COIN": coin(100.0, depth)}
    return tiny_case(traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, assets)


def stopped(tape: Tape) -> list[tuple[int, int]]:
    mine = tape.kind == EventKind.STOP
    return list(zip(tape.step[mine].tolist(), tape.unit[mine].tolist(), strict=True))


def test_a_long_and_a_short_leave_at_their_stops() -> None:
    # Both stops are 5% away: the long leaves at the first price at or below 95, the short at or
    # above 105, each with its whole position, a fee of 0.1% of what was sold, and only once.
    case = traders_of([10.0, -10.0], ALL)
    _, tape, state = run_case(case, paths_of(case, COIN=[100, 96, 94, 106, 94]))
    assert stopped(tape) == [(2, 0), (3, 1)]
    assert tape.notional.tolist() == pytest.approx([940.0, 1_060.0])
    assert tape.fee.tolist() == pytest.approx([0.94, 1.06])
    assert not state.holdings.size.any()
    assert state.holdings.cash[0] == pytest.approx([500 - 60 - 0.94, 500 - 60 - 1.06])


def test_inverse_contracts_stop_on_the_same_side() -> None:
    rules = perpetuals_venue(mechanisms={"stops": ALL})
    long = Trader("perps", [Held("COIN-I", 1_000.0, 100.0)], {"COIN": 5.0})
    case = tiny_case([long], [perpetual("COIN-I", "COIN", True)], {"perps": rules},
                     {"COIN": coin(100.0)})  # fmt: skip
    _, tape, state = run_case(case, paths_of(case, COIN=[100, 106, 94]))
    assert stopped(tape) == [(2, 0)]
    # 1,000 contracts bought at 100 and sold at 94 lose 1000 (1/94 - 1/100) coins.
    assert state.holdings.cash[0, 0] == pytest.approx(5.0 - 1_000.0 * (1 / 94 - 1 / 100))


def test_an_account_below_maintenance_is_the_venue_s() -> None:
    # 94: equity 65 - 60 = 5 below 9.4: liquidated, not stopped.
    case = traders_of([10.0], ALL, cash=65.0)
    _, tape, _ = run_case(case, paths_of(case, COIN=[100, 94]))
    assert tape.kind.tolist() == [EventKind.LIQUIDATION]


def test_who_owes_after_its_stop_is_a_deficit_like_any_other() -> None:
    # 94: equity 75 - 60 = 15 above maintenance 9.4, sold into a depth of 20,000: b = -0.047, the
    # mean is 0.976864, so 940 bring 918.25: 21.75 more are lost and 6.75 are owed, before any fee.
    case = traders_of([10.0], ALL, depth=20_000.0, cash=75.0)
    _, tape, state = run_case(case, paths_of(case, COIN=[100, 94]))
    assert tape.kind.tolist() == [EventKind.STOP, EventKind.COVER]
    assert tape.socialised.sum() == pytest.approx(6.75, abs=0.01)
    assert tape.fee.sum() == 0.0
    assert state.holdings.cash[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_a_herd_at_a_round_price_falls_further_than_spread_stops() -> None:
    # Twenty longs, stops drawn around 5%: alone each leaves at its own price; a herd of the stops
    # between 90 and 100 leaves at 90 at once (one digit: rounds of 100 are below; two: of 10).
    spread = {"share": 1.0, "median": 0.05, "log_sd": 0.2}
    herd = {**spread, "herd": 1.0, "digits": 2}
    low = []
    for stops in (spread, herd):
        case = traders_of([10.0] * 20, stops, depth=200_000.0)
        _, tape, _ = run_case(case, paths_of(case, COIN=[[100, 97, 95, 93, 91, 89]] * 20))
        mine = tape.kind == EventKind.STOP
        low.append(len(set(zip(tape.path[mine].tolist(), tape.step[mine].tolist(), strict=True))))
    # Spread stops are met in several steps of a path, a herd in one.
    assert low[1] == 20 and low[0] > 40


def test_round_prices_are_at_or_beyond_the_stop() -> None:
    price, long = np.array([84_120.0, 84_120.0, 0.5, 120.0]), np.array([True, False, True, True])
    at = np.array([82_300.0, 86_001.0, 0.483, 99.0])
    assert round_price(price, long, at, 2) == pytest.approx([82_000.0, 87_000.0, 0.48, 90.0])
    assert round_price(price[:1], long[:1], np.array([82_000.0]), 2) == [82_000.0]


def test_distances_have_their_median_and_spread() -> None:
    rule = Stops(1.0, 0.05, 0.5)
    draw = (np.arange(10_000) + 0.5) / 10_000
    found = np.log(distances(rule, draw))
    assert np.median(found) == pytest.approx(np.log(0.05), abs=1e-4)
    assert found.std() == pytest.approx(0.5, abs=2e-3)
    assert stop_price(np.array([100.0]), np.array([True]), np.array([0.05])) == [95.0]


def test_a_share_of_the_positions_has_stops_and_own_tables_count() -> None:
    stops = {"share": 0.3, "median": 0.05}
    own = [{"account": "t0", "distance": 0.02}, {"account": "t1"}]
    case = traders_of([1.0] * 400, {**stops, "own": own})
    setup = prepare(case)
    orders = begin(setup, np.array([[1.0, 100.0]] * 3)).behaviour.stops[0]
    rows = setup.table.rows.unit[orders.row]
    assert 0.25 < orders.row.size / 400 < 0.35
    assert 0 in rows and 1 not in rows
    assert orders.level[:, rows == 0] == pytest.approx(98.0)


@pytest.mark.parametrize("concert", [0.0, 0.5, 1.0])
def test_concert_moves_all_stops_together_and_each_one_s_law_not_at_all(concert: float) -> None:
    case = traders_of([1.0] * 50, {"share": 1.0, "median": 0.05, "concert": concert})
    start = np.tile([1.0, 100.0], (400, 1))
    level = begin(prepare(case), start).behaviour.stops[0].level
    z = np.log(1.0 - level / 100.0) - np.log(0.05)
    assert z.std() == pytest.approx(0.5, abs=0.05)
    between = np.corrcoef(z[:, ::2].mean(axis=1), z[:, 1::2].mean(axis=1))[0, 1]
    # Means of 25 with common share c: correlation c / (c + (1 - c) / 25).
    assert between == pytest.approx(concert / (concert + (1 - concert) / 25), abs=0.1)


@pytest.mark.parametrize("n", [0.3, 0.6])
def test_a_wall_of_stops_amplifies_a_shock_as_any_forced_sale_does(n: float) -> None:
    """Stops of even density under the price, linear depth: the shock s ends at s / (1 - n), n
    their notional per unit of log-price over depth (C1; to first order in s, stops are 2 bp apart).
    """
    gap, depth, count = 0.0002, 1e6, 250
    log_distance = gap * np.arange(1, count + 1)
    level = 100.0 * np.exp(-log_distance)
    # Sold near its own level, each brings n x depth x gap.
    sizes = (n * depth * gap / level).tolist()
    own = [
        {"account": f"t{i}", "distance": float(d)}
        for i, d in enumerate(1.0 - np.exp(-log_distance))
    ]
    rules = perpetuals_venue(mechanisms={"stops": {"share": 0.0, "median": 0.5, "own": own}})
    traders = [Trader("perps", [Held("COIN-P", size, 100.0)], {QUOTE: 1e6}) for size in sizes]
    case = tiny_case(
        traders, [perpetual("COIN-P", "COIN")], {"perps": rules}, {"COIN": coin(100.0, depth)},
        scenario=Scenario(permanent_share=1.0),
    )  # fmt: skip
    shock = 0.01
    prices = [100.0] + [100.0 * float(np.exp(-shock))] * 40
    setup, tape, _ = run_case(case, paths_of(case, COIN=prices))
    fall = -np.log(tape.trough[0, setup.table.assets.index("COIN")] / 100.0)
    assert fall == pytest.approx(shock / (1.0 - n), rel=0.02)
    assert not np.isin(tape.kind, [EventKind.LIQUIDATION, EventKind.COVER]).any()
