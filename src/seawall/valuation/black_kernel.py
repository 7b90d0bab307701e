"""Compiled twins of :mod:`seawall.valuation.black`: values and six Greeks of many options.

Same limits as the plain code. Options are taken in blocks, and each step of the formula is a short
loop without branches over one block: what keeps the processor's units busy is that several turns
of a loop fit in its window at once. With d = |h| - t, h = ln(F/K)/s and t = s/2, what the formula
multiplies by, sqrt(FK) exp(-(h^2 + t^2)/2), is min(F, K) exp(-d^2/2): no square root, and one
exponential for value and Greeks. A comparison is written so that NaN falls through it: NaN in, NaN
out. What works on a block is a :func:`~seawall.foundation.compiled.record_helper`: to count
references to views of its rows took a sixth of the time.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.foundation.compiled import helper, kernel, record_helper
from seawall.foundation.elementary_kernel import multiply_add
from seawall.valuation.register_kernel import fetch_part
from seawall.valuation.special_kernel import (
    BLOCK,
    LEAST,
    denominators_block,
    exponential_block,
    fraction,
    log_of_split,
    logarithm_of,
    numerators_block,
    split_ratio,
)

SETTLED = 1e-12  # total volatility at or below which the option is its intrinsic value
LOWEST_PRICE, HIGHEST_PRICE = 1e-150, 1e150
HALF_ROOT = math.sqrt(0.5)
ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
FAR = 1e3  # standard deviations beyond which nothing changes; keeps powers finite

# Rows of a block's working memory. One piece of memory, so that the compiler sees that no two rows
# overlap; a row that is not needed any more is used again.
FORWARD, STRIKE = 0, 1  # prices brought into range
LOG = 2  # ln(F/K)
TOTAL = 3  # s = vol sqrt(T)
PER_TOTAL = 4
EDGE = 5  # z1 = (|h| - t)/sqrt 2
NEAR, GAP = 6, 7  # where erfcx is taken: NEAR and NEAR + GAP
DENSITY = 8  # exp(-z1^2)
POLYNOMIALS = 9  # and the next three
EXPONENT = 13  # -z1^2
SCRATCH = 14  # and the next
WEIGHT = 16  # F n(d1)
ROOT = 17  # sqrt(T)
SIDE = 6  # 1 of a call, -1 of a put
ON_CALL, ON_PUT = 13, 14
PER_FORWARD = 15
ROWS = 18

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


@record_helper
def load(source: np.ndarray, first: int, row: np.ndarray) -> None:
    """Copy up to BLOCK entries from ``first`` on to a row; what is beyond keeps its old entry."""
    part = source[first : first + BLOCK]
    for i in range(part.size):
        row[i] = part[i]


@record_helper
def store(row: np.ndarray, out: np.ndarray, first: int) -> None:
    """Copy a row to up to BLOCK entries from ``first`` on."""
    part = out[first : first + BLOCK]
    for i in range(part.size):
        part[i] = row[i]


@helper
def whole_block(source: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """A column of at least BLOCK entries: itself, or ``rest`` (BLOCK,) that begins with it."""
    if source.size >= BLOCK:
        return source
    load(source, 0, rest)
    return rest


@helper
def start_of(block: int, size: int) -> int:
    """Where a block starts: the last one ends where the column does, perhaps overlapping."""
    return min(block * BLOCK, size - BLOCK)


@record_helper
def inputs_block(
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    work: np.ndarray,
    table: np.ndarray,
) -> None:
    """FORWARD, STRIKE, LOG, ROOT and TOTAL of BLOCK options; negative T and vol count as 0."""
    f, k, count, g = work[FORWARD], work[STRIKE], work[SCRATCH], work[SCRATCH + 1]
    for i in range(BLOCK):
        a, b = price_within(forward[i]), price_within(strike[i])
        f[i], k[i] = a, b
        count[i], g[i] = split_ratio(a, b)
    c = logarithm_of(table)
    log, root, total = work[LOG], work[ROOT], work[TOTAL]
    # Together, because the square root occupies another unit than the logarithm does.
    for i in range(BLOCK):
        of_years = math.sqrt(at_least(years[i], 0.0))
        root[i] = of_years
        total[i] = at_most(at_least(volatility[i], 0.0) * of_years, 2.0 * FAR)
        log[i] = log_of_split(count[i], g[i], c)


@record_helper
def places_block(work: np.ndarray) -> None:
    """From LOG and TOTAL of BLOCK options: where erfcx is taken, and EXPONENT.

    The places are z1 and z2 = z1 + GAP where z1 >= -0.5; below, |z1| and z2: there the value is
    taken from its upper bound. A settled option is infinitely far from its strike.
    """
    log, total, per_total, edge = work[LOG], work[TOTAL], work[PER_TOTAL], work[EDGE]
    near, gap, exponent = work[NEAR], work[GAP], work[EXPONENT]
    for i in range(BLOCK):
        s = total[i]
        per_total[i] = 1.0 / at_least(s, SETTLED)
        away = at_most(abs(log[i]) * per_total[i], FAR)
        away = FAR if s <= SETTLED else away
        d = away - 0.5 * s
        z1 = d * HALF_ROOT
        edge[i] = z1
        near[i] = -z1 if z1 < LEAST else z1
        # Known without subtracting: z2 - z1 = s/sqrt 2 and z2 + z1 = |h| sqrt 2.
        gap[i] = (2.0 * away if z1 < LEAST else s) * HALF_ROOT
        exponent[i] = d * (-0.5 * d)


@record_helper
def density_block(work: np.ndarray, table: np.ndarray) -> None:
    """DENSITY of BLOCK options."""
    exponential_block(work[EXPONENT], work[SCRATCH], work[SCRATCH + 1], work[DENSITY], table)


@record_helper
def tops_block(work: np.ndarray, table: np.ndarray) -> None:
    """The first two rows of POLYNOMIALS: erfcx's numerator and its divided difference."""
    value, slope = work[POLYNOMIALS], work[POLYNOMIALS + 1]
    numerators_block(work[NEAR], work[GAP], value, slope, table)


