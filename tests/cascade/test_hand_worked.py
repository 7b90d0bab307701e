"""Each layer of the waterfall on numbers worked by hand: infinitely deep market, one crash."""

from __future__ import annotations

import math

import numpy as np
import pytest
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
    unit_of,
)

from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, Tape
from seawall.case import Case
from seawall.venues import Collateral, Feed, Liquidation, Rulebook, Tier

BTC = {"BTC": coin(100.0)}
PERP = [perpetual("BTC-PERP", "BTC")]
# Ten coins long at 100 with 100 of cash: bankrupt at 90, short of 50 at 85.
BUST = Trader("perps", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 100.0}, "bust")
SHORT = Trader("perps", [Held("BTC-PERP", -10.0, 100.0)], {"USD": 200.0}, "short")
LONG = Trader("perps", [Held("BTC-PERP", 1.0, 100.0)], {"USD": 300.0}, "long")
IDLE = Trader("perps", [], {"USD": 500.0}, "idle")


def crash(
    rulebook: Rulebook, traders: list[Trader] | None = None, to: float = 85.0
) -> tuple[Setup, Tape, State, Case]:
    """BTC falls from 100 in one step and stays there for another."""
    case = tiny_case(traders or [BUST, SHORT, LONG, IDLE], PERP, {"perps": rulebook}, BTC)
    return *run_case(case, paths_of(case, BTC=[100.0, to, to])), case


def paid(tape: Tape) -> dict[str, float]:
    layers = ("fund", "backstop", "adl", "socialised", "keeper")
    return {name: float(getattr(tape, name).sum()) for name in layers}


def equity(tape: Tape) -> list[float]:
    """Equity of each trader at the end; every trader of this file is a desk of its own."""
    return tape.desk_equity[0, -1].tolist()


def test_a_fund_that_is_large_enough_pays_all() -> None:
    _, tape, state, _ = crash(perpetuals_venue(("fund", "socialised"), fund=80.0))
    assert events(tape) == [(0, 1, 0, EventKind.LIQUIDATION), (0, 1, 0, EventKind.COVER)]
    assert paid(tape) == pytest.approx(
        {"fund": 50.0, "backstop": 0.0, "adl": 0.0, "socialised": 0.0, "keeper": 0.0}
    )
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(30.0)
    assert equity(tape) == pytest.approx([0.0, 350.0, 285.0, 500.0])
    assert tape.notional[0] == pytest.approx(850.0)


def test_what_the_fund_lacks_is_shared_in_proportion_to_equity() -> None:
    """A deficit of 50 meets a fund of 30: 20 are shared by equities of 350, 285 and 500."""
    _, tape, state, _ = crash(perpetuals_venue(("fund", "socialised"), fund=30.0))
    assert paid(tape)["fund"] == pytest.approx(30.0)
    assert paid(tape)["socialised"] == pytest.approx(20.0)
    keep = 1.0 - 20.0 / 1135.0
    assert equity(tape) == pytest.approx([0.0, 350.0 * keep, 285.0 * keep, 500.0 * keep])
    assert state.accounts.assets["fund"][0, 0, 0] == 0.0
    assert state.accounts.assets["outside"][0, 0, 0] == pytest.approx(0.0)


def test_a_socialised_loss_beyond_all_equity_stays_with_the_outside_world() -> None:
    poor = Trader("perps", [], {"USD": 20.0}, "poor")
    _, tape, state, _ = crash(perpetuals_venue(("socialised",)), [BUST, poor])
    assert equity(tape) == pytest.approx([0.0, 0.0])
    assert state.accounts.assets["outside"][0, 0, 0] == pytest.approx(-30.0)


