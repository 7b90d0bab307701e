"""Compiled revaluation of many options under many shocks of spot, volatility and time.

The shocks' logarithms and square roots are taken once for all options, the option's own once for
all shocks; what is left per pair is one exponential and one divided difference.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.valuation.black_kernel import (
    at_least,
    is_below,
    load,
    option_value,
    price_within,
    scaled,
    store,
    terms_block,
)
from seawall.valuation.special_kernel import BLOCK, halves_block, joined, log_ratio_block

YEARS_PER_SECOND = 1.0 / SECONDS_PER_YEAR
GRID = (
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1])"
)


@helper
def shocked_block(
    shocks: np.ndarray,
    log: float,
    years: float,
    volatility: float,
    h: np.ndarray,
    s: np.ndarray,
) -> None:
    """Distance h = ln(F/K)/s and s = vol sqrt(T) of one option under BLOCK shocks."""
    log_factor, factor, added, forward_years = shocks[2], shocks[3], shocks[4], shocks[5]
    for i in range(BLOCK):
        vol = at_least(volatility * factor[i] + added[i], 0.0)
        total = vol * math.sqrt(at_least(years - forward_years[i], 0.0))
        s[i] = total
        h[i], _ = scaled(log + log_factor[i], total)


@helper
def priced_block(
    shocks: np.ndarray,
    option: tuple[float, float, float, float, float],
    terms: np.ndarray,
    place: np.ndarray,
    halves: np.ndarray,
    out: np.ndarray,
) -> None:
    """Scaled value of one option (forward, strike, sqrt(FK), call, scale) under BLOCK shocks."""
    f, k, root, call, scale = option
    h, s, density, gap = terms[0], terms[1], terms[2], terms[3]
    factor, root_factor = shocks[0], shocks[1]
    y1, y2, u1, u2 = place[0], place[1], place[2], place[3]
    even, even_slope, odd, odd_slope = halves[0], halves[1], halves[2], halves[3]
    for i in range(BLOCK):
        near, drop = joined(
            gap[i], (y1[i], y2[i], u1[i], u2[i]), (even[i], even_slope[i]), (odd[i], odd_slope[i])
        )
        below = is_below(h[i], s[i])
        half = 0.5 * (root * root_factor[i]) * density[i]
        out[i] = scale * option_value(f * factor[i], k, half, below, near, drop, call)


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
    """Shocks by blocks, (blocks, 6, BLOCK): factor, its root and log, the two of volatility, years.

    What is left of the last block holds no shock.
    """
    count = spot_factor.size
    blocks = (count + BLOCK - 1) // BLOCK
    shocks = np.zeros((blocks, 6, BLOCK))
    ones = np.ones(BLOCK)
    for b in range(blocks):
        shocks[b, 0, :] = 1.0
        for i in range(min(BLOCK, count - b * BLOCK)):
            j = b * BLOCK + i
            shocks[b, 0, i] = price_within(spot_factor[j])
            shocks[b, 3, i] = vol_factor[j]
            shocks[b, 4, i] = vol_add[j]
            shocks[b, 5, i] = seconds_forward[j] * YEARS_PER_SECOND
        for i in range(BLOCK):
            shocks[b, 1, i] = math.sqrt(shocks[b, 0, i])
        log_ratio_block(shocks[b, 0], ones, shocks[b, 2], table)
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
    rows = np.empty((13, BLOCK))
    terms, place, halves, result = rows[0:4], rows[4:8], rows[8:12], rows[12]
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
            option = (f, k, math.sqrt(f * k), 1.0 if call[o] else 0.0, scale[o])
            for b in range(shocks.shape[0]):
                log = logs[2, o - first]
                shocked_block(shocks[b], log, years[o], volatility[o], terms[0], terms[1])
                terms_block(terms[0], terms[1], terms[2], terms[3], place, table)
                halves_block(place, halves, table)
                priced_block(shocks[b], option, terms, place, halves, result)
                store(result, out[o], b * BLOCK)
