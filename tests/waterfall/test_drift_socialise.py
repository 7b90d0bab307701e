"""Drift v2 bankruptcies by hand: what others pay is rounded up and covers the loss."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.waterfall.drift_socialise import deposit_index_step, funding_step


def test_a_perpetuals_loss_is_spread_over_both_sides() -> None:
    # 10 / (2 + 1) = 3.333333..., up at the sixth decimal
    assert funding_step(10_000_000, 2 * 10**9, -(10**9)) == 3_333_334_000
    assert funding_step(-10_000_000, 2 * 10**9, -(10**9)) == 3_333_334_000
    assert funding_step(9_000_000, 2 * 10**9, -(10**9)) == 3_000_000_000
    assert funding_step(0, 1, 0) == 0


def test_nobody_can_pay_without_positions() -> None:
    with pytest.raises(InputError, match="no open position"):
        funding_step(1, 0, 0)


def test_a_borrows_loss_lowers_the_deposit_index() -> None:
    # 1.5 x 2 / 7 = 0.4285714285..., up at the tenth decimal
    assert deposit_index_step(2 * 10**9, 7 * 10**9, 15_000_000_000) == 4_285_714_286
    assert deposit_index_step(2 * 10**9, 0, 15_000_000_000) == 0


@settings(deadline=None)
@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(-(10**15), -1))
def test_what_is_collected_is_never_below_the_loss(loss: int, long: int, short: int) -> None:
    step = funding_step(loss, long, short)
    collected = step * (long - short)  # units of 1e-18
    assert 0 <= collected - loss * 10**12 < 1_000 * (long - short)


@settings(deadline=None)
@given(st.integers(0, 10**15), st.integers(1, 10**15), st.integers(10**9, 10**12))
def test_depositors_lose_the_loss_and_less_than_a_step_more(
    loss: int, deposits: int, index: int
) -> None:
    step = deposit_index_step(loss, deposits, index)
    assert 0 <= step * deposits - loss * index < deposits
