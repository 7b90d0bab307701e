"""What each failure does inside the loop, worked by hand.

Perpetuals at "p": the desk is long 1 BTC from 100 with 20 of margin, the crowd short 1 with 40.
Maintenance is 1% of notional. Loans at "l": 10 ETH against 800 USD, threshold 83%, bonus 5%.
Steps of 60 s; nothing has impact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_l1_money import assert_conserved
from test_l6_same_tape import FILTER, assert_same
from tiny_cases import (
    Held,
    Trader,
    coin,
    events,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.failures import with_failures, without_failures
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.exposure.impairment import (
    ImpairmentKind,
    bad_debt,
    desk_impairment,
    venue_impairment,
)
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.venues import Collateral

ETH = Collateral(0.8, 0.83, 0.05)
PERPS = [
    Trader("p", [Held("BTC-PERP", 1.0, 100.0)], {"USD": 20.0}, owner="me"),
    Trader("p", [Held("BTC-PERP", -1.0, 100.0)], {"USD": 40.0}),
]
LOAN = Trader("l", (), {"ETH": 10.0, "USD": -800.0}, owner="me")
LENDER = Trader("l", (), {"USD": 1_000.0, "ETH": 5.0})


def perps(fund: float = 0.0, traders: Sequence[Trader] = PERPS) -> Case:
    venue = perpetuals_venue(("fund", "socialised"), fund=fund)
    return tiny_case(traders, [perpetual("BTC-PERP", "BTC")], {"p": venue}, {"BTC": coin(100.0)})


def loans(fund: float = 0.0, traders: Sequence[Trader] = (LOAN, LENDER), **more: Any) -> Case:
    venue = lending_venue({"ETH": ETH, "rsETH": ETH, "USD": ETH}, fund=fund, **more)
    assets = {"ETH": coin(100.0), "rsETH": coin(100.0)}
    return tiny_case(traders, [], {"l": venue}, assets)


def play(
    case: Case, kind: str, failure: dict[str, Any], **prices: Any
) -> tuple[Setup, Tape, State]:
    """Run with one failure; conserved, and the same unfiltered and on the compiled looks."""
    failing = with_failures(case, {kind: [failure]})
    exogenous = paths_of(failing, **prices)
    setup, tape, state = run_case(failing, exogenous)
    assert_conserved(setup, exogenous, state)
    _, unfiltered, _ = run_case(failing, exogenous, filtered=False)
    assert_same(tape, unfiltered, FILTER)
    fast, _ = run_fast(setup, exogenous)
    assert_same(tape, fast, FILTER)
    return setup, tape, state


def steps(tape: Tape, kind: EventKind) -> list[int]:
    return [step for _, step, _, _ in events(tape, kind)]


def amounts(tape: Tape, kind: EventKind, column: str = "notional") -> list[float]:
    return list(getattr(tape, column)[tape.kind == kind])


def test_an_outage_delays_the_close_and_freezes_the_price() -> None:
    """At 80.5 the desk has 0.5 against 0.805. Out for steps 2 to 4: closed at step 5, at 70."""
    price = [100.0, 100.0, 80.5, 75.0, 70.0, 70.0, 70.0]
    out = {"venue": "p", "at_seconds": 120.0, "duration_seconds": 180.0}
    _, tape, _ = play(perps(fund=100.0), "venue_outage", out, BTC=price)
    assert steps(tape, EventKind.LIQUIDATION) == [5]
    # What its owner saw meanwhile is the price from before.
    assert tape.desk_equity[0, :, 0].tolist() == [20.0, 20.0, 20.0, 20.0, 20.0, 0.0, 0.0]
    assert amounts(tape, EventKind.COVER, "fund") == [pytest.approx(10.0)]
    # Nobody saw the breach, so nobody waited.
    assert steps(tape, EventKind.OUTAGE_HALT) == []


def test_who_was_seen_in_breach_waits_for_the_venue() -> None:
    """Called at step 1 with three minutes to pay, may be closed at 4, but the venue is out then."""
    case = perps(fund=100.0)
    call = {"margin_call": {"grace_seconds": 180.0, "cure_probability": 0.0}}
    case = replace(case, rulebooks={"p": replace(case.rulebooks["p"], mechanisms=call)})
    out = {"venue": "p", "at_seconds": 180.0, "duration_seconds": 180.0}
    _, tape, _ = play(case, "venue_outage", out, BTC=[100.0, *[80.5] * 8])
    assert steps(tape, EventKind.MARGIN_CALL) == [1]
    assert steps(tape, EventKind.OUTAGE_HALT) == [4]
    assert steps(tape, EventKind.LIQUIDATION) == [6]


def test_owners_of_a_venue_that_is_out_see_and_sell_nothing() -> None:
    """At 90 an owner cuts its leverage from 9 to 5; the venue is out for steps 2 and 3."""
    slots = {"delever": {"trigger": 8.0, "target": 5.0}}
    venue = replace(perpetuals_venue(("socialised",)), mechanisms=slots)
    traders = [Trader("p", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 200.0})]
    assets = {"BTC": coin(100.0)}
    case = tiny_case(traders, [perpetual("BTC-PERP", "BTC")], {"p": venue}, assets)
    price = [100.0, 95.0, 90.0, 90.0, 90.0, 90.0]
    _, plain, _ = run_case(case, paths_of(case, BTC=price))
    assert steps(plain, EventKind.DELEVERED) == [2]
    out = {"venue": "p", "at_seconds": 120.0, "duration_seconds": 120.0}
    _, tape, _ = play(case, "venue_outage", out, BTC=price)
    assert steps(tape, EventKind.DELEVERED) == [4]


def test_who_has_decided_to_sell_does_so_when_the_venue_is_back() -> None:
    """Seen at 90 in step 1, half of the owners decide to sell in step 3; out from 2 to 11."""
    slots = {"delever": {"trigger": 8.0, "target": 5.0, "probability": 0.5, "delay_seconds": 120.0}}
    venue = replace(perpetuals_venue(("socialised",)), mechanisms=slots)
    traders = [Trader("p", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 200.0})]
    assets = {"BTC": coin(100.0)}
    case = tiny_case(traders, [perpetual("BTC-PERP", "BTC")], {"p": venue}, assets)
    price = [[100.0, *[90.0] * 13]] * 40
    _, plain, _ = run_case(case, paths_of(case, BTC=price))
    out = {"venue": "p", "at_seconds": 120.0, "duration_seconds": 600.0}
    _, tape, _ = play(case, "venue_outage", out, BTC=price)
    sold = [events(t, EventKind.DELEVERED) for t in (plain, tape)]
    assert {step for _, step, _, _ in sold[0]} == {3} and {s for _, s, _, _ in sold[1]} == {12}
    assert [p for p, *_ in sold[0]] == [p for p, *_ in sold[1]] and 10 < len(sold[0]) < 30


def test_an_insolvent_venue_closes_all_and_pays_a_part() -> None:
    """At 110: claims 30 and 30; 40% of each is kept, 18 lost; the fall to 50 touches nobody."""
    failure = {"venue": "p", "at_seconds": 120.0, "recovery": 0.4}
    setup, tape, state = play(
        perps(), "venue_insolvency", failure, BTC=[100.0, 105.0, 110.0, 50.0, 50.0]
    )
    assert tape.desk_equity[0, :, 0] == pytest.approx([20.0, 25.0, 12.0, 12.0, 12.0])
    # The desk's own row, and one for all others.
    assert amounts(tape, EventKind.CLAIMS_LOST) == pytest.approx([18.0, 18.0])
    assert not state.holdings.size.any() and steps(tape, EventKind.LIQUIDATION) == []
    mine = desk_impairment(setup, tape, "me")
    assert mine.by_kind[ImpairmentKind.CLAIMS_LOST].tolist() == [2]
    assert mine.step.tolist() == [2] and mine.loss[0, -1] == pytest.approx(8.0)
    venue = venue_impairment(setup, tape, 0)
    assert venue.by_kind[ImpairmentKind.CLAIMS_LOST].tolist() == [2]
    assert venue.loss[0] == pytest.approx([0.0, 0.0, 36.0, 36.0, 36.0])


def test_a_venue_fails_once() -> None:
    """Two estates of one venue: the one that comes first takes half, the other finds it closed."""
    twice = [{"venue": "p", "recovery": r, "at_seconds": t} for r, t in ((0.1, 120.0), (0.5, 60.0))]
    case = with_failures(perps(), {"venue_insolvency": twice})
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0] * 4))
    assert tape.desk_equity[0, :, 0] == pytest.approx([20.0, 10.0, 10.0, 10.0])
    assert steps(tape, EventKind.CLAIMS_LOST) == [1, 1]


@pytest.mark.parametrize(("out", "left"), [(False, 7.5), (True, 10.0)])
def test_who_fails_has_been_robbed_first(out: bool, left: float) -> None:
    """Of 20 a quarter is stolen and half of the rest kept; if the venue is out, nothing leaves."""
    war = {"venue": "p", "shock": "war"}
    tables: dict[str, list[dict[str, Any]]] = {
        "shock": [{"name": "war", "at_seconds": 60.0}],
        "admin_key": [{**war, "share": 0.25}],
        "venue_insolvency": [{**war, "recovery": 0.5}],
        "venue_outage": [{**war, "duration_seconds": 60.0}] if out else [],
    }
    case = with_failures(perps(fund=8.0), tables)
    exogenous = paths_of(case, BTC=[100.0] * 3)
    setup, tape, state = run_case(case, exogenous)
    assert_conserved(setup, exogenous, state)
    assert tape.desk_equity[0, :, 0] == pytest.approx([20.0, left, left])
    assert amounts(tape, EventKind.STOLEN, "fund") == ([] if out else [2.0])


def test_who_owes_an_insolvent_venue_leaves_it_bad_debt() -> None:
    """A jump to 150 with the failure: the short owes 10, the long has 70 and keeps half of it."""
    failure = {"venue": "p", "at_seconds": 60.0, "recovery": 0.5}
    _, tape, _ = play(perps(fund=100.0), "venue_insolvency", failure, BTC=[100.0, 150.0, 150.0])
    assert amounts(tape, EventKind.COVER, "socialised") == pytest.approx([10.0])
    assert amounts(tape, EventKind.COVER, "fund") == [0.0]
    assert amounts(tape, EventKind.CLAIMS_LOST) == pytest.approx([35.0])
    assert tape.desk_equity[0, -1, 0] == pytest.approx(35.0)


def test_fake_collateral_at_an_order_book_venue_is_paid_by_its_waterfall() -> None:
    """50 claimed, 60% of it taken: 30; the fund has 12, the two accounts bear 18 by 20 : 40."""
    failure = {"venue": "p", "asset": "USD", "claimed": 50.0, "weight": 0.6, "at_seconds": 60.0}
    _, tape, state = play(perps(fund=12.0), "fake_collateral", failure, BTC=[100.0] * 3)
    assert amounts(tape, EventKind.STOLEN) == [30.0]
    assert amounts(tape, EventKind.COVER, "fund") == [12.0]
    assert amounts(tape, EventKind.COVER, "socialised") == [18.0]
    assert tape.desk_equity[0, :, 0] == pytest.approx([20.0, 14.0, 14.0])
    assert state.accounts.assets["outside"].sum() == pytest.approx(30.0)


def test_fake_collateral_at_a_lender_is_written_off_at_the_next_look() -> None:
    """1,000 claimed, 80% of it, but 600 there: 600 USD taken; the reserve has 250, lenders 350."""
    failure = {
        "venue": "l",
        "asset": "USD",
        "claimed": 1_000.0,
        "weight": 0.8,
        "available": 600.0,
        "at_seconds": 60.0,
    }
    _, tape, state = play(loans(fund=250.0), "fake_collateral", failure, ETH=[100.0] * 3)
    assert amounts(tape, EventKind.STOLEN) == [600.0]
    assert steps(tape, EventKind.COVER) == [1]
    assert amounts(tape, EventKind.COVER, "fund") == [pytest.approx(250.0)]
    assert amounts(tape, EventKind.COVER, "socialised") == [pytest.approx(350.0)]
    # The pool has paid out 600 and got 250 of the reserve.
    assert state.accounts.assets["pool"].sum() == pytest.approx(-350.0)


def test_a_stolen_key_takes_a_share_of_all_deposits() -> None:
    """10% of 10 ETH goes: 9 ETH x 83% = 747 against 800, the loan is called. The fund loses 5."""
    failure = {"venue": "l", "share": 0.1, "at_seconds": 60.0}
    setup, tape, _ = play(loans(fund=50.0), "admin_key", failure, ETH=[100.0] * 3)
    assert steps(tape, EventKind.LIQUIDATION) == [1]
    # The loan loses 100, the depositor 10% of 1,000 USD and of 5 ETH.
    assert amounts(tape, EventKind.CLAIMS_LOST) == pytest.approx([100.0, 150.0])
    assert amounts(tape, EventKind.STOLEN, "fund") == [5.0]
    assert desk_impairment(setup, tape, "me").by_kind[ImpairmentKind.CLAIMS_LOST].tolist() == [1]


def test_a_stolen_key_takes_a_share_of_all_equity() -> None:
    """25% of 20 and of 40, and of the fund's 8; nobody is left with a debt."""
    failure = {"venue": "p", "share": 0.25, "at_seconds": 60.0}
    setup, tape, state = play(perps(fund=8.0), "admin_key", failure, BTC=[100.0] * 3)
    assert tape.desk_equity[0, :, 0].tolist() == [20.0, 15.0, 15.0]
    assert state.accounts.assets["outside"].sum() == pytest.approx(5.0 + 10.0 + 2.0)
    assert not bad_debt(tape).any()
    assert venue_impairment(setup, tape, 0).loss[0] == pytest.approx([0.0, 15.0, 15.0])


