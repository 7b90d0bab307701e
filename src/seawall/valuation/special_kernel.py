"""Compiled exponential, logarithm and scaled complementary error function, free of branches.

Calls into the C library keep a loop scalar; these few lines become vector instructions. Errors
against 50 digits over their stated domains: exp 1 part in 2^52 times 1 + |x|/700, log of a ratio
4e-16 relative (also next to 1), erfcx 9e-16 relative. The coefficients are Chebyshev interpolants
of the function, at 60 digits and rounded once; ``tests/valuation/test_special.py`` derives them
again. Idea of the scaled error function: with y = 4 / (4 + z), erfcx(z) / y is smooth on the whole
half line and one polynomial holds it. Divided differences: Black's value is a difference of two
nearly equal numbers when total volatility is small. For a polynomial p, (p(a) - p(b)) / (a - b) is
itself a polynomial, at the cost of evaluating p twice and without the cancellation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from seawall.foundation.compiled import helper

Ten = tuple[float, ...]
Thirteen = tuple[float, ...]

# erfcx(z) / y on y in [4/43, 8/7], that is z in [-0.5, 39], in powers of u = SLOPE y + SHIFT.
LEAST, MOST = -0.5, 39.0
SLOPE = 1.9050632911392404
SHIFT = -1.1772151898734178
ERFCX = (
    0.3444073172148801,
    0.38109694092855645,
    0.35632779451383734,
    0.2814575484567105,
    0.18624125635732766,
    0.10120177534651582,
    0.0433109235635083,
    0.01320270429066642,
    0.0019184034928897793,
    -0.0005022927102881962,
    -0.00034397182165362143,
    -3.893820148080779e-05,
    2.9313165096155512e-05,
    9.928469406957395e-06,
    -2.0996347976369854e-06,
    -1.5003719939244393e-06,
    1.5228804221802097e-07,
    2.1285910787146369e-07,
    -1.558482374503507e-08,
    -3.073318703357911e-08,
    2.6771096080489822e-09,
    4.39857778259625e-09,
    -4.721258113291185e-10,
    -5.455380900299113e-10,
    4.711308438698833e-11,
    4.128026246657449e-11,
)
# (exp(r) - 1 - r) / r^2 on |r| <= ln(2)/2, in powers of r.
EXP = (
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
)
# (2 atanh(g)/g - 2) / g^2 on |g| <= 0.205, in powers of g^2.
LOG = (
    0.6666666666666666,
    0.4,
    0.28571428571427276,
    0.22222222222615762,
    0.18181818121127455,
    0.15384620752437214,
    0.13333044960589363,
    0.11774257710634452,
    0.10336545014136046,
    0.1157257790453787,
)
EVEN, ODD = ERFCX[::2], ERFCX[1::2]
PER_LN2 = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: whole multiples up to 2^20 are exact
LN2_LOW = 1.90821492927058770002e-10
LOWEST = -708.0  # below this exp is taken as 0 (a normal number still)
# Adding it rounds a double to a whole number, found in the low bits of the sum.
ROUNDER = 6755399441055744.0  # 1.5 x 2^52
FIRST_WHOLE = 4503599627370496.0  # 2^52: its bits plus n are the bits of 2^52 + n
FIRST_WHOLE_BITS = 0x4330000000000000
ONE_AND_A_HALF = 0x3FF8000000000000  # exponent of 1, and a half to round
BLOCK = 128


def coefficients() -> np.ndarray:
    """All coefficients as one array, the first argument of every kernel (see :func:`unpack`)."""
    return np.array((*ERFCX, SLOPE, SHIFT, *EXP, *LOG))


def _instruction(function: Callable[..., Any]) -> Any:
    """A function that becomes one instruction; its first parameter is Numba's."""
    return intrinsic(function)