def test_adl_closes_the_winner_at_the_bankruptcy_price() -> None:
    """90 is where the long loses its 100: the short keeps 200 + 100 instead of 200 + 150."""
    setup, tape, state, _ = crash(perpetuals_venue(("adl",)))
    kinds = [kind for *_, kind in events(tape)]
    assert kinds == [EventKind.ADL_WINNER, EventKind.ADL_BANKRUPT]
    assert paid(tape) == pytest.approx(
        {"fund": 0.0, "backstop": 0.0, "adl": 50.0, "socialised": 0.0, "keeper": 0.0}
    )
    assert equity(tape) == pytest.approx([0.0, 300.0, 285.0, 500.0])
    assert state.holdings.size[0].tolist() == [0.0, 0.0, 1.0]
    winner = tape.kind == EventKind.ADL_WINNER
    assert tape.notional[winner] == pytest.approx([900.0])
    assert tape.unit[winner].tolist() == [unit_of(setup, 1)]


def test_adl_of_an_inverse_contract_conserves_coins() -> None:
    """10,000 contracts long at 100 with 10 coins: 1/b = 1/100 + 10/10,000, b = 90.91. At 85 the
    account lacks 7.647 coins; the short keeps 20 + 10 coins instead of 20 + 17.647."""
    bust = Trader("perps", [Held("BTC-INV", 10_000.0, 100.0)], {"BTC": 10.0}, "bust")
    short = Trader("perps", [Held("BTC-INV", -10_000.0, 100.0)], {"BTC": 20.0}, "short")
    case = tiny_case(
        [bust, short],
        [perpetual("BTC-INV", "BTC", inverse=True)],
        {"perps": perpetuals_venue(("adl", "socialised"))},
        BTC,
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 85.0, 85.0]))
    assert equity(tape) == pytest.approx([0.0, 30.0 * 85.0], abs=1e-9)
    deficit = (10_000.0 * (1 / 85 - 1 / 100) - 10.0) * 85.0
    assert paid(tape)["adl"] == pytest.approx(deficit)
    assert paid(tape)["socialised"] == pytest.approx(0.0, abs=1e-9)


def test_adl_takes_the_highest_rank_first() -> None:
    """Both shorts have won 15%; the second is levered more, so it goes first and wholly."""
    calm = Trader("perps", [Held("BTC-PERP", -8.0, 100.0)], {"USD": 2_000.0}, "calm")
    bold = Trader("perps", [Held("BTC-PERP", -7.0, 100.0)], {"USD": 100.0}, "bold")
    _, tape, state, _ = crash(perpetuals_venue(("adl",)), [BUST, calm, bold])
    assert state.holdings.size[0] == pytest.approx([0.0, -5.0, 0.0])
    # Each loses the 5 between 90 and 85 on what is taken: 3 and 7 coins.
    assert equity(tape) == pytest.approx([0.0, 2_000 + 120 - 15, 100 + 105 - 35])


def test_adl_without_enough_winners_sells_the_rest() -> None:
    """A short of 4 takes 4 at 90; 6 are sold at 85 and lack 30, which the others share."""
    small = Trader("perps", [Held("BTC-PERP", -4.0, 100.0)], {"USD": 200.0}, "small")
    _, tape, _, _ = crash(perpetuals_venue(("adl", "socialised")), [BUST, small, IDLE])
    assert paid(tape)["adl"] == pytest.approx(20.0)
    assert paid(tape)["socialised"] == pytest.approx(30.0)
    keep = 1.0 - 30.0 / (240.0 + 500.0)
    assert equity(tape) == pytest.approx([0.0, 240.0 * keep, 500.0 * keep])


@pytest.mark.parametrize(("fund", "payer"), [(49.0, "adl"), (51.0, "fund")])
def test_adl_waits_for_a_fund_listed_before_it(fund: float, payer: str) -> None:
    _, tape, _, _ = crash(perpetuals_venue(("fund", "adl", "socialised"), fund=fund))
    expected = {"fund": 0.0, "backstop": 0.0, "adl": 0.0, "socialised": 0.0, "keeper": 0.0}
    assert paid(tape) == pytest.approx(expected | {payer: 50.0})


