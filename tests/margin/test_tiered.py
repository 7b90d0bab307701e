"""Tiered margin: deductions worked by hand, and the same margin bracket by bracket."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.margin.tiered.lines import (
    TierLines,
    deductions,
    inverse_margin,
    maintenance_of,
    margin,
    next_deduction,
    schedule,
    tier_lines,
    tier_of,
)
from seawall.venues import Tier

# 50x to 1m, 20x to 5m, 10x beyond; maintenance 1, 2.5 and 5%.
THREE = (Tier(0.0, 50.0, 0.01), Tier(1e6, 20.0, 0.025), Tier(5e6, 10.0, 0.05))


def maintenance(lines: TierLines, notional: list[float], row: int = 0) -> np.ndarray:
    pick = np.full(len(notional), row)
    rate, deduction = lines.maintenance_rate[pick], lines.maintenance_deduction[pick]
    return margin(np.array(notional), rate, deduction)


def by_brackets(notional: float, bounds: list[float], rates: list[float]) -> float:
    """Each slice of the notional at its own tier's rate, as with taxes."""
    tops = [*bounds[1:], float("inf")]
    return sum(
        rate * max(min(notional, top) - bottom, 0.0)
        for bottom, top, rate in zip(bounds, tops, rates, strict=True)
    )


def test_deductions_by_hand():
    # 1m x (2.5 - 1)% = 15,000; then 15,000 + 5m x (5 - 2.5)% = 140,000.
    got = deductions(np.array([0.0, 1e6, 5e6]), np.array([0.01, 0.025, 0.05]))
    assert got == pytest.approx([0.0, 15_000.0, 140_000.0], rel=1e-12)


def test_maintenance_by_hand():
    lines = tier_lines([THREE])
    # 500k x 1%; 3m x 2.5% - 15,000; 8m x 5% - 140,000.
    got = maintenance(lines, [5e5, 3e6, 8e6, 0.0])
    assert got == pytest.approx([5_000.0, 60_000.0, 260_000.0, 0.0], rel=1e-12)


def test_initial_by_hand():
    lines = tier_lines([THREE])
    # Rates 2, 5, 10%: deductions 30,000 and 280,000.
    got = margin(
        np.array([5e5, 3e6, 8e6]),
        np.repeat(lines.initial_rate, 3, axis=0),
        np.repeat(lines.initial_deduction, 3, axis=0),
    )
    assert got == pytest.approx([10_000.0, 120_000.0, 520_000.0], rel=1e-12)


def test_the_margin_does_not_jump_at_a_bound():
    lines = tier_lines([THREE])
    below, above = maintenance(lines, [1e6 * (1 - 1e-12), 1e6 * (1 + 1e-12)])
    assert above - below == pytest.approx(0.0, abs=1e-6)


def test_tables_of_unequal_length_do_not_disturb_each_other():
    lines = tier_lines([THREE, (Tier(0.0, 5.0, 0.1),), ()])
    assert maintenance(lines, [3e6], row=0) == pytest.approx([60_000.0])
    assert maintenance(lines, [3e6], row=1) == pytest.approx([300_000.0])
    assert maintenance(lines, [3e6], row=2) == pytest.approx([0.0])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    count = draw(st.integers(1, 6))
    steps = draw(st.lists(st.floats(1e3, 1e7), min_size=count - 1, max_size=count - 1))
    rises = draw(st.lists(st.floats(0.0, 0.1), min_size=count, max_size=count))
    bounds = [0.0, *np.cumsum(steps).tolist()]
    return bounds, (0.005 + np.cumsum(rises)).tolist()


@given(tables(), st.floats(0.0, 1e8))
def test_the_largest_line_is_the_sum_over_brackets(table, notional):
    bounds, rates = table
    tiers = [Tier(b, 1.0 / (2 * r), r) for b, r in zip(bounds, rates, strict=True)]
    got = maintenance(tier_lines([tiers]), [notional])[0]
    assert got == pytest.approx(by_brackets(notional, bounds, rates), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    "tiers",
    [
        (Tier(0.0, 50.0, 0.02), Tier(1e6, 20.0, 0.01)),
        (Tier(0.0, 20.0, 0.01), Tier(1e6, 50.0, 0.02)),
        (Tier(1e6, 50.0, 0.01), Tier(0.0, 20.0, 0.02)),
        (Tier(0.0, 50.0, 0.01), Tier(0.0, 20.0, 0.02)),
    ],
    ids=["maintenance falls", "leverage rises", "bounds fall", "bounds repeat"],
)
def test_tiers_that_the_formula_cannot_serve_are_refused(tiers):
    with pytest.raises(InputError, match="lower bounds that rise"):
        tier_lines([tiers])


@pytest.mark.parametrize(
    ("notional", "tier"), [(0.0, 0), (999_999.99, 0), (1e6, 1), (5e6 - 1, 1), (5e6, 2), (1e12, 2)]
)
def test_a_notional_on_a_bound_is_in_the_upper_tier(notional, tier):
    assert tier_of([t.lower_bound for t in THREE], notional) == tier


def test_one_table_by_hand():
    rates, cuts = schedule(THREE)
    assert rates.tolist() == [0.01, 0.025, 0.05]
    assert cuts == pytest.approx([0.0, 15_000.0, 140_000.0])
    notional = np.array([5e5, 3e6, 8e6])
    assert maintenance_of(THREE, notional) == pytest.approx([5_000.0, 60_000.0, 260_000.0])
    assert next_deduction(before=15_000.0, bound=5e6, rate_before=0.025, rate=0.05) == 140_000.0


COIN = (Tier(0.0, 50.0, 0.01), Tier(10.0, 20.0, 0.025))


def inverse(size: float, price: float, tiers: tuple[Tier, ...], in_coin: bool, slope: float = 0.0):
    lines = tier_lines([tiers], [in_coin])
    one = np.ones(1)
    due = inverse_margin(
        size * one,
        price * one,
        lines.maintenance_rate,
        lines.maintenance_deduction,
        slope * one,
        lines.in_coin,
    )
    return float(due[0])


def test_inverse_margin_in_coin_by_hand():
    # 2,000,000 at 50,000 are 40 coins: 40 x 2.5% - 10 x 1.5%.
    assert inverse(2e6, 50_000.0, COIN, in_coin=True) == pytest.approx(0.85)
    # Tiers in quote: 2m x 2.5% - 15,000 = 35,000, which is 0.7 coins.
    assert inverse(2e6, 50_000.0, THREE, in_coin=False) == pytest.approx(0.7)
    # A slope adds 0.0001 x 40 coins to the rate: 40 x 0.4%.
    assert inverse(2e6, 50_000.0, COIN, True, 1e-4) == pytest.approx(0.85 + 0.16)
    assert inverse(2e6, 50_000.0, THREE, False, 1e-4) == pytest.approx(0.7 + 0.16)
