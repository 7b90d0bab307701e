"""Compiled revaluation of many options under many shocks of spot, volatility and time.

The shocks' logarithms and square roots are taken once for all options, the option's own once for
all shocks; what is left per pair is one exponential and one divided difference.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
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
    room_for,
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


@helper
def shocked_block(
    shocks: np.ndarray, log: float, years: float, volatility: float, work: np.ndarray
) -> None:
    """LOG and TOTAL of one option under BLOCK shocks."""
    log_factor, factor, added, forward_years = shocks[1], shocks[2], shocks[3], shocks[4]
    logs, total = work[LOG], work[TOTAL]
    for i in range(BLOCK):
        vol = at_least(volatility * factor[i] + added[i], 0.0)
        left = at_least(years - forward_years[i], 0.0)
        total[i] = at_most(vol * math.sqrt(left), 2.0 * FAR)
        logs[i] = log + log_factor[i]


@helper
def priced_block(
    shocks: np.ndarray,
    option: tuple[float, float, bool, float],
    work: np.ndarray,
    out: np.ndarray,
) -> None:
    """Scaled value of one option (forward, strike, call, scale) under BLOCK shocks."""
    f, k, call, scale = option
    factor, edge, gap, density = shocks[0], work[EDGE], work[GAP], work[DENSITY]
    p, dp = work[POLYNOMIALS], work[POLYNOMIALS + 1]
    q, dq = work[POLYNOMIALS + 2], work[POLYNOMIALS + 3]
    for i in range(BLOCK):
        part = outside_part(edge[i], gap[i], density[i], (p[i], dp[i]), (q[i], dq[i]))
        out[i] = scale * whole_value(f * factor[i], k, part, call)


@helper
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
    """Shocks by blocks, (blocks, 5, BLOCK): factor and its log, the two of volatility, years.

    What is left of the last block holds no shock.
    """
    count = spot_factor.size
    blocks = (count + BLOCK - 1) // BLOCK
    shocks = np.zeros((blocks, 5, BLOCK))
    ones = np.ones(BLOCK)
    for b in range(blocks):
        shocks[b, 0, :] = 1.0
        for i in range(min(BLOCK, count - b * BLOCK)):
            j = b * BLOCK + i
            shocks[b, 0, i] = price_within(spot_factor[j])
            shocks[b, 2, i] = vol_factor[j]
            shocks[b, 3, i] = vol_add[j]
            shocks[b, 4, i] = seconds_forward[j] * YEARS_PER_SECOND
        log_ratio_block(shocks[b, 0], ones, shocks[b, 1], table)
    return shocks


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
    work, padded = np.ones((ROWS, BLOCK)), np.ones(BLOCK)
    logs = np.empty((3, BLOCK))
    for first in range(0, forward.size, BLOCK):
        logs[:] = 1.0
        load(forward, first, logs[0])
        load(strike, first, logs[1])
        in_range_block(logs[0])
        in_range_block(logs[1])
        log_ratio_block(logs[0], logs[1], logs[2], table)
        for o in range(first, min(first + BLOCK, forward.size)):
            f, k = logs[0, o - first], logs[1, o - first]
            option = (f, k, call[o], scale[o])
            for b in range(shocks.shape[0]):
                log = logs[2, o - first]
                shocked_block(shocks[b], log, years[o], volatility[o], work)
                terms_block(work, table)
                priced_block(shocks[b], option, work, room_for(out[o], b * BLOCK, padded))
                if b * BLOCK + BLOCK > out.shape[1]:
                    store(padded, out[o], b * BLOCK)
