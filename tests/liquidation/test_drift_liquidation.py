"""Drift v2 liquidations by hand: amounts that cure a shortage, fees, and how they are rounded."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.liquidation.drift_liquidation import (
    asset_seized,
    base_to_cover,
    insurance_fee_perp,
    insurance_fee_spot,
    largest_share,
    liability_implied,
    liability_to_cover,
    liquidation_fee,
)

MILLION = 10**6
BASE = 10**9
SAFE = Fraction(19, 20)
EVEN = (1 * MILLION, MILLION, 6)  # price $1, multiplier 1, six decimals


def test_base_that_cures_a_shortage() -> None:
    # 7 / (50 x (0.10 - 0.02) - 50 x 0.01) = 7 / 3.5
    assert base_to_cover(7 * MILLION, 1_000, 20_000, 10_000, 50 * MILLION, MILLION) == 2 * BASE
    # The quote asset at $0.90: 7 / (45 x 0.08 - 0.5) = 2.258064516, down
    assert base_to_cover(7 * MILLION, 1_000, 20_000, 10_000, 50 * MILLION, 900_000) == 2_258_064_516


def test_base_is_rounded_down() -> None:
    # 1 / (30 x 0.10) = 0.333333333
    assert base_to_cover(MILLION, 1_000, 0, 0, 30 * MILLION, MILLION) == 333_333_333
    # 2 / 3 ends in ...666.67
    assert base_to_cover(2 * MILLION, 1_000, 0, 0, 30 * MILLION, MILLION) == 666_666_666


def test_no_amount_of_base_cures_when_the_fee_eats_the_margin() -> None:
    assert base_to_cover(MILLION, 1_000, 100_000, 0, 30 * MILLION, MILLION) is None
    assert base_to_cover(MILLION, 1_000, 200_000, 0, 30 * MILLION, MILLION) is None
    assert base_to_cover(MILLION, 1_000, 0, 0, 0, MILLION) is None
    # Ratio and fees cancel out: 10% = 6% + 4%.
    assert base_to_cover(MILLION, 1_000, 60_000, 40_000, 30 * MILLION, MILLION) is None


@settings(deadline=None)
@given(st.integers(1, 10**12), st.integers(1, 10_000), st.integers(1, 10**12))
def test_base_cures_all_but_a_unit(shortage: int, ratio: int, price: int) -> None:
    base = base_to_cover(shortage, ratio, 0, 0, price, MILLION)
    freed = price * ratio // 10_000  # per base unit, millionths, rounded as the venue rounds
    if freed == 0:
        assert base is None
        return
    assert base is not None
    assert base * freed <= shortage * BASE < (base + 1) * freed


def test_liability_that_cures_a_shortage() -> None:
    # 3 / (20 x (1.2 - 0.9)) = 0.5
    terms = ((9_000, MILLION), (12_000, MILLION))
    assert liability_to_cover(3 * MILLION, *terms, 0, 20 * MILLION, 8) == 50_000_000
    assert liability_to_cover(3 * MILLION, *terms, 0, 20 * MILLION, 6) == 500_000
    assert liability_to_cover(3 * MILLION, *terms, 0, 20 * MILLION, 2) == 50
    # 1% insurance fee: 3 / (20 x 0.3 - 20 x 0.01 x 1.2) = 3 / 5.76 = 0.520833333
    assert liability_to_cover(3 * MILLION, *terms, 10_000, 20 * MILLION, 9) == 520_833_333
    # Asset at 1.05, liability at 0.95: the bracket is 1.2 - floor(94,736.84) / 100,000.
    dear = ((9_000, 1_050_000), (12_000, 950_000))
    room = 120_000 - 90_000 * 1_050_000 // 950_000
    assert room == 20_527
    assert liability_to_cover(3 * MILLION, *dear, 0, 20 * MILLION, 9) == 730_744_872


def test_at_least_one_unit_is_taken_over() -> None:
    assert liability_to_cover(1, (9_000, MILLION), (12_000, MILLION), 0, 10**12, 6) == 1


@pytest.mark.parametrize(
    ("asset", "liability", "fee"),
    [
        ((12_000, MILLION), (12_000, MILLION), 0),
        ((13_000, MILLION), (12_000, MILLION), 0),
        ((11_000, 1_200_000), (12_000, MILLION), 0),  # 1.1 x 1.2 > 1.2
        ((9_000, MILLION), (12_000, 0), 0),
        ((9_000, MILLION), (12_000, MILLION), 250_000),  # the fee takes 0.3 of 1.2
    ],
)
def test_no_liability_cures_when_the_bracket_is_not_positive(
    asset: tuple[int, int], liability: tuple[int, int], fee: int
) -> None:
    assert liability_to_cover(MILLION, asset, liability, fee, MILLION, 6) is None


def test_asset_that_pays_for_a_liability() -> None:
    # 2 tokens of nine decimals at $30, asset at $3 and 1.1: 22
    liability, asset = (30 * MILLION, MILLION, 9), (3 * MILLION, 1_100_000, 6)
    assert asset_seized(100 * MILLION, 2 * BASE, asset, liability) == 22 * MILLION
    # To fewer decimals than the liability's: rounded down.
    assert asset_seized(10**9, 1, (MILLION, MILLION, 6), (MILLION, MILLION, 9)) == 1  # at least 1
    third = asset_seized(10**12, MILLION, (3 * MILLION, MILLION, 6), EVEN)
    assert third == 333_333


def test_a_rest_below_a_dollar_is_taken_along() -> None:
    assert asset_seized(10_999_999, 10 * MILLION, EVEN, EVEN) == 10_999_999
    assert asset_seized(11_000_000, 10 * MILLION, EVEN, EVEN) == 10 * MILLION
    # Also where the seizure asks for a little more than there is.
    assert asset_seized(9_500_000, 10 * MILLION, EVEN, EVEN) == 9_500_000
    # A dollar is a dollar whatever the decimals: 0.4 of a $2 token of nine.
    gold = (2 * MILLION, MILLION, 9)
    assert asset_seized(5_400_000_000, 10 * MILLION, gold, EVEN) == 5_400_000_000
    assert asset_seized(5_600_000_000, 10 * MILLION, gold, EVEN) == 5_000_000_000


def test_liability_that_an_asset_pays_for_is_rounded_up() -> None:
    three = (3 * MILLION, MILLION, 9)
    assert liability_implied(10 * MILLION, EVEN, three) == 3_333_333_334
    assert liability_implied(9 * MILLION, EVEN, three) == 3 * BASE
    # A discount of 10% on the liability: 9 x 0.9 / 3
    assert liability_implied(9 * MILLION, EVEN, (3 * MILLION, 900_000, 9)) == 2_700_000_000
    assert liability_implied(1, (MILLION, MILLION, 9), (MILLION, MILLION, 6)) == 1  # up from 0.001
    with pytest.raises(InputError, match="is 0"):
        liability_implied(1, EVEN, (0, MILLION, 6))


def test_the_liquidators_fee_grows_from_the_first_slot() -> None:
    def fee(slots: int) -> int:
        return liquidation_fee(20_000, 50_000, slots, 1_500, 1)

    assert [fee(0), fee(1_499), fee(1_500), fee(10_000)] == [20_000, 20_000, 21_500, 30_000]
    assert fee(10**6) == 50_000


def test_the_insurance_funds_fee_on_a_perpetual() -> None:
    # 0.95 x (0.10 - 0.02 - 30 / (10 x 100)) = 0.95 x 0.05
    prices = (100 * MILLION, MILLION)
    assert insurance_fee_perp(30 * MILLION, 10 * BASE, 1_000, 20_000, prices, 10**6, SAFE) == 47_500
    assert (
        insurance_fee_perp(30 * MILLION, 10 * BASE, 1_000, 20_000, prices, 30_000, SAFE) == 30_000
    )
    # Nothing is free: 8% of 1,000 is 80.
    assert insurance_fee_perp(80 * MILLION, 10 * BASE, 1_000, 20_000, prices, 10**6, SAFE) == 0
    assert insurance_fee_perp(99 * MILLION, 10 * BASE, 1_000, 20_000, prices, 10**6, SAFE) == 0
    # The needed part is rounded down (0.0333333), the result too: 0.95 x 46,667 = 44,333.65
    assert insurance_fee_perp(10 * MILLION, 3 * BASE, 1_000, 20_000, prices, 10**6, SAFE) == 44_333


@pytest.mark.parametrize(
    ("base", "ratio", "prices"),
    [(0, 1_000, (1, 1)), (1, 1_000, (0, 1)), (1, 1_000, (1, 0)), (1, 200, (10**8, 10**6))],
)
def test_no_insurance_fee_where_there_is_nothing(
    base: int, ratio: int, prices: tuple[int, int]
) -> None:
    assert insurance_fee_perp(1, base, ratio, 20_000, prices, 10**6, SAFE) == 0


def test_the_insurance_funds_fee_on_a_borrow() -> None:
    # (1.25 - 0.8 - 20 / (2 x 40)) / 1.25
    asset, liability = (8_000, MILLION), (12_500, MILLION)
    price = 40 * MILLION
    assert insurance_fee_spot(20 * MILLION, 2 * BASE, asset, liability, price, 9, 10**6) == 160_000
    assert insurance_fee_spot(20 * MILLION, 2 * BASE, asset, liability, price, 9, 50_000) == 50_000
    assert insurance_fee_spot(36 * MILLION, 2 * BASE, asset, liability, price, 9, 10**6) == 0
    assert insurance_fee_spot(20 * MILLION, 0, asset, liability, price, 9, 10**6) == 0
    assert insurance_fee_spot(20 * MILLION, 1, asset, liability, 0, 9, 10**6) == 0
    assert insurance_fee_spot(20 * MILLION, 1, asset, (12_500, 0), price, 9, 10**6) == 0
    # Without a multiplier of the asset nothing can be seized: the formula alone would give 80%.
    no_asset = (8_000, 0)
    assert insurance_fee_spot(20 * MILLION, 2 * BASE, no_asset, liability, price, 9, 10**6) == 0
    assert insurance_fee_spot(0, 2 * BASE, (12_500, MILLION), liability, price, 9, 10**6) == 0


def test_the_share_that_may_be_cured_grows_with_time() -> None:
    def share(slots: int, shortage: int = 100, freed: int = 0, duration: int = 10) -> int:
        return largest_share(shortage * MILLION, slots, 1_000, duration, freed * MILLION)

    assert [share(0), share(3), share(9), share(50)] == [1_000, 4_000, 10_000, 10_000]
    # A third of 100 was freed already: 40% of 150 is 60, of which 50 are, so 10 of the 100 left.
    assert share(3, 100, 50) == 1_000
    assert share(0, 100, 50) == 0
    assert share(0, duration=0) == 10_000


def test_a_small_shortage_is_cured_at_once() -> None:
    assert largest_share(50 * MILLION - 1, 0, 1_000, 10) == 10_000
    assert largest_share(50 * MILLION, 0, 1_000, 10) == 1_000
