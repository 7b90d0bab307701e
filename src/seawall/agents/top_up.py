"""Owners who add margin before the venue asks: from a stated trigger back to a stated ratio.

margin ratio = equity / maintenance; the venue closes at 1. When it is first seen below ``trigger``
an owner decides once, with ``probability``; who has decided to pay does so ``delay_seconds`` later
if the ratio is still below the trigger and equity is above zero, as much as brings it to
``restore``, from the outside world:

    payment = min(restore x maintenance - equity, what is left of budget x equity at the start)

At a lender it repays the largest debt. After a payment, or once the ratio has come back, the next
time below the trigger is a new decision.

Source: practice of margined trading; the form is Seawall's own. Wrong for owners whose cash lies in
what is falling, and for those who raise it by selling elsewhere. Budgets are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, SECONDS, Quantity
from seawall.foundation.record import number

RATIO = Quantity("a multiple of maintenance from 1 to 100", 1.0, 100.0)
BUDGET = Quantity("a multiple of equity at the start from 0 to 100", 0.0, 100.0)


@dataclass(frozen=True)
class TopUpOf:
    """What one account does otherwise; a number that is left out is the rule's."""

    account: str
    trigger: float | None = number(RATIO, None)
    restore: float | None = number(RATIO, None)
    budget: float | None = number(BUDGET, None)
    delay_seconds: float | None = number(SECONDS, None)
    probability: float | None = number(FRACTION, None)


@dataclass(frozen=True)
class TopUp:
    """Parameters.

    trigger, restore   equity / maintenance at which owners act, and after it
    budget             most that an owner pays in, as a multiple of its equity at the start
    delay_seconds      from the decision to the money
    probability        that an owner decides to pay      concert  share of the draw that is common
    own                accounts with numbers of their own; desk accounts act only if named here
    """

    trigger: float = number(RATIO)
    restore: float = number(RATIO)
    budget: float = number(BUDGET)
    delay_seconds: float = number(SECONDS, 0.0)
    probability: float = number(FRACTION, 1.0)
    concert: float = number(FRACTION, 0.0)
    own: tuple[TopUpOf, ...] = ()

    def __post_init__(self) -> None:
        both = [(self.trigger, self.restore), *((one.trigger, one.restore) for one in self.own)]
        for trigger, restore in both:
            low = self.trigger if trigger is None else trigger
            high = self.restore if restore is None else restore
            if high < low:
                raise InputError(
                    f"restore is {high:g} and trigger {low:g}", expected="restore at or above it"
                )


def short_of_trigger(trigger: Floats, equity: Floats, maintenance: Floats) -> Floats:
    """Equity above the trigger (n,), quote: owners act where it is below zero."""
    above: Floats = equity - trigger * maintenance
    return above


def payment(restore: Floats, equity: Floats, maintenance: Floats, left: Floats) -> Floats:
    """What owners with budgets ``left`` (n,) pay, quote >= 0; nothing into a lost account."""
    wanted = np.maximum(restore * maintenance - equity, 0.0)
    solvent: Bools = equity > 0.0
    return np.where(solvent, np.minimum(wanted, np.maximum(left, 0.0)), 0.0)
