"""Numbers of exp, log and the inverse normal; the plain functions and the compiled ones share them.

Coefficients stand lowest power first, rounded once from 40 digits. exp and log: Chebyshev
interpolants, derived again in ``tests/valuation/test_special.py``. Inverse normal: fractions of two
polynomials, the best in relative error (7.5e-17 in the centre, 8e-18 in the tail; Remez), derived
again in ``tests/foundation/test_elementary.py``. All coefficients of the fractions are positive on
their whole interval, so that nothing cancels.
"""

from __future__ import annotations

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
    0.6666666666666705,
    0.39999999999114216,
    0.28571428908005925,
    0.2222217435661613,
    0.1818505002434289,
    0.15273223295323626,
    0.15211375142657108,
)
PER_LN2 = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: whole multiples up to 2^20 are exact
LN2_LOW = 1.90821492927058770002e-10
# Adding it rounds a double to a whole number, found in the low bits of the sum.
ROUNDER = 6755399441055744.0  # 1.5 x 2^52
FIRST_WHOLE = 4503599627370496.0  # 2^52: its bits plus n are the bits of 2^52 + n
FIRST_WHOLE_BITS = 0x4330000000000000
HALF_BITS = 0x0008000000000000  # half a binary order, as bits of a double
LOWEST, HIGHEST = -708.0, 709.0  # what exp takes an argument beyond them for

# x / q in powers of CENTRE^2 - q^2, x the inverse normal of 1/2 + q, |q| <= CENTRE.
CENTRE = 0.425
CENTRE_SQUARE = 0.180625
CENTRE_TOP = (
    3.3871328727963665,
    133.14729055270288,
    1971.7716509640627,
    13733.7444591447,
    45931.874426724535,
    67285.39035756371,
    33443.11271913958,
    2510.2444643923172,
)
CENTRE_BOTTOM = (
    1.0,
    42.31499070760886,
    687.2453453864285,
    5394.940161841572,
    21218.018463331315,
    39318.45048770225,
    28739.00346891741,
    5228.727323272372,
)
# |x| in powers of r - TAIL_FROM, r = sqrt(-log p), p the smaller tail, 5.2e-17 <= p <= 0.075.
TAIL_FROM = 1.6
TAIL_TOP = (
    1.4234371107496837,
    4.619204529459951,
    5.758952338550532,
    3.6820098892648305,
    1.3308292883097663,
    0.27787363950389327,
    0.0321809032629772,
    0.001808738605014599,
    3.465914274514655e-05,
)
TAIL_BOTTOM = (
    1.0,
    2.045370194547422,
    1.67836044081638,
    0.7107202536575089,
    0.16585581071086836,
    0.020844875012011994,
    0.0012399022197236132,
    2.4507016202000547e-05,
)

# Philox4x32: multipliers and key increments; the 53 bits of a double and its smallest value.
MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
LOW_WORD = 0xFFFFFFFF
GRID = 2.0**-53
SMALLEST = 2.0**-54
