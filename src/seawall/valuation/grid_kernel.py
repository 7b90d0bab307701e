"""Compiled revaluation of many options under many shocks of spot, volatility and time.

The shocks' logarithms and square roots are taken once for all options, the option's own once for
all shocks; what is left per pair is one exponential and one divided difference.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel, record_helper
from seawall.valuation.black_kernel import (
    DENSITY,
    EDGE,
    FAR,
    GAP,
    LOG,
    POLYNOMIALS,
    ROWS,
    TOTAL,
    at_least,
    at_most,
    load,
    outside_part,
    price_within,
    start_of,
    store,
    terms_block,
    whole_value,
)
from seawall.valuation.special_kernel import BLOCK, log_ratio_block

# Of foundation.units, written out: the key of the cache covers kernel files only.
YEARS_PER_SECOND = 1.0 / (365.0 * 86_400.0)
GRID = (
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1])"
)


@record_helper
def shocked_block(
    shocks: np.ndarray, first: int, log: float, years: float, volatility: float, work: np.ndarray
) -> None:
    """LOG and TOTAL of one option under BLOCK shocks from ``first`` on."""
    last = first + BLOCK
    log_factor, factor = shocks[1, first:last], shocks[2, first:last]
    added, forward_years = shocks[3, first:last], shocks[4, first:last]
    logs, total = work[LOG], work[TOTAL]
    for i in range(BLOCK):
        vol = at_least(volatility * factor[i] + added[i], 0.0)
        left = at_least(years - forward_years[i], 0.0)
        total[i] = at_most(vol * math.sqrt(left), 2.0 * FAR)
        logs[i] = log + log_factor[i]


@record_helper
def priced_block(
    factor: np.ndarray,
    option: tuple[float, float, bool, float],
    work: np.ndarray,
    out: np.ndarray,
) -> None:
    """Scaled value of one option (forward, strike, call, scale) under BLOCK factors of its spot."""
    f, k, call, scale = option
    edge, gap, density = work[EDGE], work[GAP], work[DENSITY]
    p, dp = work[POLYNOMIALS], work[POLYNOMIALS + 1]
    q, dq = work[POLYNOMIALS + 2], work[POLYNOMIALS + 3]
    for i in range(BLOCK):
        part = outside_part(edge[i], gap[i], density[i], (p[i], dp[i]), (q[i], dq[i]))
        out[i] = scale * whole_value(f * factor[i], k, part, call)


@record_helper
def in_range_block(prices: np.ndarray) -> None:
    """Bring BLOCK prices into the range where products and quotients are finite."""
    for i in range(BLOCK):
        prices[i] = price_within(prices[i])


@helper
def fill_shocks(
    spot_factor: np.ndarray,
    vol_factor: np.ndarray,
    vol_add: np.ndarray,
    seconds_forward: np.ndarray,
    table: np.ndarray,
) -> np.ndarray:
    """Shocks (5, s or BLOCK): factor and its log, the two of volatility, years.

    What fewer than BLOCK leave of it holds no shock.
    """
    count = spot_factor.size
    shocks = np.zeros((5, max(count, BLOCK)))
    shocks[0, :] = 1.0
    for i in range(count):
        shocks[0, i] = price_within(spot_factor[i])
        shocks[2, i] = vol_factor[i]
        shocks[3, i] = vol_add[i]
        shocks[4, i] = seconds_forward[i] * YEARS_PER_SECOND
    ones = np.ones(BLOCK)
    for block in range((count + BLOCK - 1) // BLOCK):
        first = start_of(block, shocks.shape[1])
        last = first + BLOCK
        log_ratio_block(shocks[0, first:last], ones, shocks[1, first:last], table)
    return shocks


@record_helper
def option_row(
    shocks: np.ndarray,
    option: tuple[float, float, bool, float],
    terms: tuple[float, float, float],
    work: np.ndarray,
    table: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (s,) with the scaled value of one option of terms (ln(F/K), T, vol)."""
    log, years, volatility = terms
    for block in range((out.size + BLOCK - 1) // BLOCK):
        first = start_of(block, out.size)
        last = first + BLOCK
        shocked_block(shocks, first, log, years, volatility, work)
        terms_block(work, table)
        priced_block(shocks[0, first:last], option, work, out[first:last])


@kernel(GRID)
def revalue_grid(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
    scale: np.ndarray,
    spot_factor: np.ndarray,
    vol_factor: np.ndarray,
    vol_add: np.ndarray,
    seconds_forward: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (n, s) with the value of each option under each shock, times its scale."""
    shocks = fill_shocks(spot_factor, vol_factor, vol_add, seconds_forward, table)
    work, logs, padded = np.ones((ROWS, BLOCK)), np.empty((3, BLOCK)), np.empty(BLOCK)
    for first in range(0, forward.size, BLOCK):
        logs[:] = 1.0
        load(forward, first, logs[0])
        load(strike, first, logs[1])
        in_range_block(logs[0])
        in_range_block(logs[1])
        log_ratio_block(logs[0], logs[1], logs[2], table)
        for o in range(first, min(first + BLOCK, forward.size)):
            option = (logs[0, o - first], logs[1, o - first], call[o], scale[o])
            terms = (logs[2, o - first], years[o], volatility[o])
            room = out[o] if out.shape[1] >= BLOCK else padded
            option_row(shocks, option, terms, work, table, room)
            if out.shape[1] < BLOCK:
                store(padded, out[o], 0)
