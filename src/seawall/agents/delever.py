"""Owners who sell when leverage has run too high: from a trigger back to a target.

leverage = notional / equity. When it is first seen above ``trigger`` an owner decides once, with
``probability``; who has decided to sell does so ``delay_seconds`` later if leverage is still above
the trigger and equity above zero. Every position of the account is cut by the same share

    f = 1 - target / leverage

at the market, with impact and taker fee: notional falls to target x equity before both. After a
sale, or once leverage has come back, the next time above the trigger is a new decision. Orders of
one step in one asset pay one mean price, so a crowd that sells together sells cheaper.

Source: Adrian and Shin (2010), "Liquidity and leverage", for targets of leverage. Wrong for owners
who cut their worst position first or hedge instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, SECONDS, Quantity
from seawall.foundation.record import number

LEVERAGE = Quantity("a multiple of equity above 0, to 1000", 0.0, 1_000.0, True)


@dataclass(frozen=True)
class DeleverOf:
    """What one account does otherwise; a number that is left out is the rule's."""

    account: str
    trigger: float | None = number(LEVERAGE, None)
    target: float | None = number(LEVERAGE, None)
    delay_seconds: float | None = number(SECONDS, None)
    probability: float | None = number(FRACTION, None)


@dataclass(frozen=True)
class Delever:
    """Parameters.

    trigger, target   notional / equity at which owners act, and after it
    delay_seconds     from the decision to the order
    probability       that an owner decides to sell      concert  share of the draw that is common
    own               accounts with numbers of their own; desk accounts act only if named here
    """

    trigger: float = number(LEVERAGE)
    target: float = number(LEVERAGE)
    delay_seconds: float = number(SECONDS, 0.0)
    probability: float = number(FRACTION, 1.0)
    concert: float = number(FRACTION, 0.0)
    own: tuple[DeleverOf, ...] = ()

    def __post_init__(self) -> None:
        both = [(self.trigger, self.target), *((one.trigger, one.target) for one in self.own)]
        for trigger, target in both:
            high = self.trigger if trigger is None else trigger
            low = self.target if target is None else target
            if low > high:
                raise InputError(
                    f"target is {low:g} and trigger {high:g}", expected="target at or below it"
                )


def room_to_trigger(trigger: Floats, equity: Floats, notional: Floats) -> Floats:
    """Equity above what the trigger asks (n,), quote: owners act where it is below zero."""
    room: Floats = equity - notional / trigger
    return room


def share_to_sell(target: Floats, equity: Floats, notional: Floats) -> Floats:
    """Share (n,) of each position that brings leverage to ``target``; 0 without equity."""
    kept = np.divide(target * equity, notional, out=np.ones_like(equity), where=notional > 0)
    return np.where(equity > 0.0, np.clip(1.0 - kept, 0.0, 1.0), 0.0)
