"""A margin call waits, but not for an account that is too far gone; owners pay at an even time."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.liquidation.margin_call import (
    NEVER,
    MarginCall,
    grace_steps,
    may_close,
    payment,
    steps_to_cure,
)


def test_waits_the_grace_unless_equity_is_below_the_floor() -> None:
    """Grace 150 s in steps of 60 is 3 steps; below half of maintenance nobody waits."""
    rule = MarginCall(150.0, immediate_below=0.5)
    assert grace_steps(rule, 60.0) == 3
    assert grace_steps(MarginCall(2.1), 0.3) == 7, "2.1 / 0.3 is a bit above 7"
    waited = np.array([0, 2, 3, 0, 0])
    equity = np.array([90.0, 90.0, 90.0, 50.0, 49.0])
    closes = may_close(rule, waited, 3, equity, np.full(5, 100.0))
    assert closes.tolist() == [False, False, True, False, True]


def test_owners_pay_at_an_even_time_within_the_grace() -> None:
    """Probability 0.8, 4 steps: U = .1 pays after floor(.125 x 4) = 0, .5 after 2."""
    rule = MarginCall(240.0, cure_probability=0.8)
    draw = np.array([0.1, 0.5, 0.7999, 0.8, 0.95])
    assert steps_to_cure(rule, draw, 4).tolist() == [0, 2, 3, NEVER, NEVER]
    many = steps_to_cure(rule, (np.arange(100_000) + 0.5) / 100_000, 4)
    assert np.bincount(many[many < NEVER]).tolist() == [20_000] * 4


def test_never_pays_without_a_probability() -> None:
    assert steps_to_cure(MarginCall(60.0), np.array([1e-12, 0.5]), 3).tolist() == [NEVER, NEVER]


def test_pays_up_to_its_goal() -> None:
    """Equity 80 and maintenance 100 with a goal of 1.2: 40."""
    rule = MarginCall(60.0, cure_probability=1.0, cure_to=1.2)
    paid = payment(rule, np.array([80.0, -5.0, 130.0]), np.full(3, 100.0))
    assert paid == pytest.approx([40.0, 125.0, 0.0])
