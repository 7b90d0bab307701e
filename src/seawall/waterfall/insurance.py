"""Insurance fund: pays deficits until it is empty, in the order in which they come.

With the slot ``fund`` it is also refilled by a share of the venue's taker fees,

    income per second = taker fee x fee_share x volume_share x daily volume of its assets / 86,400

up to ``target``, above which nothing flows, liquidation fees included; and one deficit gets at most
``cap`` out of it. Source: any venue with a fund; Drift and dYdX for refills and caps per event.
Wrong for funds that are replenished by auction, and on days whose volume is not the usual one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_AMOUNT
from seawall.foundation.record import number

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class InsuranceFund:
    """How a fund is refilled and held back.

    fee_share      share of the venue's taker fees that flows in
    volume_share   share of the assets' daily volume that trades at this venue
    target         size above which nothing flows in, quote; without it there is none
    cap            most that one deficit gets, quote; without it there is none
    """

    fee_share: float = number(FRACTION, 0.0)
    volume_share: float = number(FRACTION, 1.0)
    target: float | None = number(AMOUNT, None)
    cap: float | None = number(POSITIVE_AMOUNT, None)


def income(rule: InsuranceFund, taker_fee: float, daily_volume: float, seconds: float) -> float:
    """Fees, quote, that flow towards the fund in ``seconds``; ``daily_volume`` of its assets.

    Raises InputError where a share of a volume without end would flow in.
    """
    rate = taker_fee * rule.fee_share * rule.volume_share
    if rate == 0.0:
        return 0.0
    if not math.isfinite(daily_volume):
        raise InputError(
            "the fund is to be refilled from an infinite daily volume",
            expected="a finite daily_volume of each asset that trades there, or a fee_share of 0",
        )
    return rate * daily_volume * (seconds / SECONDS_PER_DAY)


def room(rule: InsuranceFund, balance: Floats) -> Floats:
    """What may still flow into funds of ``balance`` (n,): infinite without a target."""
    target = math.inf if rule.target is None else rule.target
    space: Floats = np.maximum(target - balance, 0.0)
    return space


def capped(rule: InsuranceFund | None, deficit: Floats) -> Floats:
    """The part of each deficit (n,) that the fund may be asked for."""
    if rule is None or rule.cap is None:
        return deficit
    return np.minimum(deficit, rule.cap)


def absorb(deficit: Floats, pot: Ints, balance: Floats) -> Floats:
    """What the fund pays of each deficit (n,) > 0; ``pot`` (n,) says which of the balances (m,).

    Deficits of one pot are served in the order given; the sum paid from a pot never exceeds its
    balance, and a negative balance pays nothing. No pot's result depends on another's deficits.
    """
    order = np.argsort(pot, kind="stable")
    owner = pot[order]
    # One turn serves the first deficit of every pot, the next the second, and so on: a running
    # sum over all pots would let one pot's rounding reach another's.
    turn = np.arange(owner.size) - np.searchsorted(owner, owner, side="left")
    queue = order[np.argsort(turn, kind="stable")]
    ends = np.cumsum(np.bincount(turn, minlength=1))
    left = np.maximum(balance, 0.0)
    paid = np.zeros(deficit.size)
    for mine in np.split(queue, ends[:-1]):
        paid[mine] = np.minimum(deficit[mine], left[pot[mine]])
        left[pot[mine]] -= paid[mine]
    return paid
