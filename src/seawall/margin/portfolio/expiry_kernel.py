"""Compiled worth of groups of options under shocks: values are summed as they are made.

The formula is that of :mod:`seawall.valuation.black_kernel`. What a margin needs is the sum over
the options of an expiry at each shock; an array of every option under every shock would cost more
to fill and read again than its values cost to compute. ln(F shock / K) is ln(F / K), which is the
option's, plus ln(shock), which is the group's: no logarithm for each value. That sum is right to
2e-16, not relative to itself where it is near 0, and values to as much of the forward.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.black_kernel import (
    FAR,
    FORWARD,
    LOG,
    ROWS,
    SETTLED,
    STRIKE,
    TOTAL,
    at_least,
    at_most,
    price_within,
    terms_block,
    values_block,
    whole_value,
)
from seawall.valuation.special_kernel import BLOCK, log_ratio, logarithm_of

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
def logs_of(factor: np.ndarray, c: tuple[float, ...]) -> np.ndarray:
    """Logarithms of factors (g, k)."""
    out = np.empty_like(factor)
    for g in range(factor.shape[0]):
        row, log = factor[g], out[g]
        for i in range(row.size):
            log[i] = log_ratio(price_within(row[i]), 1.0, c)
    return out


@helper
def moneyness_of(forward: np.ndarray, strike: np.ndarray, c: tuple[float, ...]) -> np.ndarray:
    """ln(F/K) of each option (o,)."""
    out = np.empty_like(forward)
    for i in range(out.size):
        out[i] = log_ratio(price_within(forward[i]), price_within(strike[i]), c)
    return out


@helper
def fill_prices(
    work: np.ndarray,
    start: int,
    forward: float,
    moneyness: float,
    factor: np.ndarray,
    log_factor: np.ndarray,
) -> None:
    """FORWARD and LOG of one option under some shocks, from place ``start`` on."""
    f, log = work[FORWARD, start:], work[LOG, start:]
    for i in range(factor.size):
        f[i] = price_within(forward * factor[i])
        log[i] = moneyness + log_factor[i]


@helper
def fill_totals(
    work: np.ndarray, start: int, root: float, volatility: np.ndarray, level: np.ndarray
) -> None:
    """TOTAL of one option under some shocks, from place ``start`` on; negative vol counts as 0."""
    total = work[TOTAL, start:]
    for i in range(level.size):
        total[i] = at_most(at_least(volatility[level[i]], 0.0) * root, 2.0 * FAR)


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
    work, result, calls = np.ones((ROWS, BLOCK)), np.ones(BLOCK), np.ones(BLOCK, np.bool_)
    c = logarithm_of(table)
    moneyness, log_factor = moneyness_of(forward, strike, c), logs_of(factor, c)
    shocks = level.size
    total = forward.size * shocks
    option, shock = 0, 0
    for first in range(0, total, BLOCK):
        count = min(BLOCK, total - first)
        # A block runs over the end of an option's shocks: it is filled and emptied run by run.
        o, k, done = option, shock, 0
        while done < count:
            run = min(count - done, shocks - k)
            moved, logs = factor[group[o], k : k + run], log_factor[group[o], k : k + run]
            work[STRIKE, done : done + run] = price_within(strike[o])
            calls[done : done + run] = call[o]
            fill_prices(work, done, forward[o], moneyness[o], moved, logs)
            root = math.sqrt(at_least(years[o], 0.0))
            fill_totals(work, done, root, volatility[o], level[k : k + run])
            o, k, done = (o + 1, 0, done + run) if k + run == shocks else (o, k + run, done + run)
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
