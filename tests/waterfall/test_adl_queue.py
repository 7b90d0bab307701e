"""The deleveraging queue of BitMEX and Bybit by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.waterfall.adl_queue import effective_leverage, queue, score
from seawall.waterfall.deleverage import take_in_order


def test_scores_by_hand():
    # 10 coins of mark value, bankrupt at 8 and at 12: leverage 5 either way.
    leverage = effective_leverage(np.array([10.0, -10.0]), np.array([8.0, -12.0]))
    assert leverage == pytest.approx([5.0, 5.0])
    # A gain of 20% counts times leverage, a loss of 20% divided by it.
    assert score(np.array([0.2, -0.2]), leverage) == pytest.approx([1.0, -0.04])


def test_a_queue_by_hand():
    found = queue([30.0, 50.0, 20.0], [1.5, 4.0, 2.0], needed=60.0, bankruptcy_price=321.5)
    assert found.order == (1, 2, 0)
    assert found.closed.tolist() == [0.0, 50.0, 10.0]
    assert found.remaining.tolist() == [30.0, 0.0, 10.0]
    assert found.percent == (100, 60, 80)
    assert (found.unmatched, found.price) == (0.0, 321.5)


def test_a_short_queue_says_what_it_could_not_match():
    found = queue([5.0, 5.0], [1.0, 1.0], needed=12.0, bankruptcy_price=1.0)
    assert found.order == (0, 1), "equal scores keep their order"
    assert (found.remaining.tolist(), found.unmatched) == ([0.0, 0.0], 2.0)


def test_fractions_of_contracts_are_as_exact_as_they_are_written():
    # 40.4 less 24.6 is 15.799999999999997 in binary numbers, and 15.8 as it is written.
    found = queue([24.6, 30.0, 20.2], [3.0, 2.0, 1.0], needed=40.4, bankruptcy_price=650.0)
    assert found.closed.tolist() == [24.6, 15.8, 0.0]
    assert found.remaining.tolist() == [0.0, 14.2, 20.2]
    assert found.unmatched == 0.0
    short = queue([0.1, 0.2], [1.0, 2.0], needed=0.7, bankruptcy_price=1.0)
    assert (short.closed.tolist(), short.unmatched) == ([0.1, 0.2], 0.4)
    # Three tenths of five fifths: each stands at the end of its own, none of them beyond.
    tenths = queue([0.1, 0.1, 0.3], [3.0, 2.0, 1.0], needed=0.3, bankruptcy_price=1.0)
    assert tenths.percent == (20, 40, 100)
    assert tenths.closed.tolist() == [0.1, 0.1, 0.1]


def test_a_whale_behind_in_the_queue_changes_nothing_before_it():
    """What stands before an account in the queue does not depend on who stands behind."""
    sizes, scores = np.array([0.3, 0.1, 1e17]), np.array([3.0, 2.0, 1.0])
    assert take_in_order(sizes, scores, 0.4).tolist() == [0.3, 0.1, 0.0]
    alone = np.array([1.0, 1e17])
    assert take_in_order(alone, np.array([2.0, 1.0]), 3.0).tolist() == [1.0, 2.0]


@given(
    quantity=st.lists(st.floats(0.5, 100.0), min_size=1, max_size=20),
    needed=st.floats(0.0, 500.0),
    seed=st.randoms(use_true_random=False),
)
def test_nobody_is_closed_before_a_higher_score(quantity, needed, seed):
    scores = [seed.uniform(-5.0, 5.0) for _ in quantity]
    found = queue(quantity, scores, needed=needed, bankruptcy_price=1.0)
    assert found.closed.sum() + found.unmatched == pytest.approx(needed)
    touched = [n for n in range(len(quantity)) if found.closed[n] > 0]
    whole = [n for n in range(len(quantity)) if found.remaining[n] == 0]
    lowest = min((scores[n] for n in touched), default=np.inf)
    assert all(n in whole for n in range(len(quantity)) if scores[n] > lowest)
    assert max(found.percent) == 100
    assert set(found.percent) <= {20, 40, 60, 80, 100}
