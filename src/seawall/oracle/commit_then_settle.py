"""Commit, then settle: an order is placed first and filled at a price that did not exist yet.

A liquidation committed at step t is settled when the feed shows a price sent at or after
t + min_delay, and is void when it has not been settled by t + max_delay; whoever wants it must
commit again. Nobody can then act on a price that is known to be about to change, and every
liquidation waits for one more update: on a feed that sends seldom, for long.

Source: the form of delayed orders at Synthetix and of two-step orders at GMX.
Wrong when: keepers of the order fail to come; here the first price that may settle it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS, SECONDS
from seawall.foundation.record import number
from seawall.oracle.columns import Bools, Ints


@dataclass(frozen=True)
class CommitThenSettle:
    """Seconds from commitment: the price must be sent after the first, settled by the second."""

    min_delay_seconds: float = number(SECONDS)
    max_delay_seconds: float = number(POSITIVE_SECONDS)

    def __post_init__(self) -> None:
        if self.max_delay_seconds <= self.min_delay_seconds:
            raise InputError(
                f"min_delay_seconds is {self.min_delay_seconds:g} and max_delay_seconds "
                f"{self.max_delay_seconds:g}",
                expected="a largest delay above the smallest",
            )


def delay_steps(rule: CommitThenSettle, step_seconds: float) -> tuple[int, int]:
    """Whole steps of both delays: the smaller one rounded up, the larger one down, at least 1."""
    least = math.ceil(rule.min_delay_seconds / step_seconds - 1e-9)
    return least, max(int(rule.max_delay_seconds / step_seconds + 1e-9), least, 1)


def settles(committed: Ints, stamp: Ints, step: int, least: int, most: int) -> tuple[Bools, Bools]:
    """Orders (n,) that settle at ``step``, and those that are void by then.

    committed (n,) steps; stamp (n,) step at which the price shown now was sent (the oldest, where
    an account has several).
    """
    age = step - committed
    void = age > most
    return (age > 0) & ~void & (stamp >= committed + least), void
