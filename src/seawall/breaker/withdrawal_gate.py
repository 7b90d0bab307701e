"""Withdrawal gate: while losses or payments are above a limit, money stops leaving the venue.

Counted per window of ``window_seconds``, the windows following each other from the start: bad debt
that no layer with capital paid, and what insurance fund and vault paid out. Above ``bad_debt`` or
``outflow`` the gate closes for ``closed_seconds``; the payment that crosses the limit is still
made, and each further one above it starts the time anew. While it is closed fund and vault pay
nothing, so deficits go on to the next layer of the rulebook's waterfall (where the vault is the
counterparty of last resort it still is), and whoever asks :func:`is_closed` for a transfer out is
refused; staleness refuses withdrawals too.

Source: withdrawal gating after a negative account and block limits on insurance losses, dYdX v4;
Derive blocks withdrawals while insolvent accounts exceed the security module. Wrong where a venue
gates users but lets its own fund pay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, POSITIVE_SECONDS
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class WithdrawalGate:
    """Limits in quote per window; one of the two must be given."""

    bad_debt: float | None = number(AMOUNT, None)
    outflow: float | None = number(AMOUNT, None)
    window_seconds: float = number(POSITIVE_SECONDS, 86_400.0)
    closed_seconds: float = number(POSITIVE_SECONDS, 86_400.0)

    def __post_init__(self) -> None:
        if self.bad_debt is None and self.outflow is None:
            raise InputError("withdrawal_gate limits nothing", expected="bad_debt, outflow or both")


@dataclass
class GateMemory:
    """What a window has seen, (p,): its number, bad debt, outflow; closed while step < until."""

    window: Ints
    bad_debt: Floats
    outflow: Floats
    until: Ints


def start_gate(paths: int) -> GateMemory:
    """Open, nothing seen."""
    zeros = np.zeros(paths, dtype=np.int64)
    return GateMemory(zeros, np.zeros(paths), np.zeros(paths), zeros.copy())


def is_closed(memory: GateMemory, step: int) -> Bools:
    """Paths (p,) on which nothing may leave."""
    return np.asarray(step < memory.until)


def record(
    rule: WithdrawalGate,
    memory: GateMemory,
    step_seconds: float,
    step: int,
    path: Ints,
    outflow: Floats,
    bad_debt: Floats,
) -> Bools:
    """Count payments and losses (n,) on paths (n,); paths (p,) on which the gate closes now."""
    length = max(1, math.ceil(rule.window_seconds / step_seconds - 1e-9))
    window = (step - 1) // length
    paths = memory.window.size
    here = np.zeros(paths, dtype=bool)
    here[path] = True
    new = here & (memory.window != window)
    memory.window[new] = window
    memory.bad_debt[new] = 0.0
    memory.outflow[new] = 0.0
    lost, left = segment_sums(bad_debt, path, paths), segment_sums(outflow, path, paths)
    memory.bad_debt += lost
    memory.outflow += left
    over = np.zeros(paths, dtype=bool)
    # What only the other limit counts does not start the time anew.
    if rule.bad_debt is not None:
        over |= (memory.bad_debt > rule.bad_debt) & (lost > 0)
    if rule.outflow is not None:
        over |= (memory.outflow > rule.outflow) & (left > 0)
    closes = over & (memory.until <= step)
    closed = max(1, math.ceil(rule.closed_seconds / step_seconds - 1e-9))
    memory.until[over] = step + closed
    return closes
