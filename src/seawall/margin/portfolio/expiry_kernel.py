"""Compiled worth of groups of options under shocks: values are summed as they are made.

The formula is that of :mod:`seawall.valuation.black_kernel`. What a margin needs is the sum over
the options of an expiry at each shock; an array of every option under every shock would cost more
to fill and read again than its values cost to compute.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.black_kernel import (
    FORWARD,
    LOG,
    ROWS,
    SETTLED,
    STRIKE,
    TOTAL,
    inputs_block,
    terms_block,
    values_block,
    whole_value,
)
from seawall.valuation.special_kernel import BLOCK

WORTH = (
    "void(f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1], i8[::1],"
    " f8[:, ::1], f8[:, ::1], i8[::1], f8[:, ::1])"
)
# Deviations beyond which an option is its intrinsic value: what is left is below exp(-9^2/2) =
# 3e-18 of its forward, less than the rounding of the forward itself.
BEYOND = 9.0


@helper
def all_beyond(work: np.ndarray) -> bool:
    """Whether every one of BLOCK options is so far from its strike that only intrinsic is left."""
    log, total = work[LOG], work[TOTAL]
    nearest = 1.0
    for i in range(BLOCK):
        s = total[i]
        # |ln(F/K)|/s - s/2 > BEYOND, without the division.
        away = 1.0 if s <= SETTLED else abs(log[i]) - s * (BEYOND + 0.5 * s)
        nearest = away if away < nearest else nearest
    return bool(nearest > 0.0)


@helper
def intrinsic_block(work: np.ndarray, call: np.ndarray, out: np.ndarray) -> None:
    """Intrinsic values of BLOCK options."""
    f, k = work[FORWARD], work[STRIKE]
    for i in range(BLOCK):
        out[i] = whole_value(f[i], k[i], 0.0, call[i])


@helper
def fill_run(
    inputs: np.ndarray,
    start: int,
    forward: float,
    factor: np.ndarray,
    volatility: np.ndarray,
    level: np.ndarray,
) -> None:
    """Forwards and volatilities of one option under some shocks, from place ``start`` on."""
    prices, vols = inputs[0, start:], inputs[3, start:]
    for i in range(factor.size):
        prices[i] = forward * factor[i]
    for i in range(level.size):
        vols[i] = volatility[level[i]]


@helper
def add_run(values: np.ndarray, start: int, amount: float, out: np.ndarray) -> None:
    """Add amount x values, from place ``start`` on, to a group's sums."""
    part = values[start : start + out.size]
    for i in range(out.size):
        out[i] += amount * part[i]


@kernel(WORTH)
def group_worth(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    call: np.ndarray,
    amount: np.ndarray,
    group: np.ndarray,
    factor: np.ndarray,
    volatility: np.ndarray,
    level: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add amount x value of each option (o,) under each shock to its group's ``out`` (g, k).

    factor (g, k) of the forward; volatility (o, l), and which of them (k,) each shock takes.
    """
    work, inputs, result = np.ones((ROWS, BLOCK)), np.ones((4, BLOCK)), np.ones(BLOCK)
    calls = np.ones(BLOCK, np.bool_)
    shocks = level.size
    total = forward.size * shocks
    option, shock = 0, 0
    for first in range(0, total, BLOCK):
        count = min(BLOCK, total - first)
        # A block runs over the end of an option's shocks: it is filled and emptied run by run.
        o, k, done = option, shock, 0
        while done < count:
            run = min(count - done, shocks - k)
            inputs[1, done : done + run] = strike[o]
            inputs[2, done : done + run] = years[o]
            calls[done : done + run] = call[o]
            moved = factor[group[o], k : k + run]
            fill_run(inputs, done, forward[o], moved, volatility[o], level[k : k + run])
            o, k, done = (o + 1, 0, done + run) if k + run == shocks else (o, k + run, done + run)
        inputs_block(inputs[0], inputs[1], inputs[2], inputs[3], work, table)
        if all_beyond(work):
            intrinsic_block(work, calls, result)
        else:
            terms_block(work, table)
            values_block(work, calls, result)
        done = 0
        while done < count:
            run = min(count - done, shocks - shock)
            add_run(result, done, amount[option], out[group[option], shock : shock + run])
            done, shock = done + run, shock + run
            if shock == shocks:
                option, shock = option + 1, 0
