"""Exponential, logarithm and inverse normal with the same bits plain and compiled.

A library's exp or log gives other last bits from NumPy than from compiled code, and so would every
price. These use + - x / and sqrt alone, each rounded once, in one order; the compiled twins
(:mod:`.elementary_kernel`) do the same steps. Largest errors seen against 50 digits, relative:
exp 3.3e-16, log 3.5e-16, inverse normal 6e-16.

- exp(x) = 2^n exp(r), x = n ln 2 + r, |r| <= ln(2)/2; exp(r) = 1 + r + r^2 P(r).
- log(x) = n ln 2 + 2 atanh(g), g = (x - 2^n) / (x + 2^n), |g| <= 0.2.
- inverse normal x of u, with q = u - 1/2: q P/Q in CENTRE^2 - q^2 where |q| <= CENTRE, else
  P/Q in sqrt(-log of the smaller tail), after Wichura (1988), "Algorithm AS 241"; the coefficients
  are Seawall's own.

Wrong when: exp is asked beyond -708 to 709 (it stays at its value there), log outside normal
positive numbers, or the inverse normal for a tail below 5.2e-17.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary_numbers_kernel import (
    CENTRE,
    CENTRE_BOTTOM,
    CENTRE_SQUARE,
    CENTRE_TOP,
    EXP,
    HALF_BITS,
    HIGHEST,
    LN2_HIGH,
    LN2_LOW,
    LOG,
    LOWEST,
    PER_LN2,
    ROUNDER,
    TAIL_BOTTOM,
    TAIL_FROM,
    TAIL_TOP,
)

Floats = NDArray[np.float64]

# Numbers handled at once: the working arrays of this length stay inside a core's own cache.
_CHUNK = 8_192
_MANTISSA = np.int64(52)


def exponential(x: Floats) -> Floats:
    """exp(x) of any shape, > 0; beyond -708 to 709 its value there; NaN where x is."""
    flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
    out = np.empty_like(flat)
    for first in range(0, flat.size, _CHUNK):
        _exponential(flat[first : first + _CHUNK], out[first : first + _CHUNK])
    return out.reshape(np.shape(x))


def logarithm(x: Floats) -> Floats:
    """Natural logarithm of positive normal numbers of any shape."""
    return _logarithm(np.ascontiguousarray(x, dtype=np.float64))


def inverse_normal(u: Floats) -> Floats:
    """The standard normal number with distribution function u, 2^-54 <= u <= 1 - 2^-53.

    Any shape. Odd about 1/2 to the last bit, and monotone but for the last bits.
    """
    flat = np.ascontiguousarray(u, dtype=np.float64).reshape(-1)
    out = np.empty_like(flat)
    for first in range(0, flat.size, _CHUNK):
        _inverse_normal(flat[first : first + _CHUNK], out[first : first + _CHUNK])
    return out.reshape(np.shape(u))


def _exponential(x: Floats, out: Floats) -> None:
    held = np.minimum(np.maximum(x, LOWEST), HIGHEST)
    shifted = held * PER_LN2
    shifted += ROUNDER
    whole = shifted - ROUNDER
    held -= whole * LN2_HIGH
    held -= whole * LN2_LOW
    square = held * held
    even = polynomial(EXP[0::2], square)
    odd = polynomial(EXP[1::2], square)
    odd *= held
    odd += even
    odd *= square
    odd += held
    odd += 1.0
    power = np.left_shift(shifted.view(np.int64), _MANTISSA)
    np.add(odd.view(np.int64), power, out=out.view(np.int64))


def _logarithm(x: Floats) -> Floats:
    # The binary order nearest to x on the scale of the bits: x / 2^n lies in [3/4, 3/2).
    order = np.right_shift(x.view(np.int64) + np.int64(HALF_BITS), _MANTISSA)
    power = np.left_shift(order, _MANTISSA).view(np.float64)
    whole = (order - 1023).astype(np.float64)
    g = (x - power) / (x + power)
    square = g * g
    tail = polynomial(LOG, square)
    tail *= g * square
    tail += whole * LN2_LOW
    tail += g + g
    tail += whole * LN2_HIGH
    return tail


def _inverse_normal(u: Floats, out: Floats) -> None:
    q = u - 0.5
    square = q * q
    np.subtract(CENTRE_SQUARE, square, out=square)
    top, bottom = polynomial(CENTRE_TOP, square), polynomial(CENTRE_BOTTOM, square)
    np.divide(top, bottom, out=top)
    np.multiply(q, top, out=out)
    far = np.flatnonzero(np.abs(q) > CENTRE)
    if far.size:
        side, u = q[far], u[far]
        root = np.sqrt(-_logarithm(np.minimum(u, 1.0 - u)))
        root -= TAIL_FROM
        size = polynomial(TAIL_TOP, root) / polynomial(TAIL_BOTTOM, root)
        out[far] = np.copysign(size, side)


def polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """A polynomial, lowest power first, by Horner's rule with two roundings a step."""
    total = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        total += c
        total *= x
    total += coefficients[0]
    return total
