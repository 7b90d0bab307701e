"""Depositors who run: out of a lending pool, or out of a venue's backstop vault.

``depositors`` equal depositors each leave once, when their cumulative hazard reaches their own
threshold -log(U). The hazard per day is the same for all,

    h = base + on_loss x loss + on_utilisation x utilisation + on_fall x fall + on_withdrawn x left

loss: bad debt over deposits (pool), or what the vault has lost per share; utilisation: debts over
deposits (pool); fall: of the prices of what the venue holds, by value at the start; left: share of
depositors who have already asked. With ``concert`` the thresholds have a common part: at 1 all
leave in the same step, at 0 one by one, and each has the same chance to have left by any hazard.

A pool pays what is not lent out, the rest waits in a queue that repayments serve. What has left is
missing: utilisation above ``kink`` adds up to ``rate_at_full`` to what debts pay, so loans grow;
and keepers, who take collateral out of the same pool, wait until it can hand it out. A vault pays
each its share ``lock_seconds`` after it asks, but keeps ``margin`` of the notional it has taken
over; what has left absorbs no loss.

Sources: Diamond and Dybvig (1983) for queues at a fund that has lent; Cox processes for the hazard
form; kinked rates: Aave, Compound. Wrong where depositors differ in size or where a venue may close
the door. All hazards are assumptions: panels of withdrawals would be needed to fit them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.elementary import logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import FRACTION, SECONDS, Quantity
from seawall.foundation.record import number, whole, word

SECONDS_PER_DAY = 86_400.0
HAZARD = Quantity("a hazard per day from 0 to 1,000,000", 0.0, 1e6)
USED = Quantity("a fraction above 0, below 1 (0.8 means 80%)", 0.0, 1.0, True, True)
YEARLY = Quantity("an annual fraction from 0 to 100 (0.5 means 50% a year)", 0.0, 100.0)

FIRST = ("rule", "stays", "leaves")


@dataclass(frozen=True)
class PoolRun:
    """Depositors of a lending pool.

    utilisation        debts over deposits of each asset that is lent, at the start
    base, on_loss, on_utilisation, on_fall, on_withdrawn   the hazard's parts, per day
    kink, rate_at_full  utilisation from which rates rise, and what they add at 1, a year
    depositors         how many, all equal               concert  share of thresholds in common
    first              what one of them does whatever the others do: rule, stays, leaves (at once)
    """

    utilisation: float = number(USED)
    base: float = number(HAZARD, 0.0)
    on_loss: float = number(HAZARD, 0.0)
    on_utilisation: float = number(HAZARD, 0.0)
    on_fall: float = number(HAZARD, 0.0)
    on_withdrawn: float = number(HAZARD, 0.0)
    kink: float = number(USED, 0.9)
    rate_at_full: float = number(YEARLY, 0.0)
    depositors: int = whole(1, 1_000, 50)
    concert: float = number(FRACTION, 0.0)
    first: str = word(FIRST, "rule")

    def __post_init__(self) -> None:
        _refuse_silence((self.base, self.on_loss, self.on_utilisation, self.on_fall))


@dataclass(frozen=True)
class VaultRun:
    """Depositors of a backstop vault.

    base, on_loss, on_fall, on_withdrawn   the hazard's parts, per day
    lock_seconds       from asking to being paid
    margin             share of the notional taken over that equity must stay above
    depositors         how many, all equal               concert  share of thresholds in common
    first              what one of them does whatever the others do: rule, stays, leaves (at once)
    """

    base: float = number(HAZARD, 0.0)
    on_loss: float = number(HAZARD, 0.0)
    on_fall: float = number(HAZARD, 0.0)
    on_withdrawn: float = number(HAZARD, 0.0)
    lock_seconds: float = number(SECONDS, 0.0)
    margin: float = number(FRACTION, 0.1)
    depositors: int = whole(1, 1_000, 50)
    concert: float = number(FRACTION, 0.0)
    first: str = word(FIRST, "rule")

    def __post_init__(self) -> None:
        _refuse_silence((self.base, self.on_loss, self.on_fall))


def _refuse_silence(parts: tuple[float, ...]) -> None:
    if not any(parts):
        raise InputError(
            "no part of the hazard is above 0, so nobody ever leaves",
            expected="base, on_loss, on_fall or (for a pool) on_utilisation above 0",
        )


def thresholds(draw: Floats) -> Floats:
    """Cumulative hazards at which depositors leave, for uniform ``draw``: unit exponential."""
    level: Floats = -logarithm(draw)
    return level


def first_level(rule: PoolRun | VaultRun, level: Floats) -> Floats:
    """The threshold of the first depositor: its own draw, never reached, or reached at once."""
    away = {"stays": np.inf, "leaves": 0.0}
    return np.full_like(level, away[rule.first]) if rule.first in away else level


def pool_hazard(
    rule: PoolRun, loss: Floats, utilisation: Floats, fall: Floats, left: Floats
) -> Floats:
    """Hazard (n,) per second of each depositor of a pool."""
    parts = rule.on_loss * loss + rule.on_utilisation * utilisation
    whole_of_it = rule.base + parts + rule.on_fall * fall + rule.on_withdrawn * left
    each: Floats = whole_of_it / SECONDS_PER_DAY
    return each


def vault_hazard(rule: VaultRun, loss: Floats, fall: Floats, left: Floats) -> Floats:
    """Hazard (n,) per second of each depositor of a vault."""
    whole_of_it = rule.base + rule.on_loss * loss + rule.on_fall * fall + rule.on_withdrawn * left
    each: Floats = whole_of_it / SECONDS_PER_DAY
    return each


def added_rate(rule: PoolRun, utilisation: Floats) -> Floats:
    """What debts pay a year beyond the Case's rates, which are those at the start's utilisation."""
    slope = rule.rate_at_full / (1.0 - rule.kink)
    above = np.maximum(utilisation, rule.utilisation) - max(rule.kink, rule.utilisation)
    rate: Floats = slope * np.maximum(above, 0.0)
    return rate
