"""The deleveraging queue of BitMEX and Bybit by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.waterfall.adl_queue import effective_leverage, queue, score


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
