"""PMRM version 1: each sentence of the rule on numbers worked by hand, and a slow version of all.

Volatility is 0 in most of it, so that an option is worth its intrinsic value.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from slow_pmrm import slow_v1
from small_accounts import DAY, YEAR, account, coins, options, perps, random_account

from seawall.foundation.errors import InputError
from seawall.margin.account.margin_account import SpotPrice
from seawall.margin.portfolio.pmrm_parts import VolatilityShock, volatility_multiples
from seawall.margin.portfolio.pmrm_v1 import PmrmV1, SpotVolatilityShock, pmrm_v1

SHOCK = VolatilityShock(
    range_up=0.45, range_down=0.3, short_power=0.3, long_power=0.13, floor_days=1
)
RULE = PmrmV1(
    scenarios=tuple(SpotVolatilityShock(s, "same") for s in (1.15, 1.0, 0.85)),
    volatility=SHOCK,
    basis_up=1.05,
    basis_down=0.95,
    basis_add=0.25,
    basis_per_year=0.01,
    peg_threshold=0.98,
    peg_factor=2.0,
    confidence_threshold=0.6,
    confidence_margin=0.4,
    base_contingency=0.025,
    perp_contingency=0.025,
    option_contingency=0.01,
    initial_factor=1.3,
    static_discount=0.95,
    rate_multiple=4.0,
    rate_add=0.12,
)
ALL = replace(
    RULE,
    scenarios=tuple(
        SpotVolatilityShock(1 + s / 100, v)
        for s in (15, 10, 5, 0, -5, -10, -15)
        for v in ("up", "same", "down")
    ),
)


def losses(margin) -> list[float]:
    return [line.value for line in margin.working.find("scenarios").parts]


def test_a_book_of_everything_by_hand():
    """Two short calls at 900, a perpetual bought at 980, half a coin, a stable coin at 0.97."""
    held = account(
        cash=500.0,
        stable=0.97,
        options=options({"strike": 900.0, "amount": -2.0, "rate": 0.02}),
        perps=perps({"entry": 980.0, "mark": 1010.0}),
        balances=coins(("ETH", 0.5, 1000.0, 1.0)),
    )
    margin = pmrm_v1(RULE, held)
    coin = 0.5 * 1000 / 0.97
    assert margin.requirement.equity == pytest.approx(500 - 200 + coin + 30, rel=1e-14)
    # Up 15%: the calls lose 2 x 150, the coin gains 15%, the perpetual 151.50.
    up = -300 + 0.15 * coin + 151.5
    # Down 15%: the forward is 850, the calls are worthless and 200 are gained.
    down = 200 - 0.15 * coin - 151.5
    assert losses(margin) == pytest.approx([up, 0.0, down], abs=1e-10)
    # Forward up 5%: the calls lose 100, of which 0.25 + 0.01 x 1 year.
    assert margin.working.find("basis contingency").value == pytest.approx(-26.0, abs=1e-12)
    # 1 perpetual and half a coin at 25, two naked calls at 10.
    static = 25 + 12.5 + 20
    assert margin.working.find("static contingency").value == pytest.approx(static, abs=1e-12)
    assert margin.requirement.maintenance == pytest.approx(static - up, rel=1e-13)
    # The stable coin is 0.01 below its peg: 1.3 + 2 x 0.01.
    assert margin.requirement.initial == pytest.approx((static - up) * 1.32, rel=1e-13)
    assert margin.net_maintenance == pytest.approx(716.7835051546392, rel=1e-12)
    assert margin.net_initial == pytest.approx(675.6057731958762, rel=1e-12)


def test_only_a_positive_shocked_value_is_discounted():
    """0.95 exp(-1 x (4 x 0.02 + 0.12)) of a long call, all of a short one."""
    cut = 0.95 * exp(-0.2)
    long = pmrm_v1(RULE, account(options=options({"strike": 800.0, "rate": 0.02})))
    assert losses(long) == pytest.approx([350 * cut - 200, 200 * cut - 200, 50 * cut - 200])
    short = pmrm_v1(RULE, account(options=options({"strike": 800.0, "amount": -1, "rate": 0.02})))
    assert losses(short) == pytest.approx([-150.0, 0.0, 150.0])


def test_a_rate_below_zero_discounts_as_zero():
    held = account(options=options({"strike": 800.0, "rate": -0.02}))
    assert losses(pmrm_v1(RULE, held))[1] == pytest.approx(200 * 0.95 * exp(-0.12) - 200)


def test_the_discount_is_of_the_expiry_not_of_each_option():
    """A spread that nets to a gain is cut as a whole; two expiries each by their own sign."""
    spread = options({"strike": 800.0}, {"strike": 900.0, "amount": -1.0})
    cut = 0.95 * exp(-0.12)
    assert losses(pmrm_v1(RULE, account(options=spread)))[1] == pytest.approx(100 * cut - 100)
    apart = options({"strike": 800.0}, {"strike": 900.0, "amount": -1.0, "expiry": "another"})
    assert losses(pmrm_v1(RULE, account(options=apart)))[1] == pytest.approx(200 * cut - 200)


def test_volatility_shocks_by_hand():
    """15 days: 2^0.3; 120 days: (1/4)^0.13; half a day counts as one: 30^0.3."""
    up, down = volatility_multiples(SHOCK, np.array([15.0, 120.0, 0.5, 0.0, 30.0]) * DAY)
    assert up[:3] == pytest.approx(
        [
            1 + 0.45 * 1.2311444133449163,
            1 + 0.45 * 0.8350879194283694,
            1 + 0.45 * 2.774191114672181,
        ]
    )
    assert down[:3] == pytest.approx(
        [1 - 0.3 * 1.2311444133449163, 1 - 0.3 * 0.8350879194283694, 1 - 0.3 * 2.774191114672181]
    )
    assert up[3] == up[2]
    assert (up[4], down[4]) == (1.45, 0.7)


def test_a_shock_down_never_turns_volatility_negative():
    wide = replace(SHOCK, range_down=2.0)
    assert volatility_multiples(wide, np.array([DAY]))[1].tolist() == [0.0]


def test_at_the_money_options_move_with_the_shocked_volatility():
    """At the money Black is F (2 N(s/2) - 1): s = 0.5 x 1.45 up and 0.5 x 0.7 down at 30 days."""
    from math import erf, sqrt

    month = options({"seconds": 30 * DAY, "volatility": 0.5, "amount": -1.0})
    rule = replace(RULE, scenarios=tuple(SpotVolatilityShock(1.0, v) for v in ("up", "down")))

    def straddle(vol: float) -> float:
        return 1000 * erf(vol * sqrt(30 / 365) / 2 / sqrt(2))

    got = losses(pmrm_v1(rule, account(options=month)))
    assert got == pytest.approx(
        [straddle(0.5) - straddle(0.725), straddle(0.5) - straddle(0.35)], rel=1e-10
    )


def test_basis_is_the_worse_move_of_each_expiry_added_up():
    """A long call loses 50 on the way down, a short one on the way up: both count, no offset."""
    held = options(
        {"strike": 900.0, "expiry": "one"},
        {"strike": 900.0, "amount": -1.0, "expiry": "two", "seconds": YEAR / 2},
    )
    margin = pmrm_v1(RULE, account(options=held))
    basis = -50 * (0.25 + 0.01) - 50 * (0.25 + 0.005)
    assert margin.working.find("basis contingency").value == pytest.approx(basis, abs=1e-12)


def test_a_gain_either_way_is_no_basis_contingency():
    both = options({"strike": 1000.0}, {"strike": 1000.0, "call": False})
    margin = pmrm_v1(RULE, account(options=both))
    assert margin.working.find("basis contingency").value == 0.0


def test_the_required_loss_is_the_worse_of_basis_and_scenarios():
    """Without a spot shock the basis contingency of 13 is the worst, and it is not added twice."""
    calm = replace(RULE, scenarios=(SpotVolatilityShock(1.0, "same"),), static_discount=1.0)
    calm = replace(calm, rate_add=0.0)
    margin = pmrm_v1(calm, account(options=options({"strike": 900.0})))
    assert margin.requirement.maintenance == pytest.approx(13.0, abs=1e-12)
    wild = replace(calm, scenarios=(SpotVolatilityShock(0.96, "same"),))
    margin = pmrm_v1(wild, account(options=options({"strike": 900.0})))
    assert margin.requirement.maintenance == pytest.approx(40.0, abs=1e-12)


def test_naked_shorts_are_what_no_long_at_the_same_strike_offsets():
    held = options(
        {"strike": 900.0, "amount": -3.0},
        {"strike": 900.0, "call": False, "amount": 1.0},  # 2 naked
        {"strike": 950.0, "amount": -1.0},
        {"strike": 950.0, "call": False, "amount": -1.0},  # 2 naked
        {"strike": 1000.0, "amount": 5.0},  # covers no other strike
        {"strike": 1000.0, "amount": -1.0, "expiry": "later"},  # 1 naked: another expiry
    )
    margin = pmrm_v1(RULE, account(options=held))
    assert margin.working.find("short options").value == pytest.approx(5 * 0.01 * 1000)


def test_low_confidence_costs_initial_margin_only():
    """0.6 itself is sure; 0.5 costs (1 - 0.5) x 0.4 of the notional of what it concerns."""
    base = {
        "options": options({"strike": 1500.0, "amount": -2.0, "volatility_confidence": 0.5}),
        "perps": perps({"size": -3.0, "confidence": 0.6}),
        "balances": coins(("ETH", 1.0, 1000.0, 1.0)),
    }
    margin = pmrm_v1(RULE, account(**base))
    assert margin.working.find("confidence contingency").value == pytest.approx(0.2 * 2 * 1000)
    sure = {**base, "options": options({"strike": 1500.0, "amount": -2.0})}
    certain = pmrm_v1(RULE, account(**sure))
    assert margin.requirement.maintenance == certain.requirement.maintenance
    assert margin.requirement.initial == pytest.approx(certain.requirement.initial + 400)
    # An unsure perpetual concerns perpetuals, coins and options alike.
    unsure = {**sure, "perps": perps({"size": -3.0, "confidence": 0.25})}
    got = pmrm_v1(RULE, account(**unsure)).working.find("confidence contingency").value
    assert got == pytest.approx(0.75 * 0.4 * 1000 * (3 + 1) + 0.75 * 0.4 * 1000 * 2)
    # An unsure forward concerns its expiry only.
    forward = options({"strike": 1500.0, "amount": -2.0, "forward_confidence": 0.0})
    got = pmrm_v1(RULE, account(**{**sure, "options": forward}))
    assert got.working.find("confidence contingency").value == pytest.approx(0.4 * 2 * 1000)


def test_the_confidence_of_a_perpetual_counts_only_when_one_is_held():
    held = account(options=options({"amount": -1.0}), perps=perps({"size": 0.0, "confidence": 0.0}))
    assert pmrm_v1(RULE, held).working.find("confidence contingency").value == 0.0


def test_entries_of_one_perpetual_add_up_and_funding_needs_a_position():
    held = perps({"size": 2.0, "entry": 990.0, "accrued": 1.0}, {"size": -1.0, "entry": 1020.0})
    margin = pmrm_v1(RULE, account(perps=held))
    assert margin.requirement.equity == pytest.approx(2 * 10 + 20 + 1)
    assert losses(margin) == pytest.approx([150.0, 0.0, -150.0])
    assert margin.working.find("static contingency").value == pytest.approx(25.0)
    nothing = account(perps=perps({"size": 0.0, "accrued": 100.0}))
    assert pmrm_v1(RULE, nothing).requirement.equity == 0.0


def test_cash_alone_needs_nothing():
    margin = pmrm_v1(RULE, account(cash=-3.0))
    assert (margin.net_initial, margin.net_maintenance) == (-3.0, -3.0)


def test_within_the_settlement_average_only_the_rest_of_the_forward_moves():
    """15 of 30 minutes to go: half the forward is fixed, so up 15% moves it by 7.5%."""
    rule = replace(RULE, settlement_seconds=1800.0)
    held = account(options=options({"seconds": 900.0, "strike": 900.0, "amount": -1.0}))
    assert losses(pmrm_v1(rule, held))[0] == pytest.approx(-75.0)
    assert losses(pmrm_v1(RULE, held))[0] == pytest.approx(-150.0)


@pytest.mark.parametrize("settlement", [0.0, 1800.0])
def test_equal_to_the_slow_version_on_accounts_at_random(settlement):
    rule = replace(ALL, settlement_seconds=settlement)
    for seed in range(60):
        held = random_account(seed)
        if settlement:
            # The slow version has no settlement average: leave out what it concerns.
            near = held.options.seconds < settlement
            if near.any():
                continue
        margin = pmrm_v1(rule, held)
        initial, maintenance = slow_v1(rule, held)
        assert margin.net_initial == pytest.approx(initial, rel=1e-9, abs=1e-8), seed
        assert margin.net_maintenance == pytest.approx(maintenance, rel=1e-9, abs=1e-8), seed


def test_an_expired_option_is_its_intrinsic_value():
    held = account(options=options({"seconds": -5.0, "strike": 900.0, "volatility": 0.5}))
    margin = pmrm_v1(ALL, held)
    assert margin.requirement.equity == pytest.approx(100.0)
    assert np.isfinite(losses(margin)).all()


def test_refusals_are_sentences():
    both = account(
        perps=perps({}, {"underlying": "BTC", "name": "BTC-PERP"}),
        prices={"ETH": SpotPrice(1000.0), "BTC": SpotPrice(60000.0)},
    )
    with pytest.raises(InputError, match="holds derivatives on ETH, BTC, and PMRM v1 margins one"):
        pmrm_v1(RULE, both)
    with pytest.raises(InputError, match="owes 2 ETH, and PMRM v1 lends only cash"):
        pmrm_v1(RULE, account(balances=coins(("ETH", -2.0, 1000.0, 1.0))))
    with pytest.raises(InputError, match="no scenarios"):
        replace(RULE, scenarios=())
