"""Quanto profit by hand, on the numbers of BitMEX's ETHUSD contract (its series guide)."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.valuation.linear import profit as linear_profit
from seawall.valuation.quanto import profit


def test_bitcoin_profit_as_the_venue_writes_it() -> None:
    """(exit - entry) x 0.000001 XBT x contracts: 100,000 contracts from 500 to 550 dollars."""
    assert float(profit(100_000.0, 1e-6, 500.0, 550.0)) == pytest.approx(5.0, rel=1e-15)
    assert float(profit(-100_000.0, 1e-6, 500.0, 550.0)) == pytest.approx(-5.0, rel=1e-15)


def test_a_multiplier_of_one_is_a_linear_contract() -> None:
    size, entry, mark = np.array([2.0, -3.0]), np.array([90.0, 110.0]), 100.0
    np.testing.assert_array_equal(profit(size, 1.0, entry, mark), linear_profit(size, entry, mark))
