"""A venue that stands still for a while, and one that does not come back.

Outage: for ``duration_seconds`` the venue sends no orders, closes nobody and publishes no price:
its accounts see the last price from before. Who is in breach waits, and is closed afterwards at the
price of then. Everybody else's trades move the market meanwhile.

Insolvency: at once and for good. Every position at the venue is closed at the market price of that
moment, without impact, because the venue's books are closed by an administrator and not by trades;
of what an account then has it keeps

    recovery x max(equity, 0)

and loses the rest; an account below zero pays nothing, which is bad debt that the outside bears.
Fund and vault pay nothing more. A venue fails once: of several insolvencies stated for one the
first counts. The hedge that stood against those positions elsewhere stays. ``receipts`` are tokens
that are claims on deposits at the venue, wherever they are held: they are worth ``recovery`` times
their price from then on.

Source: the form of the estates of 2014 and 2022, where claims were fixed in money at the petition
(11 U.S.C. 502(b): as of the date of the filing). Wrong when: positions are moved to another venue
instead; claims can be sold or are paid in kind; withdrawals stop hours before
(state an outage before it).
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, POSITIVE_SECONDS
from seawall.foundation.record import number
from seawall.scenario.failure.arrival import Arrival, Floats


@dataclass(frozen=True, kw_only=True)
class VenueOutage(Arrival):
    """``venue`` stands still for ``duration_seconds``."""

    venue: str
    duration_seconds: float = number(POSITIVE_SECONDS)


@dataclass(frozen=True, kw_only=True)
class VenueInsolvency(Arrival):
    """``venue`` fails; its accounts keep the fraction ``recovery`` of their equity."""

    venue: str
    recovery: float = number(FRACTION)
    receipts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.receipts and self.recovery == 0.0:
            raise InputError(
                f"receipts of {self.venue} with a recovery of 0",
                expected="a recovery above 0: what is worth nothing is a tiny share, such as 1e-6",
            )


def claims_lost(recovery: float, equity: Floats) -> Floats:
    """What accounts (n,) lose of their equity (n,), quote >= 0."""
    lost: Floats = equity.clip(min=0.0) * (1.0 - recovery)
    return lost
