"""Compiled implied volatility: a closed guess, one or two steps of fourth order, a careful rest.

With b the out-of-the-money price over sqrt(FK), x = |ln(F/K)|, s = vol sqrt(T):

Guess. The normal (Bachelier) model with the same b and moneyness X = |F - K|/sqrt(FK) has an
inverse in one variable, eta = q / atanh(q), q = X/(X + 2b) (the variable of Choi, Kim and Kwak
2009); a polynomial in sqrt(eta) gives it to 2e-5. Hagan et al. (2002) turn the normal into the
lognormal volatility, to fourth order in s.
Step. Householder's of third order on ln b(s) - ln b, as in Jaeckel (2015), "Let's be rational".
b(s) = exp(-(h^2 + t^2)/2) (erfcx z1 - erfcx z2)/2, so that neither the logarithm nor b'/b needs an
exponential, and deep tails cannot underflow. The error after a step is about the residual to the
fourth power, so a block needs a second step only where a residual is above 1e-4.
Rest. What has not converged, is near the upper bound or has very large s goes to a bracketed
Newton iteration on ln b, or on the logarithm of what is left to the upper bound.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel
from seawall.valuation.black_kernel import HALF_ROOT, at_least, at_most, load, price_within
from seawall.valuation.implied_reason_kernel import (
    ABOVE_BOUND,
    AT_INTRINSIC,
    BELOW_INTRINSIC,
    EXPIRED,
    FOUND,
    NO_PRICES,
    NOT_FINITE,
    SMALLEST,
)
from seawall.valuation.special_kernel import (
    BLOCK,
    LEAST,
    erfcx_pair,
    fraction,
    log_ratio,
    logarithm_of,
    polynomials_block,
)

IMPLIED = "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], b1[::1], f8[::1], i1[::1])"
# Normal volatility over ((X + 2b) sqrt(eta)), in powers of sqrt(eta) in [0.05, 1].
GUESS = (
    0.4995798769,
    0.02911208049,
    1.190488703,
    -2.243083366,
    8.054080639,
    -23.97526886,
    60.07414173,
    -103.3047531,
    105.0045101,
    -56.53201108,
    12.45654342,
)
ROOT_TWO_OVER_PI = math.sqrt(2.0 / math.pi)
ENOUGH = 1e-4  # residual of ln b after which one more step leaves nothing
FARTHEST = 45.0  # standard deviations: exp(-45^2/2) is no double
LARGEST = 90.0  # total volatility at which a price differs from its bound by no double
MOST = 1e3  # where erfcx is taken at most: keeps powers finite
STEPS = 200


@helper
def inputs_block(rows: np.ndarray, table: np.ndarray) -> None:
    """Out-of-the-money price and what is left to its bound, over sqrt(FK), x and X of a block."""
    price, f, k, call, x = rows[0], rows[1], rows[2], rows[4], rows[5]
    gap, upper = rows[6], rows[7]
    c = logarithm_of(table)
    for i in range(BLOCK):
        forward, strike = price_within(f[i]), price_within(k[i])
        x[i] = abs(log_ratio(forward, strike, c))
        inside = forward - strike if call[i] > 0.5 else strike - forward
        per_root = 1.0 / math.sqrt(forward * strike)
        outside = price[i] - at_least(inside, 0.0)
        lower = strike if strike < forward else forward
        gap[i] = abs(forward - strike) * per_root
        upper[i] = (lower - outside) * per_root
        price[i] = outside * per_root


@helper
def guess_block(rows: np.ndarray, s: np.ndarray, table: np.ndarray) -> None:
    """First guess of s for BLOCK quotes; it may be anything where b is out of bounds."""
    b, x, gap = rows[0], rows[5], rows[6]
    c = logarithm_of(table)
    for i in range(BLOCK):
        value = at_least(b[i], 1e-150)
        straddle = gap[i] + 2.0 * value
        q = gap[i] / straddle
        eta = 2.0 * q / at_least(log_ratio(gap[i] + value, value, c), 1e-300)
        eta = 1.0 if q < 1e-6 else eta
        root = math.sqrt(eta)
        w = root * root
        g = GUESS[10]
        g = g * root + GUESS[9]
        g = g * root + GUESS[8]
        g = g * root + GUESS[7]
        g = g * root + GUESS[6]
        g = g * root + GUESS[5]
        g = g * root + GUESS[4]
        g = g * root + GUESS[3]
        g = g * root + GUESS[2]
        g = g * root + GUESS[1]
        g = g * root + GUESS[0]
        ratio = x[i] / gap[i] if gap[i] > 1e-12 else 1.0
        normal = straddle * root * g * ratio
        first = (1.0 - x[i] * x[i] * (1.0 / 120.0)) * (1.0 / 24.0)
        w = normal * normal
        w = normal * (1.0 + w * (first + w * (1.0 / 5760.0)))
        w = w * w
        s[i] = normal * (1.0 + w * (first + w * (1.0 / 5760.0)))


@helper
def step_block(
    rows: np.ndarray,
    s: np.ndarray,
    miss: np.ndarray,
    near: np.ndarray,
    halves: np.ndarray,
    table: np.ndarray,
) -> None:
    """One step of s for BLOCK quotes; ``miss`` = |ln b(s) - ln b| before it, 1 where unusable."""
    b, x, gap = rows[0], rows[5], rows[8]
    for i in range(BLOCK):
        near[i] = at_most(at_least((x[i] / s[i] - 0.5 * s[i]) * HALF_ROOT, LEAST), MOST)
        gap[i] = at_most(s[i] * HALF_ROOT, MOST)
    polynomials_block(near, gap, halves, table)
    p0, dp, q0, dq = halves[0], halves[1], halves[2], halves[3]
    c = logarithm_of(table)
    for i in range(BLOCK):
        _, top, below = fraction(gap[i], (p0[i], dp[i]), (q0[i], dq[i]))
        drop = 2.0 * top / below
        total = s[i]
        per_s = 1.0 / total
        h = x[i] * per_s
        t = 0.5 * total
        value = at_least(b[i], 1e-150)
        f = log_ratio(0.5 * drop, value, c) - 0.5 * (h * h + t * t)
        p = ROOT_TWO_OVER_PI / drop
        a = h * h * per_s - 0.5 * t
        bend = a - p
        third = bend * bend - 3.0 * (h * per_s) * (h * per_s) - 0.25 - p * bend
        nu = -f / p
        move = nu * (1.0 + 0.5 * bend * nu) / (1.0 + nu * (bend + third * nu * (1.0 / 6.0)))
        after = total + move
        usable = (
            (h - t) * HALF_ROOT >= LEAST
            and h < 37.0
            and after > 0.5 * total
            and after < 2.0 * total
            and b[i] > 1e-150
        )
        s[i] = after if usable else total
        miss[i] = abs(f) if (usable and abs(f) < 1.0) else 1.0


@helper
def careful(b: float, left: float, x: float, guess: float) -> float:
    """Total volatility of one price b > 0 that is ``left`` > 0 below its bound.

    Newton in a bracket, on ln b in the lower half of the prices, on ln ``left`` in the upper half.
    """
    low = at_least(x / FARTHEST, 2.0 * b)
    high = LARGEST
    s = guess if low < guess < high else math.sqrt(low) * math.sqrt(high)
    from_above = b > left
    wanted = math.log(left) if from_above else math.log(b)
    wide = high - low
    for step in range(STEPS):
        h, t = x / s, 0.5 * s
        z1 = (h - t) * HALF_ROOT
        exponent = -0.5 * (h * h + t * t)
        if z1 >= LEAST:
            start = at_most(z1, MOST)
            _, drop = erfcx_pair(start, s * HALF_ROOT)
            log_b = exponent + math.log(0.5 * drop)
            log_left = math.log(at_least(-math.expm1(log_b + 0.5 * x), 1e-300)) - 0.5 * x
        else:
            start = at_most(-z1, MOST)
            near, drop = erfcx_pair(start, at_most(2.0 * h * HALF_ROOT, MOST))
            log_left = exponent + math.log(0.5 * (2.0 * near - drop))
            log_b = math.log(at_least(-math.expm1(log_left + 0.5 * x), 1e-300)) - 0.5 * x
        log_slope = exponent - 0.5 * math.log(2.0 * math.pi)
        if from_above:
            f = wanted - log_left
            slope = math.exp(log_slope - log_left)
            bend = h * h / s - 0.5 * t + slope
        else:
            f = log_b - wanted
            slope = math.exp(log_slope - log_b)
            bend = h * h / s - 0.5 * t - slope
        if f > 0.0:
            high = s
        else:
            low = s
        move = -f / slope
        halley = move / (1.0 + 0.5 * bend * move)
        after = s + (halley if halley * move > 0.0 else move)
        if abs(after - s) <= 1e-16 * s or f == 0.0:
            return after if after > 0.0 else s
        # A step outside the bracket, or a bracket that hardly shrinks, is replaced by its middle.
        if not (low < after < high) or (step % 4 == 3 and high - low > 0.5 * wide):
            after = math.sqrt(low) * math.sqrt(high) if low > 0.0 else 0.5 * high
            if after <= low or after >= high:
                return s
        if step % 4 == 3:
            wide = high - low
        if abs(after - s) <= 2e-16 * s:
            return after
        s = after
    return s


@helper
def reason(price: float, f: float, k: float, years: float, call: bool) -> int:
    """Why a quote has no implied volatility, or FOUND."""
    total = price + f + k + years
    if total - total != 0.0:  # infinite or NaN
        return NOT_FINITE
    if f <= 0.0 or k <= 0.0:
        return NO_PRICES
    if years <= 0.0:
        return EXPIRED
    intrinsic = at_least(f - k if call else k - f, 0.0)
    if price < intrinsic:
        return BELOW_INTRINSIC
    if price >= (f if call else k):
        return ABOVE_BOUND
    lower = k if k < f else f
    if price - intrinsic >= lower:
        return ABOVE_BOUND
    if (price - intrinsic) / math.sqrt(price_within(f) * price_within(k)) <= SMALLEST:
        return AT_INTRINSIC
    return FOUND


@helper
def finish(
    rows: np.ndarray, s: float, miss: float, i: int, quote: tuple[float, float, float, float, bool]
) -> tuple[float, int]:
    """Annual volatility and reason of one quote after the steps of its block."""
    price, f, k, years, call = quote
    why = reason(price, f, k, years, call)
    if why != FOUND:
        return math.nan, why
    if miss > ENOUGH:
        s = careful(rows[0, i], rows[7, i], rows[5, i], s)
    return s / math.sqrt(years), why


@kernel(IMPLIED)
def implied(
    table: np.ndarray,
    price: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    call: np.ndarray,
    out: np.ndarray,
    why: np.ndarray,
) -> None:
    """Fill ``out`` (n,) with annual volatilities, NaN where ``why`` (n,) is not FOUND."""
    memory = np.ones((20, BLOCK))
    rows, s, miss = memory[:9], memory[9], memory[10]
    near, halves = memory[11], memory[15:19]
    n = price.size
    for first in range(0, n, BLOCK):
        load(price, first, rows[0])
        load(forward, first, rows[1])
        load(strike, first, rows[2])
        load(years, first, rows[3])
        load(call, first, rows[4])
        inputs_block(rows, table)
        guess_block(rows, s, table)
        step_block(rows, s, miss, near, halves, table)
        again = False
        for i in range(BLOCK):
            again = again or miss[i] > ENOUGH
        if again:
            step_block(rows, s, miss, near, halves, table)
        for i in range(min(BLOCK, n - first)):
            j = first + i
            quote = (price[j], forward[j], strike[j], years[j], call[j])
            out[j], why[j] = finish(rows, s[i], miss[i], i, quote)
