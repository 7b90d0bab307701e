"""The vault sells a share of what it holds, and a small rest at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seawall.liquidation.unwinding import Unwinding, share_per_step, to_sell


def test_a_share_per_step_and_the_rest_at_once() -> None:
    """Mean 600 s in steps of 60: 1 - exp(-0.1) = 9.516%. Rests of 50 and less go at once."""
    rule = Unwinding(600.0, smallest=50.0)
    share = share_per_step(rule, 60.0)
    assert share == pytest.approx(0.0951626)
    size, notional = np.array([10.0, -4.0, 0.5]), np.array([1_000.0, 400.0, 50.0])
    assert to_sell(rule, size, notional, share) == pytest.approx([-0.951626, 0.380650, -0.5])
    left = 1.0
    for _ in range(10):
        left -= share * left
    assert left == pytest.approx(math.exp(-1.0))
