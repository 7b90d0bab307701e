"""Compiled exponential, logarithm and scaled complementary error function, free of branches.

Calls into the C library keep a loop scalar; these few lines become vector instructions. Errors
against 50 digits over their stated domains: exp 1 part in 2^52 times 1 + |x|/700, log of a ratio
4e-16 relative (also next to 1), erfcx 1.7e-15 relative, its differences 1.2e-14. The coefficients
of exp and log are Chebyshev interpolants at 60 digits, rounded once. erfcx is a fraction of two
polynomials with positive coefficients, the best in relative error (Remez), which behaves like
1/z as erfcx does and so holds on the whole half line. ``tests/valuation/test_special.py`` derives
them again. Divided differences: Black's value is a difference of two nearly equal numbers when
total volatility is small. For a polynomial p, (p(a) - p(b)) / (a - b) is itself a polynomial, at
the cost of evaluating p twice and without the cancellation.
Each function comes in parts, for loops over a block: a loop of few steps leaves the processor room
to work on several of its turns at once, which one long loop does not.
"""

from __future__ import annotations

import numpy as np

from seawall.foundation.compiled import helper, record_helper
from seawall.foundation.elementary_kernel import above, bits_of, double_of, multiply_add
from seawall.foundation.elementary_numbers_kernel import (
    EXP,
    FIRST_WHOLE,
    FIRST_WHOLE_BITS,
    LN2_HIGH,
    LN2_LOW,
    LOG,
    PER_LN2,
    ROUNDER,
)

Floats = tuple[float, ...]

# erfcx(z)/2 = NUMERATOR(z) / (z^11 + DENOMINATOR(z)), best on [-0.5, 39], good beyond: there the
# error grows slowly to that of the leading coefficient, 5e-13.
LEAST, MOST = -0.5, 39.0
NUMERATOR = (
    29233.02689438169,
    66505.6823134171,
    75141.57891742565,
    54351.184337308856,
    27579.732749212428,
    10202.802259990392,
    2780.2859858369325,
    551.0869164156746,
    76.1987653628882,
    6.665357012631759,
    0.2820947917740195,
)
DENOMINATOR = (
    58466.05378876338,
    198983.24170436044,
    316345.6485864193,
    310658.21782150975,
    209806.7474546536,
    102561.72232167124,
    37132.95466355977,
    9990.415988102652,
    1965.3662924300447,
    270.6175901959792,
    23.62807540948997,
)
LOWEST = -708.0  # below this exp is taken as 0 (a normal number still)
ONE_AND_A_HALF = 0x3FF8000000000000  # exponent of 1, and a half to round
BLOCK = 128


def coefficients() -> np.ndarray:
    """All coefficients as one array, the first argument of every kernel.

    As literals they would be fetched one by one inside the loop; as values they stay at hand.
    """
    return np.array((*EXP, *LOG, *NUMERATOR, *DENOMINATOR))


@record_helper
def exponential_of(table: np.ndarray) -> Floats:
    """Coefficients EXP, from the kernel's first argument."""
    t = table[0:10]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9]


@record_helper
def logarithm_of(table: np.ndarray) -> Floats:
    """Coefficients LOG."""
    t = table[10:17]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6]


@record_helper
def numerator_of(table: np.ndarray) -> Floats:
    """Coefficients NUMERATOR."""
    t = table[17:28]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]


@record_helper
def denominator_of(table: np.ndarray) -> Floats:
    """Coefficients DENOMINATOR."""
    t = table[28:39]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]


@helper
def reduced(x: float) -> tuple[float, float]:
    """(shifted, r) with x = n ln 2 + r; the low bits of ``shifted`` are n. x below -708 is -708."""
    held = LOWEST if x < LOWEST else x
    shifted = multiply_add(held, PER_LN2, ROUNDER)
    n = shifted - ROUNDER
    return shifted, multiply_add(n, -LN2_LOW, multiply_add(n, -LN2_HIGH, held))


@helper
def raised(x: float, shifted: float, r: float, c: Floats) -> float:
    """exp(x) from what :func:`reduced` gives; 0 below -708. ``c`` = EXP."""
    w = r * r
    even = multiply_add(multiply_add(multiply_add(c[8], w, c[6]), w, c[4]), w, c[2])
    odd = multiply_add(multiply_add(multiply_add(c[9], w, c[7]), w, c[5]), w, c[3])
    rest = multiply_add(multiply_add(odd, r, even), w, multiply_add(c[1], r, c[0]))
    value = double_of(bits_of(1.0 + multiply_add(rest, w, r)) + (bits_of(shifted) << 52))
    return 0.0 if x < LOWEST else value


@helper
def exponential(x: float, c: Floats) -> float:
    """exp(x) for x <= 700; 0 below -708. ``c`` = EXP."""
    shifted, r = reduced(x)
    return raised(x, shifted, r, c)


@helper
def split_ratio(a: float, b: float) -> tuple[float, float]:
    """(n, g) with ln(a / b) = n ln 2 + 2 atanh g, for a, b in [1e-150, 1e150].

    With 2^n taken out so that a/(2^n b) is near 1, a - 2^n b is exact, and g is (a - 2^n b) /
    (a + 2^n b).
    """
    # Bits of doubles, read as integers, are piecewise linear logarithms: no division is needed to
    # find n. What is left of the ratio is within [0.66, 1.51], where the subtraction is exact.
    n = above(bits_of(a) - bits_of(b) + ONE_AND_A_HALF)
    count = double_of(n + FIRST_WHOLE_BITS) - (FIRST_WHOLE + 1023.0)
    scaled = b * double_of(n << 52)
    return count, (a - scaled) / (a + scaled)