def test_an_unbacked_mint_is_borrowed_against_before_its_price_knows() -> None:
    """25 rsETH beside 100: 80% of 25 x 100 = 2,000 USD are borrowed; two minutes later the token is
    worth 80, keepers repay 25 x 80 / 1.05 = 1,904.76 for all of it, and 95.24 is bad debt.
    """
    failure = {
        "asset": "rsETH",
        "minted": 25.0,
        "supply": 100.0,
        "known_after_seconds": 120.0,
        "venue": "l",
        "borrow": "USD",
        "at_seconds": 60.0,
    }
    _, tape, state = play(loans(fund=1_000.0), "unbacked_mint", failure, ETH=[100.0] * 5)
    assert amounts(tape, EventKind.STOLEN) == [pytest.approx(2_000.0)]
    assert state.market[0] == pytest.approx([1.0, 100.0, 80.0])
    assert min(steps(tape, EventKind.LIQUIDATION)) == 3
    assert sum(amounts(tape, EventKind.COVER, "fund")) == pytest.approx(2_000.0 - 2_000.0 / 1.05)


def test_a_dump_presses_the_price_by_its_impact() -> None:
    """5 of 10 minted are sold into a depth of 1,000 at 100: b = -0.5; a step later it is gone."""
    case = loans()
    deep = {**case.market.assets, "rsETH": coin(100.0, 1_000.0)}
    scenario = Scenario(recovery_seconds=1e-3)
    case = replace(case, market=replace(case.market, assets=deep, scenario=scenario))
    failure = {
        "asset": "rsETH",
        "minted": 10.0,
        "supply": 90.0,
        "dump_share": 0.5,
        "known_after_seconds": 60.0,
        "at_seconds": 60.0,
    }
    _, tape, _ = play(case, "unbacked_mint", failure, ETH=[100.0] * 4)
    k = case.book.assets.index("rsETH")
    # The law's polynomial stands for exp(0.5); then the claim is 0.9.
    polynomial = 1.0 + 0.5 * (1.0 + 0.5 * (0.5 + 0.5 * (1.0 / 6.0 + 0.5 / 24.0)))
    assert tape.trough[0, k] == pytest.approx(100.0 / polynomial)
    assert tape.final[0, k] == pytest.approx(90.0)


