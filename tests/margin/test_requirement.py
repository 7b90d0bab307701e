"""Requirement: additive, and honest about accounts that need no margin."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.margin.account.requirement import Requirement
from seawall.margin.lending.collateral import health_factor, shortfall_margin

ONE = Requirement(np.array([10.0, -5.0, 4.0]), np.array([2.0, 0.0, 8.0]), np.array([1.0, 0.0, 5.0]))


def test_requirements_add_row_by_row():
    both = ONE + ONE
    assert both.equity.tolist() == [20.0, -10.0, 8.0]
    assert both.initial.tolist() == [4.0, 0.0, 16.0]
    assert both.maintenance.tolist() == [2.0, 0.0, 10.0]


def test_an_account_without_margin_cannot_be_liquidated():
    assert ONE.liquidatable.tolist() == [False, False, True]
    assert ONE.margin_fraction.tolist() == [10.0, np.inf, 0.8]


def test_health_factor_below_one_is_equity_below_maintenance():
    # 10,000 of collateral at a threshold of 80% against debts on either side of 8,000.
    for debt, healthy in ((7_999.0, True), (8_001.0, False)):
        value = np.array([10_000.0, -debt])
        maintenance = shortfall_margin(value, np.array([0.2, 0.2])).sum()
        assert (value.sum() >= maintenance) is np.bool_(healthy)
        assert (health_factor(value[:1], np.array([0.8]), debt) >= 1.0) is healthy


def test_health_factor_without_debt_is_infinite():
    assert health_factor(np.array([1.0]), np.array([0.8]), 0.0) == np.inf
    assert health_factor(np.array([100.0]), np.array([0.8]), 50.0) == pytest.approx(1.6)