@helper
def log_of_split(count: float, g: float, c: Floats) -> float:
    """The logarithm from what :func:`split_ratio` gives. ``c`` = LOG."""
    w = g * g
    w2 = w * w
    even = multiply_add(multiply_add(multiply_add(c[6], w2, c[4]), w2, c[2]), w2, c[0])
    odd = multiply_add(multiply_add(c[5], w2, c[3]), w2, c[1])
    tail = multiply_add(count, LN2_LOW, (g * w) * multiply_add(odd, w, even))
    log: float = multiply_add(count, LN2_HIGH, multiply_add(2.0, g, tail))
    return log


@helper
def log_ratio(a: float, b: float, c: Floats) -> float:
    """ln(a / b) for a, b in [1e-150, 1e150], accurate relative to itself also where a is near b."""
    count, g = split_ratio(a, b)
    return log_of_split(count, g, c)


@helper
def _descend(
    value: float, slope: float, at: float, other: float, coefficient: float
) -> tuple[float, float]:
    """One step of Horner's rule for a polynomial at ``at`` and its divided difference."""
    lower = multiply_add(value, at, coefficient)
    return lower, multiply_add(slope, other, lower)


@helper
def _ten(value: float, slope: float, a: float, b: float, c: Floats) -> tuple[float, float]:
    """The last ten coefficients of both polynomials: value at a, divided difference to b."""
    value, slope = _descend(value, slope, a, b, c[9])
    value, slope = _descend(value, slope, a, b, c[8])
    value, slope = _descend(value, slope, a, b, c[7])
    value, slope = _descend(value, slope, a, b, c[6])
    value, slope = _descend(value, slope, a, b, c[5])
    value, slope = _descend(value, slope, a, b, c[4])
    value, slope = _descend(value, slope, a, b, c[3])
    value, slope = _descend(value, slope, a, b, c[2])
    value, slope = _descend(value, slope, a, b, c[1])
    return multiply_add(value, a, c[0]), slope


@helper
def numerator(a: float, b: float, c: Floats) -> tuple[float, float]:
    """NUMERATOR at a, and its divided difference between a and b."""
    return _ten(c[10], c[10], a, b, c)


@helper
def denominator(a: float, b: float, c: Floats) -> tuple[float, float]:
    """Denominator (with its leading 1) at a, and its divided difference between a and b."""
    value = a + c[10]
    return _ten(value, b + value, a, b, c)


@helper
def fraction(
    gap: float, p: tuple[float, float], q: tuple[float, float]
) -> tuple[float, float, float]:
    """(erfcx(a) d/2, (erfcx(a) - erfcx(a + gap)) d/2, d) from both polynomials; the caller divides.

    The difference is gap (p q' - p' q) with divided differences: nothing cancels.
    """
    other: float = multiply_add(gap, q[1], q[0])
    drop: float = gap * multiply_add(p[0], q[1], -(p[1] * q[0]))
    return p[0] * other, drop, q[0] * other


@helper
def erfcx_pair(near: float, gap: float) -> tuple[float, float]:
    """(erfcx(near), erfcx(near) - erfcx(near + gap)) for near >= -0.5, gap >= 0.

    The difference has full relative accuracy however small ``gap`` is.
    """
    p = numerator(near, near + gap, NUMERATOR)
    q = denominator(near, near + gap, DENOMINATOR)
    first, drop, below = fraction(gap, p, q)
    return 2.0 * first / below, 2.0 * drop / below


@record_helper
def log_ratio_block(a: np.ndarray, b: np.ndarray, out: np.ndarray, table: np.ndarray) -> None:
    """Write :func:`log_ratio` of BLOCK pairs to ``out``."""
    c = logarithm_of(table)
    for i in range(BLOCK):
        out[i] = log_ratio(a[i], b[i], c)


@record_helper
def exponential_block(
    x: np.ndarray, shifted: np.ndarray, r: np.ndarray, out: np.ndarray, table: np.ndarray
) -> None:
    """Exponential of BLOCK numbers <= 700; ``shifted`` and ``r`` are scratch, each row its own."""
    for i in range(BLOCK):
        shifted[i], r[i] = reduced(x[i])
    c = exponential_of(table)
    for i in range(BLOCK):
        out[i] = raised(x[i], shifted[i], r[i], c)


@record_helper
def numerators_block(
    near: np.ndarray, gap: np.ndarray, value: np.ndarray, slope: np.ndarray, table: np.ndarray
) -> None:
    """:func:`numerator` of BLOCK pairs near, near + gap."""
    c = numerator_of(table)
    for i in range(BLOCK):
        value[i], slope[i] = numerator(near[i], near[i] + gap[i], c)


@record_helper
def denominators_block(
    near: np.ndarray, gap: np.ndarray, value: np.ndarray, slope: np.ndarray, table: np.ndarray
) -> None:
    """:func:`denominator` of BLOCK pairs near, near + gap."""
    c = denominator_of(table)
    for i in range(BLOCK):
        value[i], slope[i] = denominator(near[i], near[i] + gap[i], c)


@record_helper
def polynomials_block(
    near: np.ndarray, gap: np.ndarray, halves: np.ndarray, table: np.ndarray
) -> None:
    """Both polynomials of BLOCK pairs: numerator, its difference, denominator, its difference."""
    numerators_block(near, gap, halves[0], halves[1], table)
    denominators_block(near, gap, halves[2], halves[3], table)