@record_helper
def bottoms_block(work: np.ndarray, table: np.ndarray) -> None:
    """The other two rows of POLYNOMIALS: the denominator and its divided difference."""
    value, slope = work[POLYNOMIALS + 2], work[POLYNOMIALS + 3]
    denominators_block(work[NEAR], work[GAP], value, slope, table)


@record_helper
def terms_block(work: np.ndarray, table: np.ndarray) -> None:
    """From LOG and TOTAL of BLOCK options: places, density and both polynomials of erfcx."""
    places_block(work)
    density_block(work, table)
    tops_block(work, table)
    bottoms_block(work, table)


@helper
def outside_part(
    edge: float, gap: float, density: float, p: tuple[float, float], q: tuple[float, float]
) -> float:
    """Out-of-the-money value over min(F, K), from the polynomials of :func:`terms_block`."""
    first, drop, below = fraction(gap, p, q)
    # Density comes last: it may be so small that nothing may be left of a quotient with it.
    part = density * ((multiply_add(2.0, first, -drop) if edge < LEAST else drop) / below)
    return 1.0 - part if edge < LEAST else part


@helper
def whole_value(f: float, k: float, part: float, call: bool) -> float:
    """Value from the out-of-the-money value over min(F, K)."""
    inside = f - k if call else k - f
    value: float = multiply_add(k if k < f else f, part, at_least(inside, 0.0))
    return value


