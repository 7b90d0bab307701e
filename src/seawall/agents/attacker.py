"""A strategic attacker: moves a price, holds it, takes what the wrong price unlocks, gets out.

From ``at_seconds`` on the attacker trades in small orders until outstanding flow moves the price of
``asset`` by ``move``, spread over ``push_seconds``, and buys back what decays for ``hold_seconds``.
Then, by ``scheme``,

    sell       nothing: a pump, or a raid, and no more
    withdraw   a position of ``size`` quote at ``venue``, taken quietly at the start against initial
               margin, is left behind with min(profit above initial margin, ``available``) taken out
    borrow     all units, and ``size`` quote of them bought quietly at the start, are deposited at
               the lender ``venue``; min(loan-to-value x price seen x units, ``available``) of
               ``borrow`` is taken and not paid back

and sells what units are left, at once or evenly over ``exit_seconds``. The plan is the attacker's
own: `seawall mechanism attack` searches it. Profit = cash at the end + units left at the price
without impact.

Source: Kumar and Seppi (1992), "Futures manipulation with cash settlement", for the way in by one
market and out by another; the form of Mango Markets (October 2022). Wrong when: the attacker is
watched and front-run, or the quiet part of the position moves the price.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, SECONDS, Quantity
from seawall.foundation.record import number, word

SELL, WITHDRAW, BORROW = "sell", "withdraw", "borrow"
MOVE = Quantity("a fraction above -1, to 100 (0.5 pushes the price up by half)", -1.0, 100.0, True)


@dataclass(frozen=True)
class Attacker:
    """asset, venue    whose price is moved; where it unlocks something
    scheme          "sell", "withdraw" or "borrow"
    move            fraction by which the market price is moved
    at_seconds, push_seconds, hold_seconds, exit_seconds   when and how long; whole steps
    size            quote of the quiet part; borrow: the asset borrowed
    available       most that can be taken out, quote; no bound where left out
    fee             fraction of each trade, paid to the book
    """

    asset: str
    venue: str
    scheme: str = word((SELL, WITHDRAW, BORROW))
    move: float = number(MOVE)
    at_seconds: float = number(SECONDS)
    push_seconds: float = number(SECONDS, 0.0)
    hold_seconds: float = number(SECONDS, 0.0)
    exit_seconds: float = number(SECONDS, 0.0)
    size: float = number(AMOUNT, 0.0)
    borrow: str | None = None
    available: float | None = number(AMOUNT, None)
    fee: float = number(FRACTION, 0.0)

    def __post_init__(self) -> None:
        if self.move == 0.0:
            raise InputError("an attacker with a move of 0", expected="a move above or below 0")
        if (self.borrow is None) == (self.scheme == BORROW):
            raise InputError(
                f"an attacker of scheme {self.scheme!r} and borrow {self.borrow!r}",
                expected="borrow, the asset taken, with the scheme 'borrow' alone",
            )
        if self.scheme == BORROW and self.move < 0.0:
            raise InputError(
                "an attacker borrows against a price that is pushed down",
                expected="a move above 0, or another scheme",
            )


@dataclass(frozen=True)
class Timetable:
    """Steps: the first and the last push, the take, the last sale."""

    first: int
    pushed: int
    take: int
    out: int


def timetable(rule: Attacker, step_seconds: float) -> Timetable:
    """When the attacker acts, in whole steps."""

    def steps(seconds: float) -> int:
        return round(seconds / step_seconds)

    first = max(1, steps(rule.at_seconds))
    pushed = first + max(1, steps(rule.push_seconds)) - 1
    take = pushed + steps(rule.hold_seconds)
    return Timetable(first, pushed, take, take + max(1, steps(rule.exit_seconds)) - 1)


def share_pushed(when: Timetable, step: int) -> float:
    """Share of the way to the target that is gone at a step."""
    return min((step - when.first + 1) / (when.pushed - when.first + 1), 1.0)
