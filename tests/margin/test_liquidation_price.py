"""Closed-form liquidation prices: by hand, against the venue's own words, and by root-finding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.margin.liquidation_price import closed_form as prices
from seawall.margin.tiered.lines import deductions, tier_of

CROSS = {"other_maintenance": 0.0, "other_profit": 0.0}


def linear(size, margin, rate=0.01, deduction=0.0, entry=100.0, **others):
    return prices.linear_liquidation_price(
        size=size, entry=entry, margin=margin, rate=rate, deduction=deduction, **{**CROSS, **others}
    )


def inverse(size, margin, rate=0.01, deduction=0.0, entry=100.0, **others):
    return prices.inverse_liquidation_price(
        size=size, entry=entry, margin=margin, rate=rate, deduction=deduction, **{**CROSS, **others}
    )


def test_a_long_is_liquidated_below_its_entry_and_a_short_above_by_hand():
    # 2 at 100 with 20: (200 - 20) / (2 x 0.99); (200 + 20) / (2 x 1.01).
    assert linear(2.0, 20.0) == pytest.approx(180 / 1.98)
    assert linear(-2.0, 20.0) == pytest.approx(220 / 2.02)
    # A deduction of 3 is margin that need not be there.
    assert linear(2.0, 20.0, deduction=3.0) == pytest.approx(177 / 1.98)


def test_a_cross_price_counts_the_other_positions_by_hand():
    # Others gain 15 and need 5: as if the margin were 30.
    got = linear(2.0, 20.0, other_maintenance=5.0, other_profit=15.0)
    assert got == pytest.approx(170 / 1.98)
    # In coin: 200 at 100 is 2 coins; 0.5 + 0.3 - 0.1 = 0.7 held; 202 / 2.7.
    got = inverse(200.0, 0.5, other_maintenance=0.1, other_profit=0.3)
    assert got == pytest.approx(202 / 2.7)


def test_inverse_by_hand():
    # 200 at 100 is 2 coins; long 200 x 1.01 / 2.5, short 200 x 0.99 / (2 - 0.5).
    assert inverse(200.0, 0.5) == pytest.approx(202 / 2.5)
    assert inverse(-200.0, 0.5) == pytest.approx(198 / 1.5)
    assert inverse(-200.0, 0.5, deduction=0.1) == pytest.approx(198 / 1.4)


def test_margin_that_covers_everything_has_no_liquidation_price():
    assert linear(2.0, 200.0) is None
    assert inverse(-200.0, 2.0) is None
    assert prices.inverse_isolated_bankruptcy_price(side="short", entry=100.0, leverage=1.0) is None
    assert prices.bybit_inverse_isolated(size=-2.0, entry=1.0, margin=3.0, maintenance=0.5) is None


def test_the_crossing_below_zero_is_a_number_and_no_liquidation_price():
    # A margin of 260 for 200: (200 - 260) / 1.98, -30 / 0.989, and 100 - (260 - 2) / 2.
    held = {"size": 2.0, "entry": 100.0, "margin": 260.0}
    crossing = prices.linear_crossing(**held, rate=0.01, deduction=0.0, **CROSS)
    assert crossing == pytest.approx(-60 / 1.98)
    with_fee = {**held, "rate": 0.01, "taker_fee": 0.001}
    assert prices.linear_crossing_with_fee(**with_fee) == pytest.approx(-30 / 0.989)
    assert prices.bybit_linear_crossing(**held, maintenance=2.0) == -29.0
    assert linear(2.0, 260.0) is None
    assert prices.linear_with_closing_fee(**with_fee) is None
    assert prices.bybit_linear_isolated(**held, maintenance=2.0) is None


@pytest.mark.parametrize("size", [-2.0, 2.0])
@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_out_of_bounds_and_no_size_are_refused(size, rate):
    with pytest.raises(InputError, match="maintenance rate"):
        linear(size, 20.0, rate=rate)
    with pytest.raises(InputError, match="size 0"):
        linear(0.0, 20.0)


def test_fees_of_closing_and_free_margin_by_hand():
    # (100 - 10) / (1 - 1.05%); the same from the price 95: free 20 - 10 - 190 x 1%.
    got = prices.linear_with_closing_fee(
        size=2.0, entry=100.0, margin=20.0, rate=0.01, taker_fee=0.0005
    )
    assert got == pytest.approx(90 / 0.9895)
    free = prices.from_free_margin(size=2.0, price=95.0, free_margin=8.1, rate=0.01)
    assert free == pytest.approx(linear(2.0, 20.0))
    short = prices.from_free_margin(size=-2.0, price=95.0, free_margin=28.1, rate=0.01)
    assert short == pytest.approx(linear(-2.0, 20.0))


def test_bybit_counts_maintenance_at_entry():
    value, initial, maintenance = prices.entry_margins(
        size=-2.0, entry=100.0, leverage=10.0, rate=0.01, deduction=0.5
    )
    assert (value, initial, maintenance) == (200.0, 20.0, 1.5)
    found = [
        prices.bybit_linear_isolated(size=s, entry=100.0, margin=20.0, maintenance=1.5)
        for s in (2.0, -2.0)
    ]
    assert found == [90.75, 109.25]


def test_bybit_inverse_by_hand():
    # Help centre: 60,000 at 50,000, 10x, 0.5%: 60,000 / (1.2 + 0.12 - 0.006).
    got = prices.bybit_inverse_isolated(
        size=60_000.0, entry=50_000.0, margin=0.12, maintenance=0.006
    )
    assert got == pytest.approx(60_000 / 1.314)
    short = prices.bybit_inverse_isolated(
        size=-60_000.0, entry=50_000.0, margin=0.12, maintenance=0.006
    )
    assert short == pytest.approx(60_000 / (1.2 - 0.114))
    # Inverse contract, article 360039261334: bankruptcy 5718.57, liquidation 5739.50.
    found = prices.bybit_inverse_cross(
        size=Fraction(10_000),
        entry=Fraction(8_000),
        balance=Fraction("0.5"),
        order_margin=Fraction(0),
        rate=Fraction("0.005"),
        taker_fee=Fraction("0.00075"),
    )
    assert found is not None
    bankrupt, price = found
    assert float(bankrupt) == pytest.approx(5718.57, abs=0.005)
    assert prices.to_tick_above(price, "0.5") == Fraction("5739.5")


@pytest.mark.parametrize("size", [10_000.0, -10_000.0])
def test_at_the_bankruptcy_price_the_balance_pays_the_loss_and_the_fee(size):
    found = prices.bybit_inverse_cross(
        size=size, entry=8_000.0, balance=0.5, order_margin=0.1, rate=0.005, taker_fee=0.00075
    )
    assert found is not None
    bankrupt, price = found
    loss = size * (1 / bankrupt - 1 / 8_000.0)
    assert loss + 0.00075 * abs(size) / bankrupt == pytest.approx(0.4)
    assert min(8_000.0, bankrupt) < price < max(8_000.0, bankrupt)


def test_ticks_are_exact():
    assert prices.to_tick_above(Fraction("7735.5"), "0.5") == Fraction("7735.5")
    assert prices.to_tick_above(Fraction("7735.500000001"), "0.5") == 7736
    assert prices.to_tick_above(Fraction(1, 3), "0.1") == Fraction("0.4")
    exact = prices.inverse_isolated_bankruptcy_price(
        side="long", entry=Fraction("7890.08"), leverage=Fraction(50)
    )
    assert exact == Fraction("7890.08") * 50 / 51


def test_loans_by_hand():
    # 2 coins at 80% beside 500: 2 x 0.8 x p + 500 = 2,100.
    got = prices.collateral_liquidation_price(
        quantity=2.0, threshold=0.8, debt=2_100.0, other_collateral=500.0
    )
    assert got == pytest.approx(1_000.0)
    # 3 coins owed beside 400: 3 p + 400 = 1,600.
    got = prices.debt_liquidation_price(quantity=3.0, weighted_collateral=1_600.0, other_debt=400.0)
    assert got == pytest.approx(400.0)
    covered = prices.collateral_liquidation_price(
        quantity=2.0, threshold=0.8, debt=400.0, other_collateral=500.0
    )
    assert covered is None


def health(size, entry, margin, bounds, rates, cuts, is_inverse, price) -> float:
    """Equity - maintenance with the tier looked up at the price: the slow version."""
    notional = abs(size) / price if is_inverse else abs(size) * price
    tier = tier_of(bounds, notional)
    change = size / entry - size / price if is_inverse else size * (price - entry)
    return margin + change - (notional * rates[tier] - cuts[tier])


@given(
    steps=st.lists(st.floats(50.0, 3_000.0), min_size=1, max_size=6),
    rises=st.lists(st.floats(0.0, 0.1), min_size=7, max_size=7),
    size=st.floats(1.0, 60.0),
    side=st.sampled_from([-1.0, 1.0]),
    share=st.floats(0.03, 0.9),
    is_inverse=st.booleans(),
)
def test_the_tier_is_that_of_the_notional_at_the_liquidation_price(
    steps, rises, size, side, share, is_inverse
):
    bounds = [0.0, *np.cumsum(steps).tolist()]
    rates = (0.004 + np.cumsum(rises[: len(bounds)])).tolist()
    cuts = deductions(np.array(bounds), np.array(rates)).tolist()
    entry = 100.0
    held = side * size * (10_000.0 if is_inverse else 1.0)
    margin = share * (abs(held) / entry if is_inverse else abs(held) * entry)
    assume(health(held, entry, margin, bounds, rates, cuts, is_inverse, entry) > 0)
    got = prices.tiered_liquidation_price(
        size=held,
        entry=entry,
        margin=margin,
        rates=rates,
        deductions=cuts,
        inverse=is_inverse,
    )
    assert got is not None
    scale = 1e-9 * abs(held) * (1.0 if is_inverse else entry)
    at = health(held, entry, margin, bounds, rates, cuts, is_inverse, got)
    assert at == pytest.approx(0.0, abs=scale)
    assert (got < entry) == (held > 0)
    # Nothing nearer: healthy half of the way to it.
    between = (entry + got) / 2
    assert health(held, entry, margin, bounds, rates, cuts, is_inverse, between) > 0


def test_the_tier_at_entry_would_be_wrong_by_hand():
    # 10 short at 100 with 300: at entry 1,000 notional, 1%; at 120 the tier from 1,200 on has 5%.
    cuts = [0.0, 48.0]
    got = prices.tiered_liquidation_price(
        size=-10.0, entry=100.0, margin=300.0, rates=[0.01, 0.05], deductions=cuts, inverse=False
    )
    # 1,000 + 300 + 48 = 10 x 1.05 p; with the entry's tier it would be 1,300 / 10.1 = 128.7.
    assert got == pytest.approx(1_348 / 10.5)
    long = prices.tiered_liquidation_price(
        size=20.0, entry=100.0, margin=1_000.0, rates=[0.01, 0.05], deductions=cuts, inverse=False
    )
    # At entry 2,000 notional; at the price it is below 1,200: (2,000 - 1,000) / (20 x 0.99).
    assert long == pytest.approx(1_000 / 19.8)
