"""PMRM version 2: each sentence of the rule on numbers worked by hand, and a slow version."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from slow_pmrm import slow_v2
from small_accounts import DAY, YEAR, account, coins, options, perps, random_account

from seawall.foundation.errors import InputError
from seawall.margin.portfolio.pmrm_parts import VolatilityShock, held
from seawall.margin.portfolio.pmrm_v2 import Basis, PmrmV2, pmrm_v2
from seawall.margin.portfolio.pmrm_v2_contingencies import CoinHaircut, Contingency
from seawall.margin.portfolio.pmrm_v2_shocks import (
    Scenario,
    SkewShock,
    StaticDiscount,
    skew_multiples,
    static_discounts,
)

SKEW = SkewShock(
    linear_cap=0.15,
    linear_per_root_year=-0.05,
    abs_cap=0.2,
    abs_per_root_year=-0.05,
    smallest_width=0.01,
    width_scale=4.0,
    volatility=0.6,
    volatility_per_root_year=-0.1,
)
PLAIN = StaticDiscount(
    long_base=1.0,
    long_rate_multiple=0.0,
    long_rate_add=0.0,
    short_base=1.0,
    short_rate_multiple=0.0,
    short_rate_add=0.0,
)
RULE = PmrmV2(
    scenarios=(
        Scenario(1.18, "same"),
        Scenario(1.0, "same"),
        Scenario(0.82, "same"),
        Scenario(3.0, "same", 0.05),
    ),
    volatility=VolatilityShock(
        range_up=0.5, range_down=0.275, short_power=0.3, long_power=0.13, floor_days=1.0
    ),
    skew=SKEW,
    discount=PLAIN,
    basis=Basis(up=1.045, down=0.955, add=0.5, per_year=2.0),
    contingency=Contingency(
        peg_threshold=0.98,
        peg_factor=2.0,
        confidence_threshold=0.55,
        confidence_margin=1.0,
        perp_maintenance=0.015,
        perp_initial=0.005,
        option_maintenance=0.003,
        option_initial=0.002,
    ),
    maintenance_factor=0.8,
    initial_factor=1.0,
    collateral={
        "ETH": CoinHaircut(maintenance=0.1, initial=0.05, cancels_risk=True),
        "USDT": CoinHaircut(maintenance=0.02, initial=0.03),
    },
    regular_scenarios=3,
)
DISCOUNT = StaticDiscount(
    long_base=0.95,
    long_rate_multiple=1.0,
    long_rate_add=0.08,
    short_base=1.04,
    short_rate_multiple=0.5,
    short_rate_add=0.08,
)
ALL = replace(
    RULE,
    scenarios=(
        *(
            Scenario(1 + s / 1000, v)
            for s in (180, 90, 0, -90, -180)
            for v in ("up", "same", "down")
        ),
        Scenario(0.34, "up", 0.05),
        Scenario(4.0, "up", 0.012),
        Scenario(1.0, "linear"),
        Scenario(1.0, "abs", 0.7),
    ),
    volatility=replace(RULE.volatility, smallest_up=0.45),
    discount=DISCOUNT,
    regular_scenarios=15,
)


def losses(margin) -> list[float]:
    return [line.value for line in margin.working.find("scenarios").parts]


def with_scenarios(*scenarios: Scenario, **changes) -> PmrmV2:
    return replace(RULE, scenarios=scenarios, **changes)


def test_a_book_of_everything_by_hand():
    """A short call, two short perpetuals, one coin, tethers, a stable coin at 0.97."""
    book = account(
        cash=800.0,
        stable=0.97,
        options=options({"strike": 900.0, "amount": -1.0}),
        perps=perps({"size": -2.0, "entry": 1020.0, "mark": 1010.0}),
        balances=coins(("ETH", 1.0, 1000.0, 1.0), ("USDT", 97.0, 1.0, 1.0)),
    )
    margin = pmrm_v2(RULE, book)
    coin = 1000 / 0.97
    equity = 800 - 100 + 20 + coin + 100
    assert margin.requirement.equity == pytest.approx(equity, rel=1e-14)
    assert margin.working.find("equity").value == pytest.approx(equity, rel=1e-14)
    # Up 18%: the call loses 180, the perpetuals 2 x 181.8, the coin gains 18%; tethers do not move.
    up = -180 - 363.6 + 0.18 * coin
    # Down 18%: the call is worthless, a gain of 100.
    down = 100 + 363.6 - 0.18 * coin
    # Up 200%, of which 5% count.
    tail = 0.05 * (-2000 - 4040 + 2 * coin)
    assert losses(margin) == pytest.approx([up, 0.0, down, tail], rel=1e-12, abs=1e-10)
    assert margin.working.find("worst regular scenario").value == pytest.approx(up)
    assert margin.working.find("worst tail scenario").value == pytest.approx(tail)
    # Forward up 4.5%: 45, times 0.5 + 2 x 1 year.
    assert margin.working.find("basis contingency").value == pytest.approx(-112.5, abs=1e-10)
    maintenance = 2000 * 0.015 + 1000 * 0.003 + 0.1 * coin + 0.02 * 100
    initial = 2000 * 0.005 + 1000 * 0.002 + 0.05 * coin + 0.03 * 100
    assert margin.working.find("maintenance contingency").value == pytest.approx(maintenance)
    assert margin.working.find("initial contingency").value == pytest.approx(initial)
    assert margin.requirement.maintenance == pytest.approx(0.8 * -up + maintenance, rel=1e-12)
    # The stable coin is 0.01 below its peg: 1 + 2 x 0.01; initial bears both contingencies.
    assert margin.requirement.initial == pytest.approx(1.02 * -up + maintenance + initial)
    assert margin.net_maintenance == pytest.approx(1426.40866, abs=1e-5)
    assert margin.net_initial == pytest.approx(1281.09502, abs=1e-5)


def test_options_are_discounted_by_the_rate_and_not_by_one_below_zero():
    for rate, df in ((0.1, exp(-0.1)), (-0.1, 1.0)):
        held_option = options({"strike": 900.0, "rate": rate})
        margin = pmrm_v2(with_scenarios(Scenario(1.1, "same")), account(options=held_option))
        assert margin.requirement.equity == pytest.approx(100 * df)
        assert losses(margin) == pytest.approx([100 * df])


def test_within_the_settlement_average_only_the_rest_of_the_forward_moves():
    """15 of 30 minutes to go: half the forward is fixed. At expiry all of it is."""
    for seconds, moved in ((900.0, 90.0), (0.0, 0.0), (1800.0, 180.0), (3600.0, 180.0)):
        held_option = options({"strike": 900.0, "seconds": seconds})
        margin = pmrm_v2(with_scenarios(Scenario(1.18, "same")), account(options=held_option))
        assert losses(margin) == pytest.approx([moved], abs=1e-10)


def test_a_volatility_shock_up_has_a_smallest_volatility():
    """At the money at 30 days Black is F (2 N(s/2) - 1): 0.1 x 1.5 is lifted to 0.45."""
    from math import erf, sqrt

    def at_the_money(vol: float) -> float:
        return 1000 * erf(vol * sqrt(30 / 365) / 2 / sqrt(2))

    rule = with_scenarios(
        Scenario(1.0, "up"),
        Scenario(1.0, "down"),
        volatility=replace(RULE.volatility, smallest_up=0.45),
    )
    low = options({"seconds": 30 * DAY, "volatility": 0.1, "amount": -1.0})
    assert losses(pmrm_v2(rule, account(options=low))) == pytest.approx(
        [at_the_money(0.1) - at_the_money(0.45), at_the_money(0.1) - at_the_money(0.0725)], rel=1e-9
    )
    high = options({"seconds": 30 * DAY, "volatility": 0.4, "amount": -1.0})
    assert losses(pmrm_v2(rule, account(options=high)))[0] == pytest.approx(
        at_the_money(0.4) - at_the_money(0.6), rel=1e-9
    )


def test_positive_values_take_the_long_discount_and_negative_ones_the_short():
    """Rate 0.1, one year: long 0.95 exp(-0.18); short min(exp(0.1), 1.04 exp(0.13)) = exp(0.1)."""
    rule = with_scenarios(Scenario(1.1, "same"), discount=DISCOUNT)
    df = exp(-0.1)
    for amount, multiple in ((1.0, 0.95 * exp(-0.18)), (-1.0, exp(0.1))):
        book = account(options=options({"strike": 900.0, "amount": amount, "rate": 0.1}))
        expected = amount * df * (200 * multiple - 100)
        assert losses(pmrm_v2(rule, book)) == pytest.approx([expected])


def test_the_short_discount_is_capped_at_one_over_df_and_below_it_stands():
    book = options({"rate": 0.1}, {"rate": 0.5, "expiry": "dear"})
    own = held(account(options=book), "a rule", 0.0)
    own = replace(own, discount=np.exp(-own.rate * own.years))
    positive, negative = static_discounts(DISCOUNT, own)
    assert positive == pytest.approx([0.95 * exp(-0.18), 0.95 * exp(-0.58)])
    # 1.04 exp(0.05 + 0.08) = 1.18 is capped at exp(0.1); 1.04 exp(0.25 + 0.08) = 1.447 is not.
    assert negative == pytest.approx([exp(0.1), 1.04 * exp(0.33)])


def test_a_scenario_is_dampened_in_all_its_parts():
    book = account(
        options=options({"strike": 900.0, "amount": -1.0}),
        perps=perps({}),
        balances=coins(("ETH", 1.0, 1000.0, 1.0)),
    )
    whole = losses(pmrm_v2(with_scenarios(Scenario(0.5, "same")), book))[0]
    half = losses(pmrm_v2(with_scenarios(Scenario(0.5, "same", 0.5)), book))[0]
    assert whole == pytest.approx(100 - 500 - 500)
    assert half == pytest.approx(-450)


def test_skew_by_hand():
    """T = 1/4: root 0.5, linear cap 0.125, abs cap 0.175, k* = max(0.01, 0.5 x 4 x 0.55) = 1.1."""
    strikes = [1000 * exp(k) for k in (0.0, 0.55, -0.55, 3.0, -3.0)]
    book = options(*({"strike": k, "seconds": YEAR / 4} for k in strikes))
    own = held(account(options=book), "a rule", 0.0)
    assert skew_multiples(SKEW, own, "linear")[:, 0] == pytest.approx(
        [1, 1.0625, 0.9375, 1.125, 0.875]
    )
    assert skew_multiples(SKEW, own, "abs")[:, 0] == pytest.approx(
        [1, 1.0875, 1.0875, 1.175, 1.175]
    )
    # At expiry the width is the smallest, 0.01, and the caps are whole.
    own = held(account(options=options({"strike": 1000 * exp(0.005), "seconds": 0.0})), "a", 0.0)
    assert skew_multiples(SKEW, own, "linear")[:, 0] == pytest.approx([1.075])


def test_a_skew_without_width_jumps_to_its_cap_and_never_below_zero():
    flat = replace(SKEW, smallest_width=0.0, width_scale=0.0, linear_cap=3.0)
    book = options(*({"strike": k, "seconds": YEAR} for k in (900.0, 1000.0, 1100.0)))
    own = held(account(options=book), "a rule", 0.0)
    assert skew_multiples(flat, own, "linear")[:, 0].tolist() == [0.0, 1.0, 1 + 3.0 - 0.05]


def test_a_negative_cap_turns_the_tilt_and_bounds_it_from_its_own_side():
    """cap = 0.15 - 1 at one year: min(cap, tilt) above the forward, max(-cap, tilt) below."""
    steep = replace(SKEW, linear_per_root_year=-1.0, volatility_per_root_year=0.0)
    book = options(*({"strike": 1000 * exp(k)} for k in (1.2, 4.8, -1.2)))
    own = held(account(options=book), "a rule", 0.0)
    # width 2.4: tilts -0.425, -1.7 and 0.425.
    assert skew_multiples(steep, own, "linear")[:, 0] == pytest.approx([0.15, 0.0, 1.85])


def test_skew_counts_each_expiry_as_a_loss_and_leaves_the_forward():
    """A long and a short call of different expiries do not offset."""
    wing = {"strike": 1000 * exp(0.5), "volatility": 0.6, "seconds": YEAR / 4}
    both = options({**wing, "expiry": "one"}, {**wing, "expiry": "two", "amount": -1.0})
    rule = with_scenarios(Scenario(1.0, "linear"), Scenario(1.0, "abs"))
    got = losses(pmrm_v2(rule, account(options=both)))
    alone = losses(pmrm_v2(rule, account(options=options(wing))))
    assert alone[0] < 0 and alone[1] < alone[0]
    assert got == pytest.approx([2 * alone[0], 2 * alone[1]])
    assert pmrm_v2(rule, account(options=both)).working.find("worst skew scenario").value == got[1]


def test_linear_and_abs_differ_below_the_forward():
    """A put wing: linear lowers its volatility by 1/16, abs raises it by 0.0875."""
    wing = {"strike": 1000 * exp(-0.55), "call": False, "volatility": 0.6, "seconds": YEAR / 4}
    rule = with_scenarios(Scenario(1.0, "linear"), Scenario(1.0, "abs"))
    short = pmrm_v2(rule, account(options=options({**wing, "amount": -1.0})))
    up = with_scenarios(Scenario(1.0, "same"))
    values = [
        -pmrm_v2(up, account(options=options({**wing, "volatility": 0.6 * m}))).requirement.equity
        for m in (1.0, 0.9375, 1.0875)
    ]
    assert losses(short) == pytest.approx(
        [-abs(values[1] - values[0]), -abs(values[2] - values[0])], rel=1e-9
    )


def test_only_coins_that_cancel_risk_take_part_in_the_shock():
    book = account(balances=coins(("ETH", 2.0, 1000.0, 1.0), ("USDT", 500.0, 1.0, 1.0)))
    assert losses(pmrm_v2(RULE, book)) == pytest.approx([360.0, 0.0, -360.0, 200.0])


def test_the_loss_factors_of_both_margins():
    book = account(perps=perps({}))
    margin = pmrm_v2(RULE, book)
    assert margin.requirement.maintenance == pytest.approx(0.8 * 180 + 15)
    assert margin.requirement.initial == pytest.approx(180 + 15 + 5)
    # Contingencies are not scaled, and at the peg nothing is added.
    assert pmrm_v2(RULE, replace(book, settle_price=0.98)).requirement.initial == pytest.approx(200)


def test_a_coin_is_as_sure_as_itself_and_spot_but_not_as_the_perpetual():
    """The trap: a coin at 0.5 costs half its worth; an unsure perpetual costs the coin nothing."""
    unsure = {"perps": perps({"confidence": 0.2})}
    book = account(**unsure, balances=coins(("ETH", 1.0, 1000.0, 1.0)))
    cost = pmrm_v2(RULE, book).working.find("confidence contingency")
    assert cost.find("ETH").value == 0.0
    assert cost.find("perpetuals").value == pytest.approx(0.8 * 1000)
    book = account(**unsure, balances=coins(("ETH", 1.0, 1000.0, 0.5)))
    assert pmrm_v2(RULE, book).working.find("confidence contingency", "ETH").value == 500.0
    # An unsure spot costs everything.
    book = account(**unsure, confidence=0.1, balances=coins(("ETH", 1.0, 1000.0, 0.5)))
    cost = pmrm_v2(RULE, book).working.find("confidence contingency")
    assert cost.find("ETH").value == pytest.approx(900.0)
    assert cost.find("perpetuals").value == pytest.approx(900.0)


def test_the_confidence_of_an_expiry_is_the_lowest_of_all_it_rests_on():
    for key in ("forward_confidence", "rate_confidence", "volatility_confidence"):
        book = options({"amount": -2.0, key: 0.5}, {"amount": 1.0, "strike": 1100.0})
        margin = pmrm_v2(RULE, account(options=book))
        assert margin.working.find("confidence contingency").value == pytest.approx(0.5 * 3 * 1000)
        sure = pmrm_v2(RULE, account(options=replace(book, **{key: np.ones(2)})))
        assert margin.requirement.maintenance == sure.requirement.maintenance
    book = account(perps=perps({"confidence": 0.5}), options=options({"amount": -1.0}))
    cost = pmrm_v2(RULE, book).working.find("confidence contingency")
    assert cost.find("options").value == pytest.approx(500.0)
    # 0.55 itself is sure.
    book = account(options=options({"amount": -1.0, "rate_confidence": 0.55}))
    assert pmrm_v2(RULE, book).working.find("confidence contingency").value == 0.0


def test_equal_to_the_slow_version_on_accounts_at_random():
    for seed in range(60):
        book = random_account(seed, collateral=("ETH", "USDT", "DOGE"))
        margin = pmrm_v2(ALL, book)
        initial, maintenance, profits = slow_v2(ALL, book)
        assert losses(margin) == pytest.approx(profits, rel=1e-9, abs=1e-8), seed
        assert margin.net_initial == pytest.approx(initial, rel=1e-9, abs=1e-8), seed
        assert margin.net_maintenance == pytest.approx(maintenance, rel=1e-9, abs=1e-8), seed


def test_nothing_is_ever_not_a_number():
    extreme = options(
        {"volatility": 0.0},
        {"seconds": 0.0, "volatility": 1.0, "strike": 1200.0},
        {"seconds": -1.0, "volatility": 1.0, "strike": 800.0, "expiry": "past", "rate": 10.0},
        {"seconds": 3 * YEAR, "volatility": 10.0, "expiry": "far", "rate": 10.0},
    )
    rule = replace(ALL, discount=replace(DISCOUNT, short_rate_multiple=100.0))
    margin = pmrm_v2(rule, account(options=extreme))
    assert np.isfinite(losses(margin)).all()
    assert np.isfinite([margin.net_initial, margin.net_maintenance]).all()


def test_refusals_are_sentences():
    with pytest.raises(InputError, match="owes 2 ETH, and PMRM v2 lends only cash"):
        pmrm_v2(RULE, account(balances=coins(("ETH", -2.0, 1000.0, 1.0))))
    with pytest.raises(InputError, match="no scenarios"):
        replace(RULE, scenarios=())
    with pytest.raises(InputError, match="'desk' has no spot price of BTC"):
        pmrm_v2(RULE, account(perps=perps({"underlying": "BTC"})))