def test_adl_listed_before_the_fund_does_not_wait() -> None:
    _, tape, _, _ = crash(perpetuals_venue(("adl", "fund", "socialised"), fund=1_000.0))
    assert paid(tape)["adl"] == pytest.approx(50.0)
    assert paid(tape)["fund"] == 0.0


def test_the_vault_takes_positions_and_margin_below_two_thirds() -> None:
    """At 90.5 equity is 5, maintenance 9.05: below 2/3 of it, above zero. The vault gets both."""
    rule = Liquidation("orderbook", backstop_ratio=2 / 3)
    book = perpetuals_venue(("backstop", "adl"), backstop=1_000.0, liquidation=rule)
    _, tape, state, _ = crash(book, to=90.5)
    assert events(tape) == [(0, 1, 0, EventKind.BACKSTOP)]
    assert tape.backstop[0] == pytest.approx(-5.0)
    assert state.accounts.assets["backstop"][0, 0, 0] == pytest.approx(1_000.0 - 905.0 + 5.0)
    assert state.accounts.vault_contracts[0, 0] == pytest.approx(10.0)
    assert equity(tape)[0] == 0.0


def test_above_two_thirds_the_order_book_gets_it() -> None:
    """At 90.9 equity is 9 and maintenance 9.09."""
    rule = Liquidation("orderbook", backstop_ratio=2 / 3)
    book = perpetuals_venue(("backstop", "adl"), backstop=1_000.0, liquidation=rule)
    _, tape, _, _ = crash(book, to=90.9)
    assert events(tape) == [(0, 1, 0, EventKind.LIQUIDATION)]
    assert equity(tape)[0] == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("layers", "fund", "backstop"),
    [(("fund", "backstop"), 30.0, 20.0), (("backstop", "fund"), 10.0, 40.0)],
)
def test_fund_and_vault_pay_in_the_rulebooks_order(
    layers: tuple[str, ...], fund: float, backstop: float
) -> None:
    """A deficit of 50 against a fund of 30 and a vault of 40."""
    book = perpetuals_venue((*layers, "socialised"), fund=30.0, backstop=40.0)
    _, tape, _, _ = crash(book)
    assert paid(tape) == pytest.approx(
        {"fund": fund, "backstop": backstop, "adl": 0.0, "socialised": 0.0, "keeper": 0.0}
    )


def test_partial_close_fee_and_cooldown() -> None:
    """900 of notional above a bound of 500: a fifth at once, a fee on it, all after 120 s."""
    rule = Liquidation(
        "orderbook", partial_fraction=0.2, partial_above=500.0, cooldown_seconds=120.0, fee=0.002
    )
    tiers = (Tier(0.0, 50.0, 0.02),)
    book = perpetuals_venue(("fund",), fund=1_000.0, tiers=tiers, liquidation=rule)
    case = tiny_case([BUST], PERP, {"perps": book}, BTC)
    price = [100.0, 91.0, 91.0, 91.0, 91.0]
    _, tape, state = run_case(case, paths_of(case, BTC=price))
    # 100 - 90 = 10 of equity against 18.2; after a fifth (fee .364) 9.636 < 14.56 still.
    assert tape.step.tolist() == [1, 3]
    assert tape.notional == pytest.approx([182.0, 728.0])
    assert tape.fee == pytest.approx([0.364, 1.456])
    assert equity(tape)[0] == pytest.approx(10.0 - 0.364 - 1.456)
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(1_000.0 + 1.82)


def test_a_fee_for_the_keeper_goes_to_the_keeper() -> None:
    rule = Liquidation("orderbook", fee=0.002, fee_to="keeper")
    _, tape, state, _ = crash(perpetuals_venue((), liquidation=rule), to=90.9)
    assert tape.keeper[0] == pytest.approx(-1.818)
    assert state.accounts.assets["keeper"][0, 0, 0] == pytest.approx(1.818)
    assert state.accounts.assets["fund"][0, 0, 0] == 0.0


