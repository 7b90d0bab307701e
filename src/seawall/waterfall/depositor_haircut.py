"""Socialised loss on a lending market: the claims of the asset's depositors are written down.

    written down = deposit x min(1, loss / all claims)

Loss and claims in units of the asset that was lent. All claims are the deposits that are known or,
where more has been lent than they come to, what has been lent: lenders outside the book own the
difference and lose their part of it. Source: how a lender's index is cut, as in Drift v2
(`seawall.waterfall.drift_socialise.deposit_index_step`). Wrong where a market leaves the debt open
and lets the last depositors to withdraw find nothing (Aave v3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats


@dataclass(frozen=True)
class DepositorHaircut:
    """In proportion to deposits of the asset that was lent; no parameters."""


def charge(loss: float, deposits: Floats, lent: float) -> Floats:
    """Units (n,) >= 0 taken from deposits (n,) >= 0 for ``loss`` units of ``lent`` units."""
    total = float(np.cumsum(deposits)[-1]) if deposits.size else 0.0
    claims = max(total, lent)
    if claims <= 0:
        return np.zeros_like(deposits)
    return deposits * min(1.0, loss / claims)