@_instruction
def bits_of(context: Any, x: Any) -> Any:
    """The 64 bits of a double as an integer."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), build


@_instruction
def double_of(context: Any, x: Any) -> Any:
    """The double that has these 64 bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), build


@_instruction
def above(context: Any, bits: Any) -> Any:
    """The bits from the 53rd on, as a number >= 0 (logical shift: AVX2 has no arithmetic one)."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.lshr(arguments[0], ir.Constant(ir.IntType(64), 52))

    return types.int64(types.int64), build


@_instruction
def multiply_add(context: Any, a: Any, b: Any, c: Any) -> Any:
    """One rounding of a x b + c."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), build


@helper
def even_of(table: np.ndarray) -> Thirteen:
    """Even coefficients of ERFCX, from the kernel's first argument.

    As literals they would be fetched one by one inside the loop; as values they stay at hand.
    """
    t = table[0:26:2]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12]


@helper
def odd_of(table: np.ndarray) -> Thirteen:
    """Odd coefficients of ERFCX."""
    t = table[1:26:2]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12]


@helper
def exponential_of(table: np.ndarray) -> Ten:
    """Coefficients EXP."""
    t = table[28:38]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9]


@helper
def logarithm_of(table: np.ndarray) -> Ten:
    """Coefficients LOG."""
    t = table[38:48]
    return t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9]


@helper
def exponential(x: float, c: Ten) -> float:
    """exp(x) for x <= 700; 0 below -708. ``c`` = EXP."""
    held = LOWEST if x < LOWEST else x
    shifted = multiply_add(held, PER_LN2, ROUNDER)
    n = shifted - ROUNDER
    r = multiply_add(n, -LN2_HIGH, held)
    r = multiply_add(n, -LN2_LOW, r)
    w = r * r
    even = multiply_add(multiply_add(multiply_add(c[8], w, c[6]), w, c[4]), w, c[2])
    odd = multiply_add(multiply_add(multiply_add(c[9], w, c[7]), w, c[5]), w, c[3])
    rest = multiply_add(multiply_add(odd, r, even), w, multiply_add(c[1], r, c[0]))
    value = double_of(bits_of(1.0 + multiply_add(rest, w, r)) + (bits_of(shifted) << 52))
    return 0.0 if x < LOWEST else value


@helper
def log_ratio(a: float, b: float, c: Ten) -> float:
    """ln(a / b) for a, b in [1e-150, 1e150], accurate relative to itself also where a is near b.

    With 2^n taken out so that a/(2^n b) is near 1, a - 2^n b is exact, and the rest
    is 2 atanh of (a - 2^n b) / (a + 2^n b). ``c`` = LOG.
    """
    # Bits of doubles, read as integers, are piecewise linear logarithms: no division is needed to
    # find n. What is left of the ratio is within [0.66, 1.51], where the subtraction is exact.
    n = above(bits_of(a) - bits_of(b) + ONE_AND_A_HALF)
    count = double_of(n + FIRST_WHOLE_BITS) - FIRST_WHOLE - 1023.0
    scaled = b * double_of(n << 52)
    g = (a - scaled) / (a + scaled)
    w = g * g
    w2 = w * w
    even = multiply_add(multiply_add(multiply_add(c[8], w2, c[6]), w2, c[4]), w2, c[2])
    even = multiply_add(even, w2, c[0])
    odd = multiply_add(multiply_add(multiply_add(c[9], w2, c[7]), w2, c[5]), w2, c[3])
    odd = multiply_add(odd, w2, c[1])
    tail = multiply_add(count, LN2_LOW, g * (w * multiply_add(odd, w, even)))
    log: float = multiply_add(count, LN2_HIGH, multiply_add(2.0, g, tail))
    return log


@helper
def _descend(
    value: float, slope: float, at: float, other: float, coefficient: float
) -> tuple[float, float]:
    """One step of Horner's rule for a polynomial at ``at`` and its divided difference."""
    lower = multiply_add(value, at, coefficient)
    return lower, multiply_add(slope, other, lower)


