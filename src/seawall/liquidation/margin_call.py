"""A margin call with a time to pay: who is below maintenance is called first and closed later.

A breached account gets ``grace_seconds``. It is closed if it is still below maintenance at their
end, and at once when its equity is below ``immediate_below`` x maintenance. The owner of a called
account pays in with probability ``cure_probability``, at an even time within the grace: as much
as brings its equity to ``cure_to`` x maintenance, from the outside world.

    pays after floor(U / cure_probability x n) of the n steps of the grace, U uniform

Source: the practice of brokers and clearing houses, and of older lending desks. Wrong for owners
who pay because the price moves their way or whose money is elsewhere in the same crash: here
whether they pay does not depend on the market.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.quantity import FRACTION, POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number

NEVER = 2**31 - 1
CURE = Quantity("a multiple of maintenance from 1 to 10", 1.0, 10.0)


@dataclass(frozen=True)
class MarginCall:
    """Parameters.

    grace_seconds      time to pay               immediate_below  share of maintenance (0 to 1)
    cure_probability   that the owner pays       cure_to          multiple of maintenance after it
    """

    grace_seconds: float = number(POSITIVE_SECONDS)
    immediate_below: float = number(FRACTION, 0.0)
    cure_probability: float = number(FRACTION, 0.0)
    cure_to: float = number(CURE, 1.1)


def grace_steps(rule: MarginCall, step_seconds: float) -> int:
    """Steps of the grace, at least one."""
    return max(1, math.ceil(rule.grace_seconds / step_seconds - 1e-9))


def may_close(
    rule: MarginCall, waited: Ints, steps: int, equity: Floats, maintenance: Floats
) -> Bools:
    """True (n,) where the grace of ``steps`` is over or the account is too far below to wait."""
    return (waited >= steps) | (equity < rule.immediate_below * maintenance)


def steps_to_cure(rule: MarginCall, draw: Floats, steps: int) -> Ints:
    """Steps (n,) after the call at which each owner pays, for uniform ``draw``; NEVER: it does not.

    From 0 to ``steps`` - 1, all equally likely.
    """
    pays = draw < rule.cure_probability
    share = np.divide(draw, rule.cure_probability, out=np.zeros_like(draw), where=pays)
    return np.where(pays, np.minimum((share * steps).astype(np.int64), steps - 1), NEVER)


def payment(rule: MarginCall, equity: Floats, maintenance: Floats) -> Floats:
    """What brings each account (n,) to ``cure_to`` x maintenance, quote, not below 0."""
    return np.maximum(rule.cure_to * maintenance - equity, 0.0)