def test_a_broken_bridge_takes_its_assets_down() -> None:
    """rsETH at 40% from step 2 on; what came another way keeps its price."""
    failure = {"assets": ["rsETH"], "recovery": 0.4, "at_seconds": 120.0}
    loan = Trader("l", (), {"rsETH": 10.0, "USD": -700.0}, owner="me")
    _, tape, state = play(
        loans(fund=1_000.0, traders=(loan, LENDER)), "bridge", failure, ETH=[100.0] * 4
    )
    assert state.market[0] == pytest.approx([1.0, 100.0, 40.0])
    assert min(steps(tape, EventKind.LIQUIDATION)) == 2
    # 400 / 1.05 is repaid of 700.
    assert sum(amounts(tape, EventKind.COVER, "fund")) == pytest.approx(700.0 - 400.0 / 1.05)


def test_a_stablecoin_that_loses_its_peg_breaks_who_holds_it() -> None:
    """1,000 USDC (threshold 83%) against 780 USD: at 0.9 that is 747. Half comes back an hour."""
    traders = [Trader("l", (), {"USDC": 1_000.0, "USD": -780.0}, owner="me"), LENDER]
    venue = lending_venue({"USDC": ETH, "ETH": ETH, "USD": ETH}, fund=1_000.0)
    assets = {"ETH": coin(100.0), "USDC": coin(1.0, volatility=0.0)}
    case = tiny_case(traders, [], {"l": venue}, assets, step_seconds=3_600.0)
    failure = {"asset": "USDC", "depth": 0.1, "half_life_seconds": 3_600.0, "at_seconds": 3_600.0}
    _, tape, state = play(case, "stablecoin_depeg", failure, ETH=[100.0] * 4)
    assert steps(tape, EventKind.LIQUIDATION)[0] == 1
    k = case.book.assets.index("USDC")
    assert state.market[0, k] == pytest.approx(0.975) and tape.trough[0, k] == pytest.approx(0.9)


