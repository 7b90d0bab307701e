"""Collateral and loans: debts are negative balances, and a loan is margined like a perpetual.

Maintenance = sum over collateral of (1 - liquidation threshold) x value, and equity = collateral -
debt. Then equity < maintenance is exactly health factor < 1 (C9). Source: Aave v3. Wrong where a
protocol adds isolation or efficiency modes: those need their own thresholds per pair.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats


def shortfall_margin(value: Floats, shortfall: Floats) -> Floats:
    """Margin (n,) of balances worth ``value`` (n,) (debt < 0): shortfall x value, 0 for debts.

    ``shortfall`` = 1 - liquidation threshold (maintenance) or 1 - loan-to-value (initial).
    """
    return np.where(value > 0, shortfall * value, 0.0)


def health_factor(collateral_value: Floats, threshold: Floats, debt_value: float) -> float:
    """Sum of collateral x liquidation threshold over debt; infinite without debt."""
    weighted = float(np.sum(collateral_value * threshold))
    return weighted / debt_value if debt_value > 0 else float("inf")


def debt_value(amount: Floats, price: Floats) -> float:
    """What all debts (n,) > 0 are worth together at their prices (n,)."""
    return float(np.sum(amount * price))
