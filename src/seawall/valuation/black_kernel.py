"""Compiled twins of :mod:`seawall.valuation.black`: values and six Greeks of many options.

Same formulas and limits as the plain code. Options are taken in blocks, and each step of the
formula is a loop without branches over one block: short chains of dependent steps are what keeps
the processor's units busy. One exponential serves value and Greeks. A comparison is written so
that NaN falls through it: NaN in, NaN out.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.special_kernel import (
    BLOCK,
    LEAST,
    MOST,
    exponential,
    exponential_of,
    halves_block,
    joined,
    log_ratio,
    logarithm_of,
    mapped,
)

SETTLED = 1e-12  # total volatility at or below which the option is its intrinsic value
LOWEST_PRICE, HIGHEST_PRICE = 1e-150, 1e150
HALF_ROOT = math.sqrt(0.5)
ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
FAR = 1e3  # standard deviations beyond which nothing changes; keeps squares finite

VALUES = "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1])"
GREEKS = "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[:, ::1])"


@helper
def at_least(x: float, low: float) -> float:
    """The larger of two; NaN when x is."""
    return low if x < low else x


@helper
def at_most(x: float, high: float) -> float:
    """The smaller of two; NaN when x is."""
    return high if x > high else x


@helper
def price_within(x: float) -> float:
    """A price inside the range where products and quotients of prices are finite."""
    return at_most(at_least(x, LOWEST_PRICE), HIGHEST_PRICE)


@helper
def scaled(log: float, s: float) -> tuple[float, float]:
    """(h, 1/s) with h = ln(F/K)/s; a settled option is infinitely far from its strike."""
    per_s = 1.0 / (SETTLED if s <= SETTLED else s)
    h = at_least(at_most(log * per_s, FAR), -FAR)
    return (-FAR if log < 0.0 else FAR) if s <= SETTLED else h, per_s


@helper
def terms_block(
    h: np.ndarray,
    s: np.ndarray,
    density: np.ndarray,
    gap: np.ndarray,
    place: np.ndarray,
    table: np.ndarray,
) -> None:
    """Of h = ln(F/K)/s and s: exp(-(h^2 + t^2)/2), and where the polynomial is to be taken.

    t = s/2, z = (|h| -+ t)/sqrt 2. The two arguments are z1 and z2 = z1 + gap where z1 >= -0.5;
    below, |z1| and z2: there the value is taken from its upper bound.
    """
    c = exponential_of(table)
    y1, y2, u1, u2 = place[0], place[1], place[2], place[3]
    for i in range(BLOCK):
        away = abs(h[i])
        t = at_most(0.5 * s[i], FAR)
        z1 = (away - t) * HALF_ROOT
        start = at_most(-z1 if z1 < LEAST else z1, MOST)
        # Known without subtracting: z2 - z1 = s/sqrt 2 and z2 + z1 = |h| sqrt 2.
        width = at_most((2.0 * away if z1 < LEAST else 2.0 * t) * HALF_ROOT, MOST - start)
        gap[i] = width
        y1[i], y2[i], u1[i], u2[i] = mapped(start, width)
        density[i] = exponential(-0.5 * (away * away + t * t), c)


@helper
def is_below(h: float, s: float) -> bool:
    """Whether the option is so near its strike that its value is taken from the upper bound."""
    return (abs(h) - at_most(0.5 * s, FAR)) * HALF_ROOT < LEAST


@helper
def option_value(
    f: float, k: float, scale: float, below: bool, near: float, drop: float, call: float
) -> float:
    """Value from sqrt(FK) exp(-(h^2 + t^2)/2) / 2, erfcx at z1 and its drop until z2."""
    lower = k if k < f else f
    low = scale * drop
    outside = lower - scale * (2.0 * near - drop) if below else low
    inside = f - k if call > 0.5 else k - f
    return at_least(outside, 0.0) + at_least(inside, 0.0)


@helper
def load(source: np.ndarray, first: int, row: np.ndarray) -> None:
    """Copy up to BLOCK entries from ``first`` on to a row; what is beyond keeps its old entry."""
    part = source[first : first + BLOCK]
    for i in range(part.size):
        row[i] = part[i]


@helper
def store(row: np.ndarray, out: np.ndarray, first: int) -> None:
    """Copy a row to up to BLOCK entries from ``first`` on."""
    part = out[first : first + BLOCK]
    for i in range(part.size):
        part[i] = row[i]


@helper
def start_block(
    inputs: np.ndarray, h: np.ndarray, s: np.ndarray, per_s: np.ndarray, table: np.ndarray
) -> None:
    """Prices brought into range; h = ln(F/K)/s, s = vol sqrt(T) and 1/s of BLOCK options."""
    f, k, years, vol = inputs[0], inputs[1], inputs[2], inputs[3]
    c = logarithm_of(table)
    for i in range(BLOCK):
        forward = price_within(f[i])
        strike = price_within(k[i])
        f[i] = forward
        k[i] = strike
        total = at_least(vol[i], 0.0) * math.sqrt(at_least(years[i], 0.0))
        s[i] = total
        h[i], per_s[i] = scaled(log_ratio(forward, strike, c), total)


@helper
def values_block(
    inputs: np.ndarray, terms: np.ndarray, place: np.ndarray, halves: np.ndarray, out: np.ndarray
) -> None:
    """Values of BLOCK options from the rows (h, s, 1/s, density, gap) of ``terms``."""
    f, k, call = inputs[0], inputs[1], inputs[4]
    h, s, density, gap = terms[0], terms[1], terms[3], terms[4]
    y1, y2, u1, u2 = place[0], place[1], place[2], place[3]
    even, even_slope, odd, odd_slope = halves[0], halves[1], halves[2], halves[3]
    for i in range(BLOCK):
        near, drop = joined(
            gap[i], (y1[i], y2[i], u1[i], u2[i]), (even[i], even_slope[i]), (odd[i], odd_slope[i])
        )
        scale = 0.5 * (math.sqrt(f[i] * k[i]) * density[i])
        out[i] = option_value(f[i], k[i], scale, is_below(h[i], s[i]), near, drop, call[i])


@kernel(VALUES)
def values(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (n,) with :func:`seawall.valuation.black.black` of columns (n,)."""
    # One piece of memory, so that the compiler sees that no two rows overlap.
    rows = np.ones((19, BLOCK))
    inputs, terms, place, halves, result = rows[0:5], rows[5:10], rows[10:14], rows[14:18], rows[18]
    for first in range(0, forward.size, BLOCK):
        load(forward, first, inputs[0])
        load(strike, first, inputs[1])
        load(years, first, inputs[2])
        load(volatility, first, inputs[3])
        load(call, first, inputs[4])
        start_block(inputs, terms[0], terms[1], terms[2], table)
        terms_block(terms[0], terms[1], terms[3], terms[4], place, table)
        halves_block(place, halves, table)
        values_block(inputs, terms, place, halves, result)
        store(result, out, first)