def test_impact_is_paid_by_the_account_and_stays_in_the_price() -> None:
    """Ten coins at 85 are sold against a depth of 8,500: b = -0.1, mean price after Simpson."""
    case = tiny_case(
        [BUST, LONG], PERP, {"perps": perpetuals_venue(("fund",), fund=1e3)},
        {"BTC": coin(100.0, depth=8_500.0)},
    )  # fmt: skip
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 85.0]))
    fall = [1.0 / (1 + x + x**2 / 2 + x**3 / 6 + x**4 / 24) for x in (0.05, 0.1)]
    mean = (1.0 + 4.0 * fall[0] + fall[1]) / 6.0
    assert tape.final[0, 1] == pytest.approx(85.0 * fall[1], rel=1e-12)
    assert tape.trough[0, 1] == pytest.approx(85.0 * math.exp(-0.1), rel=1e-6)
    assert tape.fund.sum() == pytest.approx(-(100.0 + 10.0 * (85.0 * mean - 100.0)))
    # The bystander is marked at the price that the sale left behind.
    assert equity(tape)[1] == pytest.approx(300.0 + 85.0 * fall[1] - 100.0)


LENDER = {"BTC": Collateral(0.73, 0.78, 0.05)}
BORROWER = Trader("lender", [], {"BTC": 1.0, "USD": -75.0}, "borrower")


def loan_crash(to: float, fund: float = 0.0, **rule: float) -> tuple[Tape, State]:
    lender = lending_venue(LENDER, fund=fund, liquidation=Liquidation("keeper", **rule))
    case = tiny_case([BORROWER], [], {"lender": lender}, BTC)
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, to]))
    return tape, state


def test_a_keeper_repays_half_and_seizes_with_the_bonus() -> None:
    """At 96 the health factor is .78 x 96 / 75 = .9984: half of the debt, 37.5, for 39.375."""
    tape, state = loan_crash(96.0, close_factor=0.5, full_below=0.95)
    assert events(tape) == [(0, 1, 0, EventKind.LIQUIDATION)]
    assert tape.notional[0] == pytest.approx(39.375)
    assert tape.keeper[0] == pytest.approx(-1.875)
    assert sorted(state.holdings.size[0].tolist()) == pytest.approx([-37.5, 1.0 - 39.375 / 96.0])
    assert equity(tape)[0] == pytest.approx(96.0 - 75.0 - 1.875)


def test_gas_above_the_bonus_keeps_keepers_away() -> None:
    tape, _ = loan_crash(96.0, close_factor=0.5, full_below=0.95, gas=1.9)
    assert tape.path.size == 0
    tape, _ = loan_crash(96.0, close_factor=0.5, full_below=0.95, gas=1.8)
    assert tape.path.size == 1
    assert tape.keeper[0] == pytest.approx(-0.075)


def test_debt_without_collateral_is_written_off_reserve_first() -> None:
    """At 63 all of the collateral repays 60; 15 are left: the reserve has 4, lenders lose 11."""
    tape, state = loan_crash(63.0, fund=4.0)
    assert [kind for *_, kind in events(tape)] == [EventKind.LIQUIDATION, EventKind.COVER]
    assert tape.keeper[0] == pytest.approx(-3.0)
    assert paid(tape)["fund"] == pytest.approx(4.0)
    assert paid(tape)["socialised"] == pytest.approx(11.0)
    assert np.abs(state.holdings.size).max() == pytest.approx(0.0, abs=1e-12)
    assert state.accounts.assets["fund"][0, 0, 0] == pytest.approx(0.0, abs=1e-12)


def test_an_oracle_that_lags_acts_a_step_later() -> None:
    lender = lending_venue(LENDER, feed=Feed(heartbeat_seconds=60.0, delay_seconds=120.0))
    case = tiny_case([BORROWER], [], {"lender": lender}, BTC)
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 90.0, 95.0, 95.0, 95.0]))
    assert tape.step[0] == 3, "the price of step 1 is seen at step 3"
