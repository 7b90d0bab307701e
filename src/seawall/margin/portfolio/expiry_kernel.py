"""Compiled worth of groups of options under shocks: values are summed as they are made.

The formula is that of :mod:`seawall.valuation.black_kernel`. What a margin needs is the sum over
the options of an expiry at each shock; an array of every option under every shock would cost more
to fill and read again than its values cost to compute.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.black_kernel import option_value, start_block, terms_block, values_block
from seawall.valuation.special_kernel import BLOCK, halves_block

WORTH = (
    "void(f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1], i8[::1],"
    " f8[:, ::1], f8[:, ::1], i8[::1], f8[:, ::1])"
)
# Deviations beyond which an option is its intrinsic value: what is left is below exp(-9^2/2) =
# 3e-18 of its forward, less than the rounding of the forward itself.
BEYOND = 9.0


@helper
def all_beyond(h: np.ndarray, s: np.ndarray) -> bool:
    """Whether every one of BLOCK options is so far from its strike that only intrinsic is left."""
    nearest = abs(h[0]) - 0.5 * s[0]
    for i in range(BLOCK):
        away = abs(h[i]) - 0.5 * s[i]
        nearest = away if away < nearest else nearest
    return bool(nearest > BEYOND)


@helper
def intrinsic_block(inputs: np.ndarray, out: np.ndarray) -> None:
    """Intrinsic values of BLOCK options."""
    f, k, call = inputs[0], inputs[1], inputs[4]
    for i in range(BLOCK):
        out[i] = option_value(f[i], k[i], 0.0, False, 0.0, 0.0, call[i])


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
    rows = np.ones((19, BLOCK))
    inputs, terms, place, halves, result = rows[0:5], rows[5:10], rows[10:14], rows[14:18], rows[18]
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
            inputs[4, done : done + run] = 1.0 if call[o] else 0.0
            moved = factor[group[o], k : k + run]
            fill_run(inputs, done, forward[o], moved, volatility[o], level[k : k + run])
            o, k, done = (o + 1, 0, done + run) if k + run == shocks else (o, k + run, done + run)
        start_block(inputs, terms[0], terms[1], terms[2], table)
        if all_beyond(terms[0], terms[1]):
            intrinsic_block(inputs, result)
        else:
            terms_block(terms[0], terms[1], terms[3], terms[4], place, table)
            halves_block(place, halves, table)
            values_block(inputs, terms, place, halves, result)
        done = 0
        while done < count:
            run = min(count - done, shocks - shock)
            add_run(result, done, amount[option], out[group[option], shock : shock + run])
            done, shock = done + run, shock + run
            if shock == shocks:
                option, shock = option + 1, 0
