"""Compiled twins of :mod:`.elementary`: the same steps, so the same bits; free of branches.

Only + - x / and sqrt, never a fused multiply-add, so that NumPy can follow. The parts serve loops
over a block, which become vector instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from seawall.foundation.compiled import helper
from seawall.foundation.elementary_numbers_kernel import (
    CENTRE,
    CENTRE_BOTTOM,
    CENTRE_SQUARE,
    CENTRE_TOP,
    EXP,
    FIRST_WHOLE,
    FIRST_WHOLE_BITS,
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

Seven = tuple[float, float, float, float, float, float, float]
Eight = tuple[float, float, float, float, float, float, float, float]


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
    """One rounding of a x b + c: for code without a plain twin of the same bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), build


@helper
def exponential(x: float) -> float:
    """exp(x) > 0; beyond -708 to 709 its value there; NaN where x is."""
    held = LOWEST if x < LOWEST else x
    held = HIGHEST if held > HIGHEST else held
    shifted = held * PER_LN2 + ROUNDER
    whole = shifted - ROUNDER
    r = (held - whole * LN2_HIGH) - whole * LN2_LOW
    w = r * r
    even = (((EXP[8] * w + EXP[6]) * w + EXP[4]) * w + EXP[2]) * w + EXP[0]
    odd = (((EXP[9] * w + EXP[7]) * w + EXP[5]) * w + EXP[3]) * w + EXP[1]
    value = ((odd * r + even) * w + r) + 1.0
    power: float = double_of(bits_of(value) + (bits_of(shifted) << 52))
    return power


@helper
def logarithm(x: float) -> float:
    """Natural logarithm of a positive normal number."""
    order = above(bits_of(x) + HALF_BITS)
    power = double_of(order << 52)
    # Exact: the order as a double, without a conversion that AVX2 does not have.
    whole = double_of(order + FIRST_WHOLE_BITS) - (FIRST_WHOLE + 1023.0)
    g = (x - power) / (x + power)
    w = g * g
    log: float = ((_six(w, LOG) * (g * w) + whole * LN2_LOW) + (g + g)) + whole * LN2_HIGH
    return log


@helper
def centre(square: float) -> tuple[float, float]:
    """Top and bottom of the fraction for the centre, in CENTRE_SQUARE - q^2."""
    return _seven(square, CENTRE_TOP), _seven(square, CENTRE_BOTTOM)


@helper
def tail(root: float) -> tuple[float, float]:
    """Top and bottom of the fraction for the tails, in sqrt(-log p) - TAIL_FROM."""
    eighth = root * TAIL_TOP[8] + TAIL_TOP[7]
    top = eighth * root + TAIL_TOP[6]
    top = (top * root + TAIL_TOP[5]) * root + TAIL_TOP[4]
    top = (top * root + TAIL_TOP[3]) * root + TAIL_TOP[2]
    top = (top * root + TAIL_TOP[1]) * root + TAIL_TOP[0]
    return top, _seven(root, TAIL_BOTTOM)


@helper
def inverse_normal(u: float) -> float:
    """The standard normal number with distribution function u, 2^-54 <= u <= 1 - 2^-53."""
    q = u - 0.5
    top, bottom = centre(CENTRE_SQUARE - q * q)
    smaller = u if u < 1.0 - u else 1.0 - u
    # Inside the centre the tail's value is thrown away, but must not be NaN: it is not.
    far_top, far_bottom = tail(math.sqrt(-logarithm(smaller)) - TAIL_FROM)
    far = abs(q) > CENTRE
    size = (far_top if far else top) / (far_bottom if far else bottom)
    return math.copysign(size, q) if far else q * size


@helper
def _six(x: float, c: Seven) -> float:
    """A polynomial of degree six, lowest power first."""
    high = ((x * c[6] + c[5]) * x + c[4]) * x + c[3]
    return ((high * x + c[2]) * x + c[1]) * x + c[0]


@helper
def _seven(x: float, c: Eight) -> float:
    """A polynomial of degree seven, lowest power first."""
    high = (((x * c[7] + c[6]) * x + c[5]) * x + c[4]) * x + c[3]
    return ((high * x + c[2]) * x + c[1]) * x + c[0]
