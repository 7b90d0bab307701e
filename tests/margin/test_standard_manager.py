"""Derive's standard margin on numbers worked by hand; volatility is 0, so options are intrinsic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_accounts import account, coins, options, perps

from seawall.foundation.errors import InputError, MissingRule
from seawall.margin.account.margin_account import SpotPrice
from seawall.margin.portfolio.standard_manager import standard_margin
from seawall.margin.portfolio.standard_options import isolated_margin, largest_loss
from seawall.margin.portfolio.standard_rules import (
    CoinShares,
    OptionShares,
    OracleCharge,
    PerpShares,
    StandardManager,
    StandardMarket,
)

OPTION = OptionShares(
    initial_base=0.15,
    initial_floor=0.1,
    maintenance_call=0.075,
    maintenance_put=0.075,
    maintenance_put_value=0.075,
    put_initial_of_maintenance=1.05,
    unpaired_maintenance=1.1,
    unpaired_initial=1.2,
)
MARKET = StandardMarket(
    oracle=OracleCharge(perp_threshold=0.4, option_threshold=0.4, coin_threshold=0.4, factor=0.4),
    perp=PerpShares(maintenance=0.05, initial=0.065),
    option=OPTION,
    coin=CoinShares(share=0.8, initial_scale=0.9),
)
RULE = StandardManager(
    depeg_threshold=0.98, depeg_factor=1.2, markets={"ETH": MARKET, "BTC": MARKET}
)
PUT = {"call": False}


def nets(rule: StandardManager = RULE, **holdings) -> tuple[float, float]:
    """Net initial and maintenance."""
    margin = standard_margin(rule, account(**holdings))
    return margin.net_initial, margin.net_maintenance


def alone(**row) -> tuple[float, float]:
    """Initial and maintenance of one short option alone, given its value, spot 1,000."""
    row = {"amount": -1.0, "value": -20.0, "call": True, **row}
    maintenance, initial = isolated_margin(
        OPTION,
        1000.0,
        np.array([row["strike"]]),
        np.array([row["call"]]),
        np.array([row["amount"]]),
        np.array([row["value"]]),
    )
    return float(initial[0]), float(maintenance[0])


def test_a_perpetual_needs_a_share_of_its_mark_and_gives_its_profit():
    held = perps({"size": -2.0, "entry": 1030.0, "mark": 1010.0, "accrued": 5.0})
    margin = standard_margin(RULE, account(cash=100.0, perps=held))
    assert margin.requirement.equity == pytest.approx(100 + 45)
    assert margin.net_maintenance == pytest.approx(145 - 2020 * 0.05)
    assert margin.net_initial == pytest.approx(145 - 2020 * 0.065)


def test_a_long_option_needs_nothing_and_gives_nothing():
    margin = standard_margin(RULE, account(cash=7.0, options=options({"strike": 900.0})))
    assert margin.requirement.equity == pytest.approx(107.0)
    assert (margin.net_initial, margin.net_maintenance) == (7.0, 7.0)
    # A deep call bought does not pay for a call sold at another expiry.
    pair = options({"strike": 500.0}, {"strike": 1200.0, "amount": -1.0, "expiry": "other"})
    assert nets(options=pair) == pytest.approx((-100.0, -75.0))


def test_short_call_shares_of_spot_beside_its_value():
    """At the money 15%, 3% out 12%, 20% out the floor of 10%; maintenance always 7.5%."""
    assert alone(strike=1000.0) == pytest.approx((-170.0, -95.0))
    assert alone(strike=1030.0) == pytest.approx((-140.0, -95.0))
    assert alone(strike=1200.0) == pytest.approx((-120.0, -95.0))
    assert alone(strike=700.0, value=-300.0) == pytest.approx((-450.0, -375.0))
    assert alone(strike=1030.0, amount=-3.0, value=-60.0) == pytest.approx((-420.0, -285.0))


def test_short_put_maintenance_is_the_larger_of_spot_and_value_share():
    """Out of the money 7.5% of spot; worth 3,000 it is 7.5% of that, 225."""
    assert alone(strike=970.0, **PUT) == pytest.approx((-140.0, -95.0))
    assert alone(strike=4000.0, value=-3000.0, **PUT)[1] == pytest.approx(-3225.0)


def test_short_put_initial_is_at_least_a_multiple_of_maintenance():
    """150 + 3,000 against 1.05 x 3,225; near the money the share of spot rules."""
    assert alone(strike=4000.0, value=-3000.0, **PUT)[0] == pytest.approx(-1.05 * 3225)
    assert alone(strike=1000.0, **PUT)[0] == pytest.approx(-170.0)


def test_the_largest_loss_is_tested_at_zero_and_at_every_strike():
    def loss(*legs: tuple[float, bool, float]) -> float:
        strike, call, amount = (np.array(column) for column in zip(*legs, strict=True))
        return largest_loss(strike.astype(float), call, amount.astype(float))

    assert loss((900.0, False, -1.0)) == -900.0  # at zero
    assert loss((900.0, False, -1.0), (700.0, False, 1.0)) == -200.0
    assert loss((900.0, True, -1.0), (1100.0, True, 1.0)) == -200.0  # at a strike
    assert loss((900.0, True, 1.0)) == 0.0
    # A short straddle around a bought strangle loses only at the wings.
    body = ((1000.0, True, -1.0), (1000.0, False, -1.0))
    assert loss(*body, (1300.0, True, 1.0), (800.0, False, 1.0)) == -300.0


def test_an_expiry_needs_the_smaller_of_isolated_sum_and_largest_loss():
    """A spread worth -100 of 200 at most needs 200; one far out needs its isolated sum."""
    spread = options({"strike": 900.0, "amount": -1.0}, {"strike": 1100.0})
    assert nets(options=spread) == pytest.approx((-200.0, -175.0))
    wide = options({"strike": 1200.0, "amount": -1.0}, {"strike": 2000.0})
    assert nets(options=wide) == pytest.approx((-100.0, -75.0))
    # Two expiries do not offset.
    apart = options({"strike": 900.0, "amount": -1.0}, {"strike": 1100.0, "expiry": "other"})
    assert nets(options=apart) == pytest.approx((-250.0, -175.0))


def test_unpaired_short_calls_add_a_share_of_the_forward_to_the_loss():
    """Ten spreads 990/1,000 and 0.01 calls more lose 10.01 x 10 = 100.10 at 1,000.

    The 0.01 calls add 0.01 x 1,000 x 1.1 for maintenance and x 1.2 for initial.
    """
    legs = options({"strike": 990.0, "amount": -10.01}, {"strike": 1000.0, "amount": 10.0})
    assert nets(options=legs) == pytest.approx((-100.1 - 12.0, -100.1 - 11.0))
    # Calls bought beyond those sold add nothing back.
    more = options({"strike": 990.0, "amount": -10.0}, {"strike": 1000.0, "amount": 20.0})
    assert nets(options=more) == pytest.approx((-100.0, -100.0))


def test_the_unpaired_share_is_of_the_forward_not_of_spot():
    legs = options(
        {"strike": 990.0, "amount": -10.01, "forward": 1100.0},
        {"strike": 1000.0, "amount": 10.0, "forward": 1100.0},
    )
    assert nets(options=legs)[1] == pytest.approx(-100.1 - 0.01 * 1100 * 1.1)


def test_rows_of_one_contract_are_one_position():
    legs = options({"strike": 1200.0, "amount": -3.0}, {"strike": 1200.0, "amount": 3.0})
    assert nets(options=legs) == (0.0, 0.0)
    legs = options({"strike": 1200.0, "amount": -3.0}, {"strike": 1200.0, "amount": 2.0})
    assert nets(options=legs) == pytest.approx((-100.0, -75.0))


def test_unsure_oracles_cost_initial_margin_of_perpetuals():
    """The lower of the perpetual's and spot's confidence; 0.4 itself is sure."""
    for confidence, spot, unsure in ((0.3, 1.0, 0.7), (1.0, 0.1, 0.9), (0.4, 0.4, 0.0)):
        held = perps({"size": -2.0, "confidence": confidence})
        got = nets(perps=held, confidence=spot)
        assert got == pytest.approx((-130.0 - unsure * 0.4 * 2000, -100.0))


def test_unsure_oracles_cost_initial_margin_of_short_options_only():
    """The lowest of spot, forward and volatilities of the expiry, on the shorts."""
    legs = [{"strike": 1200.0, "amount": -2.0}, {"strike": 1500.0, "amount": 5.0}]
    for key in ("forward_confidence", "volatility_confidence"):
        unsure = options({**legs[0]}, {**legs[1], key: 0.25})
        assert nets(options=unsure) == pytest.approx((-200.0 - 0.75 * 0.4 * 2000, -150.0))
    assert nets(options=options(legs[1]), confidence=0.0) == (0.0, 0.0)


def test_coins_count_at_their_share_and_are_worth_their_price_over_the_stable():
    held = coins(("ETH", 2.0, 1000.0, 1.0))
    margin = standard_margin(RULE, account(stable=0.99, balances=held))
    assert margin.requirement.equity == pytest.approx(2000 / 0.99)
    assert margin.net_maintenance == pytest.approx(1600.0)
    assert margin.net_initial == pytest.approx(1440.0)
    unsure = coins(("ETH", 2.0, 1000.0, 0.15))
    assert nets(balances=unsure) == pytest.approx((1440.0 - 0.85 * 0.4 * 2000, 1600.0))


def test_an_unsure_coin_that_counts_as_nothing_costs_nothing():
    useless = replace(MARKET, coin=CoinShares(share=0.0))
    rule = replace(RULE, markets={"ETH": useless})
    assert nets(rule, balances=coins(("ETH", 2.0, 1000.0, 0.0))) == (0.0, 0.0)


def test_a_coin_without_a_market_is_no_collateral():
    assert nets(cash=5.0, balances=coins(("DOGE", 2.0, 1000.0, 1.0))) == (5.0, 5.0)


def test_a_depeg_costs_initial_margin_for_perpetuals_and_short_options():
    """0.08 below the threshold, times 1.2 x spot for each; calls bought and puts do not matter."""
    held = {
        "perps": perps({"size": -2.0}),
        "options": options({"strike": 1200.0, "amount": -1.0}, {"strike": 1500.0, "amount": 4.0}),
    }
    sound = nets(**held)
    assert sound == pytest.approx((-130.0 - 100.0, -100.0 - 75.0))
    weak = nets(**held, stable=0.90)
    assert weak == pytest.approx((sound[0] - 3 * 0.08 * 1.2 * 1000, sound[1]))
    assert nets(**held, stable=0.98) == pytest.approx(sound)


def test_markets_add_up_each_at_its_own_spot():
    prices = {"ETH": SpotPrice(1000.0), "BTC": SpotPrice(20000.0)}
    both = perps({}, {"underlying": "BTC", "name": "BTC-PERP", "mark": 20000.0, "entry": 20000.0})
    got = nets(perps=both, prices=prices, stable=0.88)
    assert got == pytest.approx((-21000 * 0.065 - 0.12 * 21000, -21000 * 0.05))


def test_the_working_holds_every_part():
    held = options({"strike": 990.0, "amount": -10.01}, {"strike": 1000.0, "amount": 10.0})
    margin = standard_margin(RULE, account(cash=1.0, options=held, stable=0.9))
    expiry = margin.working.find("ETH the expiry")
    assert expiry.find("maintenance", "largest loss").value == pytest.approx(-100.1)
    assert expiry.find("maintenance", "unpaired calls").value == pytest.approx(-11.0)
    assert expiry.find("initial", "isolated sum", "1000 call").value == 0.0
    assert expiry.find("initial", "isolated sum", "990 call").value == pytest.approx(
        10.01 * (-10 - 150)
    )
    assert margin.working.find("ETH depeg").value == pytest.approx(-10.01 * 0.08 * 1.2 * 1000)
    assert margin.working.find("net initial").value == margin.net_initial


def test_refusals_are_sentences():
    with pytest.raises(MissingRule, match="no perp shares for DOGE, which the account holds"):
        nets(perps=perps({"underlying": "DOGE"}), prices={"DOGE": SpotPrice(0.1)})
    with pytest.raises(MissingRule, match="no option shares for DOGE"):
        nets(options=options({"underlying": "DOGE"}), prices={"DOGE": SpotPrice(0.1)})
    with pytest.raises(InputError, match="'desk' has no spot price of BTC"):
        nets(perps=perps({"underlying": "BTC"}))
    with pytest.raises(InputError, match="owes 1 ETH, and standard margin lends only cash"):
        nets(balances=coins(("ETH", -1.0, 1000.0, 1.0)))