@helper
def thirteen(v1: float, v2: float, c: Thirteen) -> tuple[float, float]:
    """Polynomial of degree 12 at v1, and its divided difference between v1 and v2."""
    value, slope = _descend(c[12], c[12], v1, v2, c[11])
    value, slope = _descend(value, slope, v1, v2, c[10])
    value, slope = _descend(value, slope, v1, v2, c[9])
    value, slope = _descend(value, slope, v1, v2, c[8])
    value, slope = _descend(value, slope, v1, v2, c[7])
    value, slope = _descend(value, slope, v1, v2, c[6])
    value, slope = _descend(value, slope, v1, v2, c[5])
    value, slope = _descend(value, slope, v1, v2, c[4])
    value, slope = _descend(value, slope, v1, v2, c[3])
    value, slope = _descend(value, slope, v1, v2, c[2])
    value, slope = _descend(value, slope, v1, v2, c[1])
    return multiply_add(value, v1, c[0]), slope


@helper
def mapped(near: float, gap: float) -> tuple[float, float, float, float]:
    """(y1, y2, u1, u2) of z = near and near + gap."""
    first = multiply_add(0.25, near, 1.0)
    second = multiply_add(0.25, near + gap, 1.0)
    both = 1.0 / (first * second)
    y1, y2 = both * second, both * first
    return y1, y2, multiply_add(SLOPE, y1, SHIFT), multiply_add(SLOPE, y2, SHIFT)


@helper
def joined(
    gap: float,
    place: tuple[float, float, float, float],
    even: tuple[float, float],
    odd: tuple[float, float],
) -> tuple[float, float]:
    """(erfcx(near), erfcx(near) - erfcx(near + gap)) from both halves of p(u) = even + u odd."""
    y1, y2, u1, u2 = place
    slope = multiply_add(u1 + u2, multiply_add(u2, odd[1], even[1]), odd[0])
    p1: float = multiply_add(u1, odd[0], even[0])
    # y1 - y2 = gap/4 y1 y2 has no cancellation, and y p(y) has the divided difference p1 + y2 p'.
    drop: float = (0.25 * gap * y1 * y2) * multiply_add(SLOPE * y2, slope, p1)
    return y1 * p1, drop


@helper
def erfcx_pair(near: float, gap: float) -> tuple[float, float]:
    """(erfcx(near), erfcx(near) - erfcx(near + gap)) for -0.5 <= near <= near + gap <= 39.

    The difference has full relative accuracy however small ``gap`` is.
    """
    place = mapped(near, gap)
    v1, v2 = place[2] * place[2], place[3] * place[3]
    even = thirteen(v1, v2, EVEN)
    odd = thirteen(v1, v2, ODD)
    return joined(gap, place, even, odd)


@helper
def log_ratio_block(a: np.ndarray, b: np.ndarray, out: np.ndarray, table: np.ndarray) -> None:
    """Write :func:`log_ratio` of BLOCK pairs to ``out``."""
    c = logarithm_of(table)
    for i in range(BLOCK):
        out[i] = log_ratio(a[i], b[i], c)


@helper
def half_block(
    u1: np.ndarray, u2: np.ndarray, value: np.ndarray, slope: np.ndarray, c: Thirteen
) -> None:
    """One half (even or odd) of the polynomial at BLOCK pairs (u1, u2)."""
    for i in range(BLOCK):
        value[i], slope[i] = thirteen(u1[i] * u1[i], u2[i] * u2[i], c)


@helper
def halves_block(place: np.ndarray, halves: np.ndarray, table: np.ndarray) -> None:
    """Both halves at BLOCK pairs: ``place`` rows (y1, y2, u1, u2) to ``halves`` rows for joined."""
    half_block(place[2], place[3], halves[0], halves[1], even_of(table))
    half_block(place[2], place[3], halves[2], halves[3], odd_of(table))