@helper
def greeks_block(
    inputs: np.ndarray, terms: np.ndarray, place: np.ndarray, halves: np.ndarray, out: np.ndarray
) -> None:
    """Value and F n(d1) to rows 0 and 7 of ``out``, delta to row 1.

    With E the density, the out-of-the-money delta is sqrt(K/F) E erfcx(z)/2, at z1 for a call and
    at z2 for a put.
    """
    f, k, call = inputs[0], inputs[1], inputs[4]
    h, s, density, gap = terms[0], terms[1], terms[3], terms[4]
    y1, y2, u1, u2 = place[0], place[1], place[2], place[3]
    even, even_slope, odd, odd_slope = halves[0], halves[1], halves[2], halves[3]
    value, delta, weight = out[0], out[1], out[7]
    for i in range(BLOCK):
        near, drop = joined(
            gap[i], (y1[i], y2[i], u1[i], u2[i]), (even[i], even_slope[i]), (odd[i], odd_slope[i])
        )
        below = is_below(h[i], s[i])
        root = math.sqrt(f[i] * k[i]) * density[i]
        value[i] = option_value(f[i], k[i], 0.5 * root, below, near, drop, call[i])
        weight[i] = root
        half = 0.5 * root / f[i]
        on_call = 1.0 - half * near if below else half * near
        under = f[i] < k[i]
        q = on_call if under else half * (near - drop)
        # At the strike of a settled option delta is a half: the middle of its step.
        q = 0.5 if (f[i] == k[i] and s[i] <= SETTLED) else q
        for_call = q if under else 1.0 - q
        delta[i] = for_call if call[i] > 0.5 else (q - 1.0 if under else -q)


@helper
def others_block(inputs: np.ndarray, terms: np.ndarray, out: np.ndarray) -> None:
    """Gamma, vega, theta, vanna and volga of BLOCK options to rows 2 to 6 of ``out``."""
    f, years, volatility = inputs[0], inputs[2], inputs[3]
    h, s, per_s = terms[0], terms[1], terms[2]
    gamma, vega, theta, vanna, volga, weight = out[2], out[3], out[4], out[5], out[6], out[7]
    for i in range(BLOCK):
        root = math.sqrt(at_least(years[i], 0.0))
        vol = at_least(volatility[i], 0.0)
        d1 = h[i] + 0.5 * s[i]
        d2 = h[i] - 0.5 * s[i]
        w = weight[i] * ONE_OVER_ROOT_TWO_PI
        per_f = 1.0 / f[i]
        per_vol = root * per_s[i]
        gamma[i] = (w * per_f) * (per_f * per_s[i])
        vega[i] = w * root
        theta[i] = -0.5 * (w * vol) * (vol * per_s[i])
        vanna[i] = -(w * per_f) * (d2 * per_vol)
        volga[i] = (w * root) * (d1 * d2 * per_vol)


@kernel(GREEKS)
def value_and_greeks(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (7, n): value, delta, gamma, vega, theta, vanna, volga of columns (n,)."""
    rows = np.ones((26, BLOCK))
    inputs, terms, place, halves, results = (
        rows[:5],
        rows[5:10],
        rows[10:14],
        rows[14:18],
        rows[18:],
    )
    for first in range(0, forward.size, BLOCK):
        load(forward, first, inputs[0])
        load(strike, first, inputs[1])
        load(years, first, inputs[2])
        load(volatility, first, inputs[3])
        load(call, first, inputs[4])
        start_block(inputs, terms[0], terms[1], terms[2], table)
        terms_block(terms[0], terms[1], terms[3], terms[4], place, table)
        halves_block(place, halves, table)
        greeks_block(inputs, terms, place, halves, results)
        others_block(inputs, terms, results)
        for row in range(7):
            store(results[row], out[row], first)
