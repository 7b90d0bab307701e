"""The plain steps of the waterfall and of liquidation, by hand: who pays what, in which order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.liquidation.keeper import seizure, worth_it
from seawall.liquidation.sizing import close_fraction, repay_fraction
from seawall.liquidation.trigger import breached
from seawall.venues import Liquidation
from seawall.waterfall.deleverage import rank_score, take_in_order
from seawall.waterfall.insurance import absorb
from seawall.waterfall.socialise import haircut


def a(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_the_fund_pays_in_order_until_it_is_empty() -> None:
    pots = np.array([1, 0, 1, 0, 1])
    paid = absorb(a(40, 5, 40, 50, 40), pots, a(30, 100))
    assert paid.tolist() == [40, 5, 40, 25, 20]


def test_a_fund_below_zero_pays_nothing() -> None:
    assert absorb(a(10.0), np.array([0]), a(-5.0)).tolist() == [0.0]
    assert absorb(a(), np.array([], dtype=int), a(5.0)).size == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(1e-3, 1e6)), max_size=30),
    st.lists(st.floats(-10.0, 1e6), min_size=4, max_size=4),
)
def test_each_fund_pays_at_most_what_it_holds(
    owed: list[tuple[int, float]], balance: list[float]
) -> None:
    pot = np.array([p for p, _ in owed], dtype=np.int64)
    deficit = np.array([d for _, d in owed], dtype=float)
    paid = absorb(deficit, pot, np.array(balance))
    assert np.all((paid >= 0) & (paid <= deficit))
    for n in range(4):
        mine = pot == n
        expected = min(float(deficit[mine].sum()), max(balance[n], 0.0))
        assert paid[mine].sum() == pytest.approx(expected, rel=1e-12, abs=1e-9)
        # Alone, a fund pays the same to the last bit.
        alone = absorb(deficit[mine], pot[mine], np.array(balance))
        assert np.array_equal(alone, paid[mine])


def test_rank_is_profit_times_leverage() -> None:
    """Long 2 from 80 at 100 with 50: 1.25 x 4 = 5. Short 1 from 120 at 100 with 40: 1.2 x 2.5."""
    score = rank_score(a(2, -1, -1), a(100, 100, 100), a(80, 120, 120), a(50, 40, -1))
    assert score == pytest.approx([5.0, 3.0, 0.0])


def test_the_highest_rank_is_taken_first_and_ties_by_table_order() -> None:
    assert take_in_order(a(3, 4, 5), a(1, 9, 9), 6.0).tolist() == [0, 4, 2]
    assert take_in_order(a(3, 4, 5), a(1, 2, 3), 100.0).tolist() == [3, 4, 5]
    assert take_in_order(a(3, 4), a(1, 2), 0.0).tolist() == [0, 0]


def test_a_socialised_loss_is_pro_rata_to_what_each_has() -> None:
    assert haircut(30.0, a(100, -50, 200)) == pytest.approx([10, 0, 20])
    assert haircut(900.0, a(100, -50, 200)) == pytest.approx([100, 0, 200])
    assert haircut(30.0, a(-1, 0)).tolist() == [0, 0]


def test_large_accounts_are_first_cut_then_closed() -> None:
    rule = Liquidation("orderbook", partial_fraction=0.2, partial_above=100.0)
    tried, equity = np.array([0, 0, 1]), a(1.0, -1.0, 1.0)
    fraction = close_fraction(rule, a(100.0, 100.1, 500.0), tried, equity)
    assert fraction.tolist() == [1.0, 0.2, 1.0]


def test_all_debt_may_be_repaid_at_a_low_health_factor() -> None:
    rule = Liquidation("keeper", close_factor=0.5, full_below=0.95)
    assert repay_fraction(rule, a(0.99, 0.95, 0.9)).tolist() == [0.5, 1.0, 1.0]


def test_a_keeper_seizes_what_it_repaid_and_the_bonus() -> None:
    """400 of debt at 2, half of it: 400 repaid, 440 of collateral at 5."""
    repaid, seized = seizure(a(400), a(2), a(1_000), a(5), a(0.5), a(0.1))
    assert (repaid[0], seized[0]) == pytest.approx((200.0, 88.0))


def test_a_keeper_repays_only_what_the_collateral_covers() -> None:
    """Collateral of 220 with a bonus of 10% repays 200."""
    repaid, seized = seizure(a(400), a(2), a(44), a(5), a(1.0), a(0.1))
    assert (repaid[0], seized[0]) == pytest.approx((100.0, 44.0))


def test_a_keeper_acts_only_for_a_profit() -> None:
    assert worth_it(a(110, 110, 110), a(100, 100, 110), a(9, 10, 0)).tolist() == [
        True,
        False,
        False,
    ]


def test_an_account_is_breached_strictly_below_maintenance() -> None:
    equity, maintenance = a(9, 10, 11, 0, -1), a(10, 10, 10, 0, 0)
    assert breached(equity, maintenance).tolist() == [True, False, False, False, True]
