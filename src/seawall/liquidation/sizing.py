"""How much of a breached account one forced order closes.

Order-book venues: everything, but an account above a notional threshold is first cut by a fraction
and gets a cool-down, a number of times (Hyperliquid: 20% above 100,000 USDC once, then all) or
until it is healthy (Deribit). Cuts are counted over the whole run: the count never starts again.
Lenders: a close factor of the debt, all of it once the health factor is low (Aave v3: 50% above
0.95). Source: docs/venues.

Two rules fill the slot ``sizing`` of an order-book venue instead. ``full`` closes everything at
once. ``just_enough`` closes the smallest fraction f that leaves equity at (1 + buffer) x
maintenance: with equity E, maintenance M, cost C(f) of closing everything at the mean price of
closing f (fees and the order's own impact), all linear in f but C (haircuts of collateral, which
a close does not free, stay out of the M that is multiplied by f),

    E - f C(f) = (1 + buffer) (1 - f) M   =>   f = ((1 + buffer) M - E) / ((1 + buffer) M - C(f))

solved from below: f = 0 in C first, then the f found, which rises to the smallest solution. Where
closing costs as much as it frees (the denominator is not positive), no part helps and all goes.
Source: the form of Drift's and Derive's liquidations; Drift's whole numbers are in
drift_liquidation.py. Wrong where maintenance is not proportional to size (tiers: it falls faster
than that, so a little too much is closed; long options).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number
from seawall.venues import Liquidation

# Cutting a share of what is left again and again ends below this notional, quote.
SMALLEST_CUT = 1.0

BUFFER = Quantity("a fraction of maintenance from 0 to 10 (0.1 means 10%)", 0.0, 10.0)
# Each round gains a digit or more unless closing costs almost as much as it frees.
ROUNDS = 60
CLOSE = 1e-13


@dataclass(frozen=True)
class Full:
    """Everything at once; no parameters."""


@dataclass(frozen=True)
class JustEnough:
    """Parameter: ``buffer`` above maintenance after the close, a fraction of it."""

    buffer: float = number(BUFFER, 0.0)


def just_enough(
    rule: JustEnough,
    equity: Floats,
    maintenance: Floats,
    kept: Floats,
    cost: Callable[[Floats], Floats],
) -> Floats:
    """Smallest fraction (n,) that restores the buffer; 1 where no smaller one does.

    equity, maintenance (n,) quote; kept (n,) the part of maintenance that no close frees (haircuts
    of collateral); ``cost`` gives, for fractions (n,), quote (n,) per whole account at the mean
    price of closing that fraction.
    """
    lack = (1.0 + rule.buffer) * maintenance - equity
    wanted = (1.0 + rule.buffer) * (maintenance - kept)
    fraction, moving = np.zeros_like(equity), np.ones(equity.size, dtype=bool)
    for _ in range(ROUNDS):
        freed = wanted - cost(fraction)
        found = np.ones_like(fraction)
        np.divide(lack, freed, out=found, where=freed > lack)
        # Each account stops on its own: its bits do not depend on who is closed beside it.
        moved = moving & (np.abs(found - fraction) > CLOSE)
        fraction = np.where(moving, found, fraction)
        moving = moved
        if not moving.any():
            break
    return np.clip(fraction, 0.0, 1.0)


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