def test_a_lying_oracle_closes_who_was_well() -> None:
    """0.8 x 100: the desk seems to have 0, and is sold at the true 100; it keeps its 20."""
    failure = {
        "venue": "p",
        "asset": "BTC",
        "factor": 0.8,
        "at_seconds": 120.0,
        "duration_seconds": 60.0,
    }
    _, tape, _ = play(perps(), "oracle_manipulation", failure, BTC=[100.0] * 5)
    assert steps(tape, EventKind.LIQUIDATION) == [2]
    assert tape.desk_equity[0, -1, 0] == pytest.approx(20.0)
    # Before and after nobody is in breach, so a lie a step later comes too late for it.
    assert tape.trough[0].tolist() == [1.0, 100.0]


@pytest.mark.parametrize(
    ("kind", "failure", "words"),
    [
        ("venue_outage", {"venue": "x", "duration_seconds": 1.0}, "venue 'x'"),
        ("bridge", {"assets": ["USD"], "recovery": 0.5}, "quoted"),
        ("bridge", {"assets": ["nope"], "recovery": 0.5}, "asset 'nope'"),
        (
            "fake_collateral",
            {"venue": "p", "asset": "BTC", "claimed": 1, "weight": 1},
            "order-book",
        ),
        ("venue_insolvency", {"venue": "p"}, "recovery is missing"),
        ("venue_insolvency", {"venue": "p", "recovery": 1.5}, "recovery is 1.5"),
        ("venue_outage", {"venue": "p", "duration_seconds": 1.0, "shock": "war"}, "shock 'war'"),
    ],
)
def test_what_cannot_fail_is_refused(kind: str, failure: dict[str, Any], words: str) -> None:
    when = {} if "shock" in failure else {"at_seconds": 1.0}
    case = with_failures(perps(), {kind: [{**failure, **when}]})
    with pytest.raises(InputError, match=words):
        run_case(case, paths_of(case, BTC=[100.0, 100.0]))


def test_without_failures_is_the_case_without_them() -> None:
    case = perps()
    failing = with_failures(
        case, {"bridge": [{"assets": ["BTC"], "recovery": 0.5, "at_seconds": 1}]}
    )
    assert failing.market.mechanisms and without_failures(failing) == case
    twice = with_failures(
        failing, {"bridge": [{"assets": ["BTC"], "recovery": 0.5, "at_seconds": 1}]}
    )
    # Two broken bridges: a quarter is left.
    _, tape, _ = run_case(twice, paths_of(twice, BTC=[100.0, 100.0]))
    assert tape.final[0, twice.book.assets.index("BTC")] == pytest.approx(25.0)
    assert np.array_equal(paths_of(case, BTC=[100.0])[0, 0], paths_of(failing, BTC=[100.0])[0, 0])
