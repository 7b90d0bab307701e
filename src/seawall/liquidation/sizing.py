"""How much of a breached account one forced order closes.

Order-book venues: everything, but an account above a notional threshold is first cut by a fraction
and gets a cool-down (Hyperliquid: 20% above 100,000 USDC, then all). Lenders: a close factor of the
debt, all of it once the health factor is low (Aave v3: 50% above 0.95). Source: docs/venues.
Wrong for venues that close just enough; that rule comes with the full mechanism set.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.venues import Liquidation


def close_fraction(rule: Liquidation, notional: Floats, tried: Bools) -> Floats:
    """Fraction (n,) of each position to close: notional (n,) quote, tried = already cut once."""
    partial = (notional > rule.partial_above) & ~tried & (rule.partial_fraction < 1.0)
    return np.where(partial, rule.partial_fraction, 1.0)


def repay_fraction(rule: Liquidation, health: Floats) -> Floats:
    """Share (n,) of the debt that may be repaid at a health factor (n,)."""
    return np.where(health > rule.full_below, rule.close_factor, 1.0)
