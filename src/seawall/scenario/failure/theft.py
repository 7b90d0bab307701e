"""Money taken out of a venue by who has no claim to it: fake collateral, and a stolen key.

Fake collateral: a token that is worth nothing is valued by the venue at ``claimed`` quote, and its
depositor takes out real assets,

    taken = min(claimed x weight, available)

and does not come back. A lender is left with a debt that nothing stands behind: it is written off
at the next look, by fund and lenders in the rulebook's order. At an order-book venue the account is
left with cash of -taken, and the waterfall covers it.

Stolen key: who holds an administrator's key takes the fraction ``share`` of all that is there: of
each deposit at a lender, of each account's equity above zero at an order-book venue, of the fund's
and the vault's money. No layer covers it; positions and debts stay, so accounts may break of it.

Source: the form of Mango Markets (October 2022), of Drift (1 April 2026: a token with a made-up
price history, and an administrator's key) and of stolen exchange wallets. Wrong when: the venue
stops withdrawals in time (``available`` says how much was there to take), or its owners pay.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.quantity import AMOUNT, POSITIVE_AMOUNT, POSITIVE_FRACTION
from seawall.foundation.record import number
from seawall.scenario.failure.arrival import Arrival, Floats


@dataclass(frozen=True, kw_only=True)
class FakeCollateral(Arrival):
    """A worthless deposit at ``venue`` for which it pays out ``asset``.

    claimed    what the venue takes the deposit to be worth, quote
    weight     fraction of that which may be borrowed or withdrawn
    available  most that is there to be taken, quote; no bound where left out
    """

    venue: str
    asset: str
    claimed: float = number(POSITIVE_AMOUNT)
    weight: float = number(POSITIVE_FRACTION)
    available: float | None = number(AMOUNT, None)


@dataclass(frozen=True, kw_only=True)
class AdminKey(Arrival):
    """The fraction ``share`` of everything at ``venue`` is taken."""

    venue: str
    share: float = number(POSITIVE_FRACTION)


def taken(worth: Floats, weight: float, available: float | None) -> Floats:
    """What collateral valued at ``worth`` (n,) lets its depositor take out (n,), quote."""
    out: Floats = worth * weight
    return out if available is None else out.clip(max=available)
