"""How much of a breached account one forced order closes.

Order-book venues: everything, but an account above a notional threshold is first cut by a fraction
and gets a cool-down, a number of times (Hyperliquid: 20% above 100,000 USDC once, then all) or
until it is healthy (Deribit). Cuts are counted over the whole run: the count never starts again.
Lenders: a close factor of the debt, all of it once the health factor is low (Aave v3: 50% above
0.95). Source: docs/venues. Wrong for venues that close just enough; that rule comes with the full
mechanism set.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.venues import Liquidation

# Cutting a share of what is left again and again ends below this notional, quote.
SMALLEST_CUT = 1.0


def close_fraction(rule: Liquidation, notional: Floats, tried: Ints, equity: Floats) -> Floats:
    """Fraction (n,) of each position to close; tried (n,) partial closes so far.

    notional, equity (n,) quote. Where partial closes go on until the account is healthy, one
    without equity is closed whole: cutting it at market prices cannot make it healthy.
    """
    partial = (notional > rule.partial_above) & (rule.partial_fraction < 1.0)
    if rule.partial_steps is None:
        partial &= (notional > SMALLEST_CUT) & (equity > 0)
    else:
        partial &= tried < rule.partial_steps
    return np.where(partial, rule.partial_fraction, 1.0)


def repay_fraction(rule: Liquidation, health: Floats) -> Floats:
    """Share (n,) of the debt that may be repaid at a health factor (n,)."""
    return np.where(health > rule.full_below, rule.close_factor, 1.0)
