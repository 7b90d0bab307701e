"""Liquidation rate limit: so many accounts, or so much notional, per window; the rest waits.

A window is ``window_seconds`` long and the windows follow each other from the start. Accounts are
taken in a stated order until the next one would exceed ``accounts`` or ``notional``; it and all
after it wait. An account whose own notional is above the limit is taken when it is the first of its
window, since it could never be closed otherwise. Counted are forced orders and keepers' calls,
with the whole notional of the account at margin prices (loans: the debt); takeovers by the vault
and ADL are not limited. What no keeper or bidder then wants is given back, and whom it held up is
looked at again.

Orders: largest_shortfall (maintenance - equity), lowest_ratio (equity / maintenance, dYdX's
priority), account (first come, by number). Ties go by number.

Source: block limits of dYdX v4, Synthetix v3's capacity per window. Wrong where a limit refills
bit by bit: here it comes back whole at the end of a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_AMOUNT, POSITIVE_SECONDS
from seawall.foundation.record import number, whole, word

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ORDERS = ("largest_shortfall", "lowest_ratio", "account")


@dataclass(frozen=True)
class RateLimit:
    """At most ``accounts`` accounts and ``notional`` quote per ``window_seconds``; one of the two
    must be given.
    """

    window_seconds: float = number(POSITIVE_SECONDS)
    accounts: int | None = whole(1, default=None)
    notional: float | None = number(POSITIVE_AMOUNT, None)
    order: str = word(ORDERS, "largest_shortfall")

    def __post_init__(self) -> None:
        if self.accounts is None and self.notional is None:
            raise InputError(
                "liquidation_rate_limit limits nothing",
                expected="accounts, notional or both",
            )


@dataclass
class RateMemory:
    """What a window has used: its number, accounts and notional (p,)."""

    window: Ints
    accounts: Ints
    notional: Floats


def start_rate(paths: int) -> RateMemory:
    """Nothing used."""
    return RateMemory(
        np.zeros(paths, dtype=np.int64), np.zeros(paths, dtype=np.int64), np.zeros(paths)
    )


def window_steps(rule: RateLimit, step_seconds: float) -> int:
    """Length of a window in whole steps, at least one."""
    return max(1, math.ceil(rule.window_seconds / step_seconds - 1e-9))


def admit(
    rule: RateLimit,
    memory: RateMemory,
    window: int,
    path: Ints,
    equity: Floats,
    maintenance: Floats,
    notional: Floats,
) -> Bools:
    """Who of the breached (n,) is closed now, sorted by number within a path; counts them."""
    key = _key(rule, equity, maintenance)
    out = np.zeros(path.size, dtype=bool)
    for p in np.unique(path):
        if memory.window[p] != window:
            memory.window[p], memory.accounts[p], memory.notional[p] = window, 0, 0.0
        mine = np.flatnonzero(path == p)
        for n in mine[np.argsort(key[mine], kind="stable")]:
            count, used = memory.accounts[p] + 1, memory.notional[p] + notional[n]
            fits = rule.accounts is None or count <= rule.accounts
            if rule.notional is not None and count > 1:
                fits &= bool(used <= rule.notional)
            if not fits:
                break
            memory.accounts[p], memory.notional[p] = count, used
            out[n] = True
    return out


def give_back(memory: RateMemory, path: Ints, notional: Floats) -> None:
    """Take accounts (n,) that were admitted at this look and not closed off the window's count."""
    paths = memory.accounts.size
    memory.accounts -= np.bincount(path, minlength=paths)
    memory.notional[:] = np.maximum(memory.notional - np.bincount(path, notional, paths), 0.0)


def _key(rule: RateLimit, equity: Floats, maintenance: Floats) -> Floats:
    """Smallest first."""
    if rule.order == "largest_shortfall":
        return equity - maintenance
    if rule.order == "lowest_ratio":
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = equity / maintenance
        return np.where(maintenance > 0, ratio, np.where(equity < 0, -np.inf, np.inf))
    return np.zeros_like(equity)
