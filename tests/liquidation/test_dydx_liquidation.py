"""dYdX v4 liquidation orders by hand: price, size, and what the insurance fund gets or pays."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.liquidation.dydx_liquidation import (
    BlockLimits,
    BlockUsed,
    FillablePriceRule,
    fillable_price,
    fund_can_pay,
    insurance_fund_delta,
    liquidation_order,
    size_to_liquidate,
    within_limits,
)
from seawall.margin.protocols.dydx_exact import (
    LiquidityTier,
    Market,
    Position,
    Risk,
    Subaccount,
    bankruptcy_value,
)

MARKET = Market(Fraction(1_000), LiquidityTier(100_000, 500_000))
RULE = FillablePriceRule()
LIMITS, NONE = BlockLimits(), BlockUsed()


def holding(quote: int, size: int) -> Subaccount:
    """One position at 1,000 quote quantums per base quantum, maintenance 5%."""
    return Subaccount(quote, {"A": Position(MARKET, size)})


def test_fillable_price_moves_from_the_oracle_price_towards_the_spread() -> None:
    # 100 base: notional 100,000, maintenance 5,000. Net collateral 2,000: rating 0.6, of 10% of it.
    assert fillable_price(holding(-98_000, 100), "A", RULE) == 1_000 - Fraction(300, 100)
    assert fillable_price(holding(102_000, -100), "A", RULE) == 1_000 + Fraction(300, 100)
    # Bankrupt: the whole spread of 500; further below zero: no more than that.
    assert fillable_price(holding(-100_000, 100), "A", RULE) == 995
    assert fillable_price(holding(-150_000, 100), "A", RULE) == 995
    # More collateral than maintenance: never above the oracle price.
    assert fillable_price(holding(-50_000, 100), "A", RULE) == 1_000


def test_the_rating_is_adjusted_before_it_is_bounded() -> None:
    twice = FillablePriceRule(2_000_000, 100_000)
    assert fillable_price(holding(-96_000, 100), "A", twice) == 1_000 - Fraction(200, 100)
    assert fillable_price(holding(-98_000, 100), "A", twice) == 995


def test_fillable_price_of_nothing() -> None:
    with pytest.raises(InputError, match="is empty"):
        fillable_price(holding(5, 0), "A", RULE)


def test_insurance_fund_gains_up_to_the_largest_fee() -> None:
    # 100 sold at 1,020 = 102,000; bankruptcy value 98,000; 0.5% of the fill is 510.
    account = holding(-98_000, 100)
    assert bankruptcy_value(account, "A", -100) == 98_000
    assert insurance_fund_delta(account, "A", -100, 102_000, 5_000) == 510
    assert insurance_fund_delta(account, "A", -100, 98_300, 5_000) == 300
    assert insurance_fund_delta(account, "A", -100, 98_999, 5_000) == 494  # 494.995, down


def test_insurance_fund_pays_what_is_missing_without_a_cap() -> None:
    assert insurance_fund_delta(holding(-98_000, 100), "A", -100, 90_000, 5_000) == -8_000
    assert insurance_fund_delta(holding(102_000, -100), "A", 100, 110_000, 5_000) == -8_000
    assert insurance_fund_delta(holding(102_000, -100), "A", 100, 102_000, 5_000) == 0


def test_a_buy_for_nothing_pays_no_fee() -> None:
    assert insurance_fund_delta(holding(98_000, -100), "A", 100, 0, 5_000) == 0


@settings(deadline=None)
@given(
    st.integers(-200_000, 200_000),
    st.integers(1, 1_000),
    st.integers(1, 1_000),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_what_fund_and_account_get_is_the_fill(
    quote: int, size: int, part: int, fill: int, fee: int
) -> None:
    account = holding(quote, size)
    sold = min(part, size)
    delta = insurance_fund_delta(account, "A", -sold, fill, fee)
    floor = bankruptcy_value(account, "A", -sold)
    received = fill - delta
    assert received >= floor
    assert received == floor or delta == fill * fee // 10**6


@pytest.mark.parametrize(
    ("balance", "delta", "enough"), [(0, 0, True), (0, 1, True), (10, -10, True), (10, -11, False)]
)
def test_the_fund_pays_what_it_has(balance: int, delta: int, enough: bool) -> None:
    assert fund_can_pay(balance, delta) is enough


def test_the_riskiest_account_is_liquidated_first() -> None:
    risks = [Risk(9, 0, 10), Risk(20, 0, 10), Risk(-1, 0, 10), Risk(2, 0, 4), Risk(5, 0, 10)]
    # -0.1, then 0.5 twice (the larger first), then 0.9; the second is safe.
    assert liquidation_order(risks) == [2, 4, 3, 0]


def test_everything_is_liquidated_within_the_usual_limits() -> None:
    assert size_to_liquidate(holding(0, 100), "A", LIMITS, NONE, 10) == -100
    assert size_to_liquidate(holding(0, -100), "A", LIMITS, NONE, 10) == 100


def test_a_largest_share_is_kept_in_whole_steps() -> None:
    half = replace(LIMITS, largest_share_ppm=555_000)  # 55.5 base of 100, 50 in steps of ten
    assert size_to_liquidate(holding(0, 100), "A", half, NONE, 10) == -50
    assert size_to_liquidate(holding(0, -100), "A", half, NONE, 10) == 50
    # The smallest notional, 70 base, is above the share.
    floor = replace(half, smallest_notional=70_000)
    assert size_to_liquidate(holding(0, 100), "A", floor, NONE, 10) == -70
    # Never less than a step, and a position of one step goes whole.
    little = replace(LIMITS, largest_share_ppm=10_000)
    assert size_to_liquidate(holding(0, 100), "A", little, NONE, 10) == -10
    assert size_to_liquidate(holding(0, 10), "A", little, NONE, 10) == -10


def test_the_subaccounts_own_limit_counts_what_was_used() -> None:
    limits = replace(LIMITS, account_notional=80_000, account_fund_loss=500)
    assert size_to_liquidate(holding(0, 100), "A", limits, BlockUsed(20_000), 1) == -60
    assert within_limits(MARKET, 80, 0, limits, NONE)
    assert not within_limits(MARKET, 81, 0, limits, NONE)
    assert within_limits(MARKET, 1, -400, limits, BlockUsed(0, 100))
    assert not within_limits(MARKET, 1, -401, limits, BlockUsed(0, 100))
    assert within_limits(MARKET, 1, 10**9, limits, BlockUsed(0, 500))
