"""Drift v2 margins in whole units by hand: weights with size, profit, borrows, the 2% buffer."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.margin.protocols.drift_exact import (
    Margin,
    PerpMarket,
    PerpPosition,
    SpotBalance,
    SpotMarket,
    User,
    asset_weight,
    in_base_units,
    liability_weight,
    perp_margin,
    quote_margin,
    scaled_asset_weight,
    size_root,
    spot_margin,
    token_value,
    user_margin,
)

MILLION, COIN = 10**6, 10**9
PERP = PerpMarket(100 * MILLION, 1_000, 500)
GROWING = PerpMarket(100 * MILLION, 1_000, 500, imf=50_000)
SOL = SpotMarket(20 * MILLION, 9, 8_000, 9_000, 12_000, 11_000)


def test_the_root_of_a_size() -> None:
    assert size_root(4 * COIN) == 200_000
    assert size_root(-4 * COIN) == 200_000
    assert size_root(0) == 1
    assert size_root(2 * COIN) == 141_421  # 1.41421


def test_liability_weights_grow_with_size() -> None:
    # 0.8 x 1.2 + 0.01 x 100 = 1.96
    assert liability_weight(10_000 * COIN, 10_000, 12_000) == 19_600
    # 0.8 x 1.2 + 0.01 x 10 = 1.06 is below its own
    assert liability_weight(100 * COIN, 10_000, 12_000) == 12_000
    assert liability_weight(10**24, 0, 12_000) == 12_000
    # A ratio of 10%, 4 coins at 0.05: 0.08 + 0.1
    assert liability_weight(4 * COIN, 50_000, 1_000) == 1_800


def test_asset_weights_shrink_with_size_and_never_exceed_their_own() -> None:
    # 1.1 / (1 + 0.01 x 100)
    assert asset_weight(10_000 * COIN, 10_000, 8_000) == 5_500
    # 1.1 / (1 + 0.01 x 10) = 1
    assert asset_weight(100 * COIN, 10_000, 8_000) == 8_000
    assert asset_weight(10**24, 0, 8_000) == 8_000


def test_deposits_above_the_scale_start_lower_the_initial_weight() -> None:
    assert scaled_asset_weight(8_000, 500_000, 499_999) == 8_000
    assert scaled_asset_weight(8_000, 500_000, 500_000) == 8_000
    assert scaled_asset_weight(8_000, 500_000, 2_000_000) == 2_000
    assert scaled_asset_weight(9_000, 500_000, 700_000) == 6_428  # 6,428.57
    assert scaled_asset_weight(8_000, 500_000, 10) == 8_000
    assert scaled_asset_weight(8_000, 0, 10**15) == 8_000


def test_token_values_go_towards_zero() -> None:
    assert token_value(1_500_000_000, 9, 20 * MILLION) == 30 * MILLION
    assert (token_value(15, 1, 1), token_value(-15, 1, 1)) == (1, -1)
    assert in_base_units(-5, 0) == 5 * COIN
    assert in_base_units(15, 10) == 1


def test_a_perpetual_by_hand() -> None:
    # 4 coins bought at 90, now 100: value 400, profit 40.
    position = PerpPosition(PERP, 4 * COIN, -360 * MILLION)
    assert perp_margin(position, "maintenance") == Margin(40 * MILLION, 20 * MILLION, 400 * MILLION)
    assert perp_margin(position, "initial").requirement == 40 * MILLION
    grown = PerpPosition(GROWING, 4 * COIN, -360 * MILLION)
    assert perp_margin(grown, "initial").requirement == 72 * MILLION  # 18%
    assert perp_margin(grown, "maintenance").requirement == 56 * MILLION  # 4% + 10%
    # The trader's own ratio of 30% counts initially only.
    assert perp_margin(position, "initial", own_ratio=3_000).requirement == 120 * MILLION
    assert perp_margin(position, "maintenance", own_ratio=3_000).requirement == 20 * MILLION


def test_a_short_loses_when_the_price_rises() -> None:
    short = PerpPosition(PERP, -4 * COIN, 360 * MILLION)
    assert perp_margin(short, "maintenance") == Margin(-40 * MILLION, 20 * MILLION, 400 * MILLION)


def test_positive_profit_is_weighted_and_bounded_losses_are_not() -> None:
    market = PerpMarket(100 * MILLION, 1_000, 500, 0, 5_000, 9_000, 15 * MILLION)
    gain = PerpPosition(market, 4 * COIN, -360 * MILLION)
    assert perp_margin(gain, "maintenance").collateral == 36 * MILLION
    assert perp_margin(gain, "initial").collateral == 15 * MILLION  # 20, at most 15
    loss = PerpPosition(market, 4 * COIN, -440 * MILLION)
    assert perp_margin(loss, "initial").collateral == -40 * MILLION


def test_the_quote_assets_price_counts() -> None:
    position = PerpPosition(PERP, 4 * COIN, -360 * MILLION)
    cheap = perp_margin(position, "maintenance", quote_price=900_000)
    assert cheap == Margin(36 * MILLION, 18 * MILLION, 360 * MILLION)
    assert quote_margin(50 * MILLION, 900_000) == Margin(45 * MILLION)
    assert quote_margin(-50 * MILLION) == Margin(0, 50 * MILLION, 50 * MILLION)


def test_deposits_and_borrows_by_hand() -> None:
    deposit = SpotBalance(SOL, 10 * COIN)
    assert spot_margin(deposit, "initial") == Margin(160 * MILLION)
    assert spot_margin(deposit, "maintenance") == Margin(180 * MILLION)
    borrow = SpotBalance(SOL, -3 * COIN)
    assert spot_margin(borrow, "initial") == Margin(0, 72 * MILLION, 60 * MILLION)
    assert spot_margin(borrow, "maintenance") == Margin(0, 66 * MILLION, 60 * MILLION)


def test_the_cap_scaling_is_for_initial_margin_only() -> None:
    crowded = SpotMarket(
        20 * MILLION, 9, 8_000, 9_000, 12_000, 11_000, 0, 500 * MILLION, 100 * COIN
    )
    deposit = SpotBalance(crowded, 10 * COIN)
    # $2,000 of deposits from $500 on: 0.8 / 4.
    assert spot_margin(deposit, "initial").collateral == 40 * MILLION
    assert spot_margin(deposit, "maintenance").collateral == 180 * MILLION


def test_an_account_and_its_way_out_of_liquidation() -> None:
    user = User(
        quote=50 * MILLION,
        perps={"BTC": PerpPosition(GROWING, 4 * COIN, -360 * MILLION)},
        spots={"SOL": SpotBalance(SOL, 10 * COIN), "ETH": SpotBalance(SOL, -3 * COIN)},
    )
    margin = user_margin(user, "maintenance")
    assert margin == Margin((50 + 40 + 180) * MILLION, (56 + 66) * MILLION, 460 * MILLION)
    assert margin.enough
    assert margin.with_buffer(200) == 131_200_000  # 122 + 2% of 460
    assert margin.shortage(200) == 0
    lost = Margin(125 * MILLION, 122 * MILLION, 460 * MILLION)
    assert (lost.enough, lost.shortage(200)) == (True, 6_200_000)
    assert Margin(122, 122).enough
    assert not Margin(121, 122).enough


def test_margin_kinds_are_two() -> None:
    with pytest.raises(InputError, match="margin kind 'fill'"):
        user_margin(User(0, perps={"A": PerpPosition(PERP, 1, 0)}), "fill")


sizes = st.integers(0, 10**18)


@settings(deadline=None)
@given(sizes, st.integers(1, 10**6), st.integers(1, 20_000))
def test_weights_against_the_real_root(size: int, imf: int, own: int) -> None:
    root = math.sqrt(size / COIN)
    grown = 0.8 * own / 10_000 + imf / MILLION * root
    assert liability_weight(size, imf, own) >= own
    assert liability_weight(size, imf, own) == pytest.approx(
        max(own, 10_000 * grown), abs=1.0 + imf / MILLION * 0.2, rel=1e-6
    )
    shrunk = 10_000 * 1.1 / (1 + imf / MILLION * root)
    assert asset_weight(size, imf, own) <= own
    assert asset_weight(size, imf, own) == pytest.approx(min(own, shrunk), abs=1.2, rel=1e-4)


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.integers(1, 10**12), st.integers(1, 10_000))
def test_requirements_are_within_a_unit_of_the_exact_product(
    base: int, price: int, ratio: int
) -> None:
    market = PerpMarket(price, ratio, ratio)
    margin = perp_margin(PerpPosition(market, base, 0), "maintenance")
    exact = Fraction(abs(base) * price * ratio, COIN * 10_000)
    assert 0 <= exact - margin.requirement < 2
