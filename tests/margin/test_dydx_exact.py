"""dYdX v4 in whole quantums, worked by hand; sums, signs and the direction of every rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.margin.protocols.dydx_exact import (
    LiquidityTier,
    Market,
    Position,
    Risk,
    Subaccount,
    account_risk,
    after_fill,
    bankruptcy_value,
    initial_margin,
    maintenance_margin,
    net_notional,
    position_risk,
    price_in_quantums,
    riskier,
    scaled_initial_ppm,
    transition_allowed,
)

TENTH = LiquidityTier(100_000, 500_000)
# From 1,000 to 5,000 quote quantums of open interest 10% grows to 100%.
GROWING = LiquidityTier(100_000, 500_000, 1_000, 5_000)


def market(price: Fraction | int, tier: LiquidityTier = TENTH, interest: int = 0) -> Market:
    return Market(Fraction(price), tier, interest)


def holding(quote: int, **sizes: int) -> Subaccount:
    """One position in each named coin, all at 100 quote quantums per base quantum."""
    return Subaccount(quote, {name: Position(market(100), size) for name, size in sizes.items()})


def test_price_in_quantums() -> None:
    # $50,000 a coin, base quantum 10^-8 coins, quote quantum 10^-6: 500 quote per base quantum.
    assert price_in_quantums(Fraction(50_000), 0, -8, -6) == 500
    # The price 55,550 at exponent -1, base quantum 10^-4 coins.
    assert price_in_quantums(Fraction(55_550), -1, -4, -6) == 555_500


def test_net_notional_goes_towards_zero() -> None:
    assert net_notional(market(Fraction(7, 10)), 3) == 2
    assert net_notional(market(Fraction(7, 10)), -3) == -2


def test_margins_are_rounded_up() -> None:
    assert initial_margin(1_001, TENTH, 0) == 101  # 100.1
    assert maintenance_margin(1_001, TENTH) == 51  # half of 101, not of 100.1
    assert initial_margin(1_000, TENTH, 0) == 100
    assert (initial_margin(0, TENTH, 0), maintenance_margin(0, TENTH)) == (0, 0)


@pytest.mark.parametrize(
    ("interest", "ppm"),
    [
        (0, 100_000),
        (1_000, 100_000),
        (2_000, 325_000),
        (1_001, 100_225),
        (4_999, 999_775),
        (5_000, 1_000_000),
    ],
)
def test_initial_fraction_grows_with_open_interest(interest: int, ppm: int) -> None:
    assert scaled_initial_ppm(GROWING, interest) == ppm


def test_the_scaled_fraction_is_rounded_down() -> None:
    # A third of the way: 100,000 + 300,000 would be whole; one in seven is 128,571.43.
    assert scaled_initial_ppm(LiquidityTier(100_000, 500_000, 0, 7), 1) == 228_571


def test_an_upper_cap_of_zero_means_no_scaling() -> None:
    assert scaled_initial_ppm(TENTH, 10**18) == 100_000
    only_lower = LiquidityTier(100_000, 500_000, 1_000, 0)
    assert scaled_initial_ppm(only_lower, 10**18) == 100_000
    assert initial_margin(1_001, only_lower, 10**18) == 101  # 100.1, up


def test_caps_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="caps are 5 and 4"):
        LiquidityTier(100_000, 500_000, 5, 4)
    with pytest.raises(InputError, match="caps are -1 and 0"):
        LiquidityTier(100_000, 500_000, -1, 0)


def test_maintenance_does_not_grow_with_open_interest() -> None:
    risk = position_risk(Position(market(1, GROWING, 2_000), -1_000))
    assert risk == Risk(-1_000, 325, 50)


def test_the_users_own_fraction_counts_for_initial_margin_only() -> None:
    assert position_risk(Position(market(1), 1_000, 250_000)) == Risk(1_000, 250, 50)
    assert position_risk(Position(market(1), 1_000, 50_000)) == Risk(1_000, 100, 50)
    assert position_risk(Position(market(1, GROWING, 2_000), 1_000, 250_000)).initial == 325


def test_liquidatable_below_maintenance_only() -> None:
    assert account_risk(holding(-950, A=10)) == Risk(50, 100, 50)
    assert not account_risk(holding(-950, A=10)).liquidatable
    assert account_risk(holding(-951, A=10)).liquidatable
    assert not account_risk(Subaccount(-5)).liquidatable  # nothing is margined
    assert not account_risk(holding(5, A=0)).liquidatable


def test_bankruptcy_value_by_hand() -> None:
    # Net collateral 60, 40 of it beside the long that is closed (maintenance 50 of 75).
    account = holding(-1_440, A=10, B=5)
    assert account_risk(account) == Risk(60, 150, 75)
    assert bankruptcy_value(account, "A", -10) == 1_000 - 40
    assert bankruptcy_value(account, "A", -1) == 100 - 4


def test_bankruptcy_value_of_a_short() -> None:
    # The short owes 1,000 and has 1,020: it may pay everything it has.
    assert bankruptcy_value(holding(1_020, A=-10), "A", 10) == -1_020


def test_bankruptcy_value_takes_the_floor_on_both_sides_of_zero() -> None:
    # A third of 10: 3 kept, so 97 needed; a third of -10: -4, so 104, never at the fund's cost.
    assert bankruptcy_value(holding(-290, A=3), "A", -1) == 97
    assert bankruptcy_value(holding(-310, A=3), "A", -1) == 104


@pytest.mark.parametrize("delta", [10, 0, -11])
def test_only_a_part_of_the_position_can_be_closed(delta: int) -> None:
    with pytest.raises(InputError, match="does not close a part"):
        bankruptcy_value(holding(-900, A=10), "A", delta)


def test_no_bankruptcy_price_without_margin() -> None:
    empty = Subaccount(0, {"A": Position(market(Fraction(1, 100)), 10)})
    with pytest.raises(InputError, match="no bankruptcy price"):
        bankruptcy_value(empty, "A", -10)
    with pytest.raises(InputError, match="holds no 'B'"):
        bankruptcy_value(empty, "B", -10)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Risk(100, 0, 50), Risk(-100, 0, 100), -1),
        (Risk(-100, 0, 50), Risk(-100, 0, 100), 1),
        (Risk(10, 0, 40), Risk(5, 0, 20), 1),  # same ratio: the larger one
        (Risk(5, 0, 20), Risk(10, 0, 40), -1),
        (Risk(0, 0, 20), Risk(0, 0, 40), -1),
        (Risk(7, 0, 20), Risk(7, 0, 20), 0),
        (Risk(1, 0, 0), Risk(2, 0, 0), 1),  # no margin on either side: the poorer one
        (Risk(1, 0, 0), Risk(1, 0, 0), 0),
        (Risk(100, 0, 100), Risk(100, 0, 0), 1),
    ],
)
def test_who_is_liquidated_first(first: Risk, second: Risk, expected: int) -> None:
    assert riskier(first, second) == expected
    assert riskier(second, first) == -expected


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        (Risk(-5, 20, 10), Risk(10, 10, 5), True),  # safe
        (Risk(5, 20, 10), Risk(4, 10, 5), True),  # 0.5 -> 0.8
        (Risk(5, 20, 10), Risk(2, 10, 5), False),  # 0.5 -> 0.4
        (Risk(4, 20, 10), Risk(2, 10, 5), True),  # as risky as before
        (Risk(4, 20, 10), Risk(9, 22, 11), False),  # more margin
        (Risk(-5, 20, 10), Risk(-1, 0, 0), False),  # ends without positions, below zero
        (Risk(-5, 0, 0), Risk(-4, 0, 0), True),
        (Risk(-5, 0, 0), Risk(-5, 0, 0), False),
        (Risk(-5, 20, 10), Risk(0, 0, 0), True),
    ],
)
def test_which_changes_an_account_may_make(before: Risk, after: Risk, allowed: bool) -> None:
    assert transition_allowed(before, after) is allowed


@pytest.mark.parametrize(
    "ppm", [(-1, 0, 0, 0), (1_000_001, 0, 0, 0), (0, 2_000_000, 0, 0), (0, 0, 5, 4)]
)
def test_a_tier_that_cannot_be_is_refused(ppm: tuple[int, int, int, int]) -> None:
    with pytest.raises(InputError):
        LiquidityTier(*ppm)


sizes = st.integers(-(10**12), 10**12)
prices = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6, max_denominator=10**6)
tiers = st.builds(
    LiquidityTier, st.integers(1, 10**6), st.integers(1, 10**6), st.just(10**9), st.just(10**13)
)
markets = st.builds(Market, prices, tiers, st.integers(0, 10**12))
positions = st.builds(Position, markets, sizes, st.integers(0, 10**6))


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.lists(positions, max_size=4))
def test_an_account_is_the_sum_of_its_positions(quote: int, held: list[Position]) -> None:
    account = Subaccount(quote, {str(n): p for n, p in enumerate(held)})
    total = Risk(quote)
    for position in held:
        total += position_risk(position)
    assert account_risk(account) == total


@settings(deadline=None)
@given(positions)
def test_rounding_of_margins_never_favours_the_account(position: Position) -> None:
    risk, tier = position_risk(position), position.market.tier
    notional = abs(risk.net_collateral)
    base = Fraction(notional * tier.initial_ppm, 10**6)
    assert base <= risk.initial
    assert 0 <= risk.maintenance - base * Fraction(tier.maintenance_ppm, 10**6) < 2
    assert abs(risk.net_collateral) <= abs(position.size * position.market.price)


@settings(deadline=None)
@given(positions, st.integers(1, 10**12))
def test_splitting_a_position_never_lowers_its_maintenance(position: Position, part: int) -> None:
    one = Position(position.market, min(part, abs(position.size)))
    two = Position(position.market, abs(position.size) - one.size)
    split = position_risk(one).maintenance + position_risk(two).maintenance
    # The notional of a part is rounded towards zero, which can take one quantum of it.
    assert split >= position_risk(position).maintenance - 1


@settings(deadline=None)
@given(
    st.integers(-(10**15), 10**15),
    st.lists(positions, min_size=1, max_size=3),
    st.integers(1, 10**6),
)
def test_a_fill_at_the_bankruptcy_value_keeps_the_ratio(
    quote: int, held: list[Position], part: int
) -> None:
    account = Subaccount(quote, {str(n): p for n, p in enumerate(held)})
    before, size = account_risk(account), held[0].size
    if size == 0 or before.maintenance == 0:
        return
    delta = -size * min(part, 10**6) // 10**6 or (-1 if size > 0 else 1)
    value = bankruptcy_value(account, "0", delta)
    after = account_risk(after_fill(account, "0", delta, value))
    freed = before.maintenance - after.maintenance
    exact = before.net_collateral - Fraction(before.net_collateral * freed, before.maintenance)
    # Rounded up for the account: it keeps its share of what it has, and less than a quantum more.
    assert 0 <= after.net_collateral - exact < 1


def slow_risk(account: Subaccount) -> Risk:
    """The same rule written out in fractions, rounding each amount by `math` on a Fraction."""
    collateral, initial, maintenance = account.quote, 0, 0
    for position in account.positions.values():
        tier, price = position.market.tier, position.market.price
        value = math.trunc(position.size * price)
        interest = math.trunc(position.market.open_interest * price)
        fraction = Fraction(tier.initial_ppm, 10**6)
        if tier.upper_cap and interest >= tier.upper_cap > tier.lower_cap:
            fraction = Fraction(1)
        elif tier.upper_cap and interest > tier.lower_cap:
            way = Fraction(interest - tier.lower_cap, tier.upper_cap - tier.lower_cap)
            grown = fraction + (1 - fraction) * way
            fraction = Fraction(math.floor(grown * 10**6), 10**6)
        used = max(fraction, Fraction(position.own_initial_ppm, 10**6))
        collateral += value
        initial += math.ceil(abs(value) * used)
        base = math.ceil(abs(value) * Fraction(tier.initial_ppm, 10**6))
        maintenance += math.ceil(base * Fraction(tier.maintenance_ppm, 10**6))
    return Risk(collateral, initial, maintenance)


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.lists(positions, max_size=4))
def test_the_rule_against_a_slow_version_in_fractions(quote: int, held: list[Position]) -> None:
    account = Subaccount(quote, {str(n): p for n, p in enumerate(held)})
    assert account_risk(account) == slow_risk(account)
