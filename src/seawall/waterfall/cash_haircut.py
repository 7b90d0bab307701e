"""Socialised loss by cash haircut (Derive): holders of cash pay, in proportion to their balance.

    payment = min(1, loss / sum of positive cash) x positive cash

Cash is what an account could withdraw if it held nothing else: profit that is not realised is
spared, and an account that owes cash pays nothing. Source: Derive v2-core, SecurityModule.sol and
CashAsset.sol (facts restated). Wrong where the venue takes it on withdrawals only: it is booked at
once here, so that a holder whose margin is cash may be liquidated for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.book.book import Floats
from seawall.waterfall.socialise import haircut


@dataclass(frozen=True)
class CashHaircut:
    """In proportion to positive cash; no parameters."""


def charge(loss: float, cash: Floats) -> Floats:
    """Amount (n,) >= 0 taken from balances (n,), quote: nobody pays more than the balance."""
    return haircut(loss, cash)