@record_helper
def values_block(work: np.ndarray, call: np.ndarray, out: np.ndarray) -> None:
    """Values of BLOCK options."""
    f, k, edge, gap, density = work[FORWARD], work[STRIKE], work[EDGE], work[GAP], work[DENSITY]
    p, dp = work[POLYNOMIALS], work[POLYNOMIALS + 1]
    q, dq = work[POLYNOMIALS + 2], work[POLYNOMIALS + 3]
    for i in range(BLOCK):
        part = outside_part(edge[i], gap[i], density[i], (p[i], dp[i]), (q[i], dq[i]))
        out[i] = whole_value(f[i], k[i], part, call[i])


@record_helper
def valued_block(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
    first: int,
    work: np.ndarray,
    out: np.ndarray,
) -> None:
    """Values of BLOCK options of columns from ``first`` on."""
    last = first + BLOCK
    t, vol = years[first:last], volatility[first:last]
    inputs_block(forward[first:last], strike[first:last], t, vol, work, table)
    terms_block(work, table)
    values_block(work, call[first:last], out[first:last])


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
    work, rest, calls = np.ones((ROWS, BLOCK)), np.ones((5, BLOCK)), np.ones(BLOCK, np.bool_)
    f, k = whole_block(forward, rest[0]), whole_block(strike, rest[1])
    t, vol = whole_block(years, rest[2]), whole_block(volatility, rest[3])
    is_call, room = whole_block(call, calls), out if out.size >= BLOCK else rest[4]
    for block in range((out.size + BLOCK - 1) // BLOCK):
        first = start_of(block, room.size)
        valued_block(table, f, k, t, vol, is_call, first, work, room)
    if out.size < BLOCK:
        store(room, out, 0)


@record_helper
def both_sides_block(work: np.ndarray, call: np.ndarray, value: np.ndarray) -> None:
    """Values of BLOCK options, SIDE, and the normal distribution at both places: ON_CALL, ON_PUT.

    Out of the money a call's delta is ON_CALL, a put's -ON_PUT K/F.
    """
    f, k, edge, gap, density = work[FORWARD], work[STRIKE], work[EDGE], work[GAP], work[DENSITY]
    p, dp = work[POLYNOMIALS], work[POLYNOMIALS + 1]
    q, dq = work[POLYNOMIALS + 2], work[POLYNOMIALS + 3]
    on_call, on_put, side = work[ON_CALL], work[ON_PUT], work[SIDE]
    for i in range(BLOCK):
        first, drop, below = fraction(gap[i], (p[i], dp[i]), (q[i], dq[i]))
        per_below = 1.0 / below
        at_near = density[i] * (first * per_below)
        fall = density[i] * (drop * per_below)
        on_call[i] = 1.0 - at_near if edge[i] < LEAST else at_near
        on_put[i] = at_near - fall
        part = 1.0 - (2.0 * at_near - fall) if edge[i] < LEAST else fall
        # A number, as that takes fewer steps than widening the byte again and again.
        sign = 1.0 if call[i] else -1.0
        side[i] = sign
        least = k[i] if k[i] < f[i] else f[i]
        value[i] = multiply_add(least, part, at_least(sign * (f[i] - k[i]), 0.0))


@record_helper
def delta_block(work: np.ndarray, delta: np.ndarray) -> None:
    """Delta of BLOCK options; leaves WEIGHT and PER_FORWARD."""
    f, k, total, density, side = work[FORWARD], work[STRIKE], work[TOTAL], work[DENSITY], work[SIDE]
    on_call, on_put = work[ON_CALL], work[ON_PUT]
    weight, per_f = work[WEIGHT], work[PER_FORWARD]
    for i in range(BLOCK):
        # Read before the choice between them: a read that depends on it takes longer.
        of_call, of_put = on_call[i], on_put[i]
        under = f[i] < k[i]
        least = f[i] if under else k[i]
        inverse = 1.0 / f[i]
        per_f[i] = inverse
        weight[i] = (least * density[i]) * ONE_OVER_ROOT_TWO_PI
        q = of_call if under else of_put * (least * inverse)
        # At the strike of a settled option delta is a half: the middle of its step.
        q = 0.5 if (f[i] == k[i] and total[i] <= SETTLED) else q
        size = q if under == (side[i] > 0.0) else 1.0 - q
        delta[i] = side[i] * size


@record_helper
def second_block(work: np.ndarray, gamma: np.ndarray, vega: np.ndarray) -> None:
    """Gamma and vega of BLOCK options."""
    weight, per_f, per_total = work[WEIGHT], work[PER_FORWARD], work[PER_TOTAL]
    root = work[ROOT]
    for i in range(BLOCK):
        gamma[i] = (weight[i] * per_f[i]) * (per_f[i] * per_total[i])
        vega[i] = weight[i] * root[i]


@record_helper
def theta_block(work: np.ndarray, volatility: np.ndarray, theta: np.ndarray) -> None:
    """Theta of BLOCK options."""
    weight, per_total = work[WEIGHT], work[PER_TOTAL]
    for i in range(BLOCK):
        vol = at_least(volatility[i], 0.0)
        theta[i] = ((-0.5 * weight[i]) * vol) * (vol * per_total[i])


@record_helper
def cross_block(work: np.ndarray, vanna: np.ndarray, volga: np.ndarray) -> None:
    """Vanna and volga of BLOCK options."""
    weight, per_f, per_total = work[WEIGHT], work[PER_FORWARD], work[PER_TOTAL]
    log, total, root = work[LOG], work[TOTAL], work[ROOT]
    for i in range(BLOCK):
        h, t = log[i] * per_total[i], 0.5 * total[i]
        per_vol = root[i] * per_total[i]
        d2 = (h - t) * per_vol
        vanna[i] = -(weight[i] * per_f[i]) * d2
        volga[i] = (weight[i] * root[i]) * ((h + t) * d2)


@record_helper
def greeks_block(
    table: np.ndarray,
    forward: np.ndarray,
    strike: np.ndarray,
    years: np.ndarray,
    volatility: np.ndarray,
    call: np.ndarray,
    first: int,
    work: np.ndarray,
    out: np.ndarray,
) -> None:
    """Value and Greeks of BLOCK options of columns from ``first`` on."""
    last = first + BLOCK
    t, vol, is_call = years[first:last], volatility[first:last], call[first:last]
    # Memory for the next block's results is asked for a row at a time: one loop's work hides the
    # wait for one row, and the processor cannot wait for many more lines at once.
    fetch_part(out[0], last, BLOCK)
    inputs_block(forward[first:last], strike[first:last], t, vol, work, table)
    fetch_part(out[1], last, BLOCK)
    places_block(work)
    fetch_part(out[2], last, BLOCK)
    density_block(work, table)
    fetch_part(out[3], last, BLOCK)
    tops_block(work, table)
    fetch_part(out[4], last, BLOCK)
    bottoms_block(work, table)
    fetch_part(out[5], last, BLOCK)
    both_sides_block(work, is_call, out[0, first:last])
    fetch_part(out[6], last, BLOCK)
    delta_block(work, out[1, first:last])
    second_block(work, out[2, first:last], out[3, first:last])
    theta_block(work, vol, out[4, first:last])
    cross_block(work, out[5, first:last], out[6, first:last])


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
    size = out.shape[1]
    work, rest, calls = np.ones((ROWS, BLOCK)), np.ones((4, BLOCK)), np.ones(BLOCK, np.bool_)
    f, k = whole_block(forward, rest[0]), whole_block(strike, rest[1])
    t, vol = whole_block(years, rest[2]), whole_block(volatility, rest[3])
    is_call, room = whole_block(call, calls), out if size >= BLOCK else np.empty((7, BLOCK))
    for block in range((size + BLOCK - 1) // BLOCK):
        first = start_of(block, room.shape[1])
        greeks_block(table, f, k, t, vol, is_call, first, work, room)
    if size < BLOCK:
        for row in range(7):
            store(room[row], out[row], 0)
